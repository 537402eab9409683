"""The encoders, one small file each; :class:`EncoderSet` chooses among those that the viewers decode."""

from typing import Final

from relevo_agent.pipeline.encoders.base import Encoder
from relevo_agent.pipeline.encoders.deflate import DeflateRgb
from relevo_agent.pipeline.encoders.jpeg import Jpeg
from relevo_agent.pipeline.encoders.video import Video
from relevo_agent.pipeline.encoders.video_probe import EncoderReport, available_encoders
from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_agent.pipeline.types import Content
from relevo_protocol.frame import CodecId

__all__ = [
    "ENCODERS",
    "Encoder",
    "EncoderReport",
    "EncoderSet",
    "Video",
    "available_encoders",
    "encoder_for",
]

ENCODERS: Final[tuple[Encoder, ...]] = (DeflateRgb(), Jpeg())
"""Those that need nothing before them and that every viewer decodes, in the order of preference."""


def encoder_for(content: Content, *, exact: bool) -> Encoder:
    """The first encoder for this content that every viewer decodes; with ``exact`` the first lossless one."""
    fitting = (e for e in ENCODERS if (e.lossless if exact else e.content is content))
    return next(fitting)


class EncoderSet:
    """The encoders of one loop: one zstd stream where all viewers decode it, else each rectangle alone."""

    def __init__(self) -> None:
        self._stream: ZstdStream | None = None

    def choose(self, decoders: frozenset[CodecId]) -> None:
        """What all viewers decode (SPEC D5); a keyframe, and with it :meth:`begin`, must follow."""
        wanted = CodecId.ZSTD_STREAM_BGRX in decoders
        if wanted and self._stream is None:
            self._stream = ZstdStream()
        elif not wanted:
            self._stream = None

    def begin(self) -> None:
        """A keyframe begins: nothing that was encoded before counts."""
        if self._stream is not None:
            self._stream.reset()

    def encoder_for(self, content: Content, *, exact: bool) -> Encoder:
        """The encoder for this content; with ``exact`` a lossless one. What it gives out must be sent."""
        if self._stream is not None and (exact or content is Content.TEXT):
            return self._stream
        return encoder_for(content, exact=exact)
