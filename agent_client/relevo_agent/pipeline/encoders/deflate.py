"""RGB rows through deflate in a zlib envelope (RFC 1950), which browsers inflate by themselves.

Intel's ISA-L at level 1 is measured (``benchmarks/``) at a fifth of zlib's time for the same size; where no
wheel of it exists, zlib does the work.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.types import Content, PixelBuffer
from relevo_protocol.frame import CodecId

if TYPE_CHECKING:

    def compress(data: NDArray[np.uint8], level: int) -> bytes:
        """What zlib and ISA-L offer alike."""
        ...
else:
    try:
        from isal.isal_zlib import compress
    except ImportError:  # no wheel for this platform
        from zlib import compress

LEVEL: Final = 1


class DeflateRgb:
    """Lossless: three bytes a pixel, rows from top to bottom without padding."""

    def __init__(self) -> None:
        self.codec = CodecId.DEFLATE_RGB
        self.content = Content.TEXT
        self.lossless = True
        self._scratch = np.empty(0, np.uint8)

    def encode(self, block: PixelBuffer, quality: int) -> bytes:
        """Zlib stream of the RGB bytes; ``quality`` changes nothing."""
        del quality
        return compress(self._rgb(block), LEVEL)

    def _rgb(self, block: PixelBuffer) -> NDArray[np.uint8]:
        """The pixels as packed RGB in memory that is used again by the next call."""
        height, width = block.shape[:2]
        needed = height * width * 3
        if len(self._scratch) < needed:
            self._scratch = np.empty(needed, np.uint8)
        rgb = self._scratch[:needed].reshape(height, width, 3)
        for channel in range(3):  # plane by plane: six times faster than one reversed copy
            rgb[..., channel] = block[..., 2 - channel]
        return rgb
