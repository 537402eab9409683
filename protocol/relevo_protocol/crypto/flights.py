"""Bodies of the four handshake flights and the identities inside them (SPEC K3, K4).

Msgpack maps whose field ``flight`` is the number. An identity travels as bytes, so that both sides hash the
very bytes that were sent, and is decoded only after the other side has proved that it knows the secret.
"""

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from relevo_protocol.crypto.errors import FailureKind, HandshakeError
from relevo_protocol.inert import INERT
from relevo_protocol.limits import MAX_NAME_CHARS

SUITE_CPACE_X25519_SHA512: Final = 1
"""CPACE-X25519-SHA512, HKDF-SHA-256, HMAC-SHA-256, AES-256-GCM, SFrame suite 5, Ed25519."""

MAX_FLIGHT_BYTES: Final = 16 * 2**10
MAX_IDENTITY_BYTES: Final = 8 * 2**10
MAX_CERTIFICATE_BYTES: Final = 4 * 2**10
MAX_REFERENCE_BYTES: Final = 32

Nonce = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
IdentityBytes = Annotated[bytes, Meta(min_length=1, max_length=MAX_IDENTITY_BYTES)]
Reference = Annotated[bytes, Meta(max_length=MAX_REFERENCE_BYTES)]
InertText = Annotated[str, Meta(max_length=MAX_NAME_CHARS, pattern=INERT)]
InertName = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARS, pattern=INERT)]
Word = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"\A[a-z0-9_.]+\Z")]
CredentialKind = Literal["code", "resume", "invite"]
RecordingPolicy = Literal["off", "escrow", "server_readable"]


class Flight(Struct, frozen=True, tag_field="flight", forbid_unknown_fields=True):
    """Base of the four flights."""


class Hello(Flight, frozen=True, tag=1):
    """Flight 1, viewer to host: what it speaks, and which secret it means (never the secret)."""

    version: Annotated[int, Meta(ge=0, le=255)]
    suites: Annotated[tuple[Annotated[int, Meta(ge=0, le=65535)], ...], Meta(min_length=1, max_length=8)]
    viewer_nonce: Nonce
    kind: CredentialKind
    ref: Reference


class Offer(Flight, frozen=True, tag=2):
    """Flight 2, host to viewer."""

    suite: Annotated[int, Meta(ge=0, le=65535)]
    host_nonce: Nonce
    host_share: Bytes32
    host_identity: IdentityBytes


class Proof(Flight, frozen=True, tag=3):
    """Flight 3, viewer to host: the viewer confirms first, so that a wrong guess earns no answer."""

    viewer_share: Bytes32
    viewer_identity: IdentityBytes
    viewer_proof: Bytes32


class Accept(Flight, frozen=True, tag=4):
    """Flight 4, host to viewer."""

    host_proof: Bytes32


class HostIdentity(Struct, frozen=True, forbid_unknown_fields=True):
    """ADh: who the screen belongs to and on what terms. ``device_key`` is the raw Ed25519 public key."""

    device_key: Bytes32
    agent_version: InertName
    modes: Annotated[tuple[Word, ...], Meta(max_length=16)]
    recording: RecordingPolicy
    flags: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0


class ViewerIdentity(Struct, frozen=True, forbid_unknown_fields=True):
    """ADv: who asks to see the screen. ``org_certificate`` is empty where there is none."""

    account_id: InertName
    display_name: InertName
    organisation: InertText
    mode: Word
    org_certificate: Annotated[bytes, Meta(max_length=MAX_CERTIFICATE_BYTES)] = b""


FlightT = TypeVar("FlightT", bound=Flight)
IdentityT = TypeVar("IdentityT", bound=HostIdentity | ViewerIdentity)

_NUMBERS: Final[dict[type[Flight], int]] = {Hello: 1, Offer: 2, Proof: 3, Accept: 4}
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final[msgspec.msgpack.Decoder[Hello | Offer | Proof | Accept]] = msgspec.msgpack.Decoder(
    Hello | Offer | Proof | Accept
)


def encode_flight(flight: Hello | Offer | Proof | Accept) -> bytes:
    """Return the body of a handshake message."""
    return _ENCODER.encode(flight)


def decode_flight(body: bytes | memoryview, wanted: type[FlightT]) -> FlightT:
    """Return the flight that is due now.

    Raises:
        HandshakeError: ``malformed``; ``replay`` for an earlier flight, ``out_of_order`` for a later one.
    """
    if len(body) > MAX_FLIGHT_BYTES:
        raise HandshakeError(
            FailureKind.MALFORMED, f"a flight of {len(body)} bytes, at most {MAX_FLIGHT_BYTES} are allowed"
        )
    try:
        flight = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HandshakeError(FailureKind.MALFORMED, f"handshake flight: {error}") from error
    if isinstance(flight, wanted):
        return flight
    got, due = _NUMBERS[type(flight)], _NUMBERS[wanted]
    kind = FailureKind.REPLAY if got < due else FailureKind.OUT_OF_ORDER
    raise HandshakeError(kind, f"flight {got} where flight {due} was due")


def encode_identity(identity: HostIdentity | ViewerIdentity) -> bytes:
    """Return the bytes that travel and enter the transcript, checked as the other side will check them.

    Raises:
        HandshakeError: ``malformed`` if a field of one's own identity is outside its bounds.
    """
    body = _ENCODER.encode(identity)
    decode_identity(body, type(identity))
    return body


def decode_identity(body: bytes, wanted: type[IdentityT]) -> IdentityT:
    """Return a checked identity.

    Raises:
        HandshakeError: ``malformed``, naming the field.
    """
    if len(body) > MAX_IDENTITY_BYTES:
        raise HandshakeError(
            FailureKind.MALFORMED, f"an identity of {len(body)} bytes, at most {MAX_IDENTITY_BYTES} fit"
        )
    try:
        return msgspec.msgpack.decode(body, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HandshakeError(FailureKind.MALFORMED, f"{wanted.__name__}: {error}") from error
