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

    def encode(self, block: PixelBuffer, quality: int) -> bytes:
        """A whole JFIF picture of the rectangle."""
        return encode_jpeg(np.ascontiguousarray(block), quality, "BGRX", "420")
