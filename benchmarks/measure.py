"""Tables of figures and the arithmetic behind them."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report: a title, what it was measured on, columns with units, rows."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list[tuple[Cell, ...]])


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of some samples, in their unit."""

    median: float
    p95: float


def spread(samples: Sequence[float]) -> Spread:
    """Median and 95th percentile; zeros where there are no samples."""
    if not samples:
        return Spread(0.0, 0.0)
    ordered = sorted(samples)
    return Spread(statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))])


def timed_ms(action: Callable[[], object], times: int) -> list[float]:
    """Wall time of each of so many runs, ms."""
    samples: list[float] = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        samples.append((time.perf_counter() - started) * 1000)
    return samples


def kilobytes(size_bytes: float) -> float:
    """Thousands of bytes, three significant digits where small."""
    return round(size_bytes / 1000, 2 if size_bytes < 100_000 else 0)
