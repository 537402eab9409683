"""CPACE-X25519-SHA512: a key exchange that a short secret authenticates (draft-irtf-cfrg-cpace).

X25519 itself is the library's. Ours is the map from the secret to the base point (Elligator2), on Python
integers, and Python integers are **not constant-time**: somebody who can time this process finely enough
learns something about the generator and so about the secret. What that is worth: the secret of a join code
has six digits, lives ten minutes and one use, and is tried at most three times (SPEC K8); the map runs once
for each run, for a fraction of a millisecond, in a process that does much else. Whoever can measure it that
closely sits on the customer's PC already. Secrets of 32 bytes (resume, invite) meet fresh nonces in every
run.
"""

import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from relevo_protocol.crypto.encoding import lv, prepend_length
from relevo_protocol.crypto.errors import FailureKind, HandshakeError

SHARE_BYTES: Final = 32
SCALAR_BYTES: Final = 32

_DSI: Final = b"CPace255"
_DSI_ISK: Final = b"CPace255_ISK"
_SHA512_BLOCK_BYTES: Final = 128
_P: Final = 2**255 - 19
_A: Final = 486662


def elligator2(r: int) -> int:
    """Map a field element to the u-coordinate of a point of Curve25519 (RFC 9380, 6.7.1, with Z = 2).

    Neither the divisor nor the curve equation is ever zero here: -1/2 and A^2 - 4 are no squares modulo p, so
    the draft's third case (Legendre symbol 0) cannot come up.
    """
    v = -_A * pow(1 + 2 * r * r, -1, _P) % _P
    legendre = pow(v * v * v + _A * v * v + v, (_P - 1) // 2, _P)
    return v if legendre == 1 else (-v - _A) % _P


def generator_string(prs: bytes, channel: bytes, sid: bytes) -> bytes:
    """Return what is hashed to the base point, padded so that the secret fills a hash block of its own."""
    padding_bytes = max(0, _SHA512_BLOCK_BYTES - 1 - len(prepend_length(prs)) - len(prepend_length(_DSI)))
    return lv(_DSI, prs, bytes(padding_bytes), channel, sid)


def generator(prs: bytes, channel: bytes, sid: bytes) -> bytes:
    """Return the base point of a run, 32 bytes, for its secret, channel identifier and session identifier."""
    digest = hashlib.sha512(generator_string(prs, channel, sid)).digest()
    r = int.from_bytes(digest[:32], "little") & (2**255 - 1)
    return elligator2(r).to_bytes(32, "little")


def scalar_mult_vfy(scalar: bytes, point: bytes) -> bytes:
    """Return X25519(scalar, point), 32 bytes.

    Raises:
        HandshakeError: ``low_order`` if the result is all zero (the draft's G.I), ``malformed`` by size.
    """
    if len(point) != SHARE_BYTES:
        raise HandshakeError(FailureKind.MALFORMED, f"a point of {len(point)} bytes, expected {SHARE_BYTES}")
    private = X25519PrivateKey.from_private_bytes(scalar)
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(point))
    except ValueError as error:
        raise HandshakeError(FailureKind.LOW_ORDER, "the peer's point is of low order") from error


def session_key(sid: bytes, shared: bytes, transcript: bytes) -> bytes:
    """Return ISK, 64 bytes; ``transcript`` is ``lv(Ya, ADa) || lv(Yb, ADb)``, the initiator's half first."""
    return hashlib.sha512(lv(_DSI_ISK, sid, shared) + transcript).digest()
