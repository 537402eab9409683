"""Who was turned away, and which lines would be too many, for the record.

Each kind is told at once, and a flood of it once more with its count.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent

WINDOW_S: Final = 600.0
"""The same refusal is told once in so long, with how many there were since."""
_CAPACITY: Final = 4096
_MAX_TOLD_CHARS: Final = 200


@dataclass(slots=True)
class _Flood:
    event: AuditEvent
    since_s: float
    more: int = 0


class Refusals:
    """Tells the first refusal of a key, then in ten minutes how many followed.

    Nobody fills the record by being refused: what is remembered is bounded, the oldest goes first.
    """

    def __init__(self, tell: Callable[[AuditEvent], None], clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._floods: OrderedDict[str, _Flood] = OrderedDict()

    def __len__(self) -> int:
        return len(self._floods)

    def note(self, key: str, event: AuditEvent) -> None:
        """Tell of this one now, or with those that follow the first of its key."""
        flood = self._floods.get(key)
        if flood is not None:
            flood.more += 1
            return
        personal = {name: text[:_MAX_TOLD_CHARS] for name, text in event.personal.items() if text}
        event = replace(event, personal=personal)
        self._floods[key] = _Flood(event, self._clock.monotonic_s())
        self._counted(event, 1)
        while len(self._floods) > _CAPACITY:
            self._close(self._floods.popitem(last=False)[1])

    def tick(self) -> None:
        """Tell how many there were, of those whose ten minutes are over."""
        now_s = self._clock.monotonic_s()
        while self._floods:
            key, oldest = next(iter(self._floods.items()))
            if now_s - oldest.since_s < WINDOW_S:
                return
            del self._floods[key]
            self._close(oldest)

    def close(self) -> None:
        """Tell how many there were of all: nobody counts on."""
        while self._floods:
            self._close(self._floods.popitem(last=False)[1])

    def _close(self, flood: _Flood) -> None:
        if flood.more:
            later = replace(flood.event, at_s=self._clock.wall_s(), event_id=os.urandom(16))
            self._counted(later, flood.more)

    def _counted(self, event: AuditEvent, count: int) -> None:
        self._tell(replace(event, details={**event.details, "count": count}))
