"""The server's TLS context, kept fresh while it runs: renewed or reloaded without a restart."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes

from relevo_server.authority import LeafNames, TlsError, ensure_authority, ensure_leaf, load_leaf
from relevo_server.clock import Clock
from relevo_server.settings import Settings

_SUITES_1_2: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""With forward secrecy and authenticated encryption (RFC 9325, 4.2); TLS 1.3 has no others."""


@dataclass(frozen=True)
class CertificateFiles:
    """A certificate on disk: its files, its end (seconds since the epoch) and its fingerprint (SHA-256)."""

    certificate: Path
    key: Path
    expires_at_s: float
    fingerprint: bytes


def prepare_certificate(settings: Settings, clock: Clock) -> CertificateFiles:
    """The certificate to serve: the given one, or the local one, made or renewed when due.

    Raises TlsError.
    """
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return _describe(settings.tls_certificate, settings.tls_key)
    make_data_folder(settings.data)
    now = dt.datetime.fromtimestamp(clock.wall_s(), dt.UTC)
    authority = ensure_authority(settings.data, settings.certificate_names, now)
    names = LeafNames(settings.configured_names, settings.certificate_names)
    ensure_leaf(settings.data, authority, names, now)
    return _describe(settings.data / "server.pem", settings.data / "server-key.pem")


def make_data_folder(folder: Path) -> None:
    """Make the data folder where it is missing, closed to other users."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


class TlsKeeper:
    """Owns the SSL context; new connections get the new certificate after `refresh`, old ones live on."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.files = prepare_certificate(settings, clock)
        self.context = _context(self.files)

    def refresh(self) -> bool:
        """Renew the local certificate when due, or reload a given one that changed; tell whether it did.

        Raises TlsError and keeps the old certificate when the new one cannot be used.
        """
        files = prepare_certificate(self._settings, self._clock)
        if files.fingerprint == self.files.fingerprint:
            return False
        _context(files)  # A context that failed to load a pair is left without one: try it aside first.
        self.context.load_cert_chain(files.certificate, files.key)
        self.files = files
        return True

    def remaining_s(self) -> float:
        """Seconds until the certificate ends; negative afterwards."""
        return self.files.expires_at_s - self._clock.wall_s()


def _describe(certificate: Path, key: Path) -> CertificateFiles:
    leaf = load_leaf(certificate)
    return CertificateFiles(
        certificate, key, leaf.not_valid_after_utc.timestamp(), leaf.fingerprint(hashes.SHA256())
    )


def _context(files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES_1_2)
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.certificate, files.key)
    except (OSError, ssl.SSLError) as error:
        raise TlsError(f"{files.certificate} and {files.key} cannot be used together ({error})") from error
    return context
