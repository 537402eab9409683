"""``python -m benchmarks``: measure, print tables, and with ``--write`` keep them under ``results/``."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks import core, display, encoders, photon, relay, sealing, sockets
from benchmarks.measure import Table
from benchmarks.report import as_text, circumstances, load, write
from benchmarks.scenes import SCENES

Part = Callable[[bool], list[Table]]

PARTS: Final[dict[str, Part]] = {
    "core": lambda quick: core.measured(SCENES, 1.0 if quick else 5.0),
    "encoders": lambda quick: encoders.measured(1 if quick else 7),
    "display": lambda quick: display.measured(10 if quick else 200, 1.0 if quick else 10.0),
    "sealing": lambda quick: sealing.measured(20 if quick else 400),
    "relay": lambda quick: relay.measured(50 if quick else 1000),
    "sockets": lambda quick: sockets.measured(20 if quick else 300),
    "photon": lambda quick: photon.measured(5 if quick else 60),
}
"""Name of each part and what it measures; the flag asks for few samples."""


def main(arguments: Sequence[str]) -> int:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(PARTS), nargs="+", help="these parts alone")
    parser.add_argument("--quick", action="store_true", help="few samples: does it run at all?")
    parser.add_argument("--write", action="store_true", help="keep the figures under benchmarks/results/")
    options = parser.parse_args(arguments)
    load_before = load()
    tables: list[Table] = []
    for name in options.only or PARTS:
        for table in PARTS[name](options.quick):
            print(as_text(table), flush=True)
            tables.append(table)
    about = circumstances(" ".join(["python -m benchmarks", *arguments]), load_before)
    print(f"\n{about.processor}, {about.cores} cores, load before {about.load_before}, commit {about.commit}")
    if options.write:
        print(f"written: {write(about, tables)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
