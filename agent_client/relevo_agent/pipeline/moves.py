"""What has only moved: scrolled panes and dragged windows, found, compared, and copied instead of sent again.

Candidates come cheaply (what the source tells; votes of rows and of columns that are found again; a few
distinctive spots searched around their place) and may be wrong: each is compared by a row of every cell,
then pixel by pixel, before it is taken. As ``Shown`` is moved exactly as the viewers move their picture,
whatever a copy does not get right is unsent afterwards, and goes out as any change does.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.diff import Cells, apart_rects, covered_cells, covering_cells, merged_rects
from relevo_agent.pipeline.seek import Shift, seek_shifts
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import CELL_PX, CellMask, MoveHint, PixelBuffer, Rect

MIN_GAIN_CELLS: Final = 24
"""Less than 6,144 pixels are cheaper sent than searched."""
MAX_MOVES: Final = 4
"""Copies in a frame."""
MAX_COPIED: Final = 1.5
"""Share of the screen that copies may paint: a frame paints at most four times its area (SPEC F3)."""
MAX_SKIPPED: Final = 6
"""Frames without a search, at most, however often it was in vain."""
ENOUGH_LEFT: Final = 0.25
"""No further move is sought in an area when no more than this share of it is left."""
_BLOCK_CELLS: Final = 4
"""Side of what changed as a whole: four booleans make one word."""
_SAMPLED_ROW_PX: Final = CELL_PX // 2
_ALL_EQUAL: Final = np.uint64(0x0101010101010101)
_MAX_LOSS: Final = 0.5
"""Cells that a copy gets wrong, for each that it gets right."""


class Move(NamedTuple):
    """The pixels of ``to`` are those that began at ``from_x``, ``from_y``."""

    to: Rect
    from_x: int
    from_y: int


class _Found(NamedTuple):
    """Cells of which ``matched`` says whether a shift explains them."""

    cells: Cells
    matched: CellMask


class Mover:
    """Finds moves; after searching in vain it searches less often: what changes is no page that scrolls."""

    def __init__(self) -> None:
        self._failures = 0
        self._skipped = 0
        self._dragged = False

    def moves(self, shown: Shown, pixels: PixelBuffer, hints: Sequence[MoveHint]) -> list[Move]:
        """Find moves, make them in ``shown``, and say which; what they explain is not unsent any more."""
        if shown.has_unknown:
            return []
        compiled = shown.kernel_for(pixels)
        areas = _areas(shown) if compiled is None else []
        if not (areas or (compiled is not None and compiled.has_areas(shown.moving))):
            return []
        if not hints and self._skipped < min(self._failures - 1, MAX_SKIPPED):
            self._skipped += 1
            return []
        if compiled is None:
            made = list(_made_moves(shown, pixels, areas, hints, dragged=self._dragged))
        else:
            made = [Move(*each) for each in compiled.moves(shown.moving, hints, dragged=self._dragged)]
        for move in made:
            shown.note_painted(move.to)
        self._dragged = any(move.from_x != move.to.x and move.from_y != move.to.y for move in made)
        self._failures, self._skipped = (0 if made else self._failures + 1), 0
        return made


def _made_moves(
    shown: Shown, pixels: PixelBuffer, areas: Sequence[Cells], hints: Sequence[MoveHint], *, dragged: bool
) -> Iterator[Move]:
    left_px, left = int(shown.width_px * shown.height_px * MAX_COPIED), MAX_MOVES
    for area in areas:
        enough = max(MIN_GAIN_CELLS, np.count_nonzero(area.of(shown.unsent)) * ENOUGH_LEFT)
        for shift in _candidates(shown, pixels, area, hints, dragged=dragged):
            move = _made(shown, pixels, area, shift)
            if move is not None:
                yield move
                left_px, left = left_px - move.to.area_px, left - 1
            if left == 0 or left_px < shown.pixels_of(area).area_px:
                return
            if np.count_nonzero(area.of(shown.unsent)) < enough:
                break


def _areas(shown: Shown) -> list[Cells]:
    """Bounds of what changed and is no film, coarsely; those first where most did."""
    unsent = shown.unsent if shown.moving is None else shown.unsent & ~shown.moving
    if np.count_nonzero(unsent) < MIN_GAIN_CELLS:
        return []
    rows, columns = unsent.shape
    block_rows, block_columns = -(-rows // _BLOCK_CELLS), -(-columns // _BLOCK_CELLS)
    padded = np.zeros((block_rows * _BLOCK_CELLS, block_columns * _BLOCK_CELLS), np.bool_)
    padded[:rows, :columns] = unsent
    words = padded.view(np.uint32).reshape(block_rows, _BLOCK_CELLS, block_columns)
    blocks: CellMask = np.bitwise_or.reduce(words, axis=1) != 0
    apart = apart_rects(merged_rects(blocks, gap_cells=1, waste=0.5), gap_cells=1)
    areas = [
        Cells(
            cells.top * _BLOCK_CELLS,
            min(cells.bottom * _BLOCK_CELLS, rows),
            cells.left * _BLOCK_CELLS,
            min(cells.right * _BLOCK_CELLS, columns),
        )
        for cells in apart
    ]
    weighed = [(int(np.count_nonzero(area.of(unsent))), area) for area in areas]
    large = sorted((each for each in weighed if each[0] >= MIN_GAIN_CELLS), reverse=True)
    return [area for _, area in large[:MAX_MOVES]]


def _candidates(
    shown: Shown, pixels: PixelBuffer, area: Cells, hints: Sequence[MoveHint], *, dragged: bool
) -> Iterator[Shift]:
    told = {
        Shift(hint.to.x - hint.from_x, hint.to.y - hint.from_y)
        for hint in hints
        if covering_cells(hint.to).touches(area)
    }
    yield from told
    rect, changed = shown.pixels_of(area), area.of(shown.unsent)
    yield from seek_shifts(shown.pixels, pixels, rect, changed, dragged=dragged)


def _made(shown: Shown, pixels: PixelBuffer, area: Cells, shift: Shift) -> Move | None:
    found = _sampled(shown, pixels, area, shift)
    rect = None if found is None else _worth(found, shown.unsent)
    if rect is None:
        return None
    found = _compared(shown, pixels, rect, shift)
    cells = _worth(found, shown.unsent)
    if cells is None:
        return None
    to = _grown(shown, pixels, shown.pixels_of(cells), shift)
    shown.move(to, to.x - shift.x, to.y - shift.y)
    right = cells.of(shown.unsent)
    inside = Cells(
        cells.top - found.cells.top,
        cells.bottom - found.cells.top,
        cells.left - found.cells.left,
        cells.right - found.cells.left,
    )
    np.logical_not(inside.of(found.matched), out=right)
    for ring in _ring(cells, covering_cells(to)):
        shown.compare_again(pixels, ring)
    return Move(to, to.x - shift.x, to.y - shift.y)


def _within(shown: Shown, area: Cells, shift: Shift) -> Cells:
    """The cells of an area whose pixels come from inside the screen."""
    rect = shown.pixels_of(area)
    left, top = max(rect.x, shift.x), max(rect.y, shift.y)
    right = min(rect.x + rect.width, shown.width_px + min(shift.x, 0))
    bottom = min(rect.y + rect.height, shown.height_px + min(shift.y, 0))
    inside = Rect(left, top, max(right - left, 0), max(bottom - top, 0))
    return covered_cells(inside, shown.width_px, shown.height_px)


def _sampled(shown: Shown, pixels: PixelBuffer, area: Cells, shift: Shift) -> _Found | None:
    """A row of each cell compared: enough to tell a wrong shift, at a sixteenth of the cost."""
    cells = _within(shown, area, shift)
    rect = shown.pixels_of(cells)
    if cells.area == 0 or rect.height <= _SAMPLED_ROW_PX:
        return None
    now = _rows(pixels, rect)[_SAMPLED_ROW_PX::CELL_PX]
    before = _rows(shown.pixels, _moved_back(rect, shift))[_SAMPLED_ROW_PX::CELL_PX]
    equal = np.ones((len(now), (cells.right - cells.left) * CELL_PX), np.bool_)
    np.equal(now, before, out=equal[:, : rect.width])
    halves = (equal.view(np.uint64) == _ALL_EQUAL).reshape(len(now), -1, 2)
    matched: CellMask = halves[..., 0] & halves[..., 1]
    return _Found(Cells(cells.top, cells.top + len(matched), cells.left, cells.right), matched)


def _compared(shown: Shown, pixels: PixelBuffer, cells: Cells, shift: Shift) -> _Found:
    rect = shown.pixels_of(cells)
    unequal = np.empty((cells.bottom - cells.top, cells.right - cells.left), np.bool_)
    shown.differ.unequal(rect.of(pixels), _moved_back(rect, shift).of(shown.pixels), unequal)
    return _Found(cells, ~unequal)


def _worth(found: _Found, unsent: CellMask) -> Cells | None:
    """The rectangle where the shift explains more than it breaks, if it is worth a copy."""
    gained = found.matched & found.cells.of(unsent)
    rows, columns = np.flatnonzero(gained.any(axis=1)), np.flatnonzero(gained.any(axis=0))
    if np.count_nonzero(gained) < MIN_GAIN_CELLS:
        return None
    values = gained.astype(np.int32) - ~found.matched
    best = _shrunk(values, Cells(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1))
    gain = int(np.count_nonzero(best.of(gained)))
    loss = best.area - int(np.count_nonzero(best.of(found.matched)))
    if gain < MIN_GAIN_CELLS or loss > _MAX_LOSS * gain:
        return None
    top, left = found.cells.top, found.cells.left
    return Cells(best.top + top, best.bottom + top, best.left + left, best.right + left)


def _shrunk(values: NDArray[np.int32], bounds: Cells) -> Cells:
    """Take the worst line off the border as long as one is worth nothing."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1), np.int32)
    np.cumsum(np.cumsum(values, axis=0), axis=1, out=sums[1:, 1:])
    best = bounds
    while best.area:
        top, bottom, left, right = best
        rest = (
            Cells(top + 1, bottom, left, right),
            Cells(top, bottom - 1, left, right),
            Cells(top, bottom, left + 1, right),
            Cells(top, bottom, left, right - 1),
        )
        whole = _sum_of(sums, best)
        worth = [(whole - _sum_of(sums, part)) / (best.area - part.area) for part in rest]
        worst = min(range(len(rest)), key=worth.__getitem__)
        if worth[worst] > 0:
            break
        best = rest[worst]
    return best


def _sum_of(sums: NDArray[np.int32], cells: Cells) -> int:
    one, other = sums.item(cells.bottom, cells.right), sums.item(cells.top, cells.left)
    return int(one + other - sums.item(cells.top, cells.right) - sums.item(cells.bottom, cells.left))


def _grown(shown: Shown, pixels: PixelBuffer, rect: Rect, shift: Shift) -> Rect:
    """The rectangle with the lines of pixels around it, less than a cell each way, that moved as well."""
    x, y, width, height = rect
    up = min(CELL_PX - 1, y, y - shift.y)
    down = min(CELL_PX - 1, shown.height_px - y - height - max(-shift.y, 0))
    above = _equal_lines(shown, pixels, Rect(x, y - up, width, up), shift)
    below = _equal_lines(shown, pixels, Rect(x, y + height, width, down), shift)
    grown_up, grown_down = _run(above[::-1]), _run(below)
    y, height = y - grown_up, height + grown_up + grown_down
    back = min(CELL_PX - 1, x, x - shift.x)
    forth = min(CELL_PX - 1, shown.width_px - x - width - max(-shift.x, 0))
    before = _equal_lines(shown, pixels, Rect(x - back, y, back, height), shift, axis=0)
    after = _equal_lines(shown, pixels, Rect(x + width, y, forth, height), shift, axis=0)
    grown_back, grown_forth = _run(before[::-1]), _run(after)
    return Rect(x - grown_back, y, width + grown_back + grown_forth, height)


def _equal_lines(
    shown: Shown, pixels: PixelBuffer, rect: Rect, shift: Shift, axis: int = 1
) -> NDArray[np.bool_]:
    if rect.width <= 0 or rect.height <= 0:
        return np.zeros(0, np.bool_)
    equal = _rows(pixels, rect) == _rows(shown.pixels, _moved_back(rect, shift))
    lines: NDArray[np.bool_] = equal.all(axis=axis)
    return lines


def _run(lines: NDArray[np.bool_]) -> int:
    """How many are true from the beginning on."""
    return len(lines) if lines.all() else int(lines.argmin())


def _ring(inner: Cells, outer: Cells) -> Iterable[Cells]:
    """What of ``outer`` is not ``inner``, in rectangles."""
    parts = (
        Cells(outer.top, inner.top, outer.left, outer.right),
        Cells(inner.bottom, outer.bottom, outer.left, outer.right),
        Cells(inner.top, inner.bottom, outer.left, inner.left),
        Cells(inner.top, inner.bottom, inner.right, outer.right),
    )
    return (part for part in parts if part.bottom > part.top and part.right > part.left)


def _moved_back(rect: Rect, shift: Shift) -> Rect:
    return Rect(rect.x - shift.x, rect.y - shift.y, rect.width, rect.height)


def _rows(pixels: PixelBuffer, rect: Rect) -> NDArray[np.uint32]:
    return rect.of(pixels).view(np.uint32)[..., 0]
