"""Wayland: the screens that the person at the PC has shared through their desktop's portal, by PipeWire.

Attended only: the desktop asks in a window of its own, and asks anew in each session. What is missing is
told, never shown as black.
"""

import os
import time
from typing import Final

import numpy as np

from relevo_agent.pipeline.sources.cursor_told import BOARD
from relevo_agent.pipeline.sources.pipewire import Connection
from relevo_agent.pipeline.sources.wayland_feed import Feed
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
from relevo_agent.portal.desk import Desk, Placement, shared
from relevo_agent.portal.session import Grant, PortalSession, Progress, Stage, Stream
from relevo_protocol.limits import screen_fits
from relevo_protocol.messages.screen import CaptureCondition

FIRST_PICTURE_S: Final = 3.0
_CONDITIONS: Final = {
    Stage.ASKING: (
        CaptureCondition.ASKING,
        "waiting for the answer to the desktop's own window, which asks what to share",
    ),
    Stage.REFUSED: (CaptureCondition.REFUSED, "the desktop's portal gives no picture"),
    Stage.ENDED: (CaptureCondition.REFUSED, "the desktop's portal has ended the sharing"),
    Stage.LOCKED: (CaptureCondition.LOCKED, "the desktop's portal gives no picture while it is locked"),
    Stage.MISSING: (
        CaptureCondition.FAILED,
        (
            "this Wayland desktop has no ScreenCast portal: install xdg-desktop-portal and the backend of "
            "the desktop (-gnome, -kde, -wlr), or sign in with an Xorg session"
        ),
    ),
    Stage.FAILED: (CaptureCondition.FAILED, "the desktop's portal failed"),
}


def failure_of(progress: Progress) -> CaptureFailed:
    """What the viewer is told at this stage."""
    condition, text = _CONDITIONS[progress.stage]
    return CaptureFailed(condition, f"{text} ({progress.detail})" if progress.detail else text)


class WaylandSource:
    """All shared screens in one picture; :meth:`opened` asks for them.

    Raises:
        CaptureFailed: PipeWire gives no picture.
    """

    def __init__(self, desk: Desk, session: PortalSession, grant: Grant) -> None:
        self._desk = desk
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._session: PortalSession | None = None
        self._grant = grant
        self._feeds: list[Feed] = []
        self._connection: Connection | None = None
        self._sizes: list[tuple[int, int]] = []
        self._placements: tuple[Placement, ...] = ()
        self._pixels: PixelBuffer = np.zeros((0, 0, 4), np.uint8)
        try:
            self._enter(session, grant)
        except CaptureFailed:
            self.close()
            raise

    @classmethod
    def opened(cls, desk: Desk | None = None) -> "WaylandSource":
        """The screens that were shared; asks the person at the PC if nobody has asked yet.

        Returns at once: while they have not answered it fails with ``ASKING``, and is to be called again.

        Raises:
            CaptureFailed: no answer yet, refused, locked, no portal, or no picture.
        """
        desk = desk or shared()
        session = desk.screen()
        progress, grant = session.progress, session.grant
        if grant is None:
            raise failure_of(progress)
        return cls(desk, session, grant)

    @property
    def signal(self) -> int | None:
        """Readable when a picture or the pointer has come."""
        return self._event

    def pointer(self) -> CursorState | None:
        """The pointer now; ``None`` before it was on any screen that is shown."""
        for feed, place in zip(self._feeds, self._placements, strict=False):
            pointer = feed.pointer
            if pointer is not None and pointer.shape is not None:
                return CursorState(pointer.x + place.left, pointer.y + place.top, pointer.shape)
        return CursorState(0, 0, None) if any(feed.pointer is not None for feed in self._feeds) else None

    def grab(self) -> Grab:
        """The newest pictures, copied where they changed into one fixed buffer."""
        self._drain()
        switched = self._follow()
        self._check()
        resized = self._sizes_now() != self._sizes
        if resized:
            self._await_pictures()
            self._arrange()
        rects: list[Rect] = []
        unknown = resized or switched
        with self._held():
            for feed, place in zip(self._feeds, self._placements, strict=True):
                area = Rect(place.left, place.top, place.width, place.height)
                changed = feed.copy_into(area.of(self._pixels), whole=resized)
                moved = [Rect(r.x + area.x, r.y + area.y, r.width, r.height) for r in changed or ()]
                rects += [area] if changed is None else moved
        return Grab(self._pixels, Damage(None if unknown else tuple(rects)))

    def layout(self) -> Layout:
        """Size and screens."""
        monitors = tuple(
            MonitorArea(place.left, place.top, place.width, place.height, primary=number == 0)
            for number, place in enumerate(self._placements)
        )
        height, width = self._pixels.shape[:2]
        return Layout(width, height, 0, 0, monitors)

    def close(self) -> None:
        """End the streams; the desktop stops saying that the screen is shared."""
        self._leave()
        if self._event >= 0:
            os.close(self._event)
            self._event = -1

    def _enter(self, session: PortalSession, grant: Grant) -> None:
        self._session, self._grant = session, grant
        session.hold(self._tell)
        try:
            handle = session.remote_fd()
        except OSError as error:
            raise failure_of(Progress(Stage.ENDED)) from error
        self._connection = connection = Connection(handle)
        for stream in grant.streams:
            self._feeds.append(Feed(connection, stream.node, self._tell, BOARD.told))
        self._await_pictures()
        self._arrange()
        BOARD.show(self, apart=grant.cursor_apart)

    def _leave(self) -> None:
        BOARD.leave(self)
        for feed in self._feeds:
            feed.close()
        self._feeds.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        session, self._session = self._session, None
        if session is not None:
            session.release()

    def _follow(self) -> bool:
        """Go over to a session that has taken this one's place, such as one that was given the input too."""
        newest = self._desk.screen()
        grant = newest.grant
        if newest is self._session or grant is None:
            return False
        self._leave()
        self._enter(newest, grant)
        return True

    def _held(self) -> Connection:
        if self._connection is None:
            raise CaptureFailed(CaptureCondition.FAILED, "this source is closed")
        return self._connection

    def _check(self) -> None:
        progress = self._session.progress if self._session is not None else Progress(Stage.ENDED)
        if progress.stage is not Stage.GRANTED:
            raise failure_of(progress)
        for feed in self._feeds:
            if feed.failure:
                raise CaptureFailed(CaptureCondition.FAILED, f"PipeWire ended the picture: {feed.failure}")

    def _await_pictures(self) -> None:
        """A screen that stands still sends one picture at the start, so none within seconds is a failure."""
        until_s = time.monotonic() + FIRST_PICTURE_S
        while not all(feed.has_picture for feed in self._feeds):
            self._check()
            if time.monotonic() > until_s:
                raise CaptureFailed(
                    CaptureCondition.FAILED,
                    f"the compositor has sent no picture in {FIRST_PICTURE_S:.0f} s; is the screen on?",
                )
            time.sleep(0.005)

    def _sizes_now(self) -> list[tuple[int, int]]:
        return [(feed.format.width, feed.format.height) if feed.format else (0, 0) for feed in self._feeds]

    def _arrange(self) -> None:
        self._sizes = self._sizes_now()
        self._placements = arranged(self._grant.streams, self._sizes)
        width = max(place.left + place.width for place in self._placements)
        height = max(place.top + place.height for place in self._placements)
        if not screen_fits(width, height):
            raise CaptureFailed(CaptureCondition.FAILED, f"a desktop of {width}x{height} pixels is too large")
        self._pixels = np.zeros((height, width, 4), np.uint8)
        self._desk.placements = self._placements
        with self._held():
            for feed, place in zip(self._feeds, self._placements, strict=True):
                feed.copy_into(
                    Rect(place.left, place.top, place.width, place.height).of(self._pixels), whole=True
                )

    def _tell(self) -> None:
        event = self._event
        if event >= 0:
            os.eventfd_write(event, 1)

    def _drain(self) -> None:
        try:
            os.eventfd_read(self._event)
        except BlockingIOError:
            return


def arranged(streams: tuple[Stream, ...], sizes: list[tuple[int, int]]) -> tuple[Placement, ...]:
    """Where each screen stands: as the compositor has them, or in a row where its pixels are scaled.

    A compositor counts in logical pixels; with one scale of 1 everywhere they are the picture's own.
    """
    plain = all(
        stream.place is not None and stream.size == size for stream, size in zip(streams, sizes, strict=True)
    )
    lefts = [stream.place[0] for stream in streams if stream.place] if plain else []
    tops = [stream.place[1] for stream in streams if stream.place] if plain else []
    found: list[Placement] = []
    next_left = 0
    for number, (stream, (width, height)) in enumerate(zip(streams, sizes, strict=True)):
        left, top = (lefts[number] - min(lefts), tops[number] - min(tops)) if plain else (next_left, 0)
        found.append(Placement(stream.node, left, top, width, height, stream.size or (width, height)))
        next_left += width
    return tuple(found)
