"""Video of the rectangle that moves: which codec, when a stream begins, at which rate (SPEC D4, D5)."""

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from relevo_agent.pipeline.encoders.video_codecs import CLOCK_HZ, VIDEO_CODECS, EncoderFailed, VideoCodec
from relevo_agent.pipeline.encoders.video_probe import available_encoders, opened, usable_codecs
from relevo_agent.pipeline.types import PixelBuffer, Rect
from relevo_protocol.frame import CodecId, Update, UpdateKind

if TYPE_CHECKING:
    from relevo_agent.pipeline.encoders.video_stream import VideoStream

_LOG = logging.getLogger(__name__)

MAX_BYTES_PER_PX: Final = 0.4
"""A second, whatever the line takes: 164 kB/s for 854x480, above which the eye gains nothing."""
SCARCE_BYTES_PER_PX: Final = 0.22
"""A second: below this VP9's better compression is worth its time, which is twice VP8's."""
SCARCE_HYSTERESIS: Final = 1.6
MIN_BYTES_PER_S: Final = 4000
STRETCH_LIMIT: Final = 8.0
"""The rate may leave the one that the encoder was opened with by this factor without a new stream."""
REOPEN_RATIO: Final = 1.5
"""An encoder that takes no other rate while it runs is opened anew when the rate is off by this factor."""
SETTLED_MS: Final = 3000.0
"""No stream is opened anew for its rate or codec before this time."""
PAUSE_LIMIT_MS: Final = 200.0
"""A longer pause between two pictures gives the next one no more bytes."""


@dataclass(slots=True)
class _Running:
    stream: "VideoStream"
    rect: Rect
    number: int
    began_ms: float
    time: int = 0
    last_ms: float | None = None
    begun: bool = False


class Video:
    """The one video stream of a loop; ``now_ms`` is the loop's clock.

    Nothing here raises: where there is no video, or no more, :meth:`encode` gives ``None`` and the rectangle
    goes out as photographs.
    """

    def __init__(self, codecs: tuple[VideoCodec, ...] | None = None) -> None:
        self._codecs = codecs
        self._decoders: frozenset[CodecId] = frozenset()
        self._failed: set[str] = set()
        self._running: _Running | None = None
        self._number = 0

    @property
    def available(self) -> bool:
        """Whether there is a codec that all viewers decode and that works here; not before that is known."""
        return bool(self._usable())

    @property
    def codec(self) -> CodecId | None:
        """The codec of the running stream."""
        return None if self._running is None else self._running.stream.kind.codec

    def choose(self, decoders: frozenset[CodecId]) -> None:
        """What all viewers decode (SPEC D5). A running stream that some do not decode ends."""
        self._decoders = decoders
        known = self._codecs or usable_codecs()
        if known is None and any(kind.codec in decoders for kind in VIDEO_CODECS):
            # Loading PyAV and trying the encoders takes 0.2 s, and no picture waits for video.
            threading.Thread(target=available_encoders, name="video encoders", daemon=True).start()
        if self._running is not None and self._running.stream.kind.codec not in decoders:
            self.end()

    def begin(self) -> None:
        """A keyframe ends every stream (SPEC D4): the next chunk begins one."""
        if self._running is not None:
            self._running.begun = False

    def end(self) -> None:
        """Nothing moves any more: the encoder and its memory are given back."""
        self._running = None

    def encode(self, rect: Rect, pixels: PixelBuffer, now_ms: float, bytes_per_s: float) -> Update | None:
        """The chunk of this rectangle of the screen ``pixels``; another one than last time begins a stream.

        ``bytes_per_s`` is what video may use of the line. The chunk must be sent, in order.
        """
        rate = max(MIN_BYTES_PER_S, min(bytes_per_s, MAX_BYTES_PER_PX * rect.area_px))
        while True:
            kind = self._kind(rect, rate, now_ms)
            if kind is None:
                self.end()
                return None
            try:
                return self._chunk(self._stream(kind, rect, rate, now_ms), pixels, now_ms, rate)
            except EncoderFailed as failure:
                self._give_up(kind, failure)

    def _usable(self) -> list[VideoCodec]:
        if not self._decoders:
            return []
        codecs = usable_codecs() if self._codecs is None else self._codecs
        return [k for k in codecs or () if k.codec in self._decoders and k.name not in self._failed]

    def _kind(self, rect: Rect, rate: float, now_ms: float) -> VideoCodec | None:
        """The first usable codec; VP9 before VP8 where bytes are scarce."""
        odd = rect.width % 2 or rect.height % 2
        usable = [kind for kind in self._usable() if not (odd and kind.even)]
        if not usable:
            return None
        scarce = SCARCE_BYTES_PER_PX * rect.area_px
        if self._running is not None and self._running.stream.kind in usable:
            running = self._running.stream.kind
            if now_ms - self._running.began_ms < SETTLED_MS:
                return running
            scarce *= SCARCE_HYSTERESIS if running.codec is CodecId.VP9 else 1 / SCARCE_HYSTERESIS
        frugal = [kind for kind in usable if kind.codec is CodecId.VP9]
        if usable[0].codec is CodecId.VP8 and frugal and rate < scarce:
            return frugal[0]
        return usable[0]

    def _stream(self, kind: VideoCodec, rect: Rect, rate: float, now_ms: float) -> _Running:
        running = self._running
        if running is not None and self._goes_on(running, kind, rect, rate, now_ms):
            if running.rect != rect:
                running.rect, running.begun = rect, False
            return running
        self._running = None  # before the new one: two encoders are twice the memory
        stream = opened(kind, (rect.width, rect.height), int(rate))
        self._running = _Running(stream, rect, self._number, now_ms)
        return self._running

    @staticmethod
    def _goes_on(running: _Running, kind: VideoCodec, rect: Rect, rate: float, now_ms: float) -> bool:
        stream = running.stream
        if stream.kind is not kind or stream.size_px != (rect.width, rect.height):
            return False
        factor = STRETCH_LIMIT if kind.follows_time else REOPEN_RATIO
        off = max(rate / stream.bytes_per_s, stream.bytes_per_s / rate)
        return off <= factor or now_ms - running.began_ms < SETTLED_MS

    def _chunk(self, running: _Running, pixels: PixelBuffer, now_ms: float, rate: float) -> Update:
        stream, rect = running.stream, running.rect
        passed_ms = 1000 / 30 if running.last_ms is None else now_ms - running.last_ms
        stretch = rate / stream.bytes_per_s if stream.kind.follows_time else 1.0
        stretch = max(1 / STRETCH_LIMIT, min(stretch, STRETCH_LIMIT))
        passed_ms = max(4.0, min(passed_ms, PAUSE_LIMIT_MS))
        running.time += max(1, int(passed_ms * stretch * CLOCK_HZ / 1000))
        running.last_ms = now_ms
        key = not running.begun
        payload = stream.chunk(rect.of(pixels), running.time, key=key)
        if key:
            self._number = self._number % 0xFFFF + 1
            running.number, running.begun = self._number, True
        return Update(
            UpdateKind.VIDEO,
            stream.kind.codec,
            rect.x,
            rect.y,
            rect.width,
            rect.height,
            payload,
            running.number,
        )

    def _give_up(self, kind: VideoCodec, failure: EncoderFailed) -> None:
        self._failed.add(kind.name)
        self._running = None
        left = ", ".join(k.name for k in self._usable()) or "JPEG"
        _LOG.warning("video: %s; from now on %s", failure, left)
