"""The two clocks of the server, as a parameter, so that tests can turn the hands."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """Wall time for what is stored, monotonic time for what is measured; both in seconds."""

    wall_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
