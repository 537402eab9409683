"""Figures, tables of them, and the arithmetic behind them.

A part of the suite gives :class:`Table` (anything) or :class:`Figures` (one value a row, with what limits it,
what it must reach, and what the peers take for the same work).
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

Cell = str | int | float
NOTHING: Final = ""
"""Stands in a cell where nothing was measured or asked for."""


class Unavailable(Exception):
    """This machine lacks what a section needs; the text names what, and how to get it."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report: a title, what it was measured on, columns with units, rows."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list[tuple[Cell, ...]])


@dataclass(frozen=True, slots=True)
class Limit:
    """What the machine itself takes for the least that must be done, in the figure's unit."""

    value: float
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that the product must reach, in the figure's unit; ``at_least`` turns it round."""

    value: float
    at_least: bool = False

    def verdict(self, value: float) -> str:
        """Reached, or by how much not, as a ratio that is above 1 where the target is missed."""
        within = value >= self.value if self.at_least else value <= self.value
        if within:
            return "reached"
        if value <= 0 or self.value <= 0:
            return "missed"
        missed = self.value / value if self.at_least else value / self.value
        return f"missed {missed:.2f}x"

    def __str__(self) -> str:
        """As it stands in the report."""
        return f"{'>=' if self.at_least else '<='} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value: the median where it has percentiles; ``samples`` tells of how many.

    ``what`` names it for good (a comparison of two results finds it by section and ``what``); ``peers`` holds
    other programs' values for the same work, in the same unit.
    """

    what: str
    value: float
    unit: str
    p95: float | None = None
    p99: float | None = None
    samples: int = 1
    limit: Limit | None = None
    target: Target | None = None
    peers: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def verdict(self) -> str:
        """Reached, by how much not, or nothing where nothing is asked for."""
        return self.target.verdict(self.value) if self.target is not None else NOTHING


@dataclass(frozen=True, slots=True)
class Figures:
    """Rows of one value each under a title; ``note`` says on what they were measured."""

    title: str
    note: str
    rows: list[Figure] = field(default_factory=list[Figure])

    def table(self) -> Table:
        """For reading: columns that no row fills are left out."""
        peers = list(dict.fromkeys(name for row in self.rows for name in row.peers))
        columns = ("figure", "median", "p95", "p99", "unit", "limit", "x limit", "target", "verdict", *peers)
        cells = [(*_cells(row), *(_shown(row.peers.get(name)) for name in peers)) for row in self.rows]
        used = [i for i in range(len(columns)) if any(row[i] != NOTHING for row in cells)]
        rows: list[tuple[Cell, ...]] = [tuple(row[i] for i in used) for row in cells]
        return Table(self.title, self.note, tuple(columns[i] for i in used), rows)


Block = Table | Figures
"""What a section gives."""


def _cells(row: Figure) -> tuple[Cell, ...]:
    limit = f"{_shown(row.limit.value)} {row.limit.name}" if row.limit is not None else NOTHING
    above = _shown(row.value / row.limit.value) if row.limit is not None and row.limit.value else NOTHING
    return (
        row.what,
        _shown(row.value),
        _shown(row.p95),
        _shown(row.p99),
        row.unit,
        limit,
        above,
        str(row.target) if row.target is not None else NOTHING,
        row.verdict,
    )


def _shown(value: float | None) -> Cell:
    return NOTHING if value is None else significant(value)


def significant(value: float, digits: int = 3) -> int | float:
    """Rounded to so many digits that carry meaning; whole numbers come as such."""
    if value == 0 or not math.isfinite(value):
        return 0 if value == 0 else value
    places = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, max(places, 0))
    return int(rounded) if places <= 0 else rounded


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 95th and 99th percentile of some samples, in their unit, and how many there were."""

    median: float
    p95: float
    p99: float = 0.0
    samples: int = 0


def spread(samples: Sequence[float]) -> Spread:
    """Percentiles; zeros where there are no samples."""
    if not samples:
        return Spread(0.0, 0.0)
    ordered = sorted(samples)
    last = len(ordered) - 1

    def at(share: float) -> float:
        return ordered[min(last, int(len(ordered) * share))]

    return Spread(statistics.median(ordered), at(0.95), at(0.99), len(ordered))


def of_samples(
    what: str,
    samples: Sequence[float],
    unit: str,
    *,
    limit: Limit | None = None,
    target: Target | None = None,
) -> Figure:
    """A figure with percentiles."""
    seen = spread(samples)
    return Figure(what, seen.median, unit, seen.p95, seen.p99, seen.samples, limit, target)


def timed_ms(
    action: Callable[[], object], times: int, before: Callable[[], object] | None = None
) -> list[float]:
    """Wall time of each of so many runs, ms; what must be done ``before`` each one is not in it."""
    samples: list[float] = []
    for _ in range(times):
        if before is not None:
            before()
        started = time.perf_counter()
        action()
        samples.append((time.perf_counter() - started) * 1000)
    return samples


def kilobytes(size_bytes: float) -> float:
    """Thousands of bytes, three significant digits where small."""
    return round(size_bytes / 1000, 2 if size_bytes < 100_000 else 0)
