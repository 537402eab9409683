"""Whispers from viewer to viewer, which the host has no key of; the browser is held to this (SPEC T3)."""

import hashlib
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relevo_protocol.crypto.cpace import scalar_mult_vfy
from relevo_protocol.crypto.encoding import lv
from relevo_protocol.crypto.errors import FailureKind, OpenError
from relevo_protocol.crypto.pairwise import PairwiseSender, check_header, counter_nonce
from relevo_protocol.crypto.schedule import ChannelContext, DirectionKeys
from relevo_protocol.limits import AEAD_TAG_BYTES

_LABEL: Final = b"relevo1 whisper"

WhisperSender = PairwiseSender
"""One direction to one receiver is sealed like the pairwise channel: counters from 0, rising by one."""


def whisper_keys(
    context: ChannelContext, own: bytes, theirs: bytes, says: Literal["own", "theirs"]
) -> DirectionKeys:
    """Return the keys of one direction between two team keys: ``own`` the 32-byte scalar, ``theirs`` public.

    Raises:
        HandshakeError: ``low_order`` if their key is a point of small order, ``malformed`` by size.
    """
    shared = scalar_mult_vfy(own, theirs)
    public = X25519PrivateKey.from_private_bytes(own).public_key().public_bytes_raw()
    sender, receiver = (public, theirs) if says == "own" else (theirs, public)
    names = lv(_LABEL, context.relay_origin.encode(), context.session_id, sender, receiver)
    salt = hashlib.sha256(names).digest()

    def expand(what: bytes, length: int) -> bytes:
        return HKDF(SHA256(), length, salt, _LABEL + b" " + what).derive(shared)

    return DirectionKeys(expand(b"key", 32), expand(b"iv", 12))


class WhisperReceiver:
    """Opens what one sender says: R may drop a whisper, so counters may leave gaps, but they rise."""

    def __init__(self, keys: DirectionKeys) -> None:
        self._aead = AESGCM(keys.key)
        self._iv = keys.iv
        self._next = 0

    def open(self, header: bytes, counter: int, ciphertext: bytes | memoryview) -> bytes:
        """Return the plaintext; ``counter`` is the one parsed from ``header``.

        Raises:
            OpenError: ``replay`` for a counter that does not rise, ``tampered`` if the seal does not fit,
                ``malformed`` if there is no room for a tag. What is refused moves nothing.
            ValueError: ``header`` and ``counter`` do not belong together.
        """
        check_header(header, counter)
        if counter < self._next:
            raise OpenError(FailureKind.REPLAY, f"whisper {counter} came again")
        if len(ciphertext) < AEAD_TAG_BYTES:
            raise OpenError(FailureKind.MALFORMED, f"a whisper of {len(ciphertext)} bytes")
        try:
            plaintext = self._aead.decrypt(counter_nonce(self._iv, counter), ciphertext, header)
        except InvalidTag as error:
            raise OpenError(FailureKind.TAMPERED, f"whisper {counter} does not open") from error
        self._next = counter + 1
        return plaintext
