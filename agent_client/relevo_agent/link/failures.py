"""Why a connection failed, in a few kinds that a person can do something about."""

import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum

from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidStatus, ProxyError


class FailureKind(StrEnum):
    """What stood in the way; ``ui.words`` has cause and remedy for each."""

    CERT_UNKNOWN = "cert_unknown"
    CERT_NAME = "cert_name"
    CERT_EXPIRED = "cert_expired"
    CERT_OTHER = "cert_other"
    NAME_UNKNOWN = "name_unknown"
    UNREACHABLE = "unreachable"
    PROXY = "proxy"
    NOT_A_RELAY = "not_a_relay"
    BUSY = "busy"


CERTIFICATE_KINDS = frozenset(
    {FailureKind.CERT_UNKNOWN, FailureKind.CERT_NAME, FailureKind.CERT_EXPIRED, FailureKind.CERT_OTHER}
)

# X509_V_ERR_* of OpenSSL's x509_vfy.h
_HOSTNAME_MISMATCH, _IP_MISMATCH = 62, 64
_NOT_YET_VALID, _HAS_EXPIRED = 9, 10
_UNKNOWN_ISSUERS = frozenset({2, 18, 19, 20, 21})

_BUSY_STATUS = frozenset({429, 502, 503, 504})
_KINDS: tuple[tuple[type[BaseException], FailureKind], ...] = (
    (ssl.SSLError, FailureKind.NOT_A_RELAY),
    (ProxyError, FailureKind.PROXY),
    (InvalidProxy, FailureKind.PROXY),
    (ImportError, FailureKind.PROXY),
    (UnicodeError, FailureKind.NAME_UNKNOWN),
    (InvalidHandshake, FailureKind.NOT_A_RELAY),
    (socket.gaierror, FailureKind.NAME_UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """A failed connection: the kind, and one technical line for the log."""

    kind: FailureKind
    detail: str


def explain(error: BaseException) -> LinkFailure:
    """Name the kind of an error of ``connect``."""
    detail = f"{type(error).__name__}: {error}"
    return LinkFailure(_kind(error), detail)


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_kind(error.verify_code)
    if isinstance(error, InvalidStatus) and error.response.status_code in _BUSY_STATUS:
        return FailureKind.BUSY
    return next((kind for cause, kind in _KINDS if isinstance(error, cause)), FailureKind.UNREACHABLE)


def _certificate_kind(verify_code: int) -> FailureKind:
    if verify_code in {_HOSTNAME_MISMATCH, _IP_MISMATCH}:
        return FailureKind.CERT_NAME
    if verify_code in {_NOT_YET_VALID, _HAS_EXPIRED}:
        return FailureKind.CERT_EXPIRED
    return FailureKind.CERT_UNKNOWN if verify_code in _UNKNOWN_ISSUERS else FailureKind.CERT_OTHER
