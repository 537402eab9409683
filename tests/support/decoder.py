"""A reference viewer: applies frame containers to an array of pixels, by other code than the agent's."""

import io
import zlib
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import zstandard
from numpy.typing import NDArray
from PIL import Image

from relevo_protocol.frame import CodecId, Update, UpdateKind, copy_source, decode_frame


class InflatedTooLong(Exception):
    """A payload holds more or fewer bytes than its rectangle."""


class ZstdReader:
    """One zstd stream, from a keyframe to the next (SPEC F11)."""

    def __init__(self) -> None:
        self._stream = zstandard.ZstdDecompressor(max_window_size=2**24).decompressobj()

    def read(self, payload: bytes | memoryview, expected: int) -> NDArray[np.uint8]:
        """The bytes of the next payload, which must be exactly ``expected``, the stream still open."""
        plain = self._stream.decompress(bytes(payload))
        if len(plain) != expected or self._stream.eof:
            raise InflatedTooLong(f"{len(plain)} bytes, expected {expected}")
        return np.frombuffer(plain, np.uint8)


class VideoReader:
    """One video stream: chunks in, pictures out, one for one (SPEC D4)."""

    NAMES: ClassVar = {CodecId.VP8: "vp8", CodecId.VP9: "vp9", CodecId.H264: "h264"}

    def __init__(self, codec: CodecId, number: int) -> None:
        import av

        self.number = number
        self._av = av
        self._context: Any = av.CodecContext.create(self.NAMES[codec], "r")
        self._place: tuple[int, int, int, int] | None = None

    def read(self, update: Update) -> NDArray[np.uint8]:
        """RGB picture of a chunk, of the rectangle's size, which must stay the same."""
        place = (update.x, update.y, update.width, update.height)
        if self._place not in {None, place}:
            raise AssertionError(f"a stream for {self._place} goes on at {place}")
        self._place = place
        (picture,) = self._context.decode(self._av.Packet(bytes(update.payload)))
        rgb = picture.to_ndarray(format="rgb24", src_colorspace="ITU709", src_color_range="JPEG")
        return np.asarray(rgb, np.uint8)


@dataclass
class Viewer:
    """RGB picture of shape (height, width, 3), pointer, and the id of the last frame drawn."""

    picture: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0, 3), np.uint8))
    cursor_position: tuple[int, int] | None = None
    cursor_hot_spot: tuple[int, int] | None = None
    cursor_rgba: NDArray[np.uint8] | None = None
    last_frame_id: int = 0
    zstd: ZstdReader = field(default_factory=ZstdReader)
    video: VideoReader | None = None

    def apply(self, frame_id: int, data: bytes, *, keyframe: bool) -> None:
        """Draw one frame; a gap before a delta is an error."""
        if not keyframe and frame_id != self.last_frame_id + 1:
            raise AssertionError(f"delta {frame_id} after {self.last_frame_id}")
        self.last_frame_id = frame_id
        if keyframe:
            self.zstd, self.video = ZstdReader(), None
        frame = decode_frame(data)
        if self.picture.shape[:2] != (frame.height, frame.width):
            if not keyframe:
                raise AssertionError("the size changed without a keyframe")
            self.picture = np.zeros((frame.height, frame.width, 3), np.uint8)
        for update in frame.updates:
            self._draw(update)

    def _draw(self, update: Update) -> None:
        height, width = update.height, update.width
        area = self.picture[update.y : update.y + height, update.x : update.x + width]
        match update.kind, update.codec:
            case UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB:
                area[:] = inflated(update.payload, height * width * 3).reshape(height, width, 3)
            case UpdateKind.LOSSLESS, CodecId.ZSTD_STREAM_BGRX:
                rows = self.zstd.read(update.payload, height * width * 4).reshape(height, width, 4)
                area[:] = rows[..., 2::-1]
            case UpdateKind.LOSSY, CodecId.JPEG:
                with Image.open(io.BytesIO(update.payload)) as image:
                    area[:] = np.asarray(image.convert("RGB"))
            case UpdateKind.VIDEO, _:
                if self.video is None or self.video.number != update.stream:
                    self.video = VideoReader(update.codec, update.stream)
                area[:] = self.video.read(update)
            case UpdateKind.COPY, _:
                x, y = copy_source(update)
                area[:] = self.picture[y : y + height, x : x + width].copy()
            case UpdateKind.CURSOR_POSITION, _:
                self.cursor_position = (update.x, update.y)
            case UpdateKind.CURSOR_SHAPE, CodecId.NONE:
                self.cursor_rgba = None
            case UpdateKind.CURSOR_SHAPE, CodecId.DEFLATE_RGBA:
                self.cursor_hot_spot = (update.x, update.y)
                self.cursor_rgba = inflated(update.payload, height * width * 4).reshape(height, width, 4)
            case _:
                raise AssertionError(f"{update.kind.name} in {update.codec.name} is not drawn by this viewer")


def inflated(payload: bytes | memoryview, expected: int) -> NDArray[np.uint8]:
    """The bytes of a zlib stream that must hold exactly ``expected`` of them."""
    inflater = zlib.decompressobj()
    plain = inflater.decompress(bytes(payload), expected + 1)
    if len(plain) != expected or not inflater.eof or inflater.unused_data:
        raise InflatedTooLong(f"{len(plain)} bytes, expected {expected}")
    return np.frombuffer(plain, np.uint8)
