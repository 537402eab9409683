"""The capture loop on scenes, without a display: cost and bytes of each frame."""

import time
from dataclasses import dataclass, field

from benchmarks.measure import Table, kilobytes, spread
from benchmarks.scenes import HEIGHT, WIDTH, Canvas, Scene
from relevo_agent.pipeline.loop import CaptureLoop
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.types import Grab, Layout, Outgoing

VIEWER = 1
STEP_MS = 4.0
LINE_MS = 4.0
SETTLE_MS = 3000.0
"""Before measuring: the first picture is sent, and made exact."""


class CanvasSource:
    """A canvas as a screen: a grab copies it into one of two buffers, and counts the time that takes."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.spent_ms = 0.0
        self._buffers = (canvas.copy(), canvas.copy())
        self._turn = 0

    def grab(self) -> Grab:
        """The canvas now."""
        started = time.perf_counter()
        self._turn = 1 - self._turn
        buffer = self._buffers[self._turn]
        buffer[:] = self.canvas
        self.spent_ms += (time.perf_counter() - started) * 1000
        return Grab(buffer)

    def layout(self) -> Layout:
        """The scenes' size."""
        return Layout(WIDTH, HEIGHT)

    def close(self) -> None:
        """Nothing to give back."""


@dataclass
class Run:
    """One scene played on a clock of its own; costs are real time, without the grab's copy."""

    scene: Scene
    loop: CaptureLoop
    source: CanvasSource
    now_ms: float = 0.0
    frames: list[Outgoing] = field(default_factory=list[Outgoing])
    frame_costs_ms: list[float] = field(default_factory=list[float])
    look_costs_ms: list[float] = field(default_factory=list[float])
    acks: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def step(self) -> None:
        """One step, acknowledged ``LINE_MS`` later."""
        while self.acks and self.acks[0][0] <= self.now_ms:
            self.loop.acknowledged(VIEWER, self.acks.pop(0)[1], self.now_ms)
        copied_before = self.source.spent_ms
        started = time.perf_counter()
        outgoing = self.loop.step(self.now_ms)
        cost_ms = (time.perf_counter() - started) * 1000 - (self.source.spent_ms - copied_before)
        if outgoing is not None:
            self.frames.append(outgoing)
            self.frame_costs_ms.append(cost_ms)
            self.acks.append((self.now_ms + LINE_MS, outgoing.frame_id))
        elif self.source.spent_ms > copied_before:
            self.look_costs_ms.append(cost_ms)
        self.now_ms += STEP_MS

    def play(self, for_ms: float, *, moving: bool) -> None:
        """Let the scene's clock run."""
        end_ms, tick, next_tick_ms = self.now_ms + for_ms, 0, self.now_ms
        while self.now_ms < end_ms:
            if moving and self.now_ms >= next_tick_ms:
                self.scene.paint(self.source.canvas, tick)
                tick, next_tick_ms = tick + 1, next_tick_ms + self.scene.tick_ms
            self.step()

    def forget(self) -> None:
        """Measure from here."""
        self.frames.clear()
        self.frame_costs_ms.clear()
        self.look_costs_ms.clear()


def opened(scene: Scene) -> Run:
    """A run with a viewer, before its first frame."""
    source = CanvasSource(scene.start())
    loop = CaptureLoop(lambda: source, lambda: NoCursor("a benchmark"))
    loop.viewer_joined(VIEWER)
    return Run(scene, loop, source)


def measured(scenes: tuple[Scene, ...], seconds: float) -> list[Table]:
    """Tables: the moving scenes, their first keyframes, and the way back to the exact picture."""
    moving = Table(
        "Capture loop: ms and bytes for each scene",
        f"1920x1080, {seconds:g} s each on the scene's clock; diff + classify + encode + container, without "
        "grab and seal. Line: acknowledged after 4 ms. CPU is ms of work for each second of the scene, looks "
        "that find nothing included.",
        ("scene", "frames/s", "ms median", "ms p95", "kB/frame", "kB/s", "look ms", "CPU ms/s"),
    )
    joining = Table(
        "Joining and coming to rest",
        "First keyframe and the deltas that complete it, until every pixel was sent once; then until the "
        "picture is exact (500 ms of quiet included), on the scene's clock.",
        ("scene", "first picture ms", "kB", "frames", "exact ms", "kB more", "frames more"),
    )
    for scene in scenes:
        run = opened(scene)
        joining.rows.append(_joined(run))
        run.play(SETTLE_MS, moving=False)
        run.forget()
        run.play(seconds * 1000, moving=True)
        moving.rows.append(_row(run, seconds))
    return [moving, joining]


def _joined(run: Run) -> tuple[str | float | int, ...]:
    while not run.frames or run.loop.has_unsent:
        run.step()
    first = len(run.frames)
    cost_ms, size = sum(run.frame_costs_ms), sum(len(frame.data) for frame in run.frames)
    while not run.loop.is_exact:
        run.step()
    more = sum(len(frame.data) for frame in run.frames) - size
    return (
        run.scene.name,
        round(cost_ms, 1),
        kilobytes(size),
        first,
        round(run.now_ms),
        kilobytes(more),
        len(run.frames) - first,
    )


def _row(run: Run, seconds: float) -> tuple[str | float | int, ...]:
    cost, look = spread(run.frame_costs_ms), spread(run.look_costs_ms)
    size = sum(len(frame.data) for frame in run.frames)
    work_ms = sum(run.frame_costs_ms) + sum(run.look_costs_ms)
    return (
        run.scene.name,
        round(len(run.frames) / seconds, 1),
        round(cost.median, 2),
        round(cost.p95, 2),
        kilobytes(size / max(1, len(run.frames))),
        kilobytes(size / seconds),
        round(look.median, 2),
        round(work_ms / seconds, 1),
    )
