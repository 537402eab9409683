"""The pointer of an X display by XFixes: position, hot spot and shape in one request."""

import numpy as np
from mss.linux import xcb, xcbgen
from mss.linux.xcbhelpers import LIB

from relevo_agent.pipeline.sources.x11 import XConnection, x_errors
from relevo_agent.pipeline.types import CursorShape, CursorState


class X11Cursor:
    """Asks at each poll; the shape is read only when its serial number is a new one."""

    def __init__(self, display: str | None) -> None:
        self._x = XConnection(display)
        self._serial = -1
        self._shape: CursorShape | None = None
        self.unavailable = ""
        with x_errors():
            if not xcb.get_extension_data(self._x.xcb, LIB.xfixes_id).present:
                self.unavailable = "this X server has no XFixes extension"
            else:
                xcbgen.xfixes_query_version(
                    self._x.xcb, xcbgen.XFIXES_MAJOR_VERSION, xcbgen.XFIXES_MINOR_VERSION
                )

    @property
    def signal(self) -> int | None:
        """Nothing tells of changes."""
        return None

    def poll(self) -> CursorState | None:
        """The pointer now; coordinates of the hot spot on the root window."""
        if self.unavailable:
            return None
        with x_errors():
            reply = xcbgen.xfixes_get_cursor_image(self._x.xcb)
            if reply.cursor_serial != self._serial:
                self._shape = _shape(reply)
                self._serial = reply.cursor_serial
            return CursorState(int(reply.x), int(reply.y), self._shape)

    def close(self) -> None:
        """End the connection."""
        self._x.close()


def _shape(reply: xcbgen.XfixesGetCursorImageReply) -> CursorShape | None:
    width, height = int(reply.width), int(reply.height)
    argb = np.frombuffer(bytes(xcbgen.xfixes_get_cursor_image_cursor_image(reply)), np.uint32)
    if not argb.any():
        return None
    rgba = straight_rgba(argb.reshape(height, width))
    return CursorShape(width, height, int(reply.xhot), int(reply.yhot), rgba)


def straight_rgba(argb: np.ndarray[tuple[int, int], np.dtype[np.uint32]]) -> bytes:
    """RGBA with straight alpha from ARGB whose colours are multiplied by alpha (XFixes protocol, 7)."""
    alpha = argb >> 24
    divisor = np.maximum(alpha, 1)
    channels = [
        np.minimum(((argb >> shift & 0xFF) * 255 + divisor // 2) // divisor, 255) for shift in (16, 8, 0)
    ]
    return np.stack([*channels, alpha], axis=-1).astype(np.uint8).tobytes()
