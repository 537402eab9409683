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
    MoveHint,
    Outgoing,
    Rect,
    Source,
    Waiting,
)
from relevo_protocol.frame import CodecId, UpdateKind
from relevo_protocol.messages.screen import CaptureCondition
from tests.support.decoder import Viewer


@dataclass
class PaintedScreen:
    """A source whose ``canvas`` (BGRX) a test paints; its grabs share one memory, as real ones do.

    With a ``signal`` it tells its changes, and where they are; else ``damage`` is what it says at each grab.
    """

    canvas: NDArray[np.uint8]
    damage: Damage = field(default_factory=Damage)
    failing: str = ""
    grabs: int = 0
    closed: int = 0
    signal: int | None = None
    moves: tuple[MoveHint, ...] = ()
    memory: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 4), np.uint8))

    @property
    def is_telling(self) -> bool:
        return self.signal is not None and not np.array_equal(self.memory, self.canvas)

    def grab(self) -> Grab:
        if self.failing:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, self.failing)
        self.grabs += 1
        damage = self._told_damage() if self.signal is not None else self.damage
        if self.memory.shape != self.canvas.shape:
            self.memory = np.empty_like(self.canvas)
        self.memory[:] = self.canvas
        return Grab(self.memory, damage, self.moves)

    def _told_damage(self) -> Damage:
        if self.memory.shape != self.canvas.shape:
            return Damage()
        rows, columns = (self.memory != self.canvas).any(axis=2).nonzero()
        if not len(rows):
            return Damage(())
        x, y = int(columns.min()), int(rows.min())
        return Damage((Rect(x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y),))

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
    signal: int | None = None

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
        self.screen = screen
        self.loop = CaptureLoop(lambda: screen, lambda: cursor or NoCursor("a test"), lambda: self.now_ms)
        self.viewer = Viewer()
        self.viewer_id = VIEWER_ID
        self.frames: list[Outgoing] = []
        self._acks: list[tuple[float, int]] = []

    def join(self, codecs: frozenset[CodecId] = frozenset()) -> None:
        self.loop.choose_decoders(codecs)
        self.loop.viewer_joined(self.viewer_id)

    def join_anew(self) -> None:
        """The viewer goes, and another one comes that has seen nothing."""
        self.loop.viewer_left(self.viewer_id)
        self.viewer_id += 1
        self.viewer = Viewer()
        self._acks.clear()
        self.loop.viewer_joined(self.viewer_id)

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
            waiting = self.loop.waiting(self.now_ms)
            if self._is_told(waiting):
                continue
            next_ack_ms = self._acks[0][0] - self.now_ms if self._acks else float("inf")
            self.now_ms += max(1.0, min(waiting.delay_ms, next_ack_ms, end_ms - self.now_ms))

    def _is_told(self, waiting: Waiting) -> bool:
        screen = self.screen
        telling = isinstance(screen, PaintedScreen) and screen.is_telling
        return telling and screen.signal in waiting.signals

    def _acknowledge(self) -> None:
        while self._acks and self._acks[0][0] <= self.now_ms:
            at_ms, frame_id = self._acks.pop(0)
            self.loop.acknowledged(self.viewer_id, frame_id, 1.0, at_ms)


def kinds_of(outgoing: Outgoing) -> tuple[UpdateKind, ...]:
    """What a frame's updates do, each kind once."""
    return tuple(sorted({kind for kind, _codec in outgoing.parts}))
