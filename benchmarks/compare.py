"""``python -m benchmarks compare BEFORE.json AFTER.json``: two results side by side, figure by figure.

A ratio is told as a change only where it is larger than what the machine alone makes of the same work:
between runs of one commit times vary by a quarter and more on a shared machine, bytes do not.
"""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import NOTHING, Cell, Table, significant
from benchmarks.report import table_as_text

TIMED_UNITS: Final = frozenset({"ms", "µs", "s", "ms/s", "1/s", "kB/s", "Mpx/s", "MB/s"})
"""Units that the machine's load changes; others come out alike in every run."""
NOISE_TIMED: Final = 1.25
NOISE_COUNTED: Final = 1.02
MORE_IS_BETTER: Final = frozenset({"1/s", "Mpx/s", "MB/s", "dB", "fps"})
"""Of figures without a target, whose bound tells."""
BUSY_LOAD: Final = 0.5
"""Load before a run, for each core, above which its times deserve no trust."""


class ResultUnreadable(Exception):
    """A file is no result of this suite; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Value:
    """One figure of a result."""

    value: float
    unit: str
    more_is_better: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What a run kept: circumstances, and each figure by section, title and name."""

    path: Path
    about: dict[str, Any]
    figures: dict[tuple[str, str, str], Value]


def main(arguments: Sequence[str]) -> int:
    """Print the comparison; 1 if a file cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks compare", description=__doc__)
    parser.add_argument("before", type=Path, help="a JSON file of results/")
    parser.add_argument("after", type=Path, help="another one")
    parser.add_argument("--all", action="store_true", help="also what has not changed")
    options = parser.parse_args(arguments)
    try:
        before, after = read(options.before), read(options.after)
    except ResultUnreadable as reason:
        print(reason)
        return 1
    for warning in warnings(before, after):
        print(f"! {warning}")
    print(table_as_text(compared(before, after, everything=options.all)))
    return 0


def read(path: Path) -> Result:
    """A result of format 2, or the tables of an older one.

    Raises:
        ResultUnreadable: it is neither.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        figures = {
            (row["section"], row["title"], row["what"]): _value(row) for row in found.get("figures", [])
        }
        told = {(section, title) for section, title, _ in figures}
        for table in found["tables"]:
            if (table.get("section", ""), table["title"]) not in told:
                figures.update(_cells(table))
        return Result(path, found["about"], figures)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultUnreadable(f"{path} is no result of this suite: {error}") from error


def _value(row: dict[str, Any]) -> Value:
    unit, target = str(row["unit"]), row.get("target")
    more = bool(target["at_least"]) if target else unit in MORE_IS_BETTER
    return Value(float(row["value"]), unit, more)


def _cells(table: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], Value]]:
    """The numbers of a table, named by the row's texts (its first cell at least) and their column."""
    columns: list[str] = table["columns"]
    for row in table["rows"]:
        texts = [str(cell) for i, cell in enumerate(row) if i == 0 or isinstance(cell, str)]
        for i, cell in enumerate(row):
            if i and isinstance(cell, int | float):
                unit = next((unit for unit in TIMED_UNITS if unit in columns[i].split()), NOTHING)
                name = f"{' '.join(texts)}: {columns[i]}"
                value = Value(float(cell), unit, unit in MORE_IS_BETTER)
                yield (table.get("section", ""), table["title"], name), value


def warnings(before: Result, after: Result) -> Iterator[str]:
    """Why the two may not be comparable."""
    for name in ("processor", "cores", "machine", "python"):
        was, now = before.about.get(name), after.about.get(name)
        if was != now:
            yield f"another {name}: {was} before, {now} after. Times of two machines say little."
    for result in (before, after):
        load, cores = float(result.about.get("load_before", 0)), int(result.about.get("cores", 1) or 1)
        if load / cores > BUSY_LOAD:
            yield f"{result.path.name}: the machine was busy before it began: load {load:g}, {cores} cores."
        if "dirty" in str(result.about.get("commit")):
            yield f"{result.path.name}: measured on files that differ from commit {result.about['commit']}."
        if "--quick" in str(result.about.get("command")).split():
            yield f"{result.path.name}: few samples (--quick)."


def compared(before: Result, after: Result, *, everything: bool) -> Table:
    """Figures of both, the largest change first; without ``everything`` only what is more than noise."""
    common = [name for name in before.figures if name in after.figures]
    rows: list[tuple[float, tuple[Cell, ...]]] = []
    for name in common:
        was, now = before.figures[name], after.figures[name]
        ratio = ratio_of(was.value, now.value)
        word = judged(ratio, now)
        if everything or word != "same":
            shown = significant(ratio) if math.isfinite(ratio) else "-"
            values = (significant(was.value), significant(now.value))
            rows.append((_size(ratio), (*name[1:], *values, now.unit, shown, word)))
    rows.sort(key=lambda row: -row[0])
    alone = len(before.figures) + len(after.figures) - 2 * len(common)
    note = (
        f"{before.about.get('commit')} -> {after.about.get('commit')}; {len(common)} figures in both, "
        f"{alone} in one alone. Noise: times {NOISE_TIMED}x, all else {NOISE_COUNTED}x."
    )
    columns = ("where", "figure", "before", "after", "unit", "ratio", "")
    return Table("Comparison", note, columns, [row for _, row in rows])


def ratio_of(was: float, now: float) -> float:
    """After to before; 1 where both are nothing, infinite where only one is."""
    if was == now:
        return 1.0
    return math.inf if was == 0 or now == 0 or (was < 0) != (now < 0) else now / was


def judged(ratio: float, value: Value) -> str:
    """Better, worse or the same; "other" where no ratio exists."""
    noise = NOISE_TIMED if value.unit in TIMED_UNITS else NOISE_COUNTED
    if not math.isfinite(ratio):
        return "other"
    if 1 / noise <= ratio <= noise:
        return "same"
    return "better" if (ratio > 1) == value.more_is_better else "worse"


def _size(ratio: float) -> float:
    return math.inf if not math.isfinite(ratio) else abs(math.log(ratio))
