"""The compiled kernel beside this file: loaded if it is there, and called only with what has been checked.

C reads and writes nothing but what these functions hand it, so that each checks shapes, strides and bounds
first; what does not fit is told by ``None``, and the caller does it with numpy, which is the reference. Its
``.c`` files say what each function does and which Python function it stands for.
"""

import ctypes
import hashlib
import sys
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.types import CELL_PX, CellMask, MoveHint, PixelBuffer, Rect

__all__ = ["FILE_NAME", "Books", "Kernel", "Numbers", "ScreenKernel", "State", "current", "loaded", "state"]

Numbers = tuple[int, int, int, int]
"""Top, bottom, left, right of cells."""
FILE_NAME: Final = "kernel.dll" if sys.platform == "win32" else "kernel.so"
_PIXEL_BYTES: Final = 4
_MAX_MOVES: Final = 4
_MAX_HINTS: Final = 64
_FAR_PX: Final = 2**20
"""Nothing that a source tells lies farther out: so no sum of two such numbers overflows."""


class _Pixels(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("stride", ctypes.c_int64))


class _Screen(ctypes.Structure):
    _fields_ = (
        ("now", _Pixels),
        ("shown", _Pixels),
        *((name, ctypes.c_int32) for name in ("width", "height", "rows", "columns")),
        *((name, ctypes.c_void_p) for name in ("unsent", "unknown", "lossy", "changed")),
        ("quiet_since_ms", ctypes.c_void_p),
        ("scratch", ctypes.c_void_p),
    )


class _Merging(ctypes.Structure):
    _fields_ = (("gap", ctypes.c_int32), ("waste", ctypes.c_double))


class _Hints(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("count", ctypes.c_int32))


_Numbers = ctypes.c_int32 * 4
_Shares = ctypes.c_double * 5
_MoveNumbers = ctypes.c_int32 * 6
_POINTER, _INT = ctypes.c_void_p, ctypes.c_int32
_ARGUMENTS: Final[dict[str, tuple[Any, ...]]] = {
    "relevo_screen_bytes": (),
    "relevo_sources": (),
    "relevo_scratch_bytes": (_INT, _INT),
    "relevo_unequal": (_POINTER, _POINTER, _INT, _INT, _POINTER, _INT),
    "relevo_compare": (_POINTER, _POINTER, _INT, ctypes.c_double),
    "relevo_trim": (_POINTER, _POINTER, _POINTER),
    "relevo_paint": (_POINTER, _POINTER, _INT),
    "relevo_move": (_POINTER, _POINTER),
    "relevo_merge": (_POINTER, _INT, _INT, _POINTER, _POINTER, _POINTER),
    "relevo_photo": (_POINTER, _POINTER, _POINTER, _POINTER, _POINTER),
    "relevo_search": (_POINTER, _POINTER, _POINTER, _INT, _POINTER),
}
_RESULTS: Final[dict[str, Any]] = {
    "relevo_screen_bytes": ctypes.c_uint32,
    "relevo_sources": ctypes.c_char_p,
    "relevo_scratch_bytes": ctypes.c_uint64,
    "relevo_merge": _INT,
    "relevo_search": _INT,
}


class Kernel:
    """The functions that need no screen. Raises OSError or AttributeError if the file is none of ours."""

    def __init__(self, path: Path) -> None:
        self.library: Any = ctypes.CDLL(str(path))
        for name, arguments in _ARGUMENTS.items():
            function = getattr(self.library, name)
            function.argtypes, function.restype = arguments, _RESULTS.get(name)
        if self.library.relevo_screen_bytes() != ctypes.sizeof(_Screen):
            raise OSError(f"{path.name} is from another build")
        beside = _sources_digest(Path(__file__).parent)
        if beside and self.library.relevo_sources() != beside.encode():
            raise OSError(f"{path.name} was compiled of other sources: run make setup")

    def unequal(self, a: PixelBuffer, b: PixelBuffer, out: CellMask) -> bool:
        """``Differ.unequal``; false if these arrays are not for it."""
        one, other = _pixels(a), _pixels(b)
        height, width = a.shape[:2]
        if one is None or other is None or a.shape != b.shape:
            return False
        if out.dtype != np.bool_ or not out.flags.writeable or out.strides[1] != 1 or out.strides[0] < 0:
            return False
        if out.shape[0] < -(-height // CELL_PX) or out.shape[1] < _columns(width):
            return False
        at, stride = out.ctypes.data, out.strides[0]
        self.library.relevo_unequal(ctypes.byref(one), ctypes.byref(other), width, height, at, stride)
        return True

    def trimmed(self, a: PixelBuffer, b: PixelBuffer, rect: Rect) -> Rect | None:
        """``diff.trimmed``; ``None`` if these arrays are not for it."""
        one, other = _pixels(a), _pixels(b)
        if one is None or other is None or a.shape != b.shape or not _inside(rect, a.shape):
            return None
        numbers = _Numbers(*rect)
        self.library.relevo_trim(ctypes.byref(one), ctypes.byref(other), numbers)
        return Rect(*numbers)

    def merged_rects(self, mask: CellMask, gap_cells: int, waste: float) -> list[Numbers]:
        """``diff.merged_rects``, each rectangle as plain numbers."""
        packed = np.ascontiguousarray(mask, np.bool_)
        rows, columns = packed.shape
        runs = (columns + 1) // 2
        rects, scratch = np.empty((rows * runs, 4), np.int32), np.empty((2 * runs, 4), np.int32)
        merging = _Merging(gap_cells, waste)
        count: int = self.library.relevo_merge(
            *(packed.ctypes.data, rows, columns),
            *(ctypes.byref(merging), rects.ctypes.data, scratch.ctypes.data),
        )
        found: list[Numbers] = list(map(tuple, rects[:count].tolist()))
        return found

    def photo_cells(
        self, pixels: PixelBuffer, dirty: CellMask, area: Numbers, shares: Sequence[float]
    ) -> CellMask | None:
        """``classify.photo_cells`` for an area inside the screen; ``None`` if these arrays are not for it."""
        now = _pixels(pixels)
        height, width = pixels.shape[:2]
        shape = (-(-height // CELL_PX), _columns(width))
        if now is None or dirty.shape != shape or not _cells_inside(area, shape):
            return None
        packed = np.ascontiguousarray(dirty, np.bool_)
        photo = np.zeros(shape, np.bool_)
        screen = _Screen(now, _Pixels(), width, height, *shape)
        self.library.relevo_photo(
            *(ctypes.byref(screen), _Numbers(*area), packed.ctypes.data),
            *(_Shares(*shares), photo.ctypes.data),
        )
        return photo


@dataclass(frozen=True, slots=True)
class Books:
    """The arrays of a ``Shown``: its picture, and what is known of each cell. They are written in place."""

    pixels: PixelBuffer
    unsent: CellMask
    unknown: CellMask
    lossy: CellMask
    changed: CellMask
    quiet_since_ms: NDArray[np.float64]


class ScreenKernel:
    """The functions that work on a ``Shown``; the newest grab is handed in each time and not kept."""

    def __init__(self, kernel: Kernel, books: Books) -> None:
        shown = _pixels(books.pixels)
        height, width = books.pixels.shape[:2]
        self._shape = (-(-height // CELL_PX), _columns(width))
        masks = (books.unsent, books.unknown, books.lossy, books.changed)
        if shown is None or not all(_is_mask(mask, self._shape) for mask in masks):
            raise ValueError("the kernel needs whole masks of one byte a cell")
        quiet = books.quiet_since_ms
        if quiet.shape != self._shape or quiet.dtype != np.float64 or not quiet.flags.c_contiguous:
            raise ValueError("the kernel needs a number for each cell")
        self._library, self._books = kernel.library, books
        self._size = books.pixels.shape
        self._scratch = np.empty(self._library.relevo_scratch_bytes(width, height) // 16 + 1, np.complex128)
        addresses = (array.ctypes.data for array in (*masks, quiet, self._scratch))
        self._screen = _Screen(_Pixels(), shown, width, height, *self._shape, *addresses)
        self._at = ctypes.byref(self._screen)
        self._now_at, self._shown_at = (
            ctypes.byref(self._screen, offset) for offset in (_Screen.now.offset, _Screen.shown.offset)
        )
        self._newest: Callable[[], PixelBuffer | None] = _nothing
        self._found = (_MoveNumbers * _MAX_MOVES)()

    def takes(self, pixels: PixelBuffer) -> bool:
        """Make this the newest grab for the next call; false if it is not for the kernel."""
        if self._newest() is pixels:
            return True
        now = _pixels(pixels) if pixels.shape == self._size else None
        if now is None:
            return False
        self._screen.now, self._newest = now, weakref.ref(pixels)
        return True

    def compare(self, damaged: Sequence[Numbers], now_ms: float) -> None:
        """``Shown.compare``."""
        areas = [area for area in damaged if _cells_inside(area, self._shape)]
        numbers = (_Numbers * len(areas))(*(_Numbers(*area) for area in areas))
        self._library.relevo_compare(self._at, numbers, len(areas), now_ms)

    def trimmed(self, rect: Rect) -> Rect | None:
        """``diff.trimmed``; ``None`` if the rectangle is not all inside the screen."""
        if not _inside(rect, self._size):
            return None
        numbers = _Numbers(*rect)
        self._library.relevo_trim(self._now_at, self._shown_at, numbers)
        return Rect(*numbers)

    def paint(self, rect: Rect, *, lossless: bool) -> bool:
        """``Shown.paint``; false if the rectangle is not all inside the screen."""
        if not _inside(rect, self._size):
            return False
        self._library.relevo_paint(self._at, _Numbers(*rect), lossless)
        return True

    def move(self, to: Rect, from_x: int, from_y: int) -> bool:
        """``Shown.move``; false if one of both ends is not inside the screen."""
        origin = Rect(from_x, from_y, to.width, to.height)
        if not (_inside(to, self._size) and _inside(origin, self._size)):
            return False
        self._library.relevo_move(self._at, _MoveNumbers(*to, from_x, from_y))
        return True

    def has_areas(self, moving: CellMask | None) -> bool:
        """Whether enough changed somewhere for a move; ``moving`` is a film's."""
        return self._search(moving, (), dragged=False, found=None) >= 0

    def moves(
        self, moving: CellMask | None, hints: Sequence[MoveHint], *, dragged: bool
    ) -> list[tuple[Rect, int, int]]:
        """Moves found and made in ``Shown``: the target, and where its left upper corner came from."""
        count = self._search(moving, hints, dragged=dragged, found=self._found)
        numbers = [list(self._found[at]) for at in range(max(count, 0))]
        return [(Rect(*each[:4]), each[4], each[5]) for each in numbers]

    def _search(
        self, moving: CellMask | None, hints: Sequence[MoveHint], *, dragged: bool, found: Any | None
    ) -> int:
        film = None if moving is None else np.ascontiguousarray(moving, np.bool_)
        if film is not None and film.shape != self._shape:
            raise ValueError("a film's mask has a cell for each of the screen's")
        told = [(*hint.to, hint.from_x, hint.from_y) for hint in hints]
        near = [each for each in told if max(map(abs, each)) < _FAR_PX][:_MAX_HINTS]
        numbers = (_MoveNumbers * len(near))(*(_MoveNumbers(*each) for each in near))
        at = ctypes.addressof(numbers) if near else None
        asked = _Hints(at, len(near))
        film_at = None if film is None else film.ctypes.data
        count: int = self._library.relevo_search(self._at, film_at, ctypes.byref(asked), dragged, found)
        return count


def _sources_digest(folder: Path) -> str:
    """Of the C that stands there, as ``kernel_build.py`` compiles it in; empty in a wheel, which has none."""
    digest, files = hashlib.sha256(), sorted(folder.glob("*.[ch]"))
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest() if files else ""


def _nothing() -> None:
    """What a reference to no array gives."""


def _columns(width_px: int) -> int:
    return -(-width_px // CELL_PX)


def _is_mask(mask: NDArray[Any], shape: tuple[int, int]) -> bool:
    return mask.shape == shape and mask.dtype == np.bool_ and mask.flags.c_contiguous


def _pixels(pixels: PixelBuffer) -> _Pixels | None:
    """Where they lie, if each is a word at an address for words and the rows are without gaps inside."""
    strides = pixels.strides
    address: int = pixels.ctypes.data
    if pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[2] != _PIXEL_BYTES:
        return None
    if strides[1:] != (_PIXEL_BYTES, 1) or (address | strides[0]) % _PIXEL_BYTES:
        return None
    return _Pixels(address, strides[0] // _PIXEL_BYTES)


def _inside(rect: Rect, shape: tuple[int, ...]) -> bool:
    across = min(rect.x, rect.width) >= 0 and rect.x + rect.width <= shape[1]
    return across and min(rect.y, rect.height) >= 0 and rect.y + rect.height <= shape[0]


def _cells_inside(cells: Numbers, shape: tuple[int, int]) -> bool:
    top, bottom, left, right = cells
    return 0 <= top <= bottom <= shape[0] and 0 <= left <= right <= shape[1]


@dataclass(frozen=True, slots=True)
class State:
    """The kernel in use, or why there is none: a word or two for whoever looks into it."""

    kernel: Kernel | None
    why_not: str = ""


def loaded(path: Path) -> State:
    """The kernel in this file, if it is one for this machine."""
    if sys.byteorder != "little":
        return State(None, "big-endian")
    if not path.is_file():
        return State(None, f"no {path.name}")
    try:
        return State(Kernel(path))
    except (OSError, AttributeError) as error:
        return State(None, str(error))


state: State = loaded(Path(__file__).with_name(FILE_NAME))


def current() -> Kernel | None:
    """The kernel, or ``None``: then numpy does it."""
    return state.kernel
