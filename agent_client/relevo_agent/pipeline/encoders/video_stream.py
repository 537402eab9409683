"""One running video encoder of FFmpeg's libraries: BGRX rectangles in, one chunk out for each, at once.

Imported late, by :func:`video_probe.opened`: PyAV may not be there, and costs 25 MB and 0.1 s where it is.
"""

import os
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Final, SupportsBytes, TypeVar

import av
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from relevo_agent.pipeline.encoders.video_codecs import CLOCK_HZ, LARGE_PX, EncoderFailed, VideoCodec
from relevo_agent.pipeline.encoders.video_colours import Colours
from relevo_agent.pipeline.encoders.video_watch import Watched
from relevo_agent.pipeline.types import PixelBuffer

_Result = TypeVar("_Result")
NOMINAL_FPS: Final = 30
MAX_CHUNK_BYTES: Final = 2**20
"""A media message holds 2 MiB (SPEC L2), and a frame holds more than the chunk."""


_FAILURES: Final = (FFmpegError, ValueError, OSError, MemoryError)
"""What FFmpeg's errors come as."""


class VideoStream:
    """An encoder for one size of picture, opened at once.

    Raises:
        EncoderFailed: from the constructor and from :meth:`chunk`; the stream is then of no more use.
    """

    def __init__(self, kind: VideoCodec, size_px: tuple[int, int], bytes_per_s: int) -> None:
        self.kind, self.size_px, self.bytes_per_s = kind, size_px, bytes_per_s
        self._watched = Watched(kind.name) if kind.in_driver else None
        try:
            context: Any = self._called(self._opened)  # its packets' type parameter is unknown
            self._colours = Colours(kind.pixel_format, size_px)
        except _FAILURES as error:
            raise EncoderFailed(
                f"{kind.name} cannot be opened for {size_px[0]}x{size_px[1]}: {error}"
            ) from error

        self._encode: Callable[[av.VideoFrame], Iterable[SupportsBytes]] = context.encode

    def chunk(self, block: PixelBuffer, time: int, *, key: bool) -> bytes:
        """The chunk of one picture; ``time`` in 1/90,000 s, rising; a ``key`` needs nothing before it."""
        try:
            picture = self._picture(block, time, key=key)
            chunks = self._called(lambda: [bytes(chunk) for chunk in self._encode(picture)])
        except _FAILURES as error:
            raise EncoderFailed(f"{self.kind.name} failed: {error}") from error
        if len(chunks) != 1:
            raise EncoderFailed(f"{self.kind.name} gave {len(chunks)} chunks for one picture")
        if not 0 < len(chunks[0]) <= MAX_CHUNK_BYTES:
            raise EncoderFailed(f"{self.kind.name} gave a chunk of {len(chunks[0])} bytes")
        return chunks[0]

    def _called(self, work: Callable[[], _Result]) -> _Result:
        """Directly where nothing can hang: another thread costs time with each picture."""
        return work() if self._watched is None else self._watched.call(work)

    def _picture(self, block: PixelBuffer, time: int, *, key: bool) -> av.VideoFrame:
        """The block as the encoder takes it, in the colours of SPEC D4."""
        picture = self._colours.picture(block)
        picture.pts, picture.time_base = time, Fraction(1, CLOCK_HZ)
        picture.pict_type = PictureType.I if key else PictureType.NONE
        return picture

    def _opened(self) -> av.VideoCodecContext:
        kind, (width, height), bits_per_s = self.kind, self.size_px, 8 * self.bytes_per_s
        context = av.CodecContext.create(kind.name, "w")
        if not isinstance(context, av.VideoCodecContext):
            raise EncoderFailed(f"{kind.name} is no video encoder")
        context.width, context.height, context.pix_fmt = width, height, kind.pixel_format
        context.time_base, context.framerate = Fraction(1, CLOCK_HZ), Fraction(NOMINAL_FPS)
        context.bit_rate = bits_per_s
        # Full range: in limited range browsers lose 5 % of BT.709's blue (libyuv counts in 1/64).
        context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.JPEG
        context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.IEC61966_2_1
        large = width * height >= LARGE_PX
        context.thread_count = max(1, min(4, (os.cpu_count() or 1) // 2)) if large else 1
        context.options = dict(kind.options(bits_per_s, width * height))
        context.open()
        return context
