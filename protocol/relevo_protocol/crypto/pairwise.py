"""Sealed messages between the host and one viewer: AES-256-GCM with an exact counter (SPEC K11, K12)."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relevo_protocol.crypto.errors import DesyncError, FailureKind, OpenError
from relevo_protocol.crypto.schedule import DirectionKeys, SessionKeys
from relevo_protocol.limits import AEAD_TAG_BYTES, HEADER_BYTES, MAX_PAIRWISE_BYTES


def counter_nonce(iv: bytes, counter: int) -> bytes:
    """Return the 12-byte iv XOR the counter, big-endian in the last 8 bytes."""
    return (int.from_bytes(iv, "big") ^ counter).to_bytes(12, "big")


def check_header(header: bytes, counter: int) -> None:
    """Check that a header of ours has its size and carries the counter that seals it.

    Raises:
        ValueError: it has not: a mistake of the caller, never of the peer.
    """
    if len(header) != HEADER_BYTES:
        raise ValueError(f"a header of {len(header)} bytes, expected {HEADER_BYTES}")
    if int.from_bytes(header[16:24], "big") != counter:
        raise ValueError(f"the header does not carry the counter {counter}")


class PairwiseSender:
    """Seals one direction; the header of each message must carry ``next_counter``."""

    def __init__(self, keys: DirectionKeys) -> None:
        self._aead = AESGCM(keys.key)
        self._iv = keys.iv
        self._counter = 0

    @property
    def next_counter(self) -> int:
        """The counter that belongs into the next header."""
        return self._counter

    def seal(self, header: bytes, plaintext: bytes | bytearray | memoryview) -> bytes:
        """Return ciphertext and tag, which follow the 24-byte header on the wire.

        Raises:
            ValueError: the header is not 24 bytes, carries another counter, or the message passes its limit.
        """
        check_header(header, self._counter)
        if HEADER_BYTES + len(plaintext) + AEAD_TAG_BYTES > MAX_PAIRWISE_BYTES:
            raise ValueError(f"a body of {len(plaintext)} bytes; the message may have {MAX_PAIRWISE_BYTES}")
        nonce = counter_nonce(self._iv, self._counter)
        self._counter += 1
        return self._aead.encrypt(nonce, plaintext, header)


class PairwiseReceiver:
    """Opens one direction: every counter exactly once and in turn."""

    def __init__(self, keys: DirectionKeys) -> None:
        self._aead = AESGCM(keys.key)
        self._iv = keys.iv
        self._counter = 0

    @property
    def expected_counter(self) -> int:
        """The only counter that the next message may have."""
        return self._counter

    def open(self, header: bytes, counter: int, ciphertext: bytes | memoryview) -> bytes:
        """Return the plaintext; ``counter`` is the one parsed from ``header``.

        Raises:
            DesyncError: another counter than the expected one: a message was lost, repeated or reordered.
            OpenError: ``tampered`` if the seal does not fit, ``malformed`` if there is no room for a tag.
            ValueError: ``header`` and ``counter`` do not belong together.
        """
        check_header(header, counter)
        if counter != self._counter:
            raise DesyncError(self._counter, counter)
        if len(ciphertext) < AEAD_TAG_BYTES:
            raise OpenError(
                FailureKind.MALFORMED, f"a body of {len(ciphertext)} bytes has no room for its tag"
            )
        try:
            plaintext = self._aead.decrypt(counter_nonce(self._iv, counter), ciphertext, header)
        except InvalidTag as error:
            raise OpenError(FailureKind.TAMPERED, f"pairwise message {counter} does not open") from error
        self._counter += 1
        return plaintext


@dataclass(frozen=True, slots=True)
class PairwiseChannel:
    """Both directions of the channel as one side sees them."""

    sender: PairwiseSender
    receiver: PairwiseReceiver

    @classmethod
    def of_host(cls, keys: SessionKeys) -> "PairwiseChannel":
        """Return the host's end."""
        return cls(PairwiseSender(keys.h2v), PairwiseReceiver(keys.v2h))

    @classmethod
    def of_viewer(cls, keys: SessionKeys) -> "PairwiseChannel":
        """Return the viewer's end."""
        return cls(PairwiseSender(keys.v2h), PairwiseReceiver(keys.h2v))
