"""The nouns of the pipeline: rectangles, pixels, grabs, cursors, and what comes out.

Pixels are always BGRX, eight bits each, in an array of shape (height, width, 4); the X byte has no meaning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from relevo_protocol.frame import BASE_CODECS, CodecId, UpdateKind
from relevo_protocol.header import Flags
from relevo_protocol.messages.screen import CaptureCondition

PixelBuffer = NDArray[np.uint8]
"""Array of shape (height, width, 4), BGRX, rows contiguous."""
CellMask = NDArray[np.bool_]
"""One boolean for each cell of ``CELL_PX`` x ``CELL_PX`` pixels; the edge may cut the last row and column."""

CELL_PX: Final = 16


class Rect(NamedTuple):
    """A rectangle of pixels; ``x``, ``y`` is the left upper corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area_px(self) -> int:
        """Number of pixels inside."""
        return self.width * self.height

    def of(self, pixels: PixelBuffer) -> PixelBuffer:
        """View of these pixels, without copying."""
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a source says that something may have changed since its last grab.

    ``None`` stands for "unknown: compare everything". An empty tuple means that nothing changed.
    """

    rects: tuple[Rect, ...] | None = None


@dataclass(frozen=True, slots=True)
class MoveHint:
    """A source's word that ``to`` was copied from ``from_x``, ``from_y`` (pixels); to be verified."""

    to: Rect
    from_x: int
    from_y: int


@dataclass(frozen=True, slots=True)
class Grab:
    """The whole screen as it is now.

    ``pixels`` are the source's own memory, often the same at every grab: valid until the next
    :meth:`Source.grab`, so that whoever compares keeps what it compares with. ``damage`` is what may have
    changed since the last grab; all else in ``pixels`` is as it was. ``moves`` were made before the damage.
    """

    pixels: PixelBuffer
    damage: Damage = Damage()
    moves: tuple[MoveHint, ...] = ()


class CaptureFailed(Exception):
    """There is no picture. ``condition`` says why to the viewer; the text names cause and remedy."""

    def __init__(self, condition: CaptureCondition, text: str) -> None:
        super().__init__(text)
        self.condition = condition


@dataclass(frozen=True, slots=True)
class MonitorArea:
    """One monitor inside the picture: ``x``, ``y`` in pixels from the picture's left upper corner."""

    x: int
    y: int
    width: int
    height: int
    primary: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Size of the picture in pixels, where its corner lies on the desktop, and its monitors."""

    width: int
    height: int
    left: int = 0
    top: int = 0
    monitors: tuple[MonitorArea, ...] = ()


class Source(Protocol):
    """Where pixels come from, one file each in ``sources``; ``sources.chooser`` says which and why."""

    @property
    def signal(self) -> int | None:
        """A file descriptor (a socket on Windows) that is readable while something may have changed.

        ``None``: the source tells nothing and must be polled. :meth:`grab` makes it unreadable again.
        """
        ...

    def grab(self) -> Grab:
        """Bring the picture up to date and say where it may have changed.

        Raises:
            CaptureFailed: no picture can be had; the source is to be closed and opened anew.
        """
        ...

    def layout(self) -> Layout:
        """Size and monitors of what :meth:`grab` captured last; cheap, as it is asked for after each grab.

        A change of the monitors makes ``signal`` readable, as drawing does; the grab then looks anew.

        Raises:
            CaptureFailed: the desktop cannot be asked.
        """
        ...

    def close(self) -> None:
        """Give back the connection and its memory."""
        ...


@dataclass(frozen=True, slots=True)
class CursorShape:
    """Picture of the pointer: straight (not premultiplied) RGBA rows, size and hot spot in pixels."""

    width: int
    height: int
    hot_x: int
    hot_y: int
    rgba: bytes


@dataclass(frozen=True, slots=True)
class CursorState:
    """Where the hot spot is on the screen, and how the pointer looks (``None``: hidden)."""

    x: int
    y: int
    shape: CursorShape | None


class CursorSource(Protocol):
    """Where the pointer's position and shape come from."""

    @property
    def signal(self) -> int | None:
        """As :attr:`Source.signal`; :meth:`poll` makes it unreadable again."""
        ...

    @property
    def unavailable(self) -> str:
        """Why there is no pointer, empty where there is one."""
        ...

    def poll(self) -> CursorState | None:
        """The pointer now; the same ``shape`` object as long as it looks the same; ``None``: unknown."""
        ...

    def close(self) -> None:
        """Give back the connection."""
        ...


class Content(StrEnum):
    """What kind of pixels a rectangle holds."""

    TEXT = "text"
    PHOTO = "photo"


class Reason(StrEnum):
    """Why a rectangle is sent."""

    CHANGED = "changed"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Stats:
    """Cost of one frame: milliseconds per step, number of rectangles and pixels by kind.

    ``encode_ms`` is all from what is unsent to the frame's bytes; ``move_ms`` is the part of it for moves.
    """

    capture_ms: float
    diff_ms: float
    encode_ms: float
    rects: int
    changed_px: int
    lossy_px: int
    exact_px: int
    move_ms: float = 0.0
    moved_px: int = 0
    video_px: int = 0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frame to be sealed and sent.

    ``frame_id`` counts without gaps. ``keyframe`` needs nothing before it. ``data`` is the frame container,
    small enough for one media message; ``parts`` are kind and codec of its updates. ``width`` and ``height``
    are the screen's pixels at this frame. It is not ``droppable`` as long as parts of the screen have not
    been sent since the keyframe, so that whoever is slow gets at least whole pictures (SPEC C14).
    """

    frame_id: int
    keyframe: bool
    data: bytes
    width: int
    height: int
    parts: tuple[tuple[UpdateKind, CodecId], ...]
    stats: Stats
    droppable: bool = True

    @property
    def codecs(self) -> frozenset[CodecId]:
        """What a viewer must have named to decode it (SPEC D5)."""
        return frozenset(codec for _, codec in self.parts) - BASE_CODECS

    @property
    def flags(self) -> Flags:
        """As the header says it (SPEC W4)."""
        droppable = Flags.DROPPABLE if self.droppable else Flags.NONE
        return droppable | (Flags.KEYFRAME if self.keyframe else Flags.NONE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long a driver sleeps (``inf``: for good) unless one of ``signals`` is readable before.

    A signal that is not named here would only wake it for nothing: it is too early to look. ``acks``: an
    acknowledgement may end the wait, because something waits for room on the line.
    """

    delay_ms: float
    signals: tuple[int, ...]
    acks: bool = True


OpenSource = Callable[[], Source]
OpenCursor = Callable[[], CursorSource]
