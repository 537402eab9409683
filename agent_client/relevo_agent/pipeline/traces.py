"""Whether what waits to be sent has changed again: a thin line leaves cells unsent for many looks.

They differ from what is shown at each of these looks, and a source that tells no damage cannot say which of
them moved. A trace of each cell does, from two of its rows: enough to tell a film from a page that waits.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.types import CELL_PX, CellMask, PixelBuffer

_ROWS: Final = (4, 11)
_FACTORS: Final = np.random.default_rng(1).integers(0, 2**31, (len(_ROWS), CELL_PX), np.uint32) * 2 + 1


class Traces:
    """What the cells looked like that a look has left unsent; costs nothing where none are."""

    def __init__(self) -> None:
        self._left: CellMask | None = None
        self._traces = np.zeros((0, 0), np.uint32)

    def still(self, pixels: PixelBuffer) -> CellMask | None:
        """The cells left by the look before that have not changed since; ``None``: there are none."""
        if self._left is None:
            return None
        return np.logical_and(self._left, np.equal(_traces(pixels), self._traces))

    def leave(self, pixels: PixelBuffer, unsent: CellMask) -> None:
        """These cells have not gone out with the frame of this look."""
        self._left = unsent.copy() if unsent.any() else None
        if self._left is not None:
            self._traces = _traces(pixels)

    def forget(self) -> None:
        """The next look is at another screen."""
        self._left = None


def _traces(pixels: PixelBuffer) -> NDArray[np.uint32]:
    height, width = pixels.shape[:2]
    tops: NDArray[np.int64] = np.arange(0, height, CELL_PX, dtype=np.int64)
    lefts: NDArray[np.int64] = np.arange(0, width, CELL_PX, dtype=np.int64)
    words = pixels.view(np.uint32)[..., 0]
    found = np.zeros((len(tops), len(lefts)), np.uint32)
    for row, factors in zip(_ROWS, _FACTORS, strict=True):
        line = words[np.minimum(tops + row, height - 1)]
        line *= np.resize(factors, width)
        found += np.add.reduceat(line, lefts, axis=1)
    return found
