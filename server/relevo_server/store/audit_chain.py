"""The bytes that the record's chain is made of, and nothing else.

A line's chain is ``SHA-256("relevo record 2" || previous || fields)``; fields carry their length, numbers are
big-endian. Personal data enter only through a salted hash of their own, so that they can be erased and the
chain still holds. Test vectors: ``tests/server/store/audit-vectors.json``.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

GENESIS: Final = bytes(32)
NOTHING_PERSONAL: Final = bytes(32)
_RECORD: Final = b"relevo record 2"
_PERSONAL: Final = b"relevo personal 2"
_HEAD: Final = b"relevo head 2"


@dataclass(frozen=True)
class ChainedFields:
    """What of a line is chained, as stored; `session_id` is empty where there is none."""

    organisation: str
    seq: int
    event_id: bytes
    at_s: float
    actor: str
    action: str
    session_id: bytes
    cause: str
    details: str
    personal_hash: bytes


def link(previous: bytes, line: ChainedFields) -> bytes:
    """The chain value of a line, 32 bytes, after the line whose chain value is `previous`."""
    return hashlib.sha256(
        b"".join(
            (
                _RECORD,
                previous,
                _sized(line.organisation.encode()),
                struct.pack(">Q", line.seq),
                _sized(line.event_id),
                struct.pack(">d", line.at_s),
                _sized(line.actor.encode()),
                _sized(line.action.encode()),
                _sized(line.session_id),
                _sized(line.cause.encode()),
                _sized(line.details.encode()),
                line.personal_hash,
            )
        )
    ).digest()


def personal_hash(salt: bytes, personal: str) -> bytes:
    """The commitment to a line's personal data (JSON as stored); useless for guessing without the salt."""
    return hashlib.sha256(_PERSONAL + salt + personal.encode()).digest()


def head_bytes(origin: str, organisation: str, seq: int, chain: bytes, at_s: float) -> bytes:
    """What the server signs of the head of a record."""
    return b"".join(
        (
            _HEAD,
            _sized(origin.encode()),
            _sized(organisation.encode()),
            struct.pack(">Q", seq),
            chain,
            struct.pack(">d", at_s),
        )
    )


def old_link(previous: bytes, line: tuple[float, str, str, bytes, str]) -> bytes:
    """The chain of the first versions: time, actor, action, session, details."""
    at_s, actor, action, session_id, details = line
    digest = hashlib.sha256(previous)
    for part in (struct.pack(">d", at_s), actor.encode(), action.encode(), session_id, details.encode()):
        digest.update(_sized(part))
    return digest.digest()


def _sized(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part
