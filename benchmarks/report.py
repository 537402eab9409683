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

from benchmarks.measure import Cell, Table

RESULTS = Path(__file__).parent / "results"


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
    packages = ("numpy", "isal", "simplejpeg", "mss", "pillow", "cryptography")
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


def as_text(table: Table) -> str:
    """Aligned columns for a terminal."""
    lines = [table.columns, *([str(cell) for cell in row] for row in table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    rows = [
        "  ".join(_aligned(cell, width, i) for i, (cell, width) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    ]
    return "\n".join([f"\n{table.title}", f"  {table.note}", *(f"  {row}" for row in rows)])


def _aligned(cell: str, width: int, column: int) -> str:
    return cell.ljust(width) if column == 0 else cell.rjust(width)


def as_markdown(about: Circumstances, tables: Sequence[Table]) -> str:
    """The whole report."""
    head = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in asdict(about).items())
    parts = [
        f"# Benchmarks, {about.date}\n\n{head}\n\nWhat each figure means: [../README.md](../README.md)\n"
    ]
    for table in tables:
        rows: list[Sequence[Cell]] = [table.columns, ["---"] * len(table.columns), *table.rows]
        body = "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
        parts.append(f"## {table.title}\n\n{table.note}\n\n{body}\n")
    return "\n".join(parts)


def write(about: Circumstances, tables: Sequence[Table]) -> Path:
    """Write Markdown and JSON under ``results/``; returns the Markdown's path."""
    RESULTS.mkdir(exist_ok=True)
    slug = re.sub(r"[^a-z0-9]+", "-", f"{about.machine} {about.cores} cores".lower()).strip("-")
    path = RESULTS / f"{about.date}-{slug}.md"
    path.write_text(as_markdown(about, tables), encoding="utf-8")
    as_json = {"about": asdict(about), "tables": [asdict(table) for table in tables]}
    path.with_suffix(".json").write_text(
        json.dumps(as_json, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return path
