"""Screen content from the host to all viewers: SFrame suite 5, one key for each epoch (SPEC K13-K17).

The SFrame header is not transmitted: KID is the epoch and CTR the counter of our own 24-byte header, which is
the SFrame metadata. Signing a frame costs about ten times what sealing it does, so frames are signed only
while two or more viewers share the key.
"""

from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from relevo_protocol.crypto.errors import FailureKind, OpenError
from relevo_protocol.crypto.pairwise import check_header
from relevo_protocol.crypto.sframe import derive_sframe_key, encode_sframe_header
from relevo_protocol.header import Flags
from relevo_protocol.limits import AEAD_TAG_BYTES, HEADER_BYTES, SIGNATURE_BYTES

EPOCH_SECRET_BYTES: Final = 32
ROSTER_HASH_BYTES: Final = 32


def media_base_key(epoch_secret: bytes, roster_hash: bytes) -> bytes:
    """Return the SFrame base key, 32 bytes: whoever holds another roster gets another key (SPEC K14).

    Raises:
        ValueError: secret or hash are not 32 bytes.
    """
    if len(epoch_secret) != EPOCH_SECRET_BYTES or len(roster_hash) != ROSTER_HASH_BYTES:
        raise ValueError("the epoch secret and the roster hash have 32 bytes each")
    return HKDF(SHA256(), 32, roster_hash, b"relevo1 media").derive(epoch_secret)


def _is_signed(header: bytes) -> bool:
    return bool(header[2] & Flags.SIGNED)


def _epoch_of(header: bytes) -> int:
    return int.from_bytes(header[8:16], "big")


class _EpochCipher:
    """What sender and receiver share: key, nonce and additional data of one epoch."""

    def __init__(self, epoch_secret: bytes, roster_hash: bytes, epoch: int) -> None:
        self._key = derive_sframe_key(epoch, media_base_key(epoch_secret, roster_hash))
        self.aead = AESGCM(self._key.key)
        self.epoch = epoch

    def nonce(self, counter: int) -> bytes:
        return self._key.nonce(counter)

    def additional_data(self, header: bytes, counter: int) -> bytes:
        return encode_sframe_header(self.epoch, counter) + header


class MediaSender:
    """Seals the frames of one epoch; ``epoch`` is the key id of their headers.

    ``signing_key`` is the device key that the host's identity names; without it no frame may be SIGNED.

    Raises:
        ValueError: secret or hash are not 32 bytes.
    """

    def __init__(
        self,
        epoch_secret: bytes,
        roster_hash: bytes,
        epoch: int,
        signing_key: Ed25519PrivateKey | None = None,
    ) -> None:
        self._cipher = _EpochCipher(epoch_secret, roster_hash, epoch)
        self._signing_key = signing_key
        self._next_counter = 0

    @property
    def next_counter(self) -> int:
        """The smallest counter that the next frame may have."""
        return self._next_counter

    def seal(self, header: bytes, counter: int, plaintext: bytes | bytearray | memoryview) -> bytes:
        """Return what follows the header: ciphertext, tag, and a signature if the header says SIGNED.

        Raises:
            ValueError: see ``seal_message``.
        """
        return bytes(memoryview(self.seal_message(header, counter, plaintext))[HEADER_BYTES:])

    def seal_message(
        self, header: bytes, counter: int, plaintext: bytes | bytearray | memoryview
    ) -> bytearray:
        """Return the whole message, header included, sealed in place: the payload is written once.

        Raises:
            ValueError: a counter not above the last one (it would repeat a nonce), a header that does not
                carry epoch and counter, or the SIGNED flag without a signing key.
        """
        self._check(header, counter)
        sealed_bytes = HEADER_BYTES + len(plaintext) + AEAD_TAG_BYTES
        signed = _is_signed(header)
        message = bytearray(sealed_bytes + (SIGNATURE_BYTES if signed else 0))
        message[:HEADER_BYTES] = header
        self._next_counter = counter + 1
        cipher = self._cipher
        with memoryview(message) as view:
            body = view[HEADER_BYTES:sealed_bytes]
            additional = cipher.additional_data(header, counter)
            cipher.aead.encrypt_into(cipher.nonce(counter), plaintext, additional, body)
            if signed and self._signing_key is not None:
                view[sealed_bytes:] = self._signing_key.sign(view[:sealed_bytes])
        return message

    def _check(self, header: bytes, counter: int) -> None:
        check_header(header, counter)
        if counter < self._next_counter:
            raise ValueError(f"media counter {counter} was used already; the next is {self._next_counter}")
        if _epoch_of(header) != self._cipher.epoch:
            raise ValueError(f"a header of epoch {_epoch_of(header)}, the key of {self._cipher.epoch}")
        if _is_signed(header) and self._signing_key is None:
            raise ValueError("a SIGNED header needs the device key")


class MediaReceiver:
    """Opens the frames of one epoch; counters rise, gaps are allowed as the relay may drop frames.

    ``device_key`` is the 32-byte Ed25519 key of the authenticated host identity; ``signature_required`` is
    ``roster.signature_required(members)``.

    Raises:
        ValueError: secret, hash or key are not 32 bytes.
    """

    def __init__(
        self,
        epoch_secret: bytes,
        roster_hash: bytes,
        epoch: int,
        device_key: bytes,
        *,
        signature_required: bool,
    ) -> None:
        self._cipher = _EpochCipher(epoch_secret, roster_hash, epoch)
        self._device_key = Ed25519PublicKey.from_public_bytes(device_key)
        self._signature_required = signature_required
        self._next_counter = 0

    def open(self, header: bytes, counter: int, payload: bytes | memoryview) -> bytes:
        """Return the plaintext of one frame; ``payload`` is all that follows the header.

        Raises:
            OpenError: ``wrong_epoch``; ``replay`` if the counter is not above the last one; ``unsigned`` if a
                signature is due; ``malformed`` by size; ``tampered`` if signature or seal do not fit.
            ValueError: ``header`` and ``counter`` do not belong together.
        """
        check_header(header, counter)
        self._check_order(header, counter)
        ciphertext = self._signed_part(header, payload)
        cipher = self._cipher
        try:
            plaintext = cipher.aead.decrypt(
                cipher.nonce(counter), ciphertext, cipher.additional_data(header, counter)
            )
        except InvalidTag as error:
            raise OpenError(FailureKind.TAMPERED, f"frame {counter} of this epoch does not open") from error
        self._next_counter = counter + 1
        return plaintext

    def _check_order(self, header: bytes, counter: int) -> None:
        if _epoch_of(header) != self._cipher.epoch:
            raise OpenError(
                FailureKind.WRONG_EPOCH,
                f"a frame of epoch {_epoch_of(header)}, the key of {self._cipher.epoch}",
            )
        if counter < self._next_counter:
            raise OpenError(
                FailureKind.REPLAY, f"media counter {counter}, at least {self._next_counter} was due"
            )

    def _signed_part(self, header: bytes, payload: bytes | memoryview) -> memoryview:
        """Return ciphertext and tag after the signature, where there is one, was found right."""
        signed = _is_signed(header)
        if self._signature_required and not signed:
            raise OpenError(FailureKind.UNSIGNED, "an unsigned frame while several viewers share the key")
        trailer_bytes = SIGNATURE_BYTES if signed else 0
        if len(payload) < AEAD_TAG_BYTES + trailer_bytes:
            raise OpenError(
                FailureKind.MALFORMED, f"a frame of {len(payload)} bytes has no room for its seal"
            )
        view = memoryview(payload)
        ciphertext = view[: len(view) - trailer_bytes]
        if signed:
            self._verify(header, ciphertext, bytes(view[len(ciphertext) :]))
        return ciphertext

    def _verify(self, header: bytes, ciphertext: memoryview, signature: bytes) -> None:
        try:
            self._device_key.verify(signature, b"".join((header, ciphertext)))
        except InvalidSignature as error:
            raise OpenError(FailureKind.TAMPERED, "the frame's signature is not the host's") from error
