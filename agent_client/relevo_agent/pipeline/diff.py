"""Which cells of the screen changed between two grabs; no frame-sized allocation in the steady loop."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.types import CELL_PX, CellMask, Damage, PixelBuffer, Rect


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


class Differ:
    """Compares grabs of one screen size.

    Two pixels are compared at a time where the width is even. The comparison's result holds 8 (or 16) bytes a
    cell and row, which are read back as whole words, so that no loop over cells is needed.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._width_px, self._height_px = width_px, height_px
        self._rows, self._columns = cell_shape(width_px, height_px)
        self._lane: np.dtype[np.unsignedinteger[Any]] = np.dtype(np.uint32 if width_px % 2 else np.uint64)
        lanes_per_cell = CELL_PX * 4 // self._lane.itemsize
        self._lanes = width_px * 4 // self._lane.itemsize
        self._unequal = np.zeros((self._rows * CELL_PX, self._columns * lanes_per_cell), np.bool_)
        self._words = self._unequal.view(np.uint64)
        self._strips = np.zeros((self._rows, self._words.shape[1]), np.uint64)

    def changed(self, before: PixelBuffer, after: PixelBuffer, damage: Damage) -> CellMask:
        """Cells that differ, at most those that ``damage`` touches; both buffers of this screen's size."""
        first, last = self._cell_rows(damage)
        if first >= last:
            return np.zeros((self._rows, self._columns), np.bool_)
        top, bottom = first * CELL_PX, min(last * CELL_PX, self._height_px)
        np.not_equal(
            self._as_lanes(before, top, bottom),
            self._as_lanes(after, top, bottom),
            out=self._unequal[top:bottom, : self._lanes],
        )
        self._strips[:] = 0
        words = self._words[top : last * CELL_PX].reshape(last - first, CELL_PX, -1)
        np.bitwise_or.reduce(words, axis=1, out=self._strips[first:last])
        words_by_cell = self._strips.reshape(self._rows, self._columns, -1)
        return np.any(words_by_cell, axis=2, out=np.empty((self._rows, self._columns), np.bool_))

    def _as_lanes(self, pixels: PixelBuffer, top: int, bottom: int) -> NDArray[np.unsignedinteger[Any]]:
        return pixels.reshape(self._height_px, -1)[top:bottom].view(self._lane)

    def _cell_rows(self, damage: Damage) -> tuple[int, int]:
        if damage.rects is None:
            return 0, self._rows
        if not damage.rects:
            return 0, 0
        top = min(rect.y for rect in damage.rects)
        bottom = max(rect.y + rect.height for rect in damage.rects)
        return max(0, top // CELL_PX), min(self._rows, -(-bottom // CELL_PX))


def merged_rects(mask: CellMask, gap_cells: int = 2, waste: float = 0.25) -> list[Cells]:
    """Few rectangles of cells that cover every set cell.

    Runs in a row that are ``gap_cells`` apart or nearer become one; a run joins the rectangle above it when
    at most ``waste`` of their common bounds is neither of them. With both zero no rectangle covers a clear
    cell and none overlap; otherwise they may, which costs bytes and harms nothing.
    """
    done: list[Cells] = []
    growing: list[Cells] = []
    for row in np.flatnonzero(mask.any(axis=1)).tolist():
        waiting = [rect for rect in growing if rect.bottom == row]
        done.extend(rect for rect in growing if rect.bottom != row)
        growing = []
        for left, right in _runs(mask[row], gap_cells):
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


def _runs(line: CellMask, gap_cells: int) -> list[tuple[int, int]]:
    set_cells = np.flatnonzero(line)
    breaks = np.flatnonzero(np.diff(set_cells) > gap_cells + 1)
    starts = set_cells[np.concatenate(([0], breaks + 1))]
    ends = set_cells[np.concatenate((breaks, [len(set_cells) - 1]))] + 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _bounds(a: Cells, b: Cells) -> Cells:
    return Cells(min(a.top, b.top), max(a.bottom, b.bottom), min(a.left, b.left), max(a.right, b.right))


def _joins(above: Cells, run: Cells, waste: float) -> bool:
    both = _bounds(above, run)
    return both.area - above.area - run.area <= waste * both.area
