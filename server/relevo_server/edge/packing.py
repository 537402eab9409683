"""The relay's records as bytes, for the spool, and back."""

from typing import Final

import msgspec

from relevo_server.relay.records import Audited, Record, SeatDropped, SeatKept, SessionKept, SessionOver

_KINDS: Final[dict[str, type[Record]]] = {
    kind.__name__: kind for kind in (SessionKept, SeatKept, SeatDropped, SessionOver, Audited)
}


class UnknownRecord(Exception):
    """Bytes that are no record of this version."""


def pack(record: Record) -> bytes:
    """The record as MessagePack: its kind's name, then its fields."""
    return msgspec.msgpack.encode((type(record).__name__, record))


def unpack(packed: bytes) -> Record:
    """The record again.

    Raises:
        UnknownRecord: it is not one, or one of another version.
    """
    try:
        name, fields = msgspec.msgpack.decode(packed, type=tuple[str, msgspec.Raw])
        return msgspec.msgpack.decode(fields, type=_KINDS[name])
    except (msgspec.DecodeError, KeyError) as error:
        raise UnknownRecord(f"{len(packed)} bytes are no record: {error}") from error
