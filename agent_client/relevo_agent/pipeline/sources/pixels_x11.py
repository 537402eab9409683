"""Memory for one X screen, and how rows of the root window come into it."""

import mmap
import os
import struct
from typing import Final, Protocol

import numpy as np

from relevo_agent.pipeline.sources.libxcb import Extension, XServer
from relevo_agent.pipeline.types import PixelBuffer

SHM_QUERY_VERSION: Final = 0
_SHM_DETACH, _SHM_GET_IMAGE, _SHM_ATTACH_FD = 2, 4, 6
_GET_IMAGE: Final = 73
_ALL_PLANES: Final = 0xFFFFFFFF
_Z_PIXMAP: Final = 2
Rows = tuple[int, int]
"""First row, and the one after the last."""


class Pixels(Protocol):
    """Memory for one screen, and how rows of the root window come into it."""

    buffer: PixelBuffer

    def fetch(self, bands: list[Rows]) -> list[int]:
        """Queue requests for these rows; gives their numbers."""
        ...

    def take(self, requests: list[int], bands: list[Rows]) -> None:
        """Wait until the rows stand in ``buffer``."""
        ...

    def free(self) -> None:
        """Give back what the server holds."""
        ...


class SharedPixels:
    """A segment that the server writes into."""

    def __init__(self, server: XServer, root: int, shm: Extension, size_px: tuple[int, int]) -> None:
        self._x, self._root, self._shm = server, root, shm
        self._width, height = size_px
        length = self._width * height * 4
        handle = os.memfd_create("relevo-screen", os.MFD_CLOEXEC)
        try:
            os.ftruncate(handle, length)
            memory = mmap.mmap(handle, length, prot=mmap.PROT_READ)
            self._segment = server.new_id()
            body = struct.pack("=IB3x", self._segment, 0)
        except OSError:
            os.close(handle)
            raise
        server.demand(shm.major, _SHM_ATTACH_FD, body, handle)  # libxcb closes the handle
        self.buffer = np.frombuffer(memory, np.uint8).reshape(height, self._width, 4)

    def fetch(self, bands: list[Rows]) -> list[int]:
        """See :class:`Pixels`: rows as wide as the screen land where they belong."""
        width, x = self._width, self._x
        bodies = [
            struct.pack(
                "=IhhHHIB3xII",
                *(self._root, 0, top, width, bottom - top),
                *(_ALL_PLANES, _Z_PIXMAP, self._segment, top * width * 4),
            )
            for top, bottom in bands
        ]
        return [x.send(self._shm.major, _SHM_GET_IMAGE, body) for body in bodies]

    def take(self, requests: list[int], bands: list[Rows]) -> None:
        """See :class:`Pixels`."""
        del bands
        for request in requests:
            self._x.reply(request)

    def free(self) -> None:
        """See :class:`Pixels`; the memory itself goes with the last grab."""
        self._x.tell(self._shm.major, _SHM_DETACH, struct.pack("=I", self._segment))


class SentPixels:
    """Rows through the connection, where memory cannot be shared: a display on another machine."""

    def __init__(self, server: XServer, root: int, size_px: tuple[int, int]) -> None:
        self._x, self._root = server, root
        self._width, height = size_px
        self.buffer = np.zeros((height, self._width, 4), np.uint8)

    def fetch(self, bands: list[Rows]) -> list[int]:
        """See :class:`Pixels`."""
        return [
            self._x.send(
                _GET_IMAGE,
                _Z_PIXMAP,
                struct.pack("=IhhHHI", self._root, 0, top, self._width, bottom - top, _ALL_PLANES),
            )
            for top, bottom in bands
        ]

    def take(self, requests: list[int], bands: list[Rows]) -> None:
        """See :class:`Pixels`."""
        for request, (top, bottom) in zip(requests, bands, strict=True):
            shape = (bottom - top, self._width, 4)
            data = np.frombuffer(self._x.reply(request), np.uint8, shape[0] * shape[1] * 4, 32)
            self.buffer[top:bottom] = data.reshape(shape)

    def free(self) -> None:
        """Nothing is held."""
