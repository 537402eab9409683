"""macOS: ScreenCaptureKit, all displays composed into one picture. Written, not yet run there.

Each display has a stream, whose newest frame is kept until ``grab`` has copied what changed. The pointer is
drawn into the pictures by the system.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from relevo_agent.pipeline.sources.bell import Bell
from relevo_agent.pipeline.sources.cursor_told import BOARD
from relevo_agent.pipeline.types import (
    CaptureFailed,
    CursorState,
    Damage,
    Grab,
    Layout,
    MonitorArea,
    PixelBuffer,
    Rect,
)
from relevo_protocol.limits import screen_fits
from relevo_protocol.messages.screen import CaptureCondition

FIRST_PICTURE_S: Final = 3.0
MAX_RECTS: Final = 256


@dataclass(frozen=True, slots=True)
class MacDisplay:
    """A display: its place in points, as the desktop counts, and its size in pixels."""

    number: int
    points: Rect
    width: int
    height: int
    primary: bool = False


@dataclass(frozen=True, slots=True)
class MacFrame:
    """A frame; ``pixels`` gives its memory while entered. ``dirty``: pixels, ``None`` for everything."""

    pixels: Callable[[], AbstractContextManager[PixelBuffer]]
    dirty: tuple[Rect, ...] | None


@dataclass(frozen=True, slots=True)
class StreamTold:
    """What a stream tells, from a thread of the system's."""

    frame: Callable[[MacFrame], None]
    ended: Callable[[str], None]


class MacStream(Protocol):
    """A running stream of one display."""

    def stop(self) -> None:
        """End it."""
        ...


class MacScreens(Protocol):
    """What is asked of macOS."""

    def is_allowed(self) -> bool:
        """Whether this program may record the screen."""
        ...

    def is_locked(self) -> bool:
        """Whether the screen is locked."""
        ...

    def is_asleep(self) -> bool:
        """Whether every display sleeps."""
        ...

    def displays(self) -> Sequence[MacDisplay]:
        """The displays that can be shown.

        Raises:
            CaptureFailed: macOS does not say.
        """
        ...

    def start(self, display: MacDisplay, told: StreamTold) -> MacStream:
        """Stream a display.

        Raises:
            CaptureFailed: macOS refuses.
        """
        ...


@dataclass(slots=True)
class _Feed:
    """The newest frame of a display, and what changed since the last copy."""

    display: MacDisplay
    corner: tuple[int, int]
    told: Callable[[], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    frame: MacFrame | None = None
    fresh: bool = False
    rects: list[Rect] | None = None
    failure: str = ""

    def take(self, frame: MacFrame) -> None:
        """A frame has come."""
        with self.lock:
            self.frame, self.fresh = frame, True
            kept, news = self.rects, frame.dirty
            fits = kept is not None and news is not None and len(kept) + len(news) <= MAX_RECTS
            self.rects = [*kept, *news] if fits and kept is not None and news is not None else None
        self.told()

    def end(self, why: str) -> None:
        """No more will come."""
        self.failure = why or "the stream has ended"
        self.told()

    def copy_into(self, picture: PixelBuffer) -> list[Rect]:
        """Copy what changed; where, in the picture."""
        with self.lock:
            frame, fresh, rects = self.frame, self.fresh, self.rects
            self.fresh, self.rects = False, []
        if frame is None or not fresh:
            return []
        area = Rect(*self.corner, self.display.width, self.display.height)
        whole = [Rect(0, 0, area.width, area.height)]
        found: list[Rect] = []
        with frame.pixels() as pixels:
            if pixels.shape[:2] != (area.height, area.width):
                raise CaptureFailed(CaptureCondition.NO_DISPLAY, "a display has another size now")
            for told in whole if rects is None else rects:
                rect = cut(told, area.width, area.height)
                if rect is not None:
                    np.copyto(rect.of(area.of(picture)), rect.of(pixels))
                    found.append(Rect(rect.x + area.x, rect.y + area.y, rect.width, rect.height))
        return found


class MacSource:
    """Every display of the desktop.

    Raises:
        CaptureFailed: not allowed, locked, asleep, or no picture comes.
    """

    def __init__(self, screens: MacScreens) -> None:
        self._screens = screens
        self._bell = Bell()
        self._streams: list[MacStream] = []
        self._feeds: list[_Feed] = []
        self._pixels: PixelBuffer = np.zeros((0, 0, 4), np.uint8)
        try:
            self._check()
            self._open()
        except CaptureFailed:
            self.close()
            raise

    @property
    def signal(self) -> int | None:
        """Readable when a frame has come."""
        return self._bell.fileno

    def pointer(self) -> CursorState | None:
        """None apart: the system draws it in."""
        return None

    def grab(self) -> Grab:
        """The newest frames, copied where they changed into one buffer."""
        self._bell.hush()
        for feed in self._feeds:
            if feed.failure:
                self._check()
                raise CaptureFailed(CaptureCondition.FAILED, f"macOS ended the picture: {feed.failure}")
        rects = [rect for feed in self._feeds for rect in feed.copy_into(self._pixels)]
        return Grab(self._pixels, Damage(tuple(rects)))

    def layout(self) -> Layout:
        """Size and displays; the corner is in points, as input counts there."""
        monitors = tuple(
            MonitorArea(*feed.corner, feed.display.width, feed.display.height, primary=feed.display.primary)
            for feed in self._feeds
        )
        left = min((feed.display.points.x for feed in self._feeds), default=0)
        top = min((feed.display.points.y for feed in self._feeds), default=0)
        height, width = self._pixels.shape[:2]
        return Layout(width, height, left, top, monitors)

    def close(self) -> None:
        """End the streams."""
        BOARD.leave(self)
        for stream in self._streams:
            stream.stop()
        self._streams.clear()
        self._feeds.clear()
        self._bell.close()

    def _check(self) -> None:
        if not self._screens.is_allowed():
            raise CaptureFailed(
                CaptureCondition.PERMISSION_MISSING,
                "macOS does not let this program see the screen: allow it in System Settings > "
                "Privacy & Security > Screen & System Audio Recording, then start it again",
            )
        if self._screens.is_locked():
            raise CaptureFailed(CaptureCondition.LOCKED, "the screen of this Mac is locked")
        if self._screens.is_asleep():
            raise CaptureFailed(CaptureCondition.ASLEEP, "the displays of this Mac are asleep")

    def _open(self) -> None:
        displays = list(self._screens.displays())
        if not displays:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, "this Mac has no display now")
        corners = arranged(displays)
        placed = list(zip(displays, corners, strict=True))
        width = max(left + display.width for display, (left, _) in placed)
        height = max(top + display.height for display, (_, top) in placed)
        if not screen_fits(width, height):
            raise CaptureFailed(CaptureCondition.FAILED, f"a desktop of {width}x{height} pixels is too large")
        self._pixels = np.zeros((height, width, 4), np.uint8)
        for display, corner in placed:
            feed = _Feed(display, corner, self._bell.ring)
            self._feeds.append(feed)
            self._streams.append(self._screens.start(display, StreamTold(feed.take, feed.end)))
        self._await_pictures()
        BOARD.show(self, apart=False)

    def _await_pictures(self) -> None:
        until_s = time.monotonic() + FIRST_PICTURE_S
        while any(feed.frame is None for feed in self._feeds):
            failed = next((feed.failure for feed in self._feeds if feed.failure), "")
            if failed or time.monotonic() > until_s:
                self._check()
                raise CaptureFailed(
                    CaptureCondition.FAILED, f"macOS gives no picture: {failed or 'none came'}"
                )
            time.sleep(0.005)


def cut(rect: Rect, width: int, height: int) -> Rect | None:
    """The part of a rectangle that is inside."""
    left, top = max(rect.x, 0), max(rect.y, 0)
    right, bottom = min(rect.x + rect.width, width), min(rect.y + rect.height, height)
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def arranged(displays: Sequence[MacDisplay]) -> list[tuple[int, int]]:
    """The left upper corner of each, pixels: as on the desktop if all have one scale, else in a row."""
    scales = {display.width / display.points.width for display in displays}
    if len(scales) == 1:
        (scale,) = scales
        left = min(display.points.x for display in displays)
        top = min(display.points.y for display in displays)
        return [(round((d.points.x - left) * scale), round((d.points.y - top) * scale)) for d in displays]
    found: list[tuple[int, int]] = []
    next_left = 0
    for display in displays:
        found.append((next_left, 0))
        next_left += display.width
    return found
