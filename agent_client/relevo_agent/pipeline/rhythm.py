"""How often to look where the platform tells of no changes: fast while busy, seldom while idle."""

from typing import Final

BUSY_MS: Final = 16
"""At most about 60 looks a second."""
IDLE_MS: Final = 100
"""Between two looks at a screen that stands still."""
BACK_OFF: Final = 1.15
"""Each look that finds nothing makes the pause longer by this factor: idle after about 13 of them, 0.6 s."""
CURSOR_MS: Final = 33
"""Between two looks at the pointer while the screen stands still."""
REST: Final = 0.25
"""After a costly look rest for this share of its cost, so that other programs keep a processor."""


class Rhythm:
    """When the screen, and when the pointer, is looked at next; times in ms of the caller's clock."""

    WAITING_MS: Final = 50
    """Pause while no frame may be sent; an acknowledgement ends it earlier."""

    def __init__(self) -> None:
        self._interval_ms = float(BUSY_MS)
        self._next_ms = float("-inf")
        self._rested_ms = float("-inf")

    def hurry(self, now_ms: float) -> None:
        """A change is expected."""
        self._interval_ms = BUSY_MS
        self._next_ms = min(self._next_ms, now_ms + BUSY_MS / 2)

    def screen_due(self, now_ms: float, *, unsent: bool) -> bool:
        """Whether to look now; with something unsent only the rest after a costly look holds back."""
        return now_ms >= (min(self._next_ms, self._rested_ms) if unsent else self._next_ms)

    def due_ms(self, now_ms: float, *, unsent: bool) -> float:
        """When to call the loop again."""
        screen_ms = min(self._next_ms, self._rested_ms) if unsent else self._next_ms
        return min(screen_ms, now_ms + CURSOR_MS)

    def looked(self, now_ms: float, cost_ms: float, *, changed: bool) -> None:
        """The screen was looked at from ``now_ms`` on for ``cost_ms``."""
        self._interval_ms = BUSY_MS if changed else min(self._interval_ms * BACK_OFF, IDLE_MS)
        self._rested_ms = now_ms + cost_ms * (1 + REST)
        self._next_ms = max(now_ms + self._interval_ms, self._rested_ms)
