"""The agent's half of the join code: six secret digits, three tries, one use, ten minutes (SPEC P7, C5)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from relevo_protocol.limits import CODE_DIGITS, CODE_TRIES

Draw = Callable[[int], int]
"""Gives a uniform number below its argument; predictable in tests only."""


def draw_secret(draw: Draw = secrets.randbelow) -> str:
    """Return the secret half of a code."""
    return f"{draw(10**CODE_DIGITS):0{CODE_DIGITS}d}"


@dataclass(slots=True)
class JoinCode:
    """One code on the customer's screen; a run is charged when flight 2 leaves, refunded at success."""

    routing: str
    secret: str = field(repr=False)
    expires_ms: float
    tries_left: int = CODE_TRIES
    pending_runs: int = 0

    @property
    def digits(self) -> str:
        """The twelve digits that are read aloud."""
        return self.routing + self.secret

    def open_at(self, now_ms: float) -> bool:
        """Tell whether one more run may begin."""
        return self.tries_left > 0 and now_ms < self.expires_ms

    def charge(self) -> None:
        """Flight 2 leaves: the run counts until it has succeeded."""
        self.tries_left -= 1
        self.pending_runs += 1

    def fail(self) -> bool:
        """A charged run has failed; tell whether that has killed the code."""
        self.pending_runs -= 1
        return self.tries_left == 0 and self.pending_runs == 0


def grouped(digits: str) -> str:
    """Return twelve digits as they are read aloud: ``482 913 · 705 146``."""
    return f"{digits[:3]} {digits[3:6]} · {digits[6:9]} {digits[9:]}"
