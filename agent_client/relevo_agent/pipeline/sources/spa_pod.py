"""PipeWire's parameters as bytes: what a video stream offers, and what the other side has chosen.

Source: Simple Plugin API, "SPA POD": blocks of size, type and content, padded to eight bytes. Numbers are of
this machine's own byte order, which is little-endian wherever Wayland desktops run.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_ID, _INT, _RECTANGLE, _FRACTION, _OBJECT, _CHOICE = 3, 4, 10, 11, 15, 19
_FORMAT_OBJECT, _BUFFERS_OBJECT, _META_OBJECT = 0x40003, 0x40004, 0x40005
PARAM_ENUM_FORMAT: Final = 3
PARAM_FORMAT: Final = 4
_PARAM_BUFFERS, _PARAM_META = 5, 6
_MEDIA_TYPE, _MEDIA_SUBTYPE, _VIDEO, _RAW = 1, 2, 2, 1
_VIDEO_FORMAT, _VIDEO_SIZE, _VIDEO_RATE, _VIDEO_MAX_RATE = 0x20001, 0x20003, 0x20004, 0x20005
_RANGE, _ENUM, _FLAGS = 1, 3, 4
_BUFFERS_COUNT, _BUFFERS_BLOCKS, _BUFFERS_SIZE, _BUFFERS_STRIDE, _BUFFERS_DATA_TYPE = 1, 2, 3, 4, 6
_META_TYPE, _META_SIZE = 1, 2
META_HEADER, META_DAMAGE, META_CURSOR = 1, 3, 5
DATA_MEMPTR, DATA_MEMFD = 1, 2
HEADER_BYTES: Final = 32
REGION_BYTES: Final = 16
CURSOR_BYTES: Final = 28
BITMAP_BYTES: Final = 20
MAX_DAMAGE_REGIONS: Final = 32
MAX_CURSOR_PX: Final = 1024
"""Mutter insists on room for 384 pixels, whatever the pointer's size."""
RGBX, BGRX, RGBA, BGRA = 7, 8, 11, 12
"""Video formats of four bytes a pixel that are taken, the cheapest last but one: BGRX needs no conversion."""
_MAX_SIDE_PX: Final = 16384
_MAX_FPS: Final = 60


class PodError(ValueError):
    """The bytes are no parameter of the kind that was asked for."""


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What the other side sends: one of the formats above, and the size of its pictures in pixels."""

    format: int
    width: int
    height: int


def _pod(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", len(body), kind) + body + bytes(-len(body) % 8)


def _id(value: int) -> bytes:
    return _pod(_ID, struct.pack("<I", value))


def _int(value: int) -> bytes:
    return _pod(_INT, struct.pack("<i", value))


def _choice(choice: int, kind: int, values: Sequence[bytes]) -> bytes:
    return _pod(_CHOICE, struct.pack("<IIII", choice, 0, len(values[0]), kind) + b"".join(values))


def _ints(choice: int, *values: int) -> bytes:
    return _choice(choice, _INT, [struct.pack("<i", value) for value in values])


def _pairs(kind: int, *pairs: tuple[int, int]) -> bytes:
    return _choice(_RANGE, kind, [struct.pack("<II", *pair) for pair in pairs])


def _object(kind: int, name: int, properties: dict[int, bytes]) -> bytes:
    told = b"".join(struct.pack("<II", key, 0) + value for key, value in properties.items())
    return _pod(_OBJECT, struct.pack("<II", kind, name) + told)


def offered_format() -> bytes:
    """Raw video of any size that we can read, at the compositor's own pace up to 60 pictures a second.

    No DMA-BUF modifiers are offered: the pictures must come in memory that can be read.
    """
    formats = [struct.pack("<I", one) for one in (BGRX, BGRX, BGRA, RGBX, RGBA)]
    return _object(
        _FORMAT_OBJECT,
        PARAM_ENUM_FORMAT,
        {
            _MEDIA_TYPE: _id(_VIDEO),
            _MEDIA_SUBTYPE: _id(_RAW),
            _VIDEO_FORMAT: _choice(_ENUM, _ID, formats),
            _VIDEO_SIZE: _pairs(_RECTANGLE, (1920, 1080), (1, 1), (_MAX_SIDE_PX, _MAX_SIDE_PX)),
            _VIDEO_RATE: _pairs(_FRACTION, (0, 1), (0, 1), (_MAX_FPS, 1)),
            _VIDEO_MAX_RATE: _pairs(_FRACTION, (_MAX_FPS, 1), (1, 1), (_MAX_FPS, 1)),
        },
    )


def wanted_buffers() -> bytes:
    """Memory that can be read, in one block; enough buffers that one can be kept while others are filled."""
    return _object(
        _BUFFERS_OBJECT,
        _PARAM_BUFFERS,
        {
            _BUFFERS_COUNT: _ints(_RANGE, 6, 3, 16),
            _BUFFERS_BLOCKS: _int(1),
            _BUFFERS_DATA_TYPE: _ints(_FLAGS, 1 << DATA_MEMPTR | 1 << DATA_MEMFD),
        },
    )


def wanted_meta() -> tuple[bytes, ...]:
    """What is to be told beside the pixels: header, damaged regions, and the pointer."""
    cursor = [CURSOR_BYTES + BITMAP_BYTES + side * side * 4 for side in (64, 1, MAX_CURSOR_PX)]
    regions = [REGION_BYTES * count for count in (16, 1, MAX_DAMAGE_REGIONS)]
    return (
        _meta(META_HEADER, _int(HEADER_BYTES)),
        _meta(META_DAMAGE, _ints(_RANGE, *regions)),
        _meta(META_CURSOR, _ints(_RANGE, *cursor)),
    )


def _meta(kind: int, size: bytes) -> bytes:
    return _object(_META_OBJECT, _PARAM_META, {_META_TYPE: _id(kind), _META_SIZE: size})


def parsed_format(pod: bytes) -> VideoFormat:
    """The format that was chosen.

    Raises:
        PodError: it is no raw video of four bytes a pixel.
    """
    try:
        found = dict(_properties(pod))
        kinds = [
            struct.unpack_from("<I", found[key])[0] for key in (_MEDIA_TYPE, _MEDIA_SUBTYPE, _VIDEO_FORMAT)
        ]
        width, height = struct.unpack_from("<II", found[_VIDEO_SIZE])
    except (struct.error, KeyError) as error:
        raise PodError(f"the stream's format cannot be read: {error}") from error
    if kinds[:2] != [_VIDEO, _RAW] or kinds[2] not in {RGBX, BGRX, RGBA, BGRA}:
        raise PodError(f"the stream's format is not one that was offered: {kinds}")
    return VideoFormat(kinds[2], width, height)


def _properties(pod: bytes) -> list[tuple[int, bytes]]:
    """Key and content of each property of an object; of a choice its first value, the chosen one."""
    size, kind, object_kind, _ = struct.unpack_from("<IIII", pod)
    if kind != _OBJECT or object_kind != _FORMAT_OBJECT:
        raise PodError("this parameter is no format")
    end, at = min(8 + size, len(pod)), 16
    found: list[tuple[int, bytes]] = []
    while at + 16 <= end:
        key, _, length, kind = struct.unpack_from("<IIII", pod, at)
        body = pod[at + 16 : min(at + 16 + length, end)]
        found.append((key, body[16:] if kind == _CHOICE else body))
        at += 16 + length + -length % 8
    return found
