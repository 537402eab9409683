"""An invitation's secret on its way past the relay: sealed to the browser that asked for it (SPEC C20)."""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from relevo_protocol.crypto.encoding import lv
from relevo_protocol.crypto.errors import CryptoError, FailureKind, OpenError
from relevo_protocol.crypto.schedule import SECRET_BYTES, ChannelContext

_LABEL: Final = b"relevo1 join"
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_ENC_BYTES: Final = 32
_TAG_BYTES: Final = 16
SEALED_BYTES: Final = _ENC_BYTES + SECRET_BYTES + _TAG_BYTES


@dataclass(frozen=True, slots=True)
class JoinPurpose:
    """What a sealed secret is good for: one session, one invitation, one account. It goes into ``info``."""

    context: ChannelContext
    invite: bytes
    account_id: str

    def info(self) -> bytes:
        """Return HPKE's ``info``: the same secret sealed for anything else does not open."""
        where = self.context
        origin, account = where.relay_origin.encode(), self.account_id.encode()
        return lv(_LABEL, origin, where.session_id, self.invite, account)


def seal_invitation(secret: bytes, key: bytes, purpose: JoinPurpose) -> bytes:
    """Return a 32-byte secret sealed to a 32-byte X25519 key: ``enc || ciphertext``, 80 bytes.

    HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, no additional data.

    Raises:
        CryptoError: ``low_order`` if the key is a point of small order.
        ValueError: secret or key have another size.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret of {len(secret)} bytes, expected {SECRET_BYTES}")
    public = X25519PublicKey.from_public_bytes(key)
    try:
        return _SUITE.encrypt(secret, public, info=purpose.info())
    except ValueError as error:
        raise CryptoError(FailureKind.LOW_ORDER, "the key to seal to is a point of small order") from error


def open_invitation(sealed: bytes, private: X25519PrivateKey, purpose: JoinPurpose) -> bytes:
    """Return the 32-byte secret.

    Raises:
        OpenError: ``tampered``: sealed to another key or for another purpose, or changed on the way.
    """
    if len(sealed) != SEALED_BYTES:
        raise OpenError(FailureKind.TAMPERED, f"a sealed invitation of {len(sealed)} bytes")
    try:
        return _SUITE.decrypt(sealed, private, info=purpose.info())
    except (InvalidTag, ValueError) as error:
        raise OpenError(FailureKind.TAMPERED, "the sealed invitation does not open") from error
