"""Laser and drawing on an X display: windows cut to the shape of the marks, through which every click passes.

No compositor is needed: the SHAPE extension leaves of a full-screen window only the strokes, and an empty
input shape lets pointer and keys reach what lies below (X Nonrectangular Window Shape Extension 1.1, 2.1).
"""

import contextlib
import logging
import queue
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont
from Xlib import X
from Xlib.ext import shape

from relevo_agent.platform.base import OverlayUnavailable, Place
from relevo_agent.xdisplay import BROKEN, open_display
from relevo_protocol.limits import MAX_MARK_POINTS
from relevo_protocol.palette import PERSON_COLOURS

_log = logging.getLogger(__name__)
LINE_PX: Final = 5
DOT_PX: Final = 22
_LABEL_GAP_PX: Final = 6
_LABEL_FONT_PX: Final = 15
"""Gap and font are the viewer's as well: its own name lies over this one (features/marks/label.ts)."""
_LABEL_CHARS: Final = 40
_MAX_WAITING: Final = 2000
_INPUT: Final = shape.SK.Input
_BOUNDING: Final = shape.SK.Bounding
_FONTS: Final = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "FreeSans.ttf")
_Window = Any
"""python-xlib has no types."""


@dataclass(slots=True)
class _Person:
    """What one person shows: windows are made at first use."""

    colour: int
    dot: _Window | None = None
    label: _Window | None = None
    label_size_px: tuple[int, int] = (0, 0)
    sheet: _Window | None = None
    strokes: dict[int, list[Place]] = field(default_factory=dict[int, list[Place]])
    stale: bool = False

    @property
    def windows(self) -> list[_Window]:
        """Every window that is there."""
        return [window for window in (self.dot, self.label, self.sheet) if window is not None]


class X11Overlay:
    """Shows marks from a thread of its own, on a connection of its own.

    Raises:
        OverlayUnavailable: no display, or it has no SHAPE extension.
    """

    def __init__(self, name: str | None) -> None:
        try:
            self._display = open_display(name)
        except BROKEN as cause:
            raise OverlayUnavailable(f"no X display to draw on: {cause}") from cause
        if not self._display.has_extension("SHAPE"):
            self._display.close()
            raise OverlayUnavailable("this X server has no SHAPE extension")
        self._screen = self._display.screen()
        self._people: dict[int, _Person] = {}
        self._waiting: queue.Queue[Callable[[], None] | None] = queue.Queue(_MAX_WAITING)
        self._thread = threading.Thread(target=self._work, name="overlay", daemon=True)
        self._thread.start()

    def laser(self, slot: int, name: str, place: Place) -> None:
        """See :class:`Overlay`."""
        self._put(lambda: self._show_laser(self._person(slot), name, place))

    def stroke(self, slot: int, stroke: int, places: list[Place]) -> None:
        """See :class:`Overlay`."""
        self._put(lambda: self._add_stroke(self._person(slot), stroke, places))

    def clear(self, slot: int | None, *, laser_only: bool) -> None:
        """See :class:`Overlay`."""
        self._put(lambda: self._clear(slot, laser_only=laser_only))

    def close(self) -> None:
        """See :class:`Overlay`."""
        self._put(None)
        self._thread.join(2)

    def _put(self, act: Callable[[], None] | None) -> None:
        try:
            self._waiting.put_nowait(act)
        except queue.Full:
            _log.info("the display is behind: a mark was left out")

    # --- the thread ---

    def _work(self) -> None:
        try:
            while (act := self._waiting.get()) is not None:
                act()
                if self._waiting.empty():
                    self._redraw()
                    self._display.flush()
            self._clear(None, laser_only=False)
        except BROKEN as cause:
            _log.info("marks are shown no more: %s", cause)
        finally:
            with contextlib.suppress(*BROKEN):  # it flushes, which a connection that broke cannot
                self._display.close()

    def _person(self, slot: int) -> _Person:
        if slot not in self._people:
            self._people[slot] = _Person(int(PERSON_COLOURS[slot % len(PERSON_COLOURS)][1:], 16))
        return self._people[slot]

    def _window(self, width: int, height: int, colour: int) -> _Window:
        window = self._screen.root.create_window(
            0,
            0,
            width,
            height,
            0,
            self._screen.root_depth,
            background_pixel=colour,
            override_redirect=True,
            event_mask=0,
        )
        window.shape_rectangles(shape.SO.Set, _INPUT, X.Unsorted, 0, 0, [])
        return window

    # --- laser ---

    def _show_laser(self, person: _Person, name: str, place: Place) -> None:
        half = DOT_PX // 2
        if person.dot is None:
            person.dot = self._disc(person.colour)
            person.label, person.label_size_px = self._label(person.colour, name)
        x, y = self._label_place(person.label_size_px, place)
        for window, left, top in (
            (person.dot, place.x_px - half, place.y_px - half),
            (person.label, x, y),
        ):
            if window is not None:
                window.configure(x=left, y=top, stack_mode=X.Above)
                window.map()

    def _label_place(self, size_px: tuple[int, int], place: Place) -> tuple[int, int]:
        """Right below the dot, and inside the screen."""
        off = DOT_PX // 2 + _LABEL_GAP_PX
        geometry = self._screen.root.get_geometry()
        x = (
            place.x_px + off
            if place.x_px + off + size_px[0] <= geometry.width
            else place.x_px - off - size_px[0]
        )
        y = (
            place.y_px + off
            if place.y_px + off + size_px[1] <= geometry.height
            else place.y_px - off - size_px[1]
        )
        return max(0, x), max(0, y)

    def _disc(self, colour: int) -> _Window:
        window = self._window(DOT_PX, DOT_PX, colour)
        mask = window.create_pixmap(DOT_PX, DOT_PX, 1)
        pen = mask.create_gc(foreground=0, background=0)
        mask.fill_rectangle(pen, 0, 0, DOT_PX, DOT_PX)
        pen.change(foreground=1)
        mask.fill_arc(pen, 0, 0, DOT_PX - 1, DOT_PX - 1, 0, 360 * 64)
        window.shape_mask(shape.SO.Set, _BOUNDING, 0, 0, mask)
        pen.free()
        mask.free()
        return window

    def _label(self, colour: int, name: str) -> tuple[_Window, tuple[int, int]]:
        """The name in white on the person's colour, as a picture: X's own fonts lack most letters."""
        text = name if len(name) <= _LABEL_CHARS else name[: _LABEL_CHARS - 1] + "…"
        font, text = _font_for(text)
        left, top, right, bottom = font.getbbox(text)
        size = (int(right - left) + 12, int(bottom - top) + 8)
        picture = Image.new("RGB", size, f"#{colour:06x}")
        ImageDraw.Draw(picture).text((6 - left, 4 - top), text, fill="white", font=font)
        window = self._window(*size, colour)
        pixmap = window.create_pixmap(*size, self._screen.root_depth)
        pen = pixmap.create_gc()
        pixmap.put_pil_image(pen, 0, 0, picture)
        window.change_attributes(background_pixmap=pixmap)
        pen.free()
        pixmap.free()
        return window, size

    # --- drawing ---

    def _add_stroke(self, person: _Person, stroke: int, places: list[Place]) -> None:
        person.strokes.setdefault(stroke, []).extend(places)
        person.stale = True
        while sum(map(len, person.strokes.values())) > MAX_MARK_POINTS and len(person.strokes) > 1:
            del person.strokes[next(iter(person.strokes))]

    def _redraw(self) -> None:
        for person in self._people.values():
            if person.stale:
                person.stale = False
                self._draw(person)

    def _draw(self, person: _Person) -> None:
        geometry = self._screen.root.get_geometry()
        width, height = geometry.width, geometry.height
        sheet = person.sheet or self._window(width, height, person.colour)
        person.sheet = sheet
        sheet.configure(width=width, height=height, stack_mode=X.Above)
        mask = sheet.create_pixmap(width, height, 1)
        pen = mask.create_gc(foreground=0, line_width=LINE_PX, cap_style=X.CapRound, join_style=X.JoinRound)
        mask.fill_rectangle(pen, 0, 0, width, height)
        pen.change(foreground=1)
        for places in person.strokes.values():
            points = [(place.x_px, place.y_px) for place in places]
            mask.poly_line(pen, X.CoordModeOrigin, points if len(points) > 1 else points * 2)
        sheet.shape_mask(shape.SO.Set, _BOUNDING, 0, 0, mask)
        sheet.map()
        pen.free()
        mask.free()

    def _clear(self, slot: int | None, *, laser_only: bool) -> None:
        for number in [slot] if slot is not None else list(self._people):
            person = self._people.get(number)
            if person is None:
                continue
            for window in (
                [w for w in (person.dot, person.label) if w is not None] if laser_only else person.windows
            ):
                window.destroy()
            person.dot = person.label = None
            if not laser_only:
                del self._people[number]
        self._display.flush()


def _font_for(text: str) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, str]:
    """A font of the system and the text; with Pillow's own font, which has few letters, without accents."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, _LABEL_FONT_PX), text
        except OSError:
            continue
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return ImageFont.load_default(_LABEL_FONT_PX), plain
