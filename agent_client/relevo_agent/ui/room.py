"""Where windows may stand: on one monitor, and not under the banner or the desktop's own bars."""

import contextlib
import tkinter as tk
from dataclasses import dataclass
from typing import Any, Final

from relevo_agent.clock import now_ms

BANNER_NAME: Final = "banner"
"""Tk's name of the one window that stands above all others."""
FRAME_PX: Final = 40
"""What the desktop puts around a window, above and below."""
EDGE_PX: Final = 8
_KNOWN_MS: Final = 2000.0
"""The desktop is asked no more often for its monitors."""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the screen, pixels of all monitors together."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """Where it ends on the right."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Where it ends below."""
        return self.y + self.height

    def overlaps(self, other: "Area") -> bool:
        """Whether the two have a pixel in common."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def within(self, other: "Area") -> "Area":
        """What both have in common."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        return Area(x, y, min(self.right, other.right) - x, min(self.bottom, other.bottom) - y)

    def beside(self, other: "Area") -> "Area":
        """The higher of the two parts above and below what stands in it."""
        if not self.overlaps(other):
            return self
        above = Area(self.x, self.y, self.width, max(0, other.y - self.y))
        below = Area(self.x, other.bottom, self.width, max(0, self.bottom - other.bottom))
        return max(above, below, key=lambda part: part.height)


@dataclass(frozen=True, slots=True)
class _Desktop:
    """``monitors``: the main one first. ``free``: what the desktop's own bars leave."""

    monitors: tuple[Area, ...]
    free: Area


_known: dict[str, tuple[float, _Desktop]] = {}


def main_monitor(window: tk.Misc) -> Area:
    """The monitor on which everything appears that the customer has to see."""
    return _desktop(window).monitors[0]


def room(window: tk.Misc, needs_px: int, monitor: Area | None = None) -> Area:
    """What is free for windows on a monitor, the main one where none is given.

    A window that ``needs_px`` of height, its frame counted, and has not got them beside the banner, is
    given all: its own buttons matter more.
    """
    desktop = _desktop(window)
    monitor = monitor or desktop.monitors[0]
    free = monitor.within(desktop.free)
    if 2 * free.width < monitor.width or 2 * free.height < monitor.height:
        free = monitor  # the bars are on another one, or what the desktop says of them is wrong
    banner = _banner(window)
    beside = free if banner is None else free.beside(banner)
    return beside if beside.height >= needs_px else free


def area_of(window: tk.Tk | tk.Toplevel) -> Area:
    """Where a window stands or is about to; what the desktop draws around it is not counted."""
    # The place where the frame stands: one that is told where its inside stands creeps by the frame's edge.
    x, y = (int(number) for number in window.geometry().split("+", 2)[1:])
    return Area(x, y, window.winfo_reqwidth(), window.winfo_reqheight())


def centred(window: tk.Tk | tk.Toplevel) -> None:
    """Put a window a little above the middle of what is free; one that is too high for it is cut to it."""
    window.update_idletasks()
    width, height = window.winfo_reqwidth(), window.winfo_reqheight()
    free = room(window, height + FRAME_PX)
    highest = free.height - FRAME_PX
    if height > highest:
        height = highest
        window.geometry(f"{width}x{height}")
    x = free.x + max(0, (free.width - width) // 2)
    y = free.y + max(0, (free.height - FRAME_PX - height) * 2 // 5)
    move(window, x, y)


def move(window: tk.Tk | tk.Toplevel, x: int, y: int) -> None:
    """Put a window's frame there, now: an older event about its place, read first, would undo it."""
    window.geometry(f"+{x}+{y}")
    window.update_idletasks()


def keep_on_screen(window: tk.Tk | tk.Toplevel) -> None:
    """Move a window that has grown beyond its monitor's edge, or under the banner, back into sight."""
    window.update_idletasks()
    place = area_of(window)
    monitors = _desktop(window).monitors
    standing = Area(place.x, place.y, 1, 1)
    monitor = next((one for one in monitors if one.overlaps(standing)), monitors[0])
    free = room(window, place.height + FRAME_PX, monitor)
    x = max(free.x, min(place.x, free.right - place.width - EDGE_PX))
    y = max(free.y, min(place.y, free.bottom - place.height - FRAME_PX))
    if (x, y) != (place.x, place.y):
        move(window, x, y)


def _banner(window: tk.Misc) -> Area | None:
    banner = window.nametowidget(".").children.get(BANNER_NAME)
    if not isinstance(banner, tk.Toplevel) or banner.state() == "withdrawn":
        return None
    return area_of(banner)


def _desktop(window: tk.Misc) -> _Desktop:
    name = window.winfo_screen()
    asked_ms, known = _known.get(name, (-_KNOWN_MS, None))
    if known is None or now_ms() - asked_ms >= _KNOWN_MS:
        whole = Area(0, 0, window.winfo_screenwidth(), window.winfo_screenheight())
        on_x11 = window.tk.call("tk", "windowingsystem") == "x11"
        known = (_of_x11(name, whole) if on_x11 else None) or _Desktop((whole,), whole)
        _known[name] = (now_ms(), known)
    return known


def _of_x11(name: str, whole: Area) -> _Desktop | None:
    """What the display says (RandR 1.5, GetMonitors; EWMH 1.5, _NET_WORKAREA); ``None``: it does not."""
    from relevo_agent.xdisplay import BROKEN, open_display

    with contextlib.suppress(*BROKEN), contextlib.closing(open_display(name)) as display:
        root: Any = display.screen().root
        free = root.get_full_property(display.get_atom("_NET_WORKAREA"), 0)
        work = Area(*(int(number) for number in free.value[:4])) if free and len(free.value) >= 4 else whole
        return _Desktop(_monitors(display, root) or (whole,), work)
    return None


def _monitors(display: Any, root: Any) -> tuple[Area, ...]:
    if not display.has_extension("RANDR"):
        return ()
    version = display.xrandr_query_version()
    if (version.major_version, version.minor_version) < (1, 5):
        return ()
    found = sorted(root.xrandr_get_monitors().monitors, key=lambda one: not one.primary)
    areas = (Area(one.x, one.y, one.width_in_pixels, one.height_in_pixels) for one in found)
    return tuple(area for area in areas if area.width > 0 and area.height > 0)
