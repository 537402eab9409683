"""How much of something a viewer may cause: so much at once, so much a second for long (SPEC R10)."""

from dataclasses import dataclass, field
from typing import Final

RELAY_ACTS_AT_ONCE: Final = 12
RELAY_ACTS_PER_S: Final = 0.1
"""Invitations and changes of the lead, of all together: each costs the relay two messages (SPEC C17)."""


@dataclass(slots=True)
class Allowance:
    """A bound that people stay far below. It fills up by ``per_s`` a second to ``at_once``."""

    at_once: float
    per_s: float
    left: float = field(init=False)
    at_ms: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.left = self.at_once

    def spend(self, now_ms: float) -> bool:
        """One more; tell whether it is within bounds. What is refused costs nothing."""
        since_ms = 0.0 if self.at_ms is None else max(0.0, now_ms - self.at_ms)
        self.at_ms = now_ms
        self.left = min(self.at_once, self.left + since_ms * self.per_s / 1000)
        if self.left < 1:
            return False
        self.left -= 1
        return True


def relay_acts() -> Allowance:
    """How much people may have the relay do: it bounds what it takes from an agent (SPEC C17)."""
    return Allowance(RELAY_ACTS_AT_ONCE, RELAY_ACTS_PER_S)
