"""Screens without a display: arrays that a capture loop sees as a desktop."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.loop import CaptureLoop
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.types import (
    CaptureFailed,
    CursorShape,
    CursorSource,
    CursorState,
    Damage,
    Grab,
    Layout,
    Outgoing,
    Source,
)
from relevo_protocol.messages.screen import CaptureCondition
from tests.support.decoder import Viewer


@dataclass
class PaintedScreen:
    """A source whose ``canvas`` (BGRX) a test paints; every grab is a copy, valid for ever."""

    canvas: NDArray[np.uint8]
    damage: Damage = field(default_factory=Damage)
    failing: str = ""
    grabs: int = 0
    closed: int = 0

    def grab(self) -> Grab:
        if self.failing:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, self.failing)
        self.grabs += 1
        return Grab(self.canvas.copy(), self.damage)

    def layout(self) -> Layout:
        return Layout(self.canvas.shape[1], self.canvas.shape[0])

    def close(self) -> None:
        self.closed += 1

    @property
    def rgb(self) -> NDArray[np.uint8]:
        return self.canvas[..., 2::-1]


@dataclass
class PaintedCursor:
    """A pointer that a test moves."""

    state: CursorState | None = None
    unavailable: str = ""

    def poll(self) -> CursorState | None:
        return self.state

    def close(self) -> None:
        self.state = None


def blank(width: int, height: int) -> PaintedScreen:
    return PaintedScreen(np.zeros((height, width, 4), np.uint8))


def arrow() -> CursorShape:
    return CursorShape(2, 1, 1, 0, bytes((255, 0, 0, 128, 0, 0, 0, 0)))


VIEWER_ID = 7


class Show:
    """A loop, one viewer that draws and acknowledges after ``line_ms``, and their common clock."""

    def __init__(self, screen: Source, cursor: CursorSource | None = None, line_ms: float = 5.0) -> None:
        self.now_ms = 1000.0
        self.line_ms = line_ms
        self.loop = CaptureLoop(lambda: screen, lambda: cursor or NoCursor("a test"), lambda: self.now_ms)
        self.viewer = Viewer()
        self.frames: list[Outgoing] = []
        self._acks: list[tuple[float, int]] = []

    def join(self) -> None:
        self.loop.viewer_joined(VIEWER_ID)

    def step(self) -> Outgoing | None:
        """One step at the present time, drawn at once and acknowledged ``line_ms`` later."""
        self._acknowledge()
        outgoing = self.loop.step(self.now_ms)
        if outgoing is not None:
            self.frames.append(outgoing)
            self.viewer.apply(outgoing.frame_id, outgoing.data, keyframe=outgoing.keyframe)
            self._acks.append((self.now_ms + self.line_ms, outgoing.frame_id))
        return outgoing

    def run(self, for_ms: float) -> None:
        """Do what a driver does, for so long."""
        end_ms = self.now_ms + for_ms
        while self.now_ms < end_ms:
            self.step()
            self.now_ms += max(1.0, min(self.loop.delay_ms(self.now_ms), self.line_ms))

    def _acknowledge(self) -> None:
        while self._acks and self._acks[0][0] <= self.now_ms:
            at_ms, frame_id = self._acks.pop(0)
            self.loop.acknowledged(VIEWER_ID, frame_id, 1.0, at_ms)
