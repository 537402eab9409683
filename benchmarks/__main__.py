"""``python -m benchmarks``: measure, print, and with ``--write`` keep the figures under ``results/``.

``python -m benchmarks record`` records real programs, ``compare`` sets two results side by side, ``plots``
draws a result; each has ``--help``.
"""

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks import compare, office, plots, report
from benchmarks.measure import Unavailable
from benchmarks.recordings import record
from benchmarks.report import Measured, as_text, circumstances, load, write
from benchmarks.sections import SECTIONS, Section, named

FAILED: Final = 1


def measure(arguments: Sequence[str]) -> int:
    """Run the sections that were asked for; 1 if one of them broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [section.name for section in SECTIONS]
    parser.add_argument("--only", choices=sorted(names), nargs="+", default=[], help="these sections alone")
    parser.add_argument("--quick", action="store_true", help="few samples: does it run at all?")
    parser.add_argument("--write", action="store_true", help="keep the figures under benchmarks/results/")
    parser.add_argument("--into", type=Path, default=report.RESULTS, help="another folder for --write")
    parser.add_argument("--list", action="store_true", help="name the sections and stop")
    options = parser.parse_args(arguments)
    if options.list:
        for section in SECTIONS:
            print(f"{section.name:<14}{section.what}{' (only if asked for)' if section.asked_only else ''}")
        return 0
    load_before = load()
    measured, broken = _run_all(named(options.only), quick=options.quick)
    about = circumstances(" ".join(["python -m benchmarks", *arguments]), load_before)
    print(f"\n{about.processor}, {about.cores} cores, load before {about.load_before}, commit {about.commit}")
    if options.write:
        print(f"written: {write(about, measured, options.into)}")
    if broken:
        print(f"broke, see above: {', '.join(broken)}", file=sys.stderr)
    return FAILED if broken else 0


def _run_all(sections: Sequence[Section], *, quick: bool) -> tuple[list[Measured], list[str]]:
    measured: list[Measured] = []
    broken: list[str] = []
    for section in sections:
        try:
            blocks = section.run(quick)
        except Unavailable as reason:
            print(f"\n{section.name}: not measured here. {reason}", flush=True)
            continue
        except Exception:  # noqa: BLE001 - what broke one section must not take hours of the others with it
            traceback.print_exc()
            broken.append(section.name)
            continue
        for block in blocks:
            print(as_text(block), flush=True)
            measured.append(Measured(section.name, block))
    return measured, broken


COMMANDS: Final[dict[str, Callable[[Sequence[str]], int]]] = {
    "office": office.main,
    "record": record.main,
    "compare": compare.main,
    "plots": plots.main,
}


def main(arguments: Sequence[str]) -> int:
    """A command by its name, else measuring."""
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]](arguments[1:])
    return measure(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
