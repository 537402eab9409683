"""Which cells of two pictures differ, and rectangles of them; no frame-sized allocation.

What the kernel does where there is one is written here for numpy as well: as what is meant, and in its place.
"""

import ctypes
import sys
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.types import CELL_PX, CellMask, Damage, PixelBuffer, Rect

_BAND_PX: Final = 4 * CELL_PX
"""Whole rows compared at a time: what the comparison writes stays in the processor's cache."""
_PIXEL_BYTES: Final = 4
_LANES: Final = (np.dtype(np.uint64), np.dtype(np.uint32))
_WORD_BYTES: Final = 8

_memcmp = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def cell_shape(width_px: int, height_px: int) -> tuple[int, int]:
    """Rows and columns of cells that cover a screen."""
    return -(-height_px // CELL_PX), -(-width_px // CELL_PX)


class Cells(NamedTuple):
    """A rectangle of cells, ``bottom`` and ``right`` excluded."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def area(self) -> int:
        """Number of cells."""
        return (self.bottom - self.top) * (self.right - self.left)

    def of(self, mask: NDArray[Any]) -> NDArray[Any]:
        """View of these cells of a cell array."""
        return mask[self.top : self.bottom, self.left : self.right]

    def pixels(self, width_px: int, height_px: int) -> Rect:
        """The pixels of these cells, cut at the edges of the screen."""
        x, y = self.left * CELL_PX, self.top * CELL_PX
        return Rect(x, y, min(self.right * CELL_PX, width_px) - x, min(self.bottom * CELL_PX, height_px) - y)

    def touches(self, other: "Cells") -> bool:
        """Whether a cell is in both."""
        rows = max(self.top, other.top) < min(self.bottom, other.bottom)
        return rows and max(self.left, other.left) < min(self.right, other.right)


class Differ:
    """Compares pictures of one width, at most.

    Two pixels are compared at a time where both pictures' rows permit. The comparison's result holds 8 (or
    16) bytes a cell and row, which are read back as whole words, so that no loop over cells is needed.
    """

    def __init__(self, width_px: int) -> None:
        columns = -(-width_px // CELL_PX)
        self._unequal = np.zeros(_BAND_PX * columns * CELL_PX, np.bool_)
        self._strips = np.zeros(_BAND_PX // CELL_PX * columns * 2, np.uint64)

    def unequal(self, a: PixelBuffer, b: PixelBuffer, out: CellMask) -> None:
        """Write which cells differ; ``a`` and ``b`` are alike in size and begin at the corner of ``out``."""
        compiled = kernel.current()
        if compiled is None or not compiled.unequal(a, b, out):
            self._unequal_by_lanes(a, b, out)

    def _unequal_by_lanes(self, a: PixelBuffer, b: PixelBuffer, out: CellMask) -> None:
        height, width = a.shape[:2]
        a_rows, b_rows = a.reshape(height, -1), b.reshape(height, -1)
        lane = _LANES[0] if width % 2 == 0 and _even(a_rows) and _even(b_rows) else _LANES[1]
        a_lanes, b_lanes = a_rows.view(lane), b_rows.view(lane)
        whole = a.flags.c_contiguous and b.flags.c_contiguous
        bytes_per_cell_row = out.shape[1] * CELL_PX * CELL_PX * _PIXEL_BYTES // lane.itemsize
        rows = len(self._unequal) // bytes_per_cell_row * CELL_PX
        for top in range(0, height, rows):
            bands = a_lanes[top : top + rows], b_lanes[top : top + rows]
            if whole and _equal_memory(*bands):
                out[top // CELL_PX : (top + rows) // CELL_PX] = False
            else:
                self._band(*bands, out[top // CELL_PX :])

    def _band(self, a: NDArray[Any], b: NDArray[Any], out: CellMask) -> None:
        rows, lanes = a.shape
        cell_rows, columns = -(-rows // CELL_PX), out.shape[1]
        bytes_per_row = columns * CELL_PX * _PIXEL_BYTES // a.dtype.itemsize
        flat = self._unequal[: cell_rows * CELL_PX * bytes_per_row]
        scratch = flat.reshape(cell_rows * CELL_PX, bytes_per_row)
        np.not_equal(a, b, out=scratch[:rows, :lanes])
        scratch[:, lanes:] = False
        scratch[rows:] = False
        words = flat.view(np.uint64).reshape(cell_rows, CELL_PX, -1)
        strips = self._strips[: cell_rows * words.shape[2]].reshape(cell_rows, -1)
        np.bitwise_or.reduce(words, axis=1, out=strips)
        if strips.shape[1] == columns:
            np.not_equal(strips, 0, out=out[:cell_rows])
        else:
            np.any(strips.reshape(cell_rows, columns, -1), axis=2, out=out[:cell_rows])


def _equal_memory(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Both without gaps; faster than by lanes, and most bands of a polled screen are equal."""
    return bool(_memcmp(a.ctypes.data, b.ctypes.data, a.nbytes) == 0)


def _even(rows: NDArray[np.uint8]) -> bool:
    """Whether every row begins at a multiple of a word's length."""
    return (rows.ctypes.data | rows.strides[0]) % _WORD_BYTES == 0


def damaged_cells(damage: Damage, width_px: int, height_px: int) -> list[Cells]:
    """Rectangles of cells, few and apart, that cover the damage inside a screen of this size."""
    if damage.rects is None:
        return [covering_cells(Rect(0, 0, width_px, height_px))]
    found: list[Cells] = []
    for rect in damage.rects:
        left, top = max(rect.x, 0), max(rect.y, 0)
        right, bottom = min(rect.x + rect.width, width_px), min(rect.y + rect.height, height_px)
        if left < right and top < bottom:
            found.append(covering_cells(Rect(left, top, right - left, bottom - top)))
    return apart_rects(found, gap_cells=0)


def apart_rects(rects: Iterable[Cells], gap_cells: int) -> list[Cells]:
    """Bounds of those that overlap or are so few cells apart, until none are."""
    apart: list[Cells] = []
    for cells in rects:
        grown = cells
        while True:
            near = Cells(
                grown.top - gap_cells,
                grown.bottom + gap_cells,
                grown.left - gap_cells,
                grown.right + gap_cells,
            )
            touching = next((other for other in apart if other.touches(near)), None)
            if touching is None:
                break
            apart.remove(touching)
            grown = _bounds(touching, grown)
        apart.append(grown)
    return apart


def trimmed(a: PixelBuffer, b: PixelBuffer, rect: Rect) -> Rect:
    """The smallest rectangle inside ``rect`` with all pixels that differ; ``rect`` itself if none does."""
    compiled = kernel.current()
    found = None if compiled is None else compiled.trimmed(a, b, rect)
    return _trimmed(a, b, rect) if found is None else found


def _trimmed(a: PixelBuffer, b: PixelBuffer, rect: Rect) -> Rect:
    unequal_rows = _unequal_span(_pixels_of(a, rect), _pixels_of(b, rect))
    if unequal_rows is None:
        return rect
    top, bottom = unequal_rows
    rect = Rect(rect.x, rect.y + top, rect.width, bottom - top)
    columns = _unequal_span(_pixels_of(a, rect).T, _pixels_of(b, rect).T)
    left, right = columns if columns is not None else (0, rect.width)
    return Rect(rect.x + left, rect.y, right - left, rect.height)


def _pixels_of(pixels: PixelBuffer, rect: Rect) -> NDArray[np.uint32]:
    return rect.of(pixels).view(np.uint32)[..., 0]


def _unequal_span(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> tuple[int, int] | None:
    """First and last line (excluded) that differ, looking a cell's depth at a time from both ends."""
    lines = len(a)
    for top in range(0, lines, CELL_PX):
        unequal = (a[top : top + CELL_PX] != b[top : top + CELL_PX]).any(axis=1)
        if unequal.any():
            first = top + int(unequal.argmax())
            break
    else:
        return None
    for bottom in range(lines, first, -CELL_PX):
        start = max(bottom - CELL_PX, first)
        unequal = (a[start:bottom] != b[start:bottom]).any(axis=1)
        if unequal.any():
            return first, bottom - int(unequal[::-1].argmax())
    return first, first + 1


def merged_rects(mask: CellMask, gap_cells: int = 2, waste: float = 0.25) -> list[Cells]:
    """Few rectangles of cells that cover every set cell.

    Runs in a row that are ``gap_cells`` apart or nearer become one; a run joins the rectangle above it when
    at most ``waste`` of their common bounds is neither of them. With both zero no rectangle covers a clear
    cell and none overlap; otherwise they may, which costs bytes and harms nothing.
    """
    compiled = kernel.current()
    if compiled is not None:
        return list(map(Cells._make, compiled.merged_rects(mask, gap_cells, waste)))
    return _merged_rects(mask, gap_cells, waste)


def _merged_rects(mask: CellMask, gap_cells: int, waste: float) -> list[Cells]:
    done: list[Cells] = []
    growing: list[Cells] = []
    for row, runs in _runs_by_row(mask, gap_cells).items():
        waiting = [rect for rect in growing if rect.bottom == row]
        done.extend(rect for rect in growing if rect.bottom != row)
        growing = []
        for left, right in runs:
            run = Cells(row, row + 1, left, right)
            above = next((rect for rect in waiting if _joins(rect, run, waste)), None)
            if above is not None:
                waiting.remove(above)
                run = _bounds(above, run)
            growing.append(run)
        done.extend(waiting)
    return done + growing


def covering_cells(rect: Rect) -> Cells:
    """The cells that a rectangle of pixels touches."""
    bottom, right = -(-(rect.y + rect.height) // CELL_PX), -(-(rect.x + rect.width) // CELL_PX)
    return Cells(rect.y // CELL_PX, bottom, rect.x // CELL_PX, right)


def covered_cells(rect: Rect, width_px: int, height_px: int) -> Cells:
    """The cells that lie in a rectangle of pixels, or as much of them as the screen has; may be empty."""
    bottom, right = rect.y + rect.height, rect.x + rect.width
    rows = -(-bottom // CELL_PX) if bottom >= height_px else bottom // CELL_PX
    columns = -(-right // CELL_PX) if right >= width_px else right // CELL_PX
    top, left = -(-rect.y // CELL_PX), -(-rect.x // CELL_PX)
    return Cells(top, max(rows, top), left, max(columns, left))


def _runs_by_row(mask: CellMask, gap_cells: int) -> dict[int, list[tuple[int, int]]]:
    """Rows with set cells, from the top, each with its runs from left to right, ``right`` excluded."""
    rows, columns = mask.shape
    padded = np.zeros((rows, columns + 2), np.bool_)
    padded[:, 1:-1] = mask
    edges = np.flatnonzero(padded.ravel()[1:] != padded.ravel()[:-1])  # a start, an end, and so on
    found: dict[int, list[tuple[int, int]]] = {}
    pairs: list[list[int]] = edges.reshape(-1, 2).tolist()
    for start, end in pairs:
        row, left = divmod(start, columns + 2)
        right = left + end - start
        runs = found.setdefault(row, [])
        if runs and left - runs[-1][1] <= gap_cells:
            runs[-1] = (runs[-1][0], right)
        else:
            runs.append((left, right))
    return found


def _bounds(a: Cells, b: Cells) -> Cells:
    return Cells(min(a.top, b.top), max(a.bottom, b.bottom), min(a.left, b.left), max(a.right, b.right))


def _joins(above: Cells, run: Cells, waste: float) -> bool:
    both = _bounds(above, run)
    return both.area - above.area - run.area <= waste * both.area
