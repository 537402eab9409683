"""The pointer of an X display: its shape when XFixes tells of another, its place when a device moved."""

import struct
import time
from typing import Final

import numpy as np

from relevo_agent.pipeline.sources.libxcb import Extension, XRefused
from relevo_agent.pipeline.sources.readiness import Readiness
from relevo_agent.pipeline.sources.x11 import XConnection, x_errors
from relevo_agent.pipeline.types import CaptureFailed, CursorShape, CursorState

WARP_CHECK_S: Final = 0.25
"""A program that moves the pointer makes no device move: a look that finds no event asks so often at most."""
_QUERY_POINTER: Final = 38
_FIXES_QUERY_VERSION, _FIXES_SELECT_CURSOR, _FIXES_GET_CURSOR_IMAGE = 0, 3, 4
_CURSOR_NOTIFY: Final = 1
_XI_SELECT_EVENTS, _XI_QUERY_VERSION = 46, 47
_XI_ALL_MASTERS: Final = 1
_RAW_MOTION: Final = 1 << 17
_GENERIC_EVENT: Final = 35


class X11Cursor:
    """Nothing is asked of the server while neither a device nor the shape changes.

    Raises:
        CaptureFailed: the display cannot be reached.
    """

    def __init__(self, name: str | None) -> None:
        self._display = XConnection(name)
        self._x = self._display.x
        self.unavailable = ""
        self._shape: CursorShape | None = None
        self._place = (0, 0)
        self._asked_s = float("-inf")
        self._is_reshaped = self._is_moved = True
        try:
            with x_errors():
                self._fixes = self._display.extension("XFIXES", _FIXES_QUERY_VERSION, (2, 0))
                self._tells_motion = self._begin()
        except CaptureFailed:
            self._display.close()
            raise
        self._ready = Readiness(self._x.fileno)

    @property
    def signal(self) -> int | None:
        """Readable when the pointer moved or looks different; ``None`` where that cannot be told."""
        return self._ready.fileno if self._tells_motion and not self.unavailable else None

    def poll(self) -> CursorState | None:
        """The pointer now; coordinates of the hot spot on the root window."""
        if self.unavailable:
            return None
        with x_errors():
            self._hear(self._x.events())
            now_s = time.monotonic()
            if self._is_moved or now_s - self._asked_s >= WARP_CHECK_S or not self._tells_motion:
                self._is_moved, self._asked_s = False, now_s
                self._look(reshaped=self._is_reshaped)
            elif self._is_reshaped:
                self._look(reshaped=True)
            self._hear(self._x.events(queued=True))
            self._ready.leave(more=self._is_moved or self._is_reshaped)
            return CursorState(*self._place, self._shape)

    def close(self) -> None:
        """End the connection."""
        self._ready.close()
        self._display.close()

    def _begin(self) -> bool:
        """Ask for the events; tells whether motion is among them."""
        if self._fixes is None:
            self.unavailable = "this X server has no XFixes extension"
            return False
        select = struct.pack("=II", self._display.root, _CURSOR_NOTIFY)
        self._x.demand(self._fixes.major, _FIXES_SELECT_CURSOR, select)
        devices = self._x.extension("XInputExtension")
        return devices is not None and self._selects_motion(devices)

    def _selects_motion(self, devices: Extension) -> bool:
        """Raw motion, which since XI 2.1 comes also while a program has grabbed the pointer (XI2proto)."""
        try:
            self._x.ask(devices.major, _XI_QUERY_VERSION, struct.pack("=HH", 2, 2))
            mask = struct.pack("=HHI", _XI_ALL_MASTERS, 1, _RAW_MOTION)
            body = struct.pack("=IH2x", self._display.root, 1) + mask
            self._x.demand(devices.major, _XI_SELECT_EVENTS, body)
        except XRefused:
            return False
        return True

    def _hear(self, events: list[bytes]) -> None:
        for event in events:
            kind = event[0] & 0x7F
            if self._fixes is not None and kind == self._fixes.first_event + 1:
                self._is_reshaped = True
            elif kind == _GENERIC_EVENT:
                self._is_moved = True

    def _look(self, *, reshaped: bool) -> None:
        if self._fixes is None:
            return
        if not reshaped:
            reply = self._x.ask(_QUERY_POINTER, 0, struct.pack("=I", self._display.root))
            x, y = struct.unpack_from("=hh", reply, 16)
            self._place = (x, y)
            return
        self._is_reshaped = False
        reply = self._x.ask(self._fixes.major, _FIXES_GET_CURSOR_IMAGE, b"")
        x, y = struct.unpack_from("=hh", reply, 8)
        self._place = (x, y)
        self._shape = _shape(reply)


def _shape(reply: bytes) -> CursorShape | None:
    width, height, hot_x, hot_y = struct.unpack_from("=HHHH", reply, 12)
    argb = np.frombuffer(reply, np.uint32, width * height, 32)
    if not argb.any():
        return None
    return CursorShape(width, height, hot_x, hot_y, straight_rgba(argb.reshape(height, width)))


def straight_rgba(argb: np.ndarray[tuple[int, int], np.dtype[np.uint32]]) -> bytes:
    """RGBA with straight alpha from ARGB whose colours are multiplied by alpha (XFixes protocol, 7)."""
    alpha = argb >> 24
    divisor = np.maximum(alpha, 1)
    channels = [
        np.minimum(((argb >> shift & 0xFF) * 255 + divisor // 2) // divisor, 255) for shift in (16, 8, 0)
    ]
    return np.stack([*channels, alpha], axis=-1).astype(np.uint8).tobytes()
