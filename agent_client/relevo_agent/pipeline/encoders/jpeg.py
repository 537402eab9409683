"""JPEG for photographs, by libjpeg-turbo."""

from typing import TYPE_CHECKING

import numpy as np

from relevo_agent.pipeline.types import Content, PixelBuffer
from relevo_protocol.frame import CodecId

if TYPE_CHECKING:

    def encode_jpeg(image: PixelBuffer, quality: int, colorspace: str, colorsubsampling: str) -> bytes:
        """What simplejpeg offers; it publishes no types."""
        ...
else:
    from simplejpeg import encode_jpeg


class Jpeg:
    """Lossy: baseline JFIF, colour at half resolution."""

    def __init__(self) -> None:
        self.codec = CodecId.JPEG
        self.content = Content.PHOTO
        self.lossless = False
        self._scratch = np.empty(0, np.uint32)

    def encode(self, block: PixelBuffer, quality: int) -> bytes:
        """A whole JFIF picture of the rectangle."""
        return encode_jpeg(self._packed(block), quality, "BGRX", "420")

    def _packed(self, block: PixelBuffer) -> PixelBuffer:
        """The pixels without gaps between their rows, in memory that is used again by the next call."""
        if block.flags.c_contiguous:
            return block
        height, width = block.shape[:2]
        if len(self._scratch) < height * width:
            self._scratch = np.empty(height * width, np.uint32)
        packed = self._scratch[: height * width].reshape(height, width)
        packed[:] = block.view(np.uint32)[..., 0]
        return packed.view(np.uint8).reshape(height, width, 4)
