"""The report: machine, commit, command, tables; as text, Markdown and JSON."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Block, Cell, Figures, Table

RESULTS = Path(__file__).parent / "results"
FORMAT = 2
"""Of the JSON: 2 has ``figures``, one object for each value; 1 had tables alone."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A block, and the section that measured it."""

    section: str
    block: Block

    @property
    def table(self) -> Table:
        """The block as a table."""
        return self.block.table() if isinstance(self.block, Figures) else self.block


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, where and on what was measured."""

    date: str
    machine: str
    processor: str
    cores: int
    load_before: float
    python: str
    packages: str
    commit: str
    command: str


def circumstances(command: str, load_before: float) -> Circumstances:
    """Of this run."""
    packages = ("numpy", "isal", "zstandard", "simplejpeg", "mss", "pillow", "cryptography")
    return Circumstances(
        date=datetime.now(UTC).strftime("%Y-%m-%d"),
        machine=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 0,
        load_before=round(load_before, 2),
        python=platform.python_version(),
        packages=", ".join(f"{name} {version(name)}" for name in packages),
        commit=_commit(),
        command=command,
    )


def load() -> float:
    """Load of the last minute, zero where the platform has none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or "unknown"


def _commit() -> str:
    """Short hash, with a mark if the tree differs from it."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    except OSError:
        return "unknown"
    return run.stdout.strip() or "before the first commit"


def as_text(block: Block) -> str:
    """Aligned columns for a terminal."""
    return table_as_text(block.table() if isinstance(block, Figures) else block)


def table_as_text(table: Table) -> str:
    """Aligned columns, the first one to the left."""
    lines = [table.columns, *([str(cell) for cell in row] for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    rows = [
        "  ".join(_aligned(cell, width, i) for i, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    ]
    return "\n".join([f"\n{table.title}", f"  {table.note}", *(f"  {row}" for row in rows)])


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def as_markdown(about: Circumstances, measured: Sequence[Measured]) -> str:
    """The whole report."""
    head = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in asdict(about).items())
    parts = [
        f"# Benchmarks, {about.date}\n\n{head}\n\nWhat each figure means: [../README.md](../README.md)\n"
    ]
    for table in (part.table for part in measured):
        rows: list[Sequence[Cell]] = [table.columns, ["---"] * len(table.columns), *table.rows]
        body = "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
        parts.append(f"## {table.title}\n\n{table.note}\n\n{body}\n")
    return "\n".join(parts)


def as_json(about: Circumstances, measured: Sequence[Measured]) -> str:
    """The whole report for programs: circumstances, tables as they are read, and each figure by itself."""
    figures = [
        {"section": part.section, "title": part.block.title, **asdict(row), "verdict": row.verdict}
        for part in measured
        if isinstance(part.block, Figures)
        for row in part.block.rows
    ]
    tables = [{"section": part.section, **asdict(part.table)} for part in measured]
    everything = {"format": FORMAT, "about": asdict(about), "figures": figures, "tables": tables}
    return json.dumps(everything, indent=1, ensure_ascii=False) + "\n"


def write(about: Circumstances, measured: Sequence[Measured], folder: Path, prefix: str = "") -> Path:
    """Write Markdown and JSON into a folder, names beginning so; returns the Markdown's path."""
    folder.mkdir(parents=True, exist_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "-", f"{about.machine} {about.cores} cores".lower()).strip("-")
    path = folder / f"{prefix}{about.date}-{slug}.md"
    path.write_text(as_markdown(about, measured), encoding="utf-8")
    path.with_suffix(".json").write_text(as_json(about, measured), encoding="utf-8")
    return path
