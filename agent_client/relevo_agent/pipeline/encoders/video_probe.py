"""What video this machine encodes: told to ``relevo-agent doctor``, and what :mod:`video` chooses from."""

import functools
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from relevo_agent.pipeline.encoders.video_codecs import CLOCK_HZ, VIDEO_CODECS, EncoderFailed, VideoCodec
from relevo_protocol.frame import CodecId

if TYPE_CHECKING:
    from relevo_agent.pipeline.encoders.video_stream import VideoStream

TRIED_PICTURES: Final = 4
TRIED_SIZE_PX: Final = (320, 240)
TRIED_BYTES_PER_S: Final = 50_000
_ONE_TRIES: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class EncoderReport:
    """One encoder; ``reason`` says why it is not usable, and is empty where it is."""

    codec: CodecId
    name: str
    reason: str

    @property
    def usable(self) -> bool:
        """Whether this machine encodes with it."""
        return not self.reason


def opened(kind: VideoCodec, size_px: tuple[int, int], bytes_per_s: int) -> "VideoStream":
    """A new stream of pictures of this size, at this rate.

    Raises:
        EncoderFailed: PyAV is not there, or it has no such encoder, or that cannot be opened.
    """
    try:
        from relevo_agent.pipeline.encoders.video_stream import VideoStream
    except ImportError as error:  # not installed, or one of its shared libraries does not fit this system
        raise EncoderFailed(f"PyAV cannot be loaded ({error}); install relevo-agent[video]") from error
    return VideoStream(kind, size_px, bytes_per_s)


def available_encoders() -> tuple[EncoderReport, ...]:
    """Every known video encoder, the preferred first; those that may be here are tried, once."""
    with _ONE_TRIES:  # who comes second waits for what the first has found
        return _tried()


@functools.cache
def _tried() -> tuple[EncoderReport, ...]:
    return tuple(EncoderReport(kind.codec, kind.name, why_not(kind)) for kind in VIDEO_CODECS)


def usable_codecs() -> tuple[VideoCodec, ...] | None:
    """The encoders that work here, the preferred first; ``None`` before :func:`available_encoders`."""
    if not _tried.cache_info().currsize:
        return None
    usable = {report.name for report in available_encoders() if report.usable}
    return tuple(kind for kind in VIDEO_CODECS if kind.name in usable)


def why_not(kind: VideoCodec) -> str:
    """Why this encoder is of no use here, empty where it is: it gives one chunk for each picture, at once."""
    if kind.platforms and sys.platform not in kind.platforms:
        return f"is for {', '.join(kind.platforms)} only"
    if kind.device and not Path(kind.device).exists():
        return f"there is no {kind.device}: no graphics processor for it, or no driver"
    try:
        stream = opened(kind, TRIED_SIZE_PX, TRIED_BYTES_PER_S)
        for number in range(TRIED_PICTURES):
            picture = np.full((TRIED_SIZE_PX[1], TRIED_SIZE_PX[0], 4), 40 * number, np.uint8)
            stream.chunk(picture, number * CLOCK_HZ // 30, key=number == 0)
    except EncoderFailed as failure:
        return str(failure)
    return ""
