"""The agent's one clock."""

import time


def now_ms() -> float:
    """Monotonic time, ms."""
    return time.monotonic() * 1000
