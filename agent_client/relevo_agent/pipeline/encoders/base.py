"""The contract of an encoder."""

from typing import Protocol

from relevo_agent.pipeline.types import Content, PixelBuffer
from relevo_protocol.frame import CodecId


class Encoder(Protocol):
    """Turns a rectangle of pixels into the payload of one update."""

    @property
    def codec(self) -> CodecId:
        """What stands in the update's head."""
        ...

    @property
    def content(self) -> Content:
        """The pixels it is made for."""
        ...

    @property
    def lossless(self) -> bool:
        """Whether red, green and blue come back exactly."""
        ...

    def encode(self, block: PixelBuffer, quality: int) -> bytes:
        """Payload of a rectangle of BGRX pixels, which need not be contiguous; ``quality`` is 1 to 100."""
        ...
