"""X11 through MIT-SHM: the server writes the picture into two shared segments in turn, without a copy."""

import mmap
import os
from dataclasses import dataclass

import numpy as np
from mss.linux import xcb, xcbgen
from mss.linux.base import ALL_PLANES
from mss.linux.xcbhelpers import LIB, XError

from relevo_agent.pipeline.sources.x11 import BROKEN, XConnection, x_errors
from relevo_agent.pipeline.types import CaptureFailed, Grab, Layout, PixelBuffer
from relevo_protocol.limits import screen_fits
from relevo_protocol.messages.screen import CaptureCondition

SEGMENTS = 2
"""The newest picture and the one before it, for comparing."""


@dataclass(frozen=True, slots=True)
class _Segment:
    name: xcbgen.ShmSeg
    pixels: PixelBuffer


class X11ShmSource:
    """The root window of an X display with MIT-SHM 1.2 on the same machine."""

    def __init__(self, connection: XConnection) -> None:
        self._x = connection
        self._segments: list[_Segment] = []
        self._size_px = (0, 0)
        self._turn = 0

    @classmethod
    def opened_or_none(cls, display: str | None) -> "X11ShmSource | None":
        """A source that has captured once, or ``None`` where memory cannot be shared (a display elsewhere).

        Raises:
            CaptureFailed: no display at all.
        """
        connection = XConnection(display)
        source = cls(connection)
        try:
            if not _has_shared_memory(connection):
                raise OSError("no MIT-SHM 1.2")
            source._resize(connection.root_size_px())
            source._grab_once()
        except (*BROKEN, OSError):
            source.close()
            return None
        return source

    @property
    def signal(self) -> int | None:
        """Nothing tells of changes."""
        return None

    def grab(self) -> Grab:
        """The root window now; a new size gives new segments."""
        with x_errors():
            size_px = self._x.root_size_px()
            if size_px != self._size_px:
                self._resize(size_px)
            try:
                return self._grab_once()
            except XError:  # the screen shrank after it was asked for its size
                self._resize(self._x.root_size_px())
                return self._grab_once()

    def layout(self) -> Layout:
        """Size and monitors of the display."""
        return self._x.layout()

    def close(self) -> None:
        """End the connection; the server frees its side, the memory goes with the last grab."""
        self._segments.clear()
        self._x.close()

    def _grab_once(self) -> Grab:
        segment = self._segments[self._turn]
        self._turn = (self._turn + 1) % SEGMENTS
        width, height = self._size_px
        image = xcbgen.ImageFormat.ZPixmap
        xcbgen.shm_get_image(
            self._x.xcb, self._x.root, 0, 0, width, height, ALL_PLANES, image, segment.name, 0
        )
        return Grab(segment.pixels)

    def _resize(self, size_px: tuple[int, int]) -> None:
        width, height = size_px
        if not screen_fits(width, height):
            raise CaptureFailed(CaptureCondition.FAILED, f"a desktop of {width}x{height} pixels is too large")
        for segment in self._segments:
            xcbgen.shm_detach(self._x.xcb, segment.name)
        self._segments = [self._new_segment(width, height) for _ in range(SEGMENTS)]
        self._size_px, self._turn = size_px, 0

    def _new_segment(self, width: int, height: int) -> _Segment:
        length = width * height * 4
        handle = os.memfd_create("relevo-screen", os.MFD_CLOEXEC)
        try:
            os.ftruncate(handle, length)
            memory = mmap.mmap(handle, length, prot=mmap.PROT_READ)
        except OSError:
            os.close(handle)
            raise
        name = xcbgen.ShmSeg(xcb.generate_id(self._x.xcb).value)
        xcbgen.shm_attach_fd(self._x.xcb, name, handle, 0)  # closes the handle, also when it fails
        return _Segment(name, np.frombuffer(memory, np.uint8).reshape(height, width, 4))


def _has_shared_memory(connection: XConnection) -> bool:
    if not xcb.get_extension_data(connection.xcb, LIB.shm_id).present:
        return False
    version = xcbgen.shm_query_version(connection.xcb)
    return (version.major_version, version.minor_version) >= (1, 2)
