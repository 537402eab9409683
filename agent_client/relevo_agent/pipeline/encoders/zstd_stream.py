"""Text and user interface: BGRX rows through one zstd stream that remembers what it has sent (SPEC F11).

What scrolls back, what is typed again and what every window shares costs almost nothing, as the window holds
the last 16 MiB of pixels: two full screens of 1920x1080.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from zstandard import COMPRESSOBJ_FLUSH_BLOCK, ZstdCompressionParameters, ZstdCompressor

from relevo_agent.pipeline.types import Content, PixelBuffer
from relevo_protocol.frame import CodecId

LEVEL: Final = 1
WINDOW_LOG: Final = 24
"""Window of 2**24 bytes, the largest that a viewer takes (SPEC F11)."""
HASH_LOG: Final = 17
"""Half a megabyte of places to look for a match. Left alone, level 1 takes an eighth of that for a stream of
unknown length: a tenth more bytes, and three times as many where something covered comes to light again."""
MIN_MATCH: Final = 6
"""Bytes of the shortest match that is looked for. Left alone, level 1 wants 7, of which the few pixels of a
letter that is typed for the first time hold few: typing costs a twentieth more, and pages the same."""
_COLOURS: Final = np.frombuffer(b"\xff\xff\xff\x00", np.uint32)[0]
"""X has no meaning on the wire and is whatever the platform left there: as zero it never breaks a match."""


class ZstdStream:
    """Lossless; every payload it has given out must be sent, in order, until :meth:`reset`.

    Memory: the encoder's own, about 17 MiB, and the pixels of the largest block yet (:attr:`memory_bytes`).
    """

    def __init__(self) -> None:
        self.codec = CodecId.ZSTD_STREAM_BGRX
        self.content = Content.TEXT
        self.lossless = True
        self._parameters = ZstdCompressionParameters(
            compression_level=LEVEL,
            window_log=WINDOW_LOG,
            hash_log=HASH_LOG,
            min_match=MIN_MATCH,
            write_content_size=0,
        )
        self._compressor = ZstdCompressor(compression_params=self._parameters)
        self._stream = self._compressor.compressobj()
        self._scratch = np.empty(0, np.uint32)

    @property
    def memory_bytes(self) -> int:
        """What the encoder and its scratch hold, by the library's own estimate."""
        window = 1 << WINDOW_LOG
        return self._parameters.estimated_compression_context_size() + window + self._scratch.nbytes

    def reset(self) -> None:
        """Begin anew: the next payload needs nothing before it. To be called at each keyframe."""
        self._stream = self._compressor.compressobj()

    def encode(self, block: PixelBuffer, quality: int) -> bytes:
        """Continuation of the stream that holds these pixels to the last; ``quality`` changes nothing."""
        del quality
        return self._stream.compress(self._packed(block).data) + self._stream.flush(COMPRESSOBJ_FLUSH_BLOCK)

    def _packed(self, block: PixelBuffer) -> NDArray[np.uint32]:
        """The pixels without gaps and with X zero, in memory that is used again by the next call."""
        height, width = block.shape[:2]
        if len(self._scratch) < height * width:
            self._scratch = np.empty(height * width, np.uint32)
        packed = self._scratch[: height * width]
        np.bitwise_and(block.view(np.uint32)[..., 0], _COLOURS, out=packed.reshape(height, width))
        return packed
