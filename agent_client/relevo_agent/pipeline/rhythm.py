"""When to look at the screen: at once when its source tells of a change, else by polling.

Not oftener than 60 times a second, so that what is drawn in pieces goes out together.
"""

from typing import Final

BUSY_MS: Final = 16
"""At most about 60 looks a second."""
IDLE_MS: Final = 100
"""Between two looks at a screen that stands still and tells of no changes."""
TOLD_MS: Final = 30_000
"""Between two looks at a source that tells of changes: for what it may not have told."""
BACK_OFF: Final = 1.15
"""Each look that finds nothing makes the pause longer by this factor: idle after about 13 of them, 0.6 s."""
CHEAP_MS: Final = 3.0
SLACK_MS: Final = 2.0 * BUSY_MS
"""After a pause, looks that cost no more than ``CHEAP_MS`` may be so far ahead of the 60 a second: a program
that answers a key in two or three strokes is seen as fast as it draws."""
WAITING_MS: Final = 50
"""Pause while no frame may be sent; an acknowledgement ends it earlier."""
REST: Final = 0.25
"""After a look that is not cheap rest for this share of its cost, so that other programs keep a processor."""


class Rhythm:
    """When the screen is looked at next; times in ms of the caller's clock."""

    def __init__(self) -> None:
        self._interval_ms = float(BUSY_MS)
        self._looked_ms = float("-inf")
        self._tick_ms = float("-inf")
        self._paid_ms = float("-inf")
        self._next_ms = float("-inf")
        self._rested_ms = float("-inf")

    def hurry(self, now_ms: float) -> None:
        """A change is expected."""
        self._interval_ms = BUSY_MS
        self._next_ms = min(self._next_ms, now_ms + BUSY_MS / 2)

    @property
    def open_ms(self) -> float:
        """From when on a change that a source tells of is looked at."""
        return max(self._rested_ms, self._tick_ms)

    def due_ms(self, *, unsent: bool, told: bool) -> float:
        """When to look if nothing is told; ``told``: the source tells of changes."""
        if unsent:
            return min(self._next_ms, self._rested_ms)
        return self._looked_ms + TOLD_MS if told else self._next_ms

    def looked(self, now_ms: float, cost_ms: float, *, changed: bool) -> None:
        """The screen was looked at from ``now_ms`` on for ``cost_ms``."""
        self._interval_ms = BUSY_MS if changed else min(self._interval_ms * BACK_OFF, IDLE_MS)
        self._rested_ms = now_ms if cost_ms <= CHEAP_MS else now_ms + cost_ms * (1 + REST)
        self._looked_ms = now_ms
        if changed:
            self._pay(now_ms, cheap=cost_ms <= CHEAP_MS)
        self._next_ms = max(now_ms + self._interval_ms, self._rested_ms)

    def _pay(self, now_ms: float, *, cheap: bool) -> None:
        """Each look that sends uses up 16 ms; slack is what cheap ones may owe (a leaky bucket)."""
        self._paid_ms = max(self._paid_ms, now_ms) + BUSY_MS
        if not cheap:
            self._paid_ms = min(self._paid_ms, now_ms + BUSY_MS)
        self._tick_ms = self._paid_ms - (SLACK_MS if cheap else 0)
