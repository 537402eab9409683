"""X11 by XDamage and MIT-SHM: the server says where it drew and writes these rows into one fixed segment.

Damage is subtracted before the pixels are read, so that whatever is drawn in between is told anew: a pixel
may be looked at twice, but is never missed. What a server draws and does not tell (some drivers do not when
a program draws past it) is found by a look at everything, once in a while when nothing is told.
"""

import struct
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from relevo_agent.pipeline.sources.libxcb import Extension, XRefused
from relevo_agent.pipeline.sources.pixels_x11 import SHM_QUERY_VERSION, Pixels, Rows, SentPixels, SharedPixels
from relevo_agent.pipeline.sources.readiness import Readiness
from relevo_agent.pipeline.sources.x11 import XConnection, x_errors
from relevo_agent.pipeline.types import CELL_PX, CaptureFailed, Damage, Grab, Layout, Rect
from relevo_protocol.limits import screen_fits
from relevo_protocol.messages.screen import CaptureCondition

MAX_RECTS: Final = 64
"""Rectangles told at one grab; more are merged row by row."""
GAP_ROWS: Final = 24
"""Damaged rows closer than this are fetched by one request: a request costs as much as about so many rows."""
GUESS_SHARE: Final = 0.25
"""Up to this share of the rows is fetched on the events' word, before the exact region has been told."""
VERIFIED_S: Final = 29.0
"""Once in so long a look before which nothing was told is one at everything (4 ms of 1920x1080), as are those
that come without a word (``rhythm.TOLD_MS``): an idle screen is to cost next to nothing."""
_DAMAGE_QUERY_VERSION, _DAMAGE_CREATE, _DAMAGE_SUBTRACT = 0, 1, 3
_BOUNDING_BOX: Final = 2
_BOX: Final = struct.Struct("=hhHH")
_FIXES_QUERY_VERSION, _FIXES_CREATE_REGION, _FIXES_FETCH_REGION = 0, 5, 19


class _DamageWatch:
    """The server's word about where it drew, as a region that is emptied by asking for it."""

    def __init__(self, display: XConnection, damage: Extension, fixes: Extension) -> None:
        self._x, self._damage, self._fixes = display.x, damage, fixes
        self._name, self._region = self._x.new_id(), self._x.new_id()
        self._x.demand(fixes.major, _FIXES_CREATE_REGION, struct.pack("=I", self._region))
        self._x.demand(
            damage.major, _DAMAGE_CREATE, struct.pack("=IIB3x", self._name, display.root, _BOUNDING_BOX)
        )

    def area_of(self, event: bytes) -> Rect | None:
        """The bounding box of all that is damaged, if this event tells of damage."""
        if event[0] & 0x7F != self._damage.first_event:
            return None
        return Rect(*_BOX.unpack_from(event, 16))

    def subtract(self) -> int:
        """Queue: empty the region and tell what was in it; :meth:`taken` waits for the answer."""
        body = struct.pack("=III", self._name, 0, self._region)
        self._x.tell(self._damage.major, _DAMAGE_SUBTRACT, body)
        return self._x.send(self._fixes.major, _FIXES_FETCH_REGION, struct.pack("=I", self._region))

    def taken(self, request: int, size_px: tuple[int, int]) -> tuple[Rect, ...]:
        """The rectangles that were damaged, inside the screen, from top to bottom."""
        (across, down), found = size_px, list[Rect]()
        for x, y, width, height in _BOX.iter_unpack(memoryview(self._x.reply(request))[32:]):
            left, top = max(x, 0), max(y, 0)
            right, bottom = min(x + width, across), min(y + height, down)
            if left < right and top < bottom:
                found.append(Rect(left, top, right - left, bottom - top))
        return merged(found)


class Lack(StrEnum):
    """What this display lacks, and what follows from it."""

    SHARED_MEMORY = "no_shared_memory"
    """No MIT-SHM 1.2, or memory cannot be shared with it: pixels come through the connection."""
    DAMAGE = "no_damage"
    """No XDamage: nothing tells where was drawn, so everything is looked at again and again."""


@dataclass(frozen=True, slots=True)
class X11Means:
    """What this display lets us use."""

    shared: Extension | None
    damage: Extension | None
    fixes: Extension | None
    lacks: tuple[Lack, ...]

    @classmethod
    def of(cls, display: XConnection) -> "X11Means":
        """Ask the server."""
        lacks: list[Lack] = []
        shm = display.x.extension("MIT-SHM")
        if shm is not None:
            version = display.x.ask(shm.major, SHM_QUERY_VERSION, b"")
            shm = shm if struct.unpack_from("=HH", version, 8) >= (1, 2) else None
        if shm is None:
            lacks.append(Lack.SHARED_MEMORY)
        fixes = display.extension("XFIXES", _FIXES_QUERY_VERSION, (2, 0))
        damage = None if fixes is None else display.extension("DAMAGE", _DAMAGE_QUERY_VERSION, (1, 0))
        if damage is None:
            lacks.append(Lack.DAMAGE)
        return cls(shm, damage, fixes, tuple(lacks))


class X11Source:
    """The root window of an X display.

    Pixels beside the damage of a grab may be newer already; their damage comes with the next one.
    """

    def __init__(self, display: XConnection) -> None:
        self._display, self._x = display, display.x
        self._means = X11Means.of(display)
        self.lacks = list(self._means.lacks)
        self._watch: _DamageWatch | None = None
        if self._means.damage is not None and self._means.fixes is not None:
            self._watch = _DamageWatch(display, self._means.damage, self._means.fixes)
        self._layout = display.layout()
        self._pixels: Pixels = self._new_pixels()
        self._is_new, self._is_damaged, self._is_moved = True, False, False
        self._verified_s = time.monotonic()
        self._told: Rect | None = None
        self._ready = Readiness(self._x.fileno)

    @classmethod
    def opened(cls, name: str | None) -> "X11Source":
        """A source of this display.

        Raises:
            CaptureFailed: no display, or one that cannot be captured.
        """
        display = XConnection(name)
        try:
            with x_errors():
                return cls(display)
        except CaptureFailed:
            display.close()
            raise

    @property
    def signal(self) -> int | None:
        """Readable when something was drawn, or the monitors changed; ``None`` without XDamage."""
        return None if self._watch is None else self._ready.fileno

    def grab(self) -> Grab:
        """Bring the damaged rows up to date; a new size gives a new buffer."""
        with x_errors():
            self._hear(self._x.events())
            if self._is_moved:
                self._look_at_layout()
            try:
                damage = self._refresh()
            except XRefused:  # the screen shrank after it was asked for its size
                self._is_moved = True
                self._look_at_layout()
                self._pixels, self._is_new = self._new_pixels(), True
                damage = self._refresh()
            self._hear(self._x.events(queued=True))
            self._ready.leave(more=self._is_damaged or self._is_moved)
            return Grab(self._pixels.buffer, damage)

    def fetch_again(self, rect: Rect) -> None:
        """Fetch the rows of this rectangle once more, with all that a grab of it asks of the server."""
        with x_errors():
            bands = row_bands((rect,))
            if self._watch is not None:
                asked = self._watch.subtract()
                requests = self._pixels.fetch(bands)
                self._is_new |= bool(self._watch.taken(asked, self._size_px))
            else:
                requests = self._pixels.fetch(bands)
            self._pixels.take(requests, bands)

    def layout(self) -> Layout:
        """Size and monitors; the same object as long as nothing changed."""
        return self._layout

    def close(self) -> None:
        """End the connection; the server frees its side, the memory goes with the last grab."""
        self._ready.close()
        self._display.close()

    @property
    def _size_px(self) -> tuple[int, int]:
        return self._layout.width, self._layout.height

    def _hear(self, events: list[bytes]) -> None:
        for event in events:
            area = None if self._watch is None else self._watch.area_of(event)
            if area is not None:
                self._is_damaged, self._told = True, area
            elif self._display.tells_layout(event):
                self._is_moved = True

    def _look_at_layout(self) -> None:
        self._is_moved = False
        found, before = self._display.layout(), self._size_px
        if found == self._layout:
            return
        self._layout = found
        if self._size_px != before:
            self._pixels.free()
            self._pixels, self._is_new = self._new_pixels(), True

    def _refresh(self) -> Damage:
        if self._is_new or self._watch is None:
            return self._refresh_all()
        if not self._is_damaged:
            is_due = time.monotonic() - self._verified_s >= VERIFIED_S
            return self._refresh_all() if is_due else Damage(())
        guess = self._guess()
        self._is_damaged, self._told = False, None
        asked = self._watch.subtract()
        requests = self._pixels.fetch(guess)
        rects = self._watch.taken(asked, self._size_px)
        self._pixels.take(requests, guess)
        rest = uncovered(row_bands(rects), guess)
        self._pixels.take(self._pixels.fetch(rest), rest)
        return Damage(rects)

    def _refresh_all(self) -> Damage:
        bands = [(0, self._layout.height)]
        if self._watch is not None:
            self._is_damaged, self._told = False, None
            self._watch.taken(self._watch.subtract(), self._size_px)
        self._pixels.take(self._pixels.fetch(bands), bands)
        self._is_new, self._verified_s = False, time.monotonic()
        return Damage()

    def _guess(self) -> list[Rows]:
        """Rows that are surely damaged and few, so that they come with the same round trip as the region."""
        area, height = self._told, self._layout.height
        if area is None or area.height > height * GUESS_SHARE:
            return []
        top, bottom = max(area.y, 0), min(area.y + area.height, height)
        return [(top, bottom)] if top < bottom else []

    def _new_pixels(self) -> Pixels:
        width, height = self._size_px
        if not screen_fits(width, height):
            raise CaptureFailed(CaptureCondition.FAILED, f"a desktop of {width}x{height} pixels is too large")
        if self._means.shared is not None:
            try:
                return SharedPixels(self._x, self._display.root, self._means.shared, self._size_px)
            except (XRefused, OSError):
                # A server that runs elsewhere, or as somebody who may not read our memory.
                self.lacks.append(Lack.SHARED_MEMORY)
                self._means = replace(self._means, shared=None)
        return SentPixels(self._x, self._display.root, self._size_px)


def merged(rects: list[Rect]) -> tuple[Rect, ...]:
    """These rectangles, or if they are more than :data:`MAX_RECTS` the bounds of those in each few rows."""
    if len(rects) <= MAX_RECTS:
        return tuple(rects)
    rows = max(CELL_PX, -(-max(rect.y + rect.height for rect in rects) // MAX_RECTS))
    bands = dict[int, Rect]()
    for rect in rects:
        bands[rect.y // rows] = _bounds(bands.get(rect.y // rows, rect), rect)
    return tuple(bands.values())


def _bounds(one: Rect, other: Rect) -> Rect:
    left, top = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    return Rect(left, top, right - left, max(one.y + one.height, other.y + other.height) - top)


def row_bands(rects: tuple[Rect, ...]) -> list[Rows]:
    """The rows of these rectangles, near ones together."""
    bands: list[Rows] = []
    for top, bottom in sorted((rect.y, rect.y + rect.height) for rect in rects):
        if bands and top <= bands[-1][1] + GAP_ROWS:
            bands[-1] = (bands[-1][0], max(bands[-1][1], bottom))
        else:
            bands.append((top, bottom))
    return bands


def uncovered(bands: list[Rows], fetched: list[Rows]) -> list[Rows]:
    """Those bands that are not inside one that has been fetched."""
    return [
        band for band in bands if not any(top <= band[0] and band[1] <= bottom for top, bottom in fetched)
    ]
