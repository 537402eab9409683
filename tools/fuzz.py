"""`make fuzz`: spoilt messages by the million, read by the Python side and by the viewer's; both must agree.

    make fuzz                          a minute of it
    make fuzz ARGS="--minutes 60"      longer; each round has a seed of its own and says so
    make fuzz ARGS="--cases 10000000"  until so many are done
    make fuzz ARGS="--seed 7 --rounds 1 --target frames"   that round again, of one target
    make fuzz ARGS="--write"           write down anew what the tests compare with, after the wire has changed

What is found is shortened and put into tests/fuzz/corpus.json, where the tests of both languages read it.
Exit status: 0 both have agreed on every case, 1 they have not, or one has failed, hung or grown.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.fuzz.duel import (
    Duel,
    Finding,
    Tally,
    bundled,
    growth_mib,
    is_flat,
    python_side,
    viewer_side,
)
from tests.fuzz.mutate import Target
from tests.fuzz.readers import targets
from tests.fuzz.wire import ROOT

_HOME: Final = ROOT / "tests" / "fuzz"
_KEPT: Final = _HOME / "verdicts.json"
_CORPUS: Final = _HOME / "corpus.json"
_KEPT_CASES: Final = 1500
_ROUND_CASES: Final = 10_000
_HUNDRED: Final = 100


@dataclass
class Run:
    """What several rounds share, and have come to."""

    chosen: Sequence[Target]
    seed: int
    end_s: float
    max_rounds: int
    max_cases: int
    tallies: dict[str, Tally] = field(default_factory=dict[str, Tally])
    findings: list[Finding] = field(default_factory=list[Finding])
    rounds: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cases(self) -> int:
        """How many cases both have read."""
        return sum(tally.cases for tally in self.tallies.values())

    def next_seed(self) -> int | None:
        """The seed of another round, if there is to be one."""
        with self.lock:
            over = time.monotonic() >= self.end_s or self.findings
            if over or self.rounds >= self.max_rounds or self.cases >= self.max_cases:
                return None
            self.rounds += 1
            return self.seed + self.rounds - 1


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit status tells how it went."""
    given = _arguments(arguments)
    if given.write:
        signs = {one.name: one.signs(1, 0, _share(one, _KEPT_CASES)) for one in targets().values()}
        _KEPT.write_text(json.dumps({"seed": 1, "signs": signs}, indent=1) + "\n", encoding="utf-8")
        print(f"{_KEPT.relative_to(ROOT)}: {sum(map(len, signs.values()))} cases of {len(signs)} readers")
        return 0
    chosen = [targets()[name] for name in given.target or targets()]
    seconds = given.minutes * 60 if not given.cases else float("inf")
    run = Run(
        chosen,
        given.seed,
        time.monotonic() + seconds,
        given.rounds or sys.maxsize,
        given.cases or sys.maxsize,
    )
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="relevo-fuzz-") as folder:
        bundle = bundled(Path(folder))
        duels = [Duel((python_side(), viewer_side(bundle))) for _ in range(given.jobs)]
        with ThreadPoolExecutor(len(duels)) as pool:
            # Read to the end: what ends a worker by a mistake of ours is no agreement.
            list(pool.map(partial(_work, run), duels))
    print(_told(run, time.monotonic() - began_s))
    growing = _memory(duels)
    return int(bool(run.findings) or growing)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description="Spoilt messages, read in both languages.")
    parser.add_argument(
        "--minutes", type=float, default=1.0, help="for how long rounds are begun (default: 1)"
    )
    parser.add_argument("--cases", type=int, default=0, help="instead: until so many cases are read")
    parser.add_argument("--rounds", type=int, default=0, help="at most so many rounds")
    parser.add_argument("--seed", type=int, default=1, help="of the first round (default: 1)")
    parser.add_argument(
        "--target", action="append", choices=list(targets()), help="only this one; repeatable"
    )
    parser.add_argument("--jobs", type=int, default=2, help="pairs of processes at once (default: 2)")
    parser.add_argument("--write", action="store_true", help="write down what the tests compare with")
    return parser.parse_args(arguments)


def _share(target: Target, cases: int) -> int:
    return max(1, cases * target.share // _HUNDRED)


def _work(run: Run, duel: Duel) -> None:
    """Rounds until there is none left, with one pair of processes."""
    try:
        while (seed := run.next_seed()) is not None:
            duel.begin_round()
            for target in run.chosen:
                tally = Tally()
                found = duel.block(target, seed, _share(target, _ROUND_CASES), tally)
                with run.lock:
                    _add(run.tallies.setdefault(target.name, Tally()), tally)
                if found:
                    _keep(run, [duel.shrunk(one) for one in found])
            print(
                f"seed {seed}: {'agreed' if not run.findings else 'over'}; {run.cases} cases so far",
                flush=True,
            )
    finally:
        duel.end()


def _add(sum_: Tally, one: Tally) -> None:
    sum_.cases += one.cases
    sum_.taken += one.taken
    for name, slowest_ms in one.slowest_ms.items():
        sum_.slowest_ms[name] = max(sum_.slowest_ms[name], slowest_ms)


def _keep(run: Run, found: Sequence[Finding]) -> None:
    """Tell what was found and put it into the corpus; whoever mends it says there what should come of it."""
    with run.lock:
        run.findings += found
        kept = json.loads(_CORPUS.read_text(encoding="utf-8"))
        for one in found:
            print(f"FOUND {one.target}, {one.why}: {one.hex}", flush=True)
            if all(one.hex != other["hex"] for other in kept):
                kept.append(one.kept("0"))
        _CORPUS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _told(run: Run, seconds: float) -> str:
    rows = [f"{'target':<16}{'cases':>12}{'taken':>9}{'slowest: Python':>18}{'viewer':>10}"]
    for target in run.chosen:
        tally = run.tallies.get(target.name, Tally())
        part = tally.taken / max(tally.cases, 1)
        slow = [f"{tally.slowest_ms[name]:.0f} ms" for name in ("Python", "viewer")]
        rows.append(f"{target.name:<16}{tally.cases:>12,}{part:>9.1%}{slow[0]:>18}{slow[1]:>10}")
    rows.append(f"{run.cases:,} cases in {seconds:.0f} s, {run.cases / max(seconds, 1e-9):,.0f} in a second")
    rows.append(f"{len(run.findings)} findings; the next seed is {run.seed + run.rounds}")
    return "\n".join(rows)


def _memory(duels: Sequence[Duel]) -> bool:
    """Tell what the processes held; whether one of them grew."""
    growing = False
    for duel in duels:
        for name, looks in duel.resident_mib.items():
            if looks:
                grown = growth_mib(looks)
                print(f"memory, {name}: highest {max(looks):.0f} MiB, {grown:+.0f} MiB since it was warm")
                growing |= not is_flat(looks)
    return growing


if __name__ == "__main__":
    sys.exit(main())
