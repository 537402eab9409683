"""The frame container: what a media message holds once opened (SPEC F1-F10).

::

    0 u8 container version | 1 u8 reserved 0 | 2 u16 number of updates
    4 u16 screen width | 6 u16 screen height           pixels
    8 u32 capture time                                 ms on the host's clock, modulo 2**32
    12 updates, one after another:
       u8 kind | u8 codec | u16 stream | i16 x | i16 y | u16 width | u16 height | u32 length | payload

All big-endian. A reader that meets an unknown kind or codec asks for another encoder by ending the frame with
an error; it never guesses.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from relevo_protocol.errors import LimitError, MalformedError
from relevo_protocol.limits import MAX_CURSOR_SIDE_PX, MAX_UPDATES_PER_FRAME, screen_fits

CONTAINER_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BBHHHI")
_UPDATE: Final = struct.Struct(">BBHhhHHI")
_COPY: Final = struct.Struct(">HH")
FRAME_HEAD_BYTES: Final = _HEAD.size
UPDATE_HEAD_BYTES: Final = _UPDATE.size


class UpdateKind(IntEnum):
    """What an update does to the viewer's picture (SPEC F4)."""

    LOSSLESS = 1
    LOSSY = 2
    COPY = 3
    VIDEO = 4
    CURSOR_SHAPE = 5
    CURSOR_POSITION = 6


class CodecId(IntEnum):
    """How a payload is encoded (SPEC F5). Numbers are for ever; a retired one is not used again."""

    NONE = 0
    RAW_RGB = 1
    DEFLATE_RGB = 2
    ZSTD_STREAM_BGRX = 3
    DEFLATE_RGBA = 4
    PNG = 5
    JPEG = 16
    WEBP = 17
    VP8 = 32
    VP9 = 33
    AV1 = 34
    H264 = 35


BASE_CODECS: Final = frozenset(
    {
        CodecId.NONE,
        CodecId.RAW_RGB,
        CodecId.DEFLATE_RGB,
        CodecId.DEFLATE_RGBA,
        CodecId.PNG,
        CodecId.JPEG,
        CodecId.WEBP,
    }
)
"""What every viewer decodes without having said so (SPEC D5)."""

_CODECS: Final[dict[UpdateKind, frozenset[CodecId]]] = {
    UpdateKind.LOSSLESS: frozenset(
        {CodecId.RAW_RGB, CodecId.DEFLATE_RGB, CodecId.ZSTD_STREAM_BGRX, CodecId.PNG, CodecId.WEBP}
    ),
    UpdateKind.LOSSY: frozenset({CodecId.JPEG, CodecId.WEBP}),
    UpdateKind.COPY: frozenset({CodecId.NONE}),
    UpdateKind.VIDEO: frozenset({CodecId.VP8, CodecId.VP9, CodecId.AV1, CodecId.H264}),
    UpdateKind.CURSOR_SHAPE: frozenset({CodecId.NONE, CodecId.DEFLATE_RGBA}),
    UpdateKind.CURSOR_POSITION: frozenset({CodecId.NONE}),
}


@dataclass(frozen=True, slots=True)
class Update:
    """One change of the picture.

    ``x``, ``y`` are the left upper corner in screen pixels; for ``CURSOR_SHAPE`` they are the hot spot,
    and codec ``NONE`` with an empty payload hides the cursor. For ``COPY`` the payload is the source corner
    (:func:`copy_payload`). ``stream`` numbers a video stream (SPEC D4); elsewhere it is zero.
    """

    kind: UpdateKind
    codec: CodecId
    x: int
    y: int
    width: int
    height: int
    payload: bytes | memoryview = b""
    stream: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A parsed or yet unsent frame container: screen size in pixels, capture time in ms, updates in order."""

    width: int
    height: int
    time_ms: int
    updates: tuple[Update, ...]


def copy_payload(source_x: int, source_y: int) -> bytes:
    """Payload of a ``COPY`` update: the source's left upper corner in pixels."""
    return _COPY.pack(source_x, source_y)


def copy_source(update: Update) -> tuple[int, int]:
    """Source corner (x, y) in pixels of a checked ``COPY`` update."""
    x, y = _COPY.unpack(update.payload)
    return x, y


def encode_frame(frame: Frame) -> bytes:
    """Lay a frame out as bytes.

    Raises:
        LimitError: screen or number of updates beyond the wire's bounds, or an update outside the screen.
    """
    _check_screen(frame.width, frame.height, len(frame.updates))
    parts: list[bytes | memoryview] = [
        _HEAD.pack(
            CONTAINER_VERSION, 0, len(frame.updates), frame.width, frame.height, frame.time_ms & 0xFFFFFFFF
        )
    ]
    for u in frame.updates:
        _check_update(u, frame.width, frame.height)
        parts.append(_UPDATE.pack(u.kind, u.codec, u.stream, u.x, u.y, u.width, u.height, len(u.payload)))
        parts.append(u.payload)
    return b"".join(parts)


def decode_frame(data: bytes | memoryview) -> Frame:
    """Read a frame container; payloads are views into ``data``.

    Raises:
        MalformedError: bytes that do not parse, an unknown kind or codec, trailing bytes.
        LimitError: sizes beyond the wire's bounds or outside the screen.
    """
    view = memoryview(data)
    if len(view) < FRAME_HEAD_BYTES:
        raise MalformedError(f"a frame of {len(view)} bytes has no room for its head")
    version, reserved, count, width, height, time_ms = _HEAD.unpack_from(view)
    if version != CONTAINER_VERSION or reserved != 0:
        raise MalformedError(
            f"frame container version {version}.{reserved}, this side reads {CONTAINER_VERSION}.0"
        )
    _check_screen(width, height, count)
    updates: list[Update] = []
    offset = FRAME_HEAD_BYTES
    for _ in range(count):
        update, offset = _read_update(view, offset)
        _check_update(update, width, height)
        updates.append(update)
    if offset != len(view):
        raise MalformedError(f"{len(view) - offset} bytes after the last update")
    return Frame(width, height, time_ms, tuple(updates))


def _read_update(view: memoryview, offset: int) -> tuple[Update, int]:
    if len(view) - offset < UPDATE_HEAD_BYTES:
        raise MalformedError("the frame ends inside an update's head")
    kind, codec, stream, x, y, width, height, length = _UPDATE.unpack_from(view, offset)
    start = offset + UPDATE_HEAD_BYTES
    if length > len(view) - start:
        raise MalformedError(f"an update announces {length} bytes, {len(view) - start} are left")
    try:
        update = Update(
            UpdateKind(kind), CodecId(codec), x, y, width, height, view[start : start + length], stream
        )
    except ValueError as error:
        raise MalformedError(f"unknown update kind {kind} or codec {codec}") from error
    return update, start + length


def _check_screen(width: int, height: int, count: int) -> None:
    if not screen_fits(width, height):
        raise LimitError(f"a screen of {width}x{height} pixels is beyond the wire's bounds")
    if count > MAX_UPDATES_PER_FRAME:
        raise LimitError(f"{count} updates in one frame, at most {MAX_UPDATES_PER_FRAME}")


def _inside(x: int, y: int, size: tuple[int, int], screen: tuple[int, int]) -> bool:
    return x >= 0 and y >= 0 and x + size[0] <= screen[0] and y + size[1] <= screen[1]


def _check_update(u: Update, width: int, height: int) -> None:
    if u.codec not in _CODECS[u.kind]:
        raise MalformedError(f"codec {u.codec.name} cannot carry a {u.kind.name} update")
    size, screen, fits = (u.width, u.height), (width, height), False
    match u.kind:
        case UpdateKind.CURSOR_POSITION:
            fits = u.width == u.height == 0 and not u.payload
        case UpdateKind.CURSOR_SHAPE:
            fits = max(size) <= MAX_CURSOR_SIDE_PX and (u.codec is not CodecId.NONE or not u.payload)
        case UpdateKind.COPY:
            fits = len(u.payload) == _COPY.size and _inside(u.x, u.y, size, screen)
            fits = fits and _inside(*copy_source(u), size, screen)
        case UpdateKind.LOSSLESS | UpdateKind.LOSSY | UpdateKind.VIDEO:
            fits = min(size) > 0 and _inside(u.x, u.y, size, screen)
    if not fits:
        raise LimitError(
            f"{u.kind.name} update of {u.width}x{u.height} at {u.x},{u.y}: outside a {width}x{height} screen"
        )
