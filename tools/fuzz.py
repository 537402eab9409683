"""`make fuzz`: spoilt messages by the million, read by the Python side and by the viewer's; both must agree.

    make fuzz                        a minute of it
    make fuzz ARGS="--minutes 60"    longer; each round has a seed of its own
    make fuzz ARGS="--seed 7 --rounds 1"   that round again
    make fuzz ARGS="--write"         write down anew what the tests compare with, after the wire has changed

Exit status: 0 both have agreed on every case, 1 they have not, or one of them has failed in a way of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

from tests.fuzz.mutate import ROOT, Target, targets

_VIEWER = ROOT / "viewer"
_KEPT = ROOT / "tests" / "fuzz" / "verdicts.json"
_KEPT_CASES = 1540
_ROUND_CASES = 20_000
_DEADLINE_S = 1800


class Verdicts(TypedDict):
    """Of every target, a sign for each case: 1 is taken, 0 is refused, four to a hexadecimal digit."""

    seed: int
    count: int
    verdicts: dict[str, str]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status tells how it went."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Spoilt messages, read in both languages.")
    parser.add_argument("--minutes", type=float, default=1.0, help="for how long rounds are begun")
    parser.add_argument("--rounds", type=int, default=0, help="at most so many rounds")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--write", action="store_true", help="write down what the tests compare with")
    given = parser.parse_args(arguments)
    if given.write:
        _KEPT.write_text(json.dumps(_python(1, _KEPT_CASES), indent=1) + "\n", encoding="utf-8")
        print(f"{_KEPT.relative_to(ROOT)}: {_KEPT_CASES} cases for each of {len(targets())} readers")
        return 0
    end_s, seed, cases = time.monotonic() + given.minutes * 60, given.seed, 0
    while time.monotonic() < end_s and not (given.rounds and seed >= given.seed + given.rounds):
        odd = _round(seed)
        if odd:
            print("\n".join(odd))
            return 1
        cases += _ROUND_CASES * len(targets())
        print(f"seed {seed}: agreed; {cases} cases so far", flush=True)
        seed += 1
    return 0


def _round(seed: int) -> list[str]:
    """What both sides do not agree on, in words."""
    with tempfile.TemporaryDirectory(prefix="relevo-fuzz-") as folder:
        into = Path(folder) / "verdicts.json"
        asked = json.dumps({"seed": seed, "count": _ROUND_CASES, "into": str(into)})
        viewer = subprocess.Popen(
            ["node_modules/.bin/vitest", "run", "tests/fuzz"],
            cwd=_VIEWER,
            env=os.environ | {"RELEVO_FUZZ": asked},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            ours = _python(seed, _ROUND_CASES)
            told, _ = viewer.communicate(timeout=_DEADLINE_S)
        finally:
            viewer.kill()
        if viewer.returncode != 0 or not into.exists():
            return [f"seed {seed}: the viewer's side failed", told.decode(errors="replace")[-3000:]]
        theirs: Verdicts = json.loads(into.read_text(encoding="utf-8"))
    return [line for one in targets() for line in _differences(one, seed, ours, theirs)]


def _python(seed: int, count: int) -> Verdicts:
    found = {one.name: one.verdicts(seed, count) for one in targets()}
    return {"seed": seed, "count": count, "verdicts": found}


def _differences(one: Target, seed: int, ours: Verdicts, theirs: Verdicts) -> list[str]:
    bits = [f"{int(side['verdicts'][one.name], 16):0{side['count']}b}" for side in (ours, theirs)]
    return [
        f"{one.name}, seed {seed}, case {number}: Python {mine}, viewer {yours}: "
        f"{one.case(seed, number).hex()}"
        for number, (mine, yours) in enumerate(zip(*bits, strict=True))
        if mine != yours
    ][:10]


if __name__ == "__main__":
    sys.exit(main())
