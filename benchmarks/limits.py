"""The limits of this machine, measured in the same run as what is held against them."""

import ctypes
import functools
from dataclasses import dataclass

import numpy as np

from benchmarks.measure import Limit, spread, timed_ms
from benchmarks.scenes import HEIGHT, WIDTH

TIMES = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """Median ms of the C library's memcmp of two equal frames, and memcpy of one, 1920x1080 BGRX."""

    memcmp_ms: float
    memcpy_ms: float

    def memcpy(self, pixels: float) -> Limit:
        """The copying of so many pixels."""
        return Limit(self.memcpy_ms * pixels / (WIDTH * HEIGHT), "ms memcpy")

    def memcmp(self, pixels: float) -> Limit:
        """The comparing of so many pixels."""
        return Limit(self.memcmp_ms * pixels / (WIDTH * HEIGHT), "ms memcmp")


@functools.cache
def limits() -> Limits:
    """Of this run."""
    library = ctypes.CDLL(None)
    for function in (library.memcmp, library.memcpy):
        function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    one = np.full((HEIGHT, WIDTH, 4), 7, np.uint8)
    other = one.copy()
    arguments = (one.ctypes.data, other.ctypes.data, one.nbytes)
    compared = timed_ms(lambda: library.memcmp(*arguments), TIMES)
    copied = timed_ms(lambda: library.memcpy(*arguments), TIMES)
    return Limits(spread(compared).median, spread(copied).median)
