"""Failures of the handshake and of the sealed channels.

::

    ProtocolError
    +-- CryptoError          ``kind`` names the failure as the vectors do
        +-- HandshakeError   a flight was refused; the run is over and cannot be continued
        +-- DesyncError      a pairwise counter was not the expected one: close and resume
        +-- OpenError        a sealed message did not open; nothing of it was used

``kind`` is for programs and vectors, ``code`` (of ``ProtocolError``) is what a person is told.
"""

from enum import StrEnum
from typing import Final

from relevo_protocol.errors import ErrorCode, ProtocolError


class FailureKind(StrEnum):
    """What went wrong, spelled as in ``expect`` of the vectors (SPEC K19)."""

    MALFORMED = "malformed"
    UNSUPPORTED_VERSION = "unsupported_version"
    UNSUPPORTED_SUITE = "unsupported_suite"
    UNKNOWN_REFERENCE = "unknown_reference"
    LOW_ORDER = "low_order"
    WRONG_CODE = "wrong_code"
    REPLAY = "replay"
    OUT_OF_ORDER = "out_of_order"
    DESYNC = "desync"
    TAMPERED = "tampered"
    UNSIGNED = "unsigned"
    WRONG_EPOCH = "wrong_epoch"


_CODES: Final[dict[FailureKind, ErrorCode]] = {
    FailureKind.MALFORMED: ErrorCode.MALFORMED,
    FailureKind.UNSUPPORTED_VERSION: ErrorCode.UNSUPPORTED_VERSION,
    FailureKind.UNSUPPORTED_SUITE: ErrorCode.UNSUPPORTED_VERSION,
    FailureKind.UNKNOWN_REFERENCE: ErrorCode.RESUME_INVALID,
    FailureKind.LOW_ORDER: ErrorCode.TAMPERED,
    FailureKind.WRONG_CODE: ErrorCode.CODE_WRONG,
    FailureKind.REPLAY: ErrorCode.UNEXPECTED,
    FailureKind.OUT_OF_ORDER: ErrorCode.UNEXPECTED,
    FailureKind.DESYNC: ErrorCode.DESYNC,
    FailureKind.TAMPERED: ErrorCode.TAMPERED,
    FailureKind.UNSIGNED: ErrorCode.TAMPERED,
    FailureKind.WRONG_EPOCH: ErrorCode.DESYNC,
}


class CryptoError(ProtocolError):
    """A cryptographic check failed; ``kind`` says which."""

    kind: FailureKind

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail, _CODES[kind])
        self.kind = kind


class HandshakeError(CryptoError):
    """A flight was refused; the run is over."""


class DesyncError(CryptoError):
    """A pairwise counter was not the expected one: close the link and resume (SPEC K12)."""

    def __init__(self, expected: int, counter: int) -> None:
        super().__init__(FailureKind.DESYNC, f"pairwise counter {counter}, expected exactly {expected}")


class OpenError(CryptoError):
    """A sealed message did not open; nothing of it was used."""
