"""Windows: Desktop Duplication, all outputs composed into one picture. Written, not yet run there.

Each output is waited for by a thread, which keeps the frame that came until ``grab`` has read it: Windows
collects what changes meanwhile. Source: Desktop Duplication API (Windows 8 and later).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from relevo_agent.pipeline.sources import duplication as dup
from relevo_agent.pipeline.sources.bell import Bell
from relevo_agent.pipeline.sources.cursor_told import BOARD
from relevo_agent.pipeline.types import (
    CaptureFailed,
    CursorShape,
    CursorState,
    Damage,
    Grab,
    Layout,
    MonitorArea,
    MoveHint,
    PixelBuffer,
    Rect,
)
from relevo_protocol.limits import screen_fits
from relevo_protocol.messages.screen import CaptureCondition

WAIT_MS: Final = 500
_LOST: Final = frozenset({dup.ACCESS_LOST, dup.ACCESS_DENIED})


@dataclass(frozen=True, slots=True)
class WindowsDesktop:
    """What is asked of Windows: its outputs, and whether the screen is locked."""

    outputs: Callable[[], Sequence[dup.Output]]
    is_locked: Callable[[], bool]


class _Watch:
    """Waits for the frames of one output, one at a time."""

    def __init__(self, output: dup.Output, told: Callable[[], None]) -> None:
        self.output = output
        self._told = told
        self._frame: dup.RawFrame | None = None
        self.error: dup.DuplicationError | None = None
        self._free = threading.Event()
        self._free.set()
        self._over = False
        self._thread = threading.Thread(target=self._work, name="duplication", daemon=True)
        self._thread.start()

    def take(self) -> dup.RawFrame | None:
        """The frame that waits; it is the caller's until :meth:`done`."""
        return self._frame

    def done(self) -> None:
        """The frame has been read."""
        self._frame = None
        self.output.release()
        self._free.set()

    def close(self) -> None:
        """End the thread and give the output back."""
        self._over = True
        self._free.set()
        self._thread.join(WAIT_MS * 4 / 1000)
        if self._frame is not None:
            self.output.release()
        self.output.close()

    def _work(self) -> None:
        while not self._over:
            try:
                frame = self.output.acquire(WAIT_MS)
            except dup.DuplicationError as error:
                self.error = error
                self._told()
                return
            if frame is None:
                continue
            self._free.clear()
            self._frame = frame
            self._told()
            self._free.wait()


class WindowsSource:
    """Every output of the desktop.

    Raises:
        CaptureFailed: no output can be duplicated now.
    """

    def __init__(self, desktop: WindowsDesktop) -> None:
        self._desktop = desktop
        self._bell = Bell()
        self._watches: list[_Watch] = []
        self._pixels: PixelBuffer = np.zeros((0, 0, 4), np.uint8)
        self._layout = Layout(0, 0)
        self._shape: CursorShape | None = None
        self._pointer: CursorState | None = None
        self._pointer_on: _Watch | None = None
        try:
            self._open()
        except CaptureFailed:
            self.close()
            raise

    @property
    def signal(self) -> int | None:
        """A socket, readable when a frame waits."""
        return self._bell.fileno

    def pointer(self) -> CursorState | None:
        """The pointer at the last grab."""
        return self._pointer

    def grab(self) -> Grab:
        """What changed on each output, read into one buffer."""
        self._bell.hush()
        lost = next((watch.error for watch in self._watches if watch.error is not None), None)
        if lost is not None:
            return self._again(lost)
        rects: list[Rect] = []
        moves: list[MoveHint] = []
        try:
            for watch in self._watches:
                frame = watch.take()
                if frame is not None:
                    self._read(watch, frame, rects, moves)
        except dup.DuplicationError as error:
            return self._again(error)
        return Grab(self._pixels, Damage(tuple(rects)), tuple(moves))

    def layout(self) -> Layout:
        """Size and monitors."""
        return self._layout

    def close(self) -> None:
        """Give every output back."""
        BOARD.leave(self)
        for watch in self._watches:
            watch.close()
        self._watches.clear()
        self._bell.close()

    def _open(self) -> None:
        try:
            outputs = list(self._desktop.outputs())
        except dup.DuplicationError as error:
            raise self._failure(error) from error
        if not outputs:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, "Windows has no monitor on this desktop")
        self._layout = composed([output.place for output in outputs])
        if not screen_fits(self._layout.width, self._layout.height):
            for output in outputs:
                output.close()
            size = f"{self._layout.width}x{self._layout.height}"
            raise CaptureFailed(CaptureCondition.FAILED, f"a desktop of {size} pixels is too large")
        self._pixels = np.zeros((self._layout.height, self._layout.width, 4), np.uint8)
        self._watches = [_Watch(output, self._bell.ring) for output in outputs]
        BOARD.show(self, apart=True)

    def _again(self, error: dup.DuplicationError) -> Grab:
        """Duplicate anew: another mode, another monitor, or the desktop that came back after a prompt."""
        for watch in self._watches:
            watch.close()
        self._watches.clear()
        if error.code not in _LOST:
            raise self._failure(error)
        self._open()
        return Grab(self._pixels)

    def _failure(self, error: dup.DuplicationError) -> CaptureFailed:
        if error.code in {dup.NOT_CURRENTLY_AVAILABLE, dup.SESSION_DISCONNECTED}:
            text = "this Windows session is not at a screen (disconnected, or another program duplicates it)"
            return CaptureFailed(CaptureCondition.NO_DISPLAY, f"{text}: {error}")
        if self._desktop.is_locked():
            return CaptureFailed(CaptureCondition.LOCKED, f"Windows is locked: {error}")
        if error.code in _LOST:
            text = "Windows shows a prompt on its secure desktop, which no program sees"
            return CaptureFailed(CaptureCondition.SYSTEM_PROMPT, f"{text}: {error}")
        return CaptureFailed(
            CaptureCondition.FAILED, f"Windows does not let its desktop be duplicated: {error}"
        )

    def _read(self, watch: _Watch, frame: dup.RawFrame, rects: list[Rect], moves: list[MoveHint]) -> None:
        place, size = watch.output.place, dup.surface_size(watch.output.place)
        corner = (place.area.x - self._layout.left, place.area.y - self._layout.top)
        for move in frame.moves:
            upright = dup.turned_move(move, size, place.turns)
            x, y = upright.from_x + corner[0], upright.from_y + corner[1]
            moves.append(MoveHint(_shifted(upright.to, corner), x, y))
        everything = (Rect(0, 0, *size),)
        dirty = everything if frame.dirty is None else (*frame.dirty, *(move.to for move in frame.moves))
        surface = dup.turned(_shifted_area(place, corner).of(self._pixels), -place.turns)
        for told in dirty:
            rect = dup.inside(told, size)
            if rect is not None:
                watch.output.read(rect, rect.of(surface))
                rects.append(_shifted(dup.turned_rect(rect, size, place.turns), corner))
        self._read_pointer(watch, frame, corner)
        watch.done()

    def _read_pointer(self, watch: _Watch, frame: dup.RawFrame, corner: tuple[int, int]) -> None:
        if frame.shape is not None:
            self._shape = dup.pointer_shape(frame.shape)
        news, shape = frame.pointer, self._shape
        if news is None or (not news.visible and self._pointer_on is not watch):
            return  # it left this monitor for another one, which has told already
        self._pointer_on = watch
        hot = (shape.hot_x, shape.hot_y) if shape is not None else (0, 0)
        x, y = news.x + corner[0] + hot[0], news.y + corner[1] + hot[1]
        self._pointer = CursorState(x, y, shape if news.visible else None)
        BOARD.told()


def _shifted(rect: Rect, corner: tuple[int, int]) -> Rect:
    return Rect(rect.x + corner[0], rect.y + corner[1], rect.width, rect.height)


def _shifted_area(place: dup.OutputPlace, corner: tuple[int, int]) -> Rect:
    return Rect(*corner, place.area.width, place.area.height)


def composed(places: Sequence[dup.OutputPlace]) -> Layout:
    """One picture of all monitors; the one at the desktop's zero is Windows' main one."""
    left = min(place.area.x for place in places)
    top = min(place.area.y for place in places)
    width = max(place.area.x + place.area.width for place in places) - left
    height = max(place.area.y + place.area.height for place in places) - top
    monitors = tuple(
        MonitorArea(
            place.area.x - left,
            place.area.y - top,
            place.area.width,
            place.area.height,
            primary=(place.area.x, place.area.y) == (0, 0),
            name=place.name,
        )
        for place in places
    )
    return Layout(width, height, left, top, monitors)
