"""How long to wait before the next attempt: full jitter, so that many agents do not come back at once."""

import random
from collections.abc import Callable

from relevo_protocol.limits import RECONNECT_CAP_MS, RECONNECT_FIRST_MS, RECONNECT_GROWTH


class Backoff:
    """Uniform below a bound that grows from 250 ms to 10 s (Brooker, AWS Architecture Blog, 2015)."""

    def __init__(self, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._uniform = uniform
        self._failures = 0

    def success(self) -> None:
        """The next wait is a short one again."""
        self._failures = 0

    def next_wait_s(self) -> float:
        """Seconds until the next attempt."""
        bound_ms = min(RECONNECT_FIRST_MS * RECONNECT_GROWTH**self._failures, RECONNECT_CAP_MS)
        self._failures = min(self._failures + 1, 32)
        return self._uniform(0, bound_ms) / 1000
