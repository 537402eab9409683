"""Which rectangle is video: photographic cells that change again and again.

Each cell keeps a *heat*: every change adds one, and it cools to a third in half a second, so that it
settles near changes a second / 2. What a move explains is no change here: a page that scrolls with
photographs in it is not video. Hot cells that are photographs for the most part are. One rectangle is video
at a time, the largest; it is sticky, as another one costs a new stream that begins with a whole picture.
"""

from math import exp
from typing import Final

import numpy as np

from relevo_agent.pipeline.classify import photo_cells
from relevo_agent.pipeline.diff import Cells, cell_shape, merged_rects
from relevo_agent.pipeline.types import CellMask, PixelBuffer, Rect
from relevo_protocol.limits import QUIET_EXACT_MS

COOLING_MS: Final = 500.0
"""Heat falls to 1/e in this time."""
HOT: Final = 4.0
"""What about eight changes a second come to: thirty of them within 150 ms, ten within 0.6 s."""
HELD_HEAT: Final = 4.6
"""A little above ``HOT``: what changes at each look that the line allows is hot after a second."""
HEAT_LIMIT: Final = 8.0
MIN_CELLS: Final = 48
"""128x96 pixels: less is a spinner or a cursor, which is cheaper as a picture."""
MIN_PHOTO_SHARE: Final = 0.4
"""Of the hot cells: flat parts of a film look like text by themselves."""
MIN_LINE_SHARE: Final = 0.3
"""A row or column at the rectangle's edge with fewer hot cells is left out: black bars, a title above."""
MIN_ACTIVE_SHARE: Final = 0.05
"""Of the rectangle's cells: a film that is paused under a turning spinner has ended."""
GROW_SHARE, SHRINK_SHARE = 1.15, 0.6
"""Another size than this, for ``RESIZE_MS``, is worth a new stream."""
RESIZE_MS: Final = 800.0
SEARCH_MS: Final = 60.0
"""A new rectangle is looked for no more often."""
SEARCH_AGAIN_MS: Final = 240.0
"""While there is one: another would have to last for ``RESIZE_MS``."""
STILL_MS: Final = 200.0
"""Text inside the rectangle that has not changed for so long lies over the film and is kept exact."""


class Motion:
    """The moving rectangle of one screen size; times in ms of the caller's clock."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size_px = (width_px, height_px)
        shape = cell_shape(width_px, height_px)
        self._heat = np.zeros(shape, np.float32)
        self._overlay: CellMask = np.zeros(shape, np.bool_)
        self._changed_ms = np.full(shape, -np.inf)
        self._looked_ms = float("-inf")
        self._searched_ms = self._sought_text_ms = float("-inf")
        self._cells: Cells | None = None
        self._unfit_since_ms: float | None = None
        self._active_ms = float("-inf")

    @property
    def rect(self) -> Rect | None:
        """What moves: a whole number of cells, or up to the edge of the screen."""
        return None if self._cells is None else self._cells.pixels(*self._size_px)

    @property
    def cells(self) -> Cells | None:
        """The cells of :attr:`rect`."""
        return self._cells

    @property
    def due_ms(self) -> float | None:
        """When the video ends if nothing changes any more; ``None`` without one."""
        return None if self._cells is None else self._active_ms + QUIET_EXACT_MS

    @property
    def overlay(self) -> CellMask:
        """Cells of :attr:`rect` that stand still and are no photograph: controls or a menu over the film.

        Each chunk paints over them, so they are to be painted exactly after it, which the zstd stream does
        for almost nothing. Not to be changed by the caller.
        """
        return self._overlay

    def observe(self, pixels: PixelBuffer, changed: CellMask, now_ms: float, *, held_ms: float = 0.0) -> None:
        """Take in one comparison: the whole screen, and the cells that changed and that no move explains.

        To be called after every grab, also with nothing changed when :attr:`due_ms` has come. ``held_ms``:
        how long before this grab the line, and not the screen, kept the loop from looking. Changes in between
        were not seen, so that one change counts for several: else no film would be found on a thin line.
        Without a film and without a change there is nothing to do: heat cools by the clock.
        """
        if not changed.any() and self._cells is None:
            return
        self._heat *= np.float32(exp(min(self._looked_ms - now_ms, 0.0) / COOLING_MS))
        self._looked_ms = now_ms
        unseen = HELD_HEAT * (1 - exp(-min(max(held_ms, 0.0), 2 * COOLING_MS) / COOLING_MS))
        np.add(self._heat, np.float32(max(1.0, unseen)), out=self._heat, where=changed)
        np.minimum(self._heat, HEAT_LIMIT, out=self._heat)
        np.copyto(self._changed_ms, now_ms, where=changed)
        if self._cells is not None:
            self._overlay &= ~changed
            self._end_if_still(self._cells, now_ms)
        if now_ms - self._searched_ms >= (SEARCH_MS if self._cells is None else SEARCH_AGAIN_MS):
            self._searched_ms = now_ms
            self._choose(pixels, now_ms)
        if self._cells is not None and now_ms - self._sought_text_ms >= SEARCH_MS:
            self._sought_text_ms = now_ms
            self._find_overlay(self._cells, pixels, now_ms)

    def forget(self) -> None:
        """Nothing moves any more, as far as is known: capture was paused, or there is no video to be had."""
        self._cells = self._unfit_since_ms = None
        self._heat[:] = 0
        self._overlay[:] = False

    def _end_if_still(self, cells: Cells, now_ms: float) -> None:
        active = np.count_nonzero(cells.of(self._changed_ms) >= now_ms)
        if active >= MIN_ACTIVE_SHARE * cells.area:
            self._active_ms = now_ms
        elif now_ms - self._active_ms >= QUIET_EXACT_MS:
            self.forget()

    def _find_overlay(self, cells: Cells, pixels: PixelBuffer, now_ms: float) -> None:
        self._overlay[:] = False
        cells.of(self._overlay)[:] = cells.of(self._changed_ms) + STILL_MS <= now_ms
        self._overlay &= ~photo_cells(pixels, self._overlay)

    def _choose(self, pixels: PixelBuffer, now_ms: float) -> None:
        found = self._largest(pixels)
        if self._cells is None:
            if found is not None:
                self._active_ms = now_ms
                self._cells = found
            return
        if found is None or self._fits(self._cells, found):
            self._unfit_since_ms = None
        elif self._unfit_since_ms is None:
            self._unfit_since_ms = now_ms
        elif now_ms - self._unfit_since_ms >= RESIZE_MS:
            self._cells, self._unfit_since_ms = found, None

    def _largest(self, pixels: PixelBuffer) -> Cells | None:
        hot: CellMask = self._heat >= HOT
        if np.count_nonzero(hot) < MIN_CELLS:
            return None
        photo = photo_cells(pixels, hot)
        candidates = (self._trimmed(cells, hot) for cells in _joined(merged_rects(hot, 3, 0.4)))
        fitting = [cells for cells in candidates if cells.area >= MIN_CELLS and _is_photo(cells, hot, photo)]
        return max(fitting, key=lambda cells: cells.area, default=None)

    @staticmethod
    def _trimmed(cells: Cells, hot: CellMask) -> Cells:
        """Without the rows and columns at the edges of which only few cells are hot."""
        inside = cells.of(hot)
        rows = np.flatnonzero(inside.mean(axis=1) >= MIN_LINE_SHARE)
        columns = np.flatnonzero(inside.mean(axis=0) >= MIN_LINE_SHARE)
        if not len(rows) or not len(columns):
            return Cells(cells.top, cells.top, cells.left, cells.left)
        return Cells(
            cells.top + int(rows[0]),
            cells.top + int(rows[-1]) + 1,
            cells.left + int(columns[0]),
            cells.left + int(columns[-1]) + 1,
        )

    @staticmethod
    def _fits(now: Cells, found: Cells) -> bool:
        both = _bounds(now, found)
        return both.area <= GROW_SHARE * now.area and found.area >= SHRINK_SHARE * now.area


def _is_photo(cells: Cells, hot: CellMask, photo: CellMask) -> bool:
    return int(np.count_nonzero(cells.of(photo))) >= MIN_PHOTO_SHARE * int(np.count_nonzero(cells.of(hot)))


def _bounds(a: Cells, b: Cells) -> Cells:
    return Cells(min(a.top, b.top), max(a.bottom, b.bottom), min(a.left, b.left), max(a.right, b.right))


def _near(a: Cells, b: Cells) -> bool:
    """Whether at most two cells lie between them."""
    rows = min(a.bottom, b.bottom) - max(a.top, b.top)
    columns = min(a.right, b.right) - max(a.left, b.left)
    return rows >= -2 and columns >= -2


def _joined(rects: list[Cells]) -> list[Cells]:
    """Pieces of one moving picture as one: near each other, and filling what they span for the most part."""
    left = sorted(rects, key=lambda cells: cells.area, reverse=True)[:32]
    done: list[Cells] = []
    while left:
        whole, filled, joined = left.pop(0), 0, True
        filled = whole.area
        while joined:
            joined = False
            for piece in left:
                both = _bounds(whole, piece)
                if _near(whole, piece) and (filled + piece.area) >= 0.6 * both.area:
                    left.remove(piece)
                    whole, filled, joined = both, min(filled + piece.area, both.area), True
                    break
        done.append(whole)
    return done
