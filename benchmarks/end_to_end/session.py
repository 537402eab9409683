"""One peer with one browser on one display, and what one scene costs there."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from benchmarks.display import x_server
from benchmarks.end_to_end import material, picture
from benchmarks.end_to_end.browser import Browser
from benchmarks.end_to_end.counters import difference, received
from benchmarks.end_to_end.layout import HEIGHT, PATCH, REST, VIDEO, WIDTH, Box, stamp_of
from benchmarks.end_to_end.peers.base import Place, Serve, Served
from benchmarks.end_to_end.processes import NotRunning, Programs, cpu_percent, cpu_s, wait_for
from benchmarks.end_to_end.stamp import BITS, Stamp
from benchmarks.network import Line, Shape, shaped_line
from tools.paths import ROOT

QUIET_S: Final = 2.0
KEY_PATIENCE_S: Final = 5.0
SETTLE_S: Final = 20.0
REST_BYTES: Final = 3000
"""Within a second: less than this, and what comes is heartbeats."""
SHOTS: Final = 6
ENDLESS_LINE: Final = Shape()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is done in a scene: how long, and whether keys are pressed or frames photographed meanwhile."""

    scene: str
    seconds: float
    keys: bool = False
    shots: bool = False


@dataclass(slots=True)
class Raw:
    """What was counted in one scene; times in ms, processor times in % of one core."""

    seconds: float = 0.0
    received_bytes: int = 0
    cpu: dict[str, float] = field(default_factory=dict[str, float])
    drawn: dict[int, float] = field(default_factory=dict[int, float])
    seen: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    keys_ms: list[float] = field(default_factory=list[float])
    keys_lost: int = 0
    shots_db: list[float] = field(default_factory=list[float])
    exact_percent: float = 0.0
    quiet_db: float = 0.0
    looks: int = 0


class Stage:
    """The program that plays a scene on the display."""

    def __init__(self, display: str, scene: str) -> None:
        command = [sys.executable, "-m", "benchmarks.programs.stage", display, scene, str(material.folder())]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.pid = self._process.pid
        self._answer()

    def go(self) -> None:
        """Play."""
        self._say("go")

    def halt(self) -> dict[int, float]:
        """Stand still; when each frame was drawn, s of the monotonic clock."""
        self._say("halt")
        return {int(number): float(at) for number, at in self._answer()["drawn"]}

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotRunning("the scene's program has ended; it wrote the reason to standard error")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()


@dataclass(frozen=True, slots=True)
class Session:
    """A peer whose picture is in the browser."""

    display: str
    x_server_pid: int
    served: Served
    browser: Browser
    inside: Sequence[str]

    def play(self, wanted: Wanted) -> Raw:
        """Play one scene and count."""
        raw = Raw()
        with Stage(self.display, wanted.scene) as stage:
            self._settle()
            offset_s = self.browser.clock_offset_s()
            self.browser.probe("start", _probe_orders(wanted))
            pids = {"x": self.x_server_pid, "browser": self.browser.pid, "stage": stage.pid}
            before = self._read(pids)
            stage.go()
            self._spend(wanted, raw)
            after = self._read(pids)
            raw.drawn = stage.halt()
            self._count(raw, before, after)
            time.sleep(QUIET_S)
            self._compare(raw)
            self._collect(wanted, raw, offset_s)
        return raw

    def _settle(self) -> None:
        """Wait until the scene's first picture has come down, however thin the line."""
        end = time.monotonic() + SETTLE_S
        time.sleep(QUIET_S - 0.5)
        before = received(self.served.port, self.inside)
        while time.monotonic() < end:
            time.sleep(1.0)
            after = received(self.served.port, self.inside)
            if difference(before, after) < REST_BYTES:
                return
            before = after

    def _read(self, pids: dict[str, int]) -> tuple[float, dict[str, dict[int, float]], dict[str, int]]:
        times = {name: cpu_s([pid]) for name, pid in pids.items()}
        times["peer"] = cpu_s(self.served.pids)
        return time.monotonic(), times, received(self.served.port, self.inside)

    def _count(self, raw: Raw, before: tuple[Any, Any, Any], after: tuple[Any, Any, Any]) -> None:
        raw.seconds = after[0] - before[0]
        raw.cpu = {name: cpu_percent(before[1][name], after[1][name], raw.seconds) for name in after[1]}
        raw.received_bytes = difference(before[2], after[2])

    def _spend(self, wanted: Wanted, raw: Raw) -> None:
        end = time.monotonic() + wanted.seconds
        if not wanted.keys:
            time.sleep(wanted.seconds)
            return
        chance = random.Random(4)
        while time.monotonic() < end:
            time.sleep(chance.uniform(0.1, 0.2))
            self.browser.press("a", "KeyA", 65)
            pressed = time.monotonic()
            while self.browser.probe("waiting"):
                if time.monotonic() > pressed + KEY_PATIENCE_S:
                    raw.keys_lost += 1
                    self.browser.probe("forget")
                    break
                time.sleep(0.03)

    def _compare(self, raw: Raw) -> None:
        shown = picture.of_rgba(self.browser.probe("picture"), WIDTH)
        real = picture.of_display(self.display)
        if shown.shape != real.shape:
            raise NotRunning(f"the canvas is {shown.shape[1]}x{shown.shape[0]}")
        raw.exact_percent = picture.exact_percent(shown, real)
        raw.quiet_db = picture.psnr_db(shown, real)

    def _collect(self, wanted: Wanted, raw: Raw, offset_s: float) -> None:
        told = self.browser.probe("stop")
        raw.looks = told["looks"]
        raw.seen = [(int(number), at_ms / 1000 + offset_s) for number, at_ms in told["seen"]]
        raw.keys_ms = [seen - pressed for pressed, seen in told["keys"]]
        frames = material.loaded(material.folder(), "video") if wanted.shots else None
        for i in range(told["shots"] if frames is not None else 0):
            shot = self.browser.probe("shot", i)
            if shot["number"] in raw.drawn and frames is not None:
                number = material.back_and_forth(shot["number"], material.FRAMES)
                shown = picture.of_rgba(shot["rgba"], VIDEO[2])
                raw.shots_db.append(_shot_db(shown, frames[number], stamp_of(wanted.scene)))


def _shot_db(shown: picture.Rgb, frame: material.Pixels, stamp: Stamp) -> float:
    """The stamp itself is left out."""
    below = stamp.y - VIDEO[1] + stamp.cell_px
    return picture.psnr_db(shown[below:], frame[below:, :, 2::-1])


def _probe_orders(wanted: Wanted) -> dict[str, object]:
    stamp = stamp_of(wanted.scene)
    return {
        "stamp": {"x": stamp.x, "y": stamp.y, "cell": stamp.cell_px, "bits": BITS},
        "patch": {"x": PATCH[0] + PATCH[2] // 2, "y": PATCH[1] + PATCH[3] // 2} if wanted.keys else None,
        "box": _box(VIDEO),
        "shots": SHOTS if wanted.shots else 0,
    }


def _box(box: Box) -> dict[str, int]:
    return dict(zip(("x", "y", "width", "height"), box, strict=True))


@contextmanager
def session(serve: Serve, folder: Path, shape: Shape) -> Generator[Session]:
    """Display, peer and browser on a line of a shape, for as long as the block lasts."""
    with ExitStack() as stack:
        display, x_pid = stack.enter_context(x_server(f"{WIDTH}x{HEIGHT}"))
        line = stack.enter_context(shaped_line(shape)) if shape != ENDLESS_LINE else None
        programs = stack.enter_context(Programs(folder, {"DISPLAY": display}))
        host = "127.0.0.1" if line is None else "0.0.0.0"  # noqa: S104 - reached from the line's namespace
        with Stage(display, "idle"):
            served = serve(Place(display, folder, programs, host))
            inside, flags = _reach(line)
            browser = stack.enter_context(Browser(folder, inside, flags))
            browser.open(served.address, served.ready, served.steps)
            wait_for(lambda: browser.probe("find", served.canvas)[0] == WIDTH, "the whole screen in the page")
            _focus(browser)
            time.sleep(QUIET_S)
        yield Session(display, x_pid, served, browser, inside)


def _reach(line: Line | None) -> tuple[list[str], list[str]]:
    """What runs a program behind the line, and how Chromium finds the server from there."""
    if line is None:
        return [], []
    return line.inside([]), [f"--host-resolver-rules=MAP localhost {line.near}"]


def _focus(browser: Browser) -> None:
    """Click on bare desktop, so that the page takes keys for the other side."""
    box = browser.probe("box")
    browser.click(box["left"] + REST[0] * box["width"] / WIDTH, box["top"] + REST[1] * box["width"] / WIDTH)
