"""A second reader of pictures, by SPEC F and D alone: what the viewer's decoders are compared with.

It draws nothing. It says what a frame would have a canvas do, or why the frame is refused.
"""

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import zstandard

from relevo_protocol.errors import ErrorCode, LimitError, MalformedError, ProtocolError
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, copy_source
from tests.fuzz.mutate import Outcome

_MAX_COVERINGS: Final = 4
_PAINTING: Final = frozenset({UpdateKind.LOSSLESS, UpdateKind.LOSSY, UpdateKind.COPY, UpdateKind.VIDEO})
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SEGMENTS: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE})
"""Markers of a JPEG that may stand before its size: tables, and what programs add."""
_VIDEO: Final = frozenset({CodecId.VP8, CodecId.VP9, CodecId.H264})
"""What the fuzzed viewer's browser decodes."""


class PictureLost(Exception):
    """Video that cannot go on without a keyframe: it heals, so the session need not end."""


def inflate(data: bytes | memoryview, size: int) -> bytes:
    """The bytes of a zlib stream that must hold exactly ``size`` of them (SPEC F6)."""
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(bytes(data), size + 1)
    except zlib.error as error:
        raise MalformedError(str(error)) from error
    if len(plain) != size or not inflater.eof or inflater.unused_data:
        raise MalformedError(f"inflated data of {len(plain)} bytes, {size} were announced")
    return plain


def announced_size(codec: CodecId, data: bytes) -> tuple[int, int] | None:
    """Width and height that an encoded picture says it has; None where it is no such picture."""
    match codec:
        case CodecId.PNG:
            is_png = len(data) >= 24 and data[:8] == _PNG and data[12:16] == b"IHDR"
            return struct.unpack(">II", data[16:24]) if is_png else None
        case CodecId.JPEG:
            return _jpeg_size(data)
        case CodecId.WEBP:
            return _webp_size(data)
        case _:
            return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2 if data[:2] == b"\xff\xd8" else len(data)
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker != 0xFF and marker not in _SEGMENTS:
            return None
        at += 1 if marker == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            sides = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
            return next(sides), next(sides)
        case _:
            return None


class Still:
    """The zstd stream of BGRX rows, from a keyframe to the next (SPEC F11)."""

    def __init__(self) -> None:
        self._stream: Any = None
        self.begin()

    def begin(self) -> None:
        """Begin the stream anew."""
        self._stream = zstandard.ZstdDecompressor(max_window_size=2**24).decompressobj()

    def rgba(self, payload: bytes | memoryview, pixels: int) -> bytes:
        """Opaque RGBA of the next piece, which must hold exactly so many pixels."""
        if self._stream is None:
            raise MalformedError("zstd data without their beginning")
        stream, self._stream = self._stream, None
        try:
            plain = stream.decompress(bytes(payload))
        except zstandard.ZstdError as error:
            raise MalformedError(str(error)) from error
        if len(plain) != pixels * 4 or stream.eof:
            raise MalformedError(f"zstd data of {len(plain)} bytes for {pixels} pixels")
        self._stream = stream
        rgba = np.frombuffer(plain, np.uint8).reshape(-1, 4)[:, [2, 1, 0, 3]].copy()
        rgba[:, 3] = 255
        return rgba.tobytes()


@dataclass
class Video:
    """One stream of chunks for one rectangle (SPEC D4); a chunk's picture has the sides that it says itself.

    A chunk that begins a stream begins with 1; 9 breaks the decoder.
    """

    first: Update | None = None
    decoder: CodecId | None = None

    def begin(self) -> None:
        """The next chunk begins a stream."""
        self.first = None

    def show(self, chunk: Update) -> None:
        """Decode a chunk of its stream."""
        begins = self.first is None or self.first.stream != chunk.stream
        if self.first is None or begins:
            self._restart(chunk.codec)
            self.first = chunk
        elif _place(self.first) != _place(chunk):
            raise MalformedError("a piece of video for another rectangle than its stream's")
        data = bytes(chunk.payload)
        if data[:1] == b"\x09" or (begins and data[:1] != b"\x01"):
            self.first = self.decoder = None
            raise PictureLost
        if tuple(data[1:3].ljust(2, b"\0")) != (chunk.width, chunk.height):
            raise MalformedError("a video picture of another size than its rectangle")

    def _restart(self, codec: CodecId) -> None:
        if codec is self.decoder:
            return
        self.first = self.decoder = None
        if codec not in _VIDEO:
            raise ProtocolError(f"video of codec {codec.name}", ErrorCode.UNSUPPORTED_VERSION)
        self.decoder = codec


def _place(chunk: Update) -> tuple[int, int, int, int, CodecId]:
    return chunk.x, chunk.y, chunk.width, chunk.height, chunk.codec


@dataclass
class Screen:
    """What a viewer keeps from frame to frame."""

    still: Still = field(default_factory=Still)
    video: Video = field(default_factory=Video)

    def draw(self, frame: Frame, outcome: Outcome, *, keyframe: bool) -> None:
        """Tell ``outcome`` what the frame does; all of it is decoded before the first failure counts."""
        _check_area(frame)
        if keyframe:
            self.still.begin()
            self.video.begin()
        failures: list[ProtocolError | PictureLost] = []
        read: list[bytes | int] = []
        for update in frame.updates:
            try:
                read += self._operation(update)
            except (ProtocolError, PictureLost) as error:
                failures.append(error)
        try:
            read += _cursor(frame)
        except ProtocolError as error:
            failures.append(error)
        if failures:
            raise failures[0]
        outcome.take(*read)

    def _operation(self, update: Update) -> list[bytes | int]:
        box: list[bytes | int] = [update.x, update.y, update.width, update.height]
        match update.kind:
            case UpdateKind.COPY:
                return [*box, *copy_source(update)]
            case UpdateKind.VIDEO:
                self.video.show(update)
                return box
            case UpdateKind.LOSSLESS | UpdateKind.LOSSY:
                return [*box, *self._picture(update)]
            case UpdateKind.CURSOR_SHAPE | UpdateKind.CURSOR_POSITION:
                return []

    def _picture(self, update: Update) -> list[bytes | int]:
        pixels = update.width * update.height
        match update.codec:
            case CodecId.ZSTD_STREAM_BGRX:
                return [self.still.rgba(update.payload, pixels)]
            case CodecId.DEFLATE_RGB:
                return [_expanded(inflate(update.payload, pixels * 3))]
            case CodecId.RAW_RGB:
                if len(update.payload) != pixels * 3:
                    raise MalformedError("raw rows of another size than their rectangle")
                return [_expanded(bytes(update.payload))]
            case _:
                if announced_size(update.codec, bytes(update.payload)) != (update.width, update.height):
                    raise MalformedError("a picture of another size than its rectangle")
                return []


def _expanded(rgb: bytes) -> bytes:
    rgba = np.full((len(rgb) // 3, 4), 255, np.uint8)
    rgba[:, :3] = np.frombuffer(rgb, np.uint8).reshape(-1, 3)
    return rgba.tobytes()


def _check_area(frame: Frame) -> None:
    if sum(update.kind is UpdateKind.VIDEO for update in frame.updates) > 1:
        raise LimitError("more than one piece of video in a frame")
    painted = sum(one.width * one.height for one in frame.updates if one.kind in _PAINTING)
    if painted > _MAX_COVERINGS * frame.width * frame.height:
        raise LimitError("a frame that paints its screen many times over")


def _cursor(frame: Frame) -> list[bytes | int]:
    """The last shape and the last position of a frame count (SPEC F8)."""
    read: list[bytes | int] = []
    shapes = [one for one in frame.updates if one.kind is UpdateKind.CURSOR_SHAPE]
    if shapes and shapes[-1].codec is not CodecId.NONE:
        shape = shapes[-1]
        if shape.width == 0 or shape.height == 0:
            raise MalformedError("a cursor without pixels")
        read += [min(max(shape.x, 0), shape.width - 1), min(max(shape.y, 0), shape.height - 1)]
        read.append(inflate(shape.payload, shape.width * shape.height * 4))
    positions = [one for one in frame.updates if one.kind is UpdateKind.CURSOR_POSITION]
    if positions:
        read += [positions[-1].x & 0xFFFF, positions[-1].y & 0xFFFF]
    return read
