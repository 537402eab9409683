"""Run named steps one after the other, all of them, and tell at the end how each went."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.paths import ROOT


@dataclass(frozen=True)
class Step:
    """One thing to run: a name for the table, and what to do, which gives an exit status."""

    name: str
    act: Callable[[], int]


@dataclass(frozen=True)
class _Result:
    name: str
    status: int
    seconds: float


def command(*arguments: str) -> Callable[[], int]:
    """An act that runs a program from the root of the checkout."""

    def act() -> int:
        return subprocess.run(arguments, cwd=ROOT, check=False).returncode

    return act


def run_all(title: str, steps: Sequence[Step]) -> int:
    """Run every step even if one fails; print a table; 0 only if all succeeded."""
    results = [_run(step) for step in steps]
    width = max(len(result.name) for result in results)
    print(f"\n{title}\n{'-' * (width + 18)}")
    for result in results:
        verdict = "ok" if result.status == 0 else f"FAILED ({result.status})"
        print(f"{result.name:<{width}}  {result.seconds:7.1f} s  {verdict}")
    failed = [result.name for result in results if result.status != 0]
    print(f"{title}: {'all ok' if not failed else 'FAILED: ' + ', '.join(failed)}", flush=True)
    return 1 if failed else 0


def _run(step: Step) -> _Result:
    print(f"\n=== {step.name}", flush=True)
    started = time.monotonic()
    try:
        status = step.act()
    except OSError as error:  # a program that cannot be started fails its own step, not the others
        print(f"{step.name}: {error}", file=sys.stderr)
        status = 127
    return _Result(step.name, status, time.monotonic() - started)
