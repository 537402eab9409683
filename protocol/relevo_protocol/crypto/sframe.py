"""SFrame (RFC 9605), cipher suite 5, AES_256_GCM_SHA512_128: keys, nonces and header."""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

CIPHER_SUITE: Final = 5
KEY_BYTES: Final = 32
SALT_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class SFrameKey:
    """AES-256-GCM key and salt of one KID (RFC 9605, 4.4.2)."""

    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    def nonce(self, ctr: int) -> bytes:
        """Return the 12-byte nonce: salt XOR counter, big-endian (RFC 9605, 4.4.3)."""
        return (int.from_bytes(self.salt, "big") ^ ctr).to_bytes(SALT_BYTES, "big")


def derive_sframe_key(kid: int, base_key: bytes) -> SFrameKey:
    """Return key and salt for ``kid``, both sides' step from the base key (RFC 9605, 4.4.2)."""
    secret = HKDF.extract(SHA512(), None, base_key)
    suffix = kid.to_bytes(8, "big") + CIPHER_SUITE.to_bytes(2, "big")
    return SFrameKey(
        key=HKDFExpand(SHA512(), KEY_BYTES, b"SFrame 1.0 Secret key " + suffix).derive(secret),
        salt=HKDFExpand(SHA512(), SALT_BYTES, b"SFrame 1.0 Secret salt " + suffix).derive(secret),
    )


def encode_sframe_header(kid: int, ctr: int) -> bytes:
    """Return the SFrame header, 1 to 17 bytes (RFC 9605, 4.3): small values sit in the config byte itself."""
    kid_bits, kid_tail = _encode_integer(kid)
    ctr_bits, ctr_tail = _encode_integer(ctr)
    return bytes([kid_bits << 4 | ctr_bits]) + kid_tail + ctr_tail


def _encode_integer(value: int) -> tuple[int, bytes]:
    """Return four config bits (extension flag, value or length - 1) and the bytes behind the config byte."""
    if value < 8:
        return value, b""
    tail = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return 8 | len(tail) - 1, tail
