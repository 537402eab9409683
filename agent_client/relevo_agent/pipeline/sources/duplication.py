"""What a duplicated output of Windows says, turned into ours: rotation, moves, pointer shapes.

Source: Desktop Duplication API. Surfaces, rectangles and moves are unrotated; those of a turned monitor are
turned by the reader. No COM here, so that it can be tried anywhere.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from relevo_agent.pipeline.types import CursorShape, MoveHint, PixelBuffer, Rect
from relevo_protocol.limits import MAX_CURSOR_SIDE_PX

_MONOCHROME, _COLOUR, _MASKED = 1, 2, 4
ACCESS_DENIED: Final = 0x80070005
UNSUPPORTED: Final = 0x887A0004
NOT_CURRENTLY_AVAILABLE: Final = 0x887A0022
ACCESS_LOST: Final = 0x887A0026
WAIT_TIMEOUT: Final = 0x887A0027
SESSION_DISCONNECTED: Final = 0x887A0028


class DuplicationError(Exception):
    """Windows refused; ``code`` is its HRESULT, as an unsigned number."""

    def __init__(self, code: int, act: str) -> None:
        super().__init__(f"{act}: 0x{code & 0xFFFFFFFF:08X}")
        self.code = code & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class OutputPlace:
    """A monitor: its place on the desktop in pixels, upright, and its quarter turns clockwise."""

    name: str
    area: Rect
    turns: int = 0


@dataclass(frozen=True, slots=True)
class PointerNews:
    """Where the upper left corner of the pointer's picture is on the output, and whether it is shown."""

    x: int
    y: int
    visible: bool


@dataclass(frozen=True, slots=True)
class RawShape:
    """A pointer's picture as Windows gives it; ``height`` of a monochrome one counts both masks."""

    kind: int
    width: int
    height: int
    pitch: int
    hot_x: int
    hot_y: int
    data: bytes


@dataclass(frozen=True, slots=True)
class RawFrame:
    """What changed since the last frame, in the surface's own pixels. ``dirty``: ``None`` for everything."""

    dirty: tuple[Rect, ...] | None
    moves: tuple[MoveHint, ...] = ()
    pointer: PointerNews | None = None
    shape: RawShape | None = None


class Output(Protocol):
    """One duplicated output. Used by one thread at a time."""

    @property
    def place(self) -> OutputPlace:
        """Where it is."""
        ...

    def acquire(self, timeout_ms: int) -> RawFrame | None:
        """The next frame, which stays acquired until :meth:`release`; nothing if none came in time.

        Raises:
            DuplicationError: the output is lost.
        """
        ...

    def read(self, rect: Rect, target: PixelBuffer) -> None:
        """Copy a rectangle of the acquired surface into ``target``, of its size.

        Raises:
            DuplicationError: the output is lost.
        """
        ...

    def release(self) -> None:
        """Let Windows go on."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


def turned(pixels: PixelBuffer, turns: int) -> PixelBuffer:
    """View of a surface as the monitor shows it."""
    return np.rot90(pixels, -turns)


def surface_size(place: OutputPlace) -> tuple[int, int]:
    """Width and height of the unrotated surface."""
    width, height = place.area.width, place.area.height
    return (height, width) if place.turns % 2 else (width, height)


def turned_rect(rect: Rect, size: tuple[int, int], turns: int) -> Rect:
    """Where a rectangle of a surface of this ``size`` is on the upright picture."""
    wide, high = size
    match turns % 4:
        case 1:
            return Rect(high - rect.y - rect.height, rect.x, rect.height, rect.width)
        case 2:
            return Rect(wide - rect.x - rect.width, high - rect.y - rect.height, rect.width, rect.height)
        case 3:
            return Rect(rect.y, wide - rect.x - rect.width, rect.height, rect.width)
        case _:
            return rect


def turned_move(move: MoveHint, size: tuple[int, int], turns: int) -> MoveHint:
    """A move of a surface, on the upright picture."""
    came_from = turned_rect(Rect(move.from_x, move.from_y, move.to.width, move.to.height), size, turns)
    return MoveHint(turned_rect(move.to, size, turns), came_from.x, came_from.y)


def inside(rect: Rect, size: tuple[int, int]) -> Rect | None:
    """The part of a rectangle that is on the surface."""
    left, top = max(rect.x, 0), max(rect.y, 0)
    right, bottom = min(rect.x + rect.width, size[0]), min(rect.y + rect.height, size[1])
    return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


def pointer_shape(raw: RawShape) -> CursorShape | None:
    """The pointer's picture in straight RGBA; nothing if it cannot be read or is too large.

    Pixels that invert what is below cannot be said so; they are black, as such pointers look on white.
    """
    height = raw.height // 2 if raw.kind == _MONOCHROME else raw.height
    if not (0 < raw.width <= MAX_CURSOR_SIDE_PX and 0 < height <= MAX_CURSOR_SIDE_PX):
        return None
    try:
        rgba = _monochrome(raw, height) if raw.kind == _MONOCHROME else _coloured(raw)
    except (TypeError, ValueError):  # the picture is smaller than it says
        return None
    hot_x, hot_y = min(max(raw.hot_x, 0), raw.width - 1), min(max(raw.hot_y, 0), height - 1)
    return CursorShape(raw.width, height, hot_x, hot_y, rgba.tobytes())


def _monochrome(raw: RawShape, height: int) -> PixelBuffer:
    """Two masks, one bit a pixel: AND 1 lets through, or inverts with XOR 1; AND 0 is black or white."""
    rows = np.ndarray((height * 2, raw.pitch), np.uint8, raw.data)
    bits = np.unpackbits(rows, axis=1)[:, : raw.width]
    keep, flip = bits[:height].astype(bool), bits[height:].astype(bool)
    rgba = np.zeros((height, raw.width, 4), np.uint8)
    rgba[~keep & flip] = (255, 255, 255, 255)
    rgba[~keep & ~flip] = (0, 0, 0, 255)
    rgba[keep & flip] = (0, 0, 0, 255)
    return rgba


def _coloured(raw: RawShape) -> PixelBuffer:
    """BGRA; of a masked one, alpha 0 replaces what is below and alpha 255 inverts it, unless it is black."""
    bgra = np.ndarray((raw.height, raw.width, 4), np.uint8, raw.data, 0, (raw.pitch, 4, 1))
    rgba = np.ascontiguousarray(bgra[..., [2, 1, 0, 3]])
    if raw.kind == _MASKED:
        inverts = rgba[..., 3] > 0
        nothing = inverts & ~rgba[..., :3].any(axis=-1)
        rgba[inverts] = (0, 0, 0, 255)
        rgba[~inverts, 3] = 255
        rgba[nothing] = 0
    return rgba
