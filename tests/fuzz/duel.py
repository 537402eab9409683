"""Both sides of the fuzzing as processes that are asked block by block, and what is made of their answers."""

import contextlib
import json
import os
import queue
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.fuzz.mutate import Target
from tests.fuzz.wire import ROOT

SLOWEST_MS: Final = 1000.0
_BLOCK_DEADLINE_S: Final = 180.0
_CASE_DEADLINE_S: Final = 20.0
_TOLD: Final = 5
_SHRINKING: Final = 400
_FLAT_MIB: Final = 48.0
_LEAST_LOOKS: Final = 8
_HANGS: Final = " hangs"
Ask = Callable[[dict[str, Any]], dict[str, Any]]


class Hung(Exception):
    """A side has not answered in time."""


class Side:
    """One language's reader, in a process of its own that lasts."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._command = command
        self._answers: queue.Queue[str] = queue.Queue()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def say(self, asked: dict[str, Any]) -> None:
        """Ask for a block of cases."""
        process = self._running()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()

    def hear(self, deadline_s: float = _BLOCK_DEADLINE_S) -> dict[str, Any]:
        """The answer; Hung, with the process ended, when there is none in time."""
        try:
            line = self._answers.get(timeout=deadline_s)
        except queue.Empty:
            self.end()
            raise Hung(f"{self.name} has not answered for {deadline_s:.0f} s") from None
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.end()
        return {"crash": f"the process of the {self.name} side has ended", "hex": ""}

    def ask(self, asked: dict[str, Any], deadline_s: float = _CASE_DEADLINE_S) -> dict[str, Any]:
        """Ask and hear."""
        self.say(asked)
        return self.hear(deadline_s)

    def end(self) -> None:
        """End the process; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=os.environ | {"RELEVO_ROOT": str(ROOT)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._answers = queue.Queue()
            reading = (self._process, self._answers)
            threading.Thread(target=_read_lines, args=reading, daemon=True).start()
        return self._process


def _read_lines(process: subprocess.Popen[str], answers: "queue.Queue[str]") -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            answers.put(line)
    answers.put("")


def python_side() -> Side:
    """The wire's own reader."""
    return Side("Python", [sys.executable, "-m", "tests.fuzz.side"])


def viewer_side(bundle: Path) -> Side:
    """The viewer's reader, bundled by `bundled`."""
    return Side("viewer", ["node", str(bundle / "side.mjs")])


def bundled(folder: Path) -> Path:
    """The viewer's side as one file in this folder."""
    config = ("-c", "tests/fuzz/bundle.config.js", "--outDir", str(folder), "--logLevel", "warn")
    subprocess.run(
        [str(Path("node_modules") / ".bin" / "vite"), "build", *config], cwd=ROOT / "viewer", check=True
    )
    return folder


@dataclass(frozen=True)
class Finding:
    """A case that went wrong: what is to be put right."""

    target: str
    hex: str
    why: str

    def kept(self, sign: str) -> dict[str, str]:
        """How it stands in the corpus, with what should come of it."""
        return {"target": self.target, "hex": self.hex, "sign": sign, "why": self.why}


@dataclass
class Tally:
    """What came of the blocks of one target."""

    cases: int = 0
    taken: int = 0
    slowest_ms: dict[str, float] = field(default_factory=lambda: {"Python": 0.0, "viewer": 0.0})


class Duel:
    """Both sides on the same blocks."""

    def __init__(self, sides: tuple[Side, Side]) -> None:
        self.sides = sides
        self.resident_mib: dict[str, list[float]] = {side.name: [] for side in self.sides}

    def begin_round(self) -> None:
        """What is held is told by rounds: each has every target once."""
        for looks in self.resident_mib.values():
            looks.append(0.0)

    def end(self) -> None:
        """End both processes."""
        for side in self.sides:
            side.end()

    def block(self, target: Target, seed: int, count: int, tally: Tally) -> list[Finding]:
        """Let both read so many cases of a seed; what they do not agree on, or do not manage."""
        asked = {"target": target.name, "seed": seed, "first": 0, "count": count}
        for side in self.sides:
            side.say(asked)
        answers: list[dict[str, Any]] = []
        for side in self.sides:
            try:
                answers.append(side.hear())
            except Hung:
                return [hanging(side, target, seed, 0, count)]
        found = [
            Finding(target.name, said["hex"], f"seed {seed}: {side.name}: {said['crash']}")
            for side, said in zip(self.sides, answers, strict=True)
            if "crash" in said
        ]
        return found or self._compared(target, seed, answers, tally)

    def _compared(
        self, target: Target, seed: int, answers: Sequence[dict[str, Any]], tally: Tally
    ) -> list[Finding]:
        mine, theirs = (said["signs"] for said in answers)
        found = differences(target, seed, mine, theirs)
        for side, said in zip(self.sides, answers, strict=True):
            tally.slowest_ms[side.name] = max(tally.slowest_ms[side.name], said["slowest_ms"])
            looks = self.resident_mib[side.name]
            looks[-1] = max(looks[-1], said["rss_kib"] / 1024)
            if said["slowest_ms"] > SLOWEST_MS:
                why = f"seed {seed}: {side.name} takes {said['slowest_ms']:.0f} ms"
                found.append(Finding(target.name, said["slowest"], why))
        tally.cases += len(mine)
        tally.taken += len(mine) - mine.count("0")
        return found

    def shrunk(self, found: Finding) -> Finding:
        """A shorter case with which the same still goes wrong, as far as that is quickly found."""
        if found.why.endswith(_HANGS):
            return found  # each try would take all the time that a side is given

        def wrong(hexed: str) -> bool:
            asked = {"target": found.target, "hex": hexed}
            try:
                said = [side.ask(asked) for side in self.sides]
            except Hung:
                return False  # something else
            if any("crash" in one for one in said):
                return "crash" in found.why or ": Python says" not in found.why
            return ": Python says" in found.why and said[0]["signs"] != said[1]["signs"]

        return Finding(found.target, shorter(found.hex, wrong), found.why)


def differences(target: Target, seed: int, mine: str, theirs: str) -> list[Finding]:
    """The first cases that the sides read differently."""
    odd = [n for n, (one, other) in enumerate(zip(mine, theirs, strict=True)) if one != other]
    return [
        Finding(
            target.name,
            target.case(seed, n).hex(),
            f"seed {seed}, case {n}: Python says {mine[n]}, the viewer {theirs[n]}",
        )
        for n in odd[:_TOLD]
    ]


def hanging(side: Side, target: Target, seed: int, first: int, count: int) -> Finding:
    """The case at which a side hangs, by halves."""
    while count > 1:
        half = count // 2
        try:
            side.ask(
                {"target": target.name, "seed": seed, "first": first, "count": half}, _BLOCK_DEADLINE_S / 2
            )
            first, count = first + half, count - half
        except Hung:
            count = half
    return Finding(
        target.name, target.case(seed, first).hex(), f"seed {seed}, case {first}: {side.name}{_HANGS}"
    )


def shorter(hexed: str, wrong: Callable[[str], bool]) -> str:
    """Cut pieces out of a case as long as it goes wrong; nothing is cut from one that does not by itself."""
    tries, piece = _SHRINKING, max(len(hexed) // 4, 1)
    while piece and hexed and tries:
        at = 0
        while at < len(hexed) // 2 and tries:
            without = hexed[: 2 * at] + hexed[2 * (at + piece) :]
            tries -= 1
            if wrong(without):
                hexed = without
            else:
                at += piece
        piece //= 2
    return hexed


def growth_mib(looks: Sequence[float]) -> float:
    """How much more is held in the last quarter than in the second, when all was warm; 0 of too few looks."""
    if len(looks) < _LEAST_LOOKS:
        return 0.0
    quarter = len(looks) // 4
    return statistics.median(looks[-quarter:]) - statistics.median(looks[quarter : 2 * quarter])


def is_flat(looks: Sequence[float]) -> bool:
    """Whether memory stays where it is, but for what a collector leaves lying about."""
    return growth_mib(looks) <= _FLAT_MIB
