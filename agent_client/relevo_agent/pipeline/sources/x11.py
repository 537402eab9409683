"""An X display as the sources see it: root window, size, monitors, and the events that tell of them."""

import struct
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from relevo_agent.pipeline.sources.libxcb import Extension, XGone, XRefused, XServer
from relevo_agent.pipeline.types import CaptureFailed, Layout, MonitorArea
from relevo_protocol.limits import MAX_MONITORS
from relevo_protocol.messages.screen import CaptureCondition

BROKEN: Final = (XGone, XRefused)

_CHANGE_WINDOW_ATTRIBUTES: Final = 2
_GET_GEOMETRY: Final = 14
_GET_ATOM_NAME: Final = 17
_EVENT_MASK: Final = 0x800
_STRUCTURE_NOTIFY: Final = 0x20000
_CONFIGURE_NOTIFY: Final = 22
_RANDR_QUERY_VERSION, _RANDR_SELECT_INPUT, _RANDR_GET_MONITORS = 0, 4, 42
_RANDR_ALL_CHANGES: Final = 0b111
"""Screen, CRTC and output (RandR 1.2, RRSelectInput)."""
_SCREEN: Final = struct.Struct("<IIIIIHHHHHHIBBBB")
_MONITOR: Final = struct.Struct("=IBBHhhHHII")


@contextmanager
def x_errors() -> Generator[None]:
    """Turn what the connection raises into :class:`CaptureFailed`."""
    try:
        yield
    except XGone as error:
        raise CaptureFailed(
            CaptureCondition.NO_DISPLAY,
            f"no X server: {error}. Is the one of DISPLAY running, and may this user connect to it?",
        ) from error
    except XRefused as error:
        raise CaptureFailed(CaptureCondition.FAILED, f"the screen cannot be captured: {error}") from error


class XConnection:
    """One connection: root window of 24 or 32 bits in BGRX without padding; anything else is refused.

    Raises:
        CaptureFailed: nobody answers, Xwayland, or pixels of another form.
    """

    def __init__(self, display: str | None) -> None:
        with x_errors():
            self.x = XServer(display)
        try:
            with x_errors():
                self._begin()
        except CaptureFailed:
            self.x.close()
            raise

    def root_size_px(self) -> tuple[int, int]:
        """Width and height of the root window now; one round trip."""
        reply = self.x.ask(_GET_GEOMETRY, 0, struct.pack("=I", self.root))
        width, height = struct.unpack_from("=HH", reply, 16)
        return width, height

    def tells_layout(self, event: bytes) -> bool:
        """Whether this event says that the root's size or a monitor changed."""
        kind = event[0] & 0x7F
        if kind == _CONFIGURE_NOTIFY:
            return True
        return self._randr is not None and kind in (self._randr.first_event, self._randr.first_event + 1)

    def layout(self) -> Layout:
        """Size and monitors; some round trips, so to be called after an event that :meth:`tells_layout`."""
        width, height = self.root_size_px()
        return Layout(width, height, 0, 0, self._monitors(width, height))

    def extension(self, name: str, version_request: int, version: tuple[int, int]) -> Extension | None:
        """An extension whose version has been agreed on; ``None`` without it, or with an older one."""
        found = self.x.extension(name)
        if found is None:
            return None
        reply = self.x.ask(found.major, version_request, struct.pack("=II", *version))
        return found if struct.unpack_from("=II", reply, 8) >= version else None

    def close(self) -> None:
        """End the connection."""
        self.x.close()

    def _begin(self) -> None:
        setup = self.x.setup()
        self.root, depth = _root(setup, self.x.screen_number)
        if not _is_bgrx(setup, depth):
            raise CaptureFailed(
                CaptureCondition.FAILED,
                f"this X server's screen has {depth} bits a pixel in a form that cannot be read",
            )
        self._randr = self.extension("RANDR", _RANDR_QUERY_VERSION, (1, 5))
        # Asked for before the size is, so that no change falls between the two.
        self.x.demand(
            _CHANGE_WINDOW_ATTRIBUTES, 0, struct.pack("=III", self.root, _EVENT_MASK, _STRUCTURE_NOTIFY)
        )
        if self._randr is not None:
            self.x.demand(
                self._randr.major, _RANDR_SELECT_INPUT, struct.pack("=IH2x", self.root, _RANDR_ALL_CHANGES)
            )
        _refuse_xwayland(self.x.extension("XWAYLAND") is not None, self.layout())

    def _monitors(self, width: int, height: int) -> tuple[MonitorArea, ...]:
        if self._randr is None:
            return (MonitorArea(0, 0, width, height, primary=True),)
        reply = self.x.ask(self._randr.major, _RANDR_GET_MONITORS, struct.pack("=IB3x", self.root, 1))
        (count,) = struct.unpack_from("=I", reply, 12)
        areas, start = list[MonitorArea](), 32
        for _ in range(min(count, MAX_MONITORS)):
            name, primary, _, outputs, x, y, wide, high, _, _ = _MONITOR.unpack_from(reply, start)
            start += _MONITOR.size + 4 * outputs
            # A monitor may be said to reach beyond the picture; what is outside is nothing to look at.
            left, top = max(x, 0), max(y, 0)
            right, bottom = min(x + wide, width), min(y + high, height)
            if left < right and top < bottom:
                atom = self._atom(name)
                areas.append(MonitorArea(left, top, right - left, bottom - top, bool(primary), atom))
        return tuple(areas)

    def _atom(self, atom: int) -> str:
        reply = self.x.ask(_GET_ATOM_NAME, 0, struct.pack("=I", atom))
        (length,) = struct.unpack_from("=H", reply, 8)
        return reply[32 : 32 + length].decode("latin-1")


def _refuse_xwayland(extension: bool, layout: Layout) -> None:
    if extension or any(monitor.name.startswith("XWAYLAND") for monitor in layout.monitors):
        raise CaptureFailed(
            CaptureCondition.PERMISSION_MISSING,
            "this desktop runs on Wayland, whose X display shows no program the screen: it is black. "
            "Allow sharing in the desktop's own question, or sign in with an Xorg session",
        )


def _formats_start(setup: bytes) -> int:
    vendor_length = int.from_bytes(setup[24:26], "little")
    return 40 + vendor_length + -vendor_length % 4


def _root(setup: bytes, number: int) -> tuple[int, int]:
    """Root window and depth of a screen (X protocol, encoding: connection setup)."""
    roots, formats = setup[28], setup[29]
    start = _formats_start(setup) + 8 * formats
    for index in range(roots):
        root, *_, depth, depths = _SCREEN.unpack_from(setup, start)
        if index == number:
            return root, depth
        start += _SCREEN.size
        for _ in range(depths):
            (visuals,) = struct.unpack_from("<H", setup, start + 2)
            start += 8 + 24 * visuals
    raise XGone(f"it has no screen {number}")


def _is_bgrx(setup: bytes, depth: int) -> bool:
    if setup[30] != 0 or depth not in (24, 32):  # 0: least significant byte first
        return False
    start = _formats_start(setup)
    for index in range(setup[29]):
        of_depth, bits, pad = struct.unpack_from("<BBB", setup, start + 8 * index)
        if of_depth == depth:
            return bool(bits == 32 and pad == 32)
    return False
