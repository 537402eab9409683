"""Which rectangles go out next: text before photographs, small before large, what is quiet and rough last.

Because a frame takes of these as much as its budget allows, and always from the newest grab, a large change
goes out in several frames and no frame carries pixels that are already old.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from relevo_agent.pipeline.classify import photo_cells
from relevo_agent.pipeline.diff import Cells, merged_rects
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import CELL_PX, CellMask, Content, PixelBuffer, Reason

MAX_RECT_PX: Final = 2**18
"""Pixels of one update at most: 1 MiB if incompressible, so that a frame fits a media message."""
MIN_PHOTO_PX: Final = 64 * 64
"""A smaller photograph is sent lossless at once."""
TEXT_GAP_CELLS: Final = 12
"""Words of a row so near go out together: a rectangle each costs more than what lies between them."""
PICTURES_GAP_CELLS: Final = 2
"""The same where a film or a photograph is rough, as lossless it would cost much, and beside new photographs
where rectangles without any of these would be too many."""
MANY_RECTS: Final = 48
"""Above this number rectangles are merged more coarsely: each costs a picture on the viewer's side."""


@dataclass(frozen=True, slots=True)
class PlannedRect:
    """Cells, what they hold and why they go out."""

    cells: Cells
    content: Content
    reason: Reason


@dataclass(frozen=True, slots=True)
class Areas:
    """What is unsent, as rectangles of cells."""

    text: list[Cells]
    photo: list[Cells]


NOTHING: Final = Areas([], [])


def unsent_areas(shown: Shown, pixels: PixelBuffer, now_ms: float) -> Areas:
    """What to send, text and photographs apart, the small before the large; without what a video carries."""
    unsent = shown.unsent if shown.moving is None else shown.unsent & ~shown.moving
    count = np.count_nonzero(unsent)
    if not count:
        return NOTHING
    rough = shown.moving is not None or shown.lossy.any()
    gap_cells = PICTURES_GAP_CELLS if rough else TEXT_GAP_CELLS
    if count * CELL_PX * CELL_PX < MIN_PHOTO_PX:
        return Areas(_few_rects(unsent, gap_cells), [])
    photo = photo_cells(pixels, unsent)
    if not photo.any():
        return Areas(sorted(_few_rects(unsent, gap_cells), key=lambda rect: rect.area), [])
    text = unsent & ~photo
    photo_rects = _photo_rects(photo, text)
    for cells in photo_rects:  # covered without a change: else it would go out exact after each frame
        cells.of(shown.quiet_since_ms)[~cells.of(unsent)] = now_ms
    return Areas(sorted(_text_rects(text), key=lambda rect: rect.area), photo_rects)


def quiet_areas(shown: Shown, now_ms: float) -> list[Cells]:
    """What was sent roughly, and stands still. Nothing exact: a thin line would never get beyond it."""
    return merged_rects(shown.quiet(now_ms), gap_cells=0, waste=0.0) if shown.lossy.any() else []


def _photo_rects(photo: CellMask, text: CellMask) -> list[Cells]:
    """Rectangles of photograph and nothing else; one too small, or one too many, joins ``text``."""
    kept: list[Cells] = []
    for cells in sorted(merged_rects(photo, gap_cells=0, waste=0.0), key=lambda rect: -rect.area):
        if len(kept) == MANY_RECTS or cells.area * CELL_PX * CELL_PX < MIN_PHOTO_PX:
            cells.of(text)[:] = True
        else:
            kept.append(cells)
    return kept


def _text_rects(text: CellMask) -> list[Cells]:
    """Rectangles of text beside photographs, without any of these, which cost ten times as much lossless."""
    rects = merged_rects(text, gap_cells=0, waste=0.0)
    return rects if len(rects) <= MANY_RECTS else _few_rects(text, PICTURES_GAP_CELLS)


def _few_rects(mask: CellMask, gap_cells: int) -> list[Cells]:
    rects = merged_rects(mask, gap_cells)
    if len(rects) > MANY_RECTS:
        rects = merged_rects(mask, gap_cells=mask.shape[1], waste=0.5)
    return rects


def strips(cells: Cells, content: Content, reason: Reason, strip_px: int) -> Iterator[PlannedRect]:
    """The rows of cells of a rectangle, as many at a time as have so many pixels, or pieces of one row."""
    row_px = (cells.right - cells.left) * CELL_PX * CELL_PX
    rows = max(1, min(strip_px, MAX_RECT_PX) // row_px)
    columns = max(1, min(strip_px // CELL_PX**2, cells.right - cells.left)) if rows == 1 else cells.right
    for top in range(cells.top, cells.bottom, rows):
        bottom = min(top + rows, cells.bottom)
        for left in range(cells.left, cells.right, columns):
            piece = Cells(top, bottom, left, min(left + columns, cells.right))
            yield PlannedRect(piece, content, reason)
