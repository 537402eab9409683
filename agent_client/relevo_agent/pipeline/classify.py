"""Tells photographs from text and flat areas by how often a pixel equals its left neighbour.

Over whole rectangles the share is below 0.03 for photographs (95th percentile) and above 0.62 for text (5th).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.diff import Cells
from relevo_agent.pipeline.types import CELL_PX, CellMask, PixelBuffer

PHOTO_SHARE: Final = 0.3
"""Below this share of equal horizontal neighbours a block is a photograph."""
BLOCK_CELLS: Final = 4
"""Side of the squares that are judged: 64 pixels, enough for the share to settle."""
SAMPLED_EVERY: Final = 4
"""One row in so many is looked at."""


def photo_cells(pixels: PixelBuffer, dirty: CellMask) -> CellMask:
    """The dirty cells that lie in photographic blocks; ``pixels`` is the whole screen."""
    photo = np.zeros_like(dirty)
    rows, columns = np.flatnonzero(dirty.any(axis=1)), np.flatnonzero(dirty.any(axis=0))
    if not len(rows):
        return photo
    area = Cells(
        int(rows[0]) // BLOCK_CELLS * BLOCK_CELLS,
        int(rows[-1]) + 1,
        int(columns[0]) // BLOCK_CELLS * BLOCK_CELLS,
        int(columns[-1]) + 1,
    )
    blocks = _photo_blocks(area.pixels(pixels.shape[1], pixels.shape[0]).of(pixels))
    by_cell = blocks.repeat(BLOCK_CELLS, axis=0).repeat(BLOCK_CELLS, axis=1)
    height, width = area.bottom - area.top, area.right - area.left
    area.of(photo)[:] = by_cell[:height, :width] & area.of(dirty)
    return photo


def _photo_blocks(pixels: PixelBuffer) -> CellMask:
    """One boolean for each block of an area that begins at a block's corner."""
    side_px = BLOCK_CELLS * CELL_PX
    sampled = pixels[::SAMPLED_EVERY].view(np.uint32)[..., 0]
    height, width = -(-pixels.shape[0] // SAMPLED_EVERY), pixels.shape[1]
    equal = np.zeros((height, width), np.uint16)
    np.equal(sampled[:, 1:], sampled[:, :-1], out=equal[:, 1:], casting="unsafe")
    lefts: NDArray[np.int64] = np.arange(0, width, side_px, dtype=np.int64)
    tops: NDArray[np.int64] = np.arange(0, height, side_px // SAMPLED_EVERY, dtype=np.int64)
    by_row = np.add.reduceat(equal, lefts, axis=1)
    counts = np.add.reduceat(by_row, tops, axis=0)
    areas: NDArray[np.int64] = np.outer(np.diff(tops, append=height), np.diff(lefts, append=width))
    photo: CellMask = counts < PHOTO_SHARE * areas
    return photo
