"""Who is in a session, as bytes that have one form only; their hash enters the media key (SPEC K15)."""

import hashlib
from collections.abc import Collection, Iterable
from typing import Annotated, Final

from msgspec import Meta, Struct

from relevo_protocol.crypto.encoding import lv
from relevo_protocol.crypto.errors import CryptoError, FailureKind
from relevo_protocol.crypto.flights import InertName, InertText, Word

_LABEL: Final = b"relevo1 roster"


class Member(Struct, frozen=True, forbid_unknown_fields=True):
    """One who can open the frames of an epoch besides the host: a viewer, or a recorder that reads.

    ``slot`` is the destination in headers (1 to 5 for viewers), ``link_id`` the key id of its channel.
    """

    slot: Annotated[int, Meta(ge=1, le=255)]
    role: Word
    account_id: InertName
    display_name: InertName
    organisation: InertText
    link_id: Annotated[int, Meta(ge=0)]


def _member_bytes(member: Member) -> bytes:
    return lv(
        bytes([member.slot]),
        member.role.encode(),
        member.account_id.encode(),
        member.display_name.encode(),
        member.organisation.encode(),
        member.link_id.to_bytes(8, "big"),
    )


def encode_roster(members: Iterable[Member]) -> bytes:
    """Return the list in its one form: ``lv("relevo1 roster", member...)`` by rising slot.

    Raises:
        CryptoError: ``malformed`` if two members have the same slot.
    """
    ordered = sorted(members, key=lambda member: member.slot)
    if len({member.slot for member in ordered}) != len(ordered):
        raise CryptoError(FailureKind.MALFORMED, "two members of the roster have the same slot")
    return lv(_LABEL, *map(_member_bytes, ordered))


def roster_hash(members: Iterable[Member]) -> bytes:
    """Return SHA-256 of the list's one form, 32 bytes.

    Raises:
        CryptoError: ``malformed`` if two members have the same slot.
    """
    return hashlib.sha256(encode_roster(members)).digest()


def signature_required(members: Collection[Member]) -> bool:
    """Tell whether frames must be signed: two or more hold the key, and one could forge (SPEC K16)."""
    return len(members) > 1
