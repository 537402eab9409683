"""What the viewers do not have yet, and what they have only roughly.

Three arrays of cells: not sent since they changed; sent lossy; since when they are quiet. A keyframe
marks everything as not sent. Because a frame takes from these masks as much as its budget allows, and
always from the newest grab, a large change goes out in several frames and no frame carries pixels that are
already old.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from relevo_agent.pipeline.classify import photo_cells
from relevo_agent.pipeline.diff import Cells, cell_shape, covering_cells, merged_rects
from relevo_agent.pipeline.types import (
    CELL_PX,
    CellMask,
    Content,
    PixelBuffer,
    PlannedRect,
    Reason,
    Rect,
)
from relevo_protocol.limits import QUIET_EXACT_MS

MAX_RECT_PX: Final = 2**18
"""Pixels of one update at most: 768 KiB if incompressible, so that a frame fits a media message."""
MIN_PHOTO_PX: Final = 64 * 64
"""A smaller photograph is sent lossless at once."""
MANY_RECTS: Final = 48
"""Above this number rectangles are merged more coarsely: each costs a picture on the viewer's side."""


class Plan:
    """Masks and choice of rectangles for one screen size; times in ms of the caller's clock."""

    def __init__(self, width_px: int, height_px: int, now_ms: float) -> None:
        self._size_px = (width_px, height_px)
        shape = cell_shape(width_px, height_px)
        self._unsent: CellMask = np.ones(shape, np.bool_)
        self._lossy: CellMask = np.zeros(shape, np.bool_)
        self._quiet_since_ms = np.full(shape, now_ms, np.float64)

    @property
    def has_unsent(self) -> bool:
        """Whether anything changed that no frame has carried."""
        return bool(self._unsent.any())

    @property
    def is_exact(self) -> bool:
        """Whether the viewers' picture, once drawn, equals the newest grab."""
        return not self._unsent.any() and not self._lossy.any()

    def exact_due_ms(self) -> float | None:
        """When the next lossy area will have been quiet long enough, or ``None``."""
        if not self._lossy.any():
            return None
        return float(self._quiet_since_ms[self._lossy].min()) + QUIET_EXACT_MS

    def mark(self, changed: CellMask, now_ms: float) -> None:
        """These cells differ from what was sent."""
        self._unsent |= changed
        self._quiet_since_ms[changed] = now_ms

    def mark_all(self) -> None:
        """Nothing that was sent counts: a keyframe is due. What was quiet is soon exact again."""
        self._unsent[:] = True
        self._lossy[:] = False

    def choose(self, pixels: PixelBuffer, now_ms: float, strip_px: int) -> Iterator[PlannedRect]:
        """Rectangles to send, most urgent first: text, photographs, then what is quiet and lossy.

        None is larger than ``strip_px`` pixels, or than one row of cells. The caller stops taking them when
        its frame is full, and calls :meth:`sent` for each one taken.
        """
        quiet = self._lossy & ~self._unsent & (self._quiet_since_ms + QUIET_EXACT_MS <= now_ms)
        photo = photo_cells(pixels, self._unsent)
        text = self._unsent & ~photo
        photo_rects = _photo_rects(photo, text)
        for cells in photo_rects:  # covered without a change: else it would go out exact after each frame
            cells.of(self._quiet_since_ms)[~cells.of(self._unsent)] = now_ms
        for cells in _few_rects(text):
            yield from self._strips(cells, Content.TEXT, Reason.CHANGED, strip_px)
        for cells in photo_rects:
            yield from self._strips(cells, Content.PHOTO, Reason.CHANGED, strip_px)
        for cells in merged_rects(quiet):
            yield from self._strips(cells, Content.PHOTO, Reason.EXACT, strip_px // 2)

    def sent(self, planned: PlannedRect, *, lossless: bool) -> None:
        """This rectangle is in a frame."""
        cells = covering_cells(planned.rect)
        cells.of(self._unsent)[:] = False
        cells.of(self._lossy)[:] = not lossless

    def _strips(self, cells: Cells, content: Content, reason: Reason, strip_px: int) -> Iterator[PlannedRect]:
        row_px = (cells.right - cells.left) * CELL_PX * CELL_PX
        rows = max(1, min(strip_px, MAX_RECT_PX) // row_px)
        for top in range(cells.top, cells.bottom, rows):
            strip = Cells(top, min(top + rows, cells.bottom), cells.left, cells.right)
            yield PlannedRect(self._pixels(strip), content, reason)

    def _pixels(self, cells: Cells) -> Rect:
        return cells.pixels(*self._size_px)


def _photo_rects(photo: CellMask, text: CellMask) -> list[Cells]:
    """Rectangles of photograph that cover no text; those too small for JPEG are moved into ``text``."""
    kept: list[Cells] = []
    for cells in _exact_or_few(photo):
        if cells.area * CELL_PX * CELL_PX < MIN_PHOTO_PX:
            cells.of(text)[:] |= cells.of(photo)
        else:
            kept.append(cells)
    return kept


def _exact_or_few(mask: CellMask) -> list[Cells]:
    rects = merged_rects(mask, gap_cells=0, waste=0.0)
    return rects if len(rects) <= MANY_RECTS else _few_rects(mask)


def _few_rects(mask: CellMask) -> list[Cells]:
    rects = merged_rects(mask)
    if len(rects) > MANY_RECTS:
        rects = merged_rects(mask, gap_cells=mask.shape[1], waste=0.5)
    return rects
