"""Tells photographs from text and user interface, in squares of 64 pixels, by how neighbours in a row differ.

Three shares decide, measured on pages of Chromium and LibreOffice (light, dark, over gradients, over
photographs) and on photographs of 300 to 1920 pixels across:

- *equal* to the left neighbour: text and flat areas 0.65 and more, photographs mostly below 0.3;
- *jumps* of 48 and more in green: text 0.10 and more, also over a gradient, where little is equal;
  photographs below 0.05, small pictures below 0.08;
- *calm* steps of at most 3: between its strokes even text over a picture is calm.

Text taken for a photograph is blurred for half a second, which is worse than a photograph taken for text,
which costs bytes: in doubt it is text.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.diff import Cells
from relevo_agent.pipeline.types import CELL_PX, CellMask, PixelBuffer

PHOTO_EQUAL: Final = 0.3
"""Below this share of equal neighbours a block is a photograph, unless it looks like text on one."""
SMOOTH_EQUAL: Final = 0.85
"""Below this one it is, too, if nothing in it jumps: a sky, or what is out of focus."""
TEXT_JUMPS: Final = 0.04
TEXT_CALM: Final = 0.4
SMOOTH_JUMPS: Final = 0.002
"""Of ``SMOOTH_JUMP`` or more: even faint text has more."""
BLOCK_CELLS: Final = 4
"""Side of the squares that are judged: 64 pixels, enough for the shares to settle."""
SAMPLED_EVERY: Final = 4
"""One row in so many is looked at."""

_BLOCK_PX: Final = BLOCK_CELLS * CELL_PX
_BLOCK_ROWS: Final = _BLOCK_PX // SAMPLED_EVERY
# Steps of green are counted in halves, so that the widest of them fits a signed byte.
_CALM_STEP, _SMOOTH_JUMP, _TEXT_JUMP = 1, 16, 24

_SHARES: Final = (PHOTO_EQUAL, SMOOTH_EQUAL, TEXT_JUMPS, TEXT_CALM, SMOOTH_JUMPS)
"""In the order in which the kernel takes them."""

_Counts = NDArray[np.uint16]


def photo_cells(pixels: PixelBuffer, dirty: CellMask) -> CellMask:
    """The dirty cells that lie in photographic blocks; ``pixels`` is the whole screen."""
    rows, columns = np.flatnonzero(dirty.any(axis=1)), np.flatnonzero(dirty.any(axis=0))
    if not len(rows):
        return np.zeros_like(dirty)
    area = Cells(
        int(rows[0]) // BLOCK_CELLS * BLOCK_CELLS,
        int(rows[-1]) + 1,
        int(columns[0]) // BLOCK_CELLS * BLOCK_CELLS,
        int(columns[-1]) + 1,
    )
    compiled = kernel.current()
    found = None if compiled is None else compiled.photo_cells(pixels, dirty, area, _SHARES)
    return _photo_cells(pixels, dirty, area) if found is None else found


def _photo_cells(pixels: PixelBuffer, dirty: CellMask, area: Cells) -> CellMask:
    photo = np.zeros_like(dirty)
    blocks = _photo_blocks(area.pixels(pixels.shape[1], pixels.shape[0]).of(pixels))
    by_cell = blocks.repeat(BLOCK_CELLS, axis=0).repeat(BLOCK_CELLS, axis=1)
    height, width = area.bottom - area.top, area.right - area.left
    area.of(photo)[:] = by_cell[:height, :width] & area.of(dirty)
    return photo


def _photo_blocks(pixels: PixelBuffer) -> CellMask:
    """One boolean for each block of an area that begins at a block's corner."""
    sampled = pixels[::SAMPLED_EVERY].view(np.uint32)[..., 0]
    areas = _block_areas(*sampled.shape)
    flags = _Flags(*sampled.shape)
    np.equal(sampled[:, 1:], sampled[:, :-1], out=flags.pairs)
    equal = flags.counts() / areas
    doubtful: CellMask = equal < SMOOTH_EQUAL
    rows = np.flatnonzero(doubtful.any(axis=1))
    if len(rows):  # seldom on a desktop: only these rows of blocks are looked at again
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        part = sampled[top * _BLOCK_ROWS : bottom * _BLOCK_ROWS]
        doubtful[top:bottom] &= _looks_photographic(part, equal[top:bottom], areas[top:bottom])
    return doubtful


def _looks_photographic(
    sampled: NDArray[np.uint32], equal: NDArray[np.float64], areas: NDArray[np.float64]
) -> CellMask:
    """Which of these blocks are photographs by the steps of green, given the share of equal neighbours."""
    green = ((sampled >> np.uint32(9)) & np.uint32(0x7F)).astype(np.int8)
    steps = np.abs(green[:, 1:] - green[:, :-1])
    flags = _Flags(*sampled.shape)
    np.less_equal(steps, _CALM_STEP, out=flags.pairs)
    calm = flags.counts() / areas
    np.greater_equal(steps, _TEXT_JUMP, out=flags.pairs)
    jumps = flags.counts() / areas
    np.greater_equal(steps, _SMOOTH_JUMP, out=flags.pairs)
    smooth = flags.counts() / areas < SMOOTH_JUMPS
    text_on_it = (jumps >= TEXT_JUMPS) & (calm >= TEXT_CALM)
    photo: CellMask = ((equal < PHOTO_EQUAL) | smooth) & ~text_on_it
    return photo


class _Flags:
    """A boolean for each pair of neighbours, counted by blocks: whole words are added, no loop is needed."""

    def __init__(self, rows: int, width_px: int) -> None:
        self._blocks = -(-rows // _BLOCK_ROWS), -(-width_px // _BLOCK_PX)
        self._all = np.zeros((self._blocks[0] * _BLOCK_ROWS, self._blocks[1] * _BLOCK_PX), np.bool_)
        self.pairs: CellMask = self._all[:rows, 1:width_px]

    def counts(self) -> _Counts:
        """Number of set flags in each block."""
        down, across = self._blocks
        words = self._all.view(np.uint64).reshape(down, _BLOCK_ROWS, across, _BLOCK_PX // 8)
        lanes = np.add.reduce(words, axis=1)  # eight counts in a word, none above the number of rows
        counts: _Counts = lanes.view(np.uint8).reshape(down, across, _BLOCK_PX).sum(axis=2, dtype=np.uint16)
        return counts


def _block_areas(rows: int, width_px: int) -> NDArray[np.float64]:
    """Sampled pixels of each block, fewer at the edges."""
    heights = np.diff(np.arange(0, rows, _BLOCK_ROWS), append=rows)
    widths = np.diff(np.arange(0, width_px, _BLOCK_PX), append=width_px)
    return np.outer(heights, widths).astype(np.float64)
