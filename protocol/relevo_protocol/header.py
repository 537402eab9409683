"""The 24-byte header before every body (SPEC W1-W8). Clear to the relay, authenticated end to end.

::

    0 u8 version | 1 u8 type | 2 u8 flags | 3 u8 destination
    4 u32 frame id | 8 u64 key id | 16 u64 counter            all big-endian
"""

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.errors import ErrorCode, LimitError, MalformedError
from relevo_protocol.limits import (
    HEADER_BYTES,
    MAX_CONTROL_BYTES,
    MAX_MEDIA_BYTES,
    MAX_PAIRWISE_BYTES,
    MAX_VIEWERS,
)

_LAYOUT: Final = struct.Struct(">BBBBIQQ")

DST_ALL: Final = 0
DST_HOST: Final = 0xFE
DST_RELAY: Final = 0xFF


class MessageType(IntEnum):
    """What a body is; the relay reads only ``RELAY`` bodies (SPEC W3)."""

    RELAY = 0
    MEDIA = 1
    PAIRWISE = 2
    HANDSHAKE = 3
    TEAM = 4


class Flags(IntFlag):
    """Header flags (SPEC W4)."""

    NONE = 0
    KEYFRAME = 1
    DROPPABLE = 2
    END = 4
    SIGNED = 8
    LOWRES = 16


_MAX_BYTES: Final = {
    MessageType.RELAY: MAX_CONTROL_BYTES,
    MessageType.MEDIA: MAX_MEDIA_BYTES,
    MessageType.PAIRWISE: MAX_PAIRWISE_BYTES,
    MessageType.HANDSHAKE: MAX_CONTROL_BYTES,
    MessageType.TEAM: MAX_CONTROL_BYTES,
}
# Every header is read for every message: an enumeration's own look-up costs as much as all the rest of it.
_TYPES: Final[tuple[MessageType, ...]] = tuple(MessageType)
_FLAGS: Final[tuple[Flags, ...]] = tuple(Flags(value) for value in range(2 * int(Flags.LOWRES)))


@dataclass(frozen=True, slots=True)
class Header:
    """One parsed header.

    ``key_id`` is the link for pairwise and handshake messages, the sender's link for team messages and the
    epoch for media (SPEC W6); ``frame_id`` is zero except for media.
    """

    type: MessageType
    flags: Flags = Flags.NONE
    dst: int = DST_RELAY
    frame_id: int = 0
    key_id: int = 0
    counter: int = 0

    def pack(self) -> bytes:
        """Return the 24 bytes, which are also the additional data of the seal."""
        return _LAYOUT.pack(
            PROTOCOL_VERSION, self.type, self.flags, self.dst, self.frame_id, self.key_id, self.counter
        )


def _destination_fits(kind: MessageType, dst: int) -> bool:
    match kind:
        case MessageType.RELAY:
            return dst == DST_RELAY
        case MessageType.MEDIA:
            return dst == DST_ALL
        case MessageType.PAIRWISE | MessageType.HANDSHAKE:
            return dst == DST_HOST or 1 <= dst <= MAX_VIEWERS
        case MessageType.TEAM:
            return 1 <= dst <= MAX_VIEWERS


def parse_header(message: bytes | bytearray | memoryview) -> Header:
    """Read and check the header of a whole WebSocket message.

    Raises:
        MalformedError: too short, another version, unknown type or flags, a destination its type cannot have.
        LimitError: the message is longer than its type may be (SPEC L2).
    """
    if len(message) < HEADER_BYTES:
        raise MalformedError(
            f"a message of {len(message)} bytes has no room for the {HEADER_BYTES}-byte header"
        )
    fields: tuple[int, ...] = _LAYOUT.unpack_from(message)
    version, kind, flags, dst, frame_id, key_id, counter = fields
    if version != PROTOCOL_VERSION:
        raise MalformedError(
            f"protocol version {version}, this side speaks {PROTOCOL_VERSION}", ErrorCode.UNSUPPORTED_VERSION
        )
    if kind >= len(_TYPES):
        raise MalformedError(f"unknown message type {kind}")
    message_type = _TYPES[kind]
    if flags >= len(_FLAGS):
        raise MalformedError(f"unknown flags {flags:#04x}")
    if not _destination_fits(message_type, dst):
        raise MalformedError(f"destination {dst} does not fit a {message_type.name.lower()} message")
    if len(message) > _MAX_BYTES[message_type]:
        raise LimitError(
            f"{message_type.name.lower()} message of {len(message)} bytes, at most {_MAX_BYTES[message_type]}"
        )
    return Header(message_type, _FLAGS[flags], dst, frame_id, key_id, counter)


def body_of(message: bytes | bytearray | memoryview) -> memoryview:
    """Return the bytes after the header, without copying."""
    return memoryview(message)[HEADER_BYTES:]
