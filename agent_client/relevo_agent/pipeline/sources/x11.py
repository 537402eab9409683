"""A checked connection to an X server, over the xcb bindings that mss carries.

mss captures through the same bindings but copies every picture into fresh memory; with them a grab can stay
in one shared segment, which is three times faster.
"""

from collections.abc import Generator
from contextlib import contextmanager

from mss.exception import ScreenShotError
from mss.linux import xcbgen
from mss.linux.xcbhelpers import Connection
from mss.linux.xgetimage import MSSImplXGetImage

from relevo_agent.pipeline.types import CaptureFailed, Layout, MonitorArea
from relevo_protocol.messages.screen import CaptureCondition

BROKEN = (ScreenShotError, AssertionError, ValueError)
"""What the bindings raise: the server's errors, and, once the connection is gone, an absent reply."""


@contextmanager
def x_errors() -> Generator[None]:
    """Turn what the bindings raise into :class:`CaptureFailed`."""
    try:
        yield
    except BROKEN as error:
        first_line = str(error).partition("\n")[0] or "the X server does not answer"
        raise CaptureFailed(
            CaptureCondition.NO_DISPLAY,
            f"{first_line}. Is the X server of DISPLAY running, and may this user connect to it?",
        ) from error


class XConnection:
    """One connection: root window of 24 or 32 bits in BGRX without padding; anything else is refused."""

    def __init__(self, display: str | None) -> None:
        with x_errors():
            self._impl = MSSImplXGetImage(display=display)
        if self._impl.conn is None:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, "the X server closed the connection at once")
        self.xcb: Connection = self._impl.conn
        self.root: xcbgen.Drawable = self._impl.drawable

    def root_size_px(self) -> tuple[int, int]:
        """Width and height of the root window now."""
        geometry = xcbgen.get_geometry(self.xcb, self.root)
        return int(geometry.width), int(geometry.height)

    def layout(self) -> Layout:
        """Size and monitors.

        Raises:
            CaptureFailed: the server is gone, or it is Xwayland, whose root window is black.
        """
        with x_errors():
            whole, *parts = self._impl.monitors()
        if any(str(part.get("output", "")).startswith("XWAYLAND") for part in parts):
            raise CaptureFailed(
                CaptureCondition.PERMISSION_MISSING,
                "this desktop runs on Wayland, which lets no program see the screen unasked; "
                "sign in with an Xorg session instead",
            )
        monitors = tuple(_area(part, whole["left"], whole["top"]) for part in parts)
        return Layout(whole["width"], whole["height"], whole["left"], whole["top"], monitors)

    def close(self) -> None:
        """End the connection; one that is broken already is left as it is."""
        try:
            self._impl.close()
        except BROKEN:  # it says that the connection broke, which is why it is being closed
            return


def _area(part: dict[str, object], left: int, top: int) -> MonitorArea:
    x, y, width, height = (int(str(part[key])) for key in ("left", "top", "width", "height"))
    name = str(part.get("name") or part.get("output") or "")
    return MonitorArea(x - left, y - top, width, height, part.get("is_primary") is True, name)
