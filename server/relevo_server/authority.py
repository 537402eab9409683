"""The local certificate authority and the server's certificate under it (RFC 5280), EC P-256.

The authority is name-constrained: who steals its key can forge names of this server and of private networks,
not those of a bank.
"""

import datetime as dt
import ipaddress
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LEAF_LIFETIME = dt.timedelta(days=90)
RENEW_BEFORE = dt.timedelta(days=30)
_AUTHORITY_LIFETIME = dt.timedelta(days=3650)
# Clocks of customers' machines are often a little slow.
_BACKDATE = dt.timedelta(hours=1)
_PRIVATE_NETWORKS = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
_PRIVATE_DOMAINS = ("localhost", "local", "internal", "lan", "home.arpa")


class TlsError(Exception):
    """A certificate or key that cannot be used; the text says which file and what to do."""


@dataclass(frozen=True)
class Authority:
    """The local authority: its public certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure_authority(folder: Path, names: tuple[str, ...], now: dt.datetime) -> Authority:
    """Load the authority of `folder`, or make one that may vouch for `names` and for private networks.

    Raises TlsError when its files are unreadable or it has expired.
    """
    certificate_file, key_file = folder / "ca.pem", folder / "ca-key.pem"
    if not certificate_file.exists() and not key_file.exists():
        authority = _make_authority(names, now)
        _write(key_file, _key_pem(authority.key), 0o600)
        _write(certificate_file, authority.certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        return authority
    certificate, key = _load(certificate_file), _load_key(key_file)
    if not _same_key(certificate, key):
        raise TlsError(f"{key_file} is not the key of {certificate_file}: {_remake(folder)}")
    if certificate.not_valid_after_utc <= now + LEAF_LIFETIME:
        raise TlsError(f"the local authority in {certificate_file} is at its end: {_remake(folder)}")
    return Authority(certificate, key)


@dataclass(frozen=True)
class LeafNames:
    """Names for the certificate: those asked for must be in it, those found on the machine if possible."""

    configured: tuple[str, ...]
    found: tuple[str, ...]


def ensure_leaf(folder: Path, authority: Authority, wanted: LeafNames, now: dt.datetime) -> bool:
    """Write a new `server.pem` where there is none, it is due, or its names or its issuer have changed.

    Returns whether it was written. Raises TlsError when the authority may not vouch for a configured name.
    """
    for name in wanted.configured:
        if not _permitted(authority.certificate, name):
            raise TlsError(f"the local authority was not made for the name {name!r}: {_remake(folder)}")
    # The machine may have been renamed since the authority was made; that alone must not stop the server.
    found = (name for name in wanted.found if _permitted(authority.certificate, name))
    names = tuple(dict.fromkeys((*wanted.configured, *found)))
    if _leaf_is_good(folder, authority, names, now):
        return False
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _make_leaf(authority, key, names, now)
    _write(folder / "server-key.pem", _key_pem(key), 0o600)
    _write(folder / "server.pem", leaf.public_bytes(serialization.Encoding.PEM), 0o644)
    return True


def load_leaf(certificate_file: Path) -> x509.Certificate:
    """The first certificate of a PEM file. Raises TlsError."""
    return _load(certificate_file)


def _remake(folder: Path) -> str:
    return (
        f"run `relevo-server trust remove`, delete {folder / 'ca.pem'} and {folder / 'ca-key.pem'}, "
        "then `relevo-server init` and `relevo-server trust install`"
    )


def _leaf_is_good(folder: Path, authority: Authority, names: tuple[str, ...], now: dt.datetime) -> bool:
    try:
        leaf, key = _load(folder / "server.pem"), _load_key(folder / "server-key.pem")
        leaf.verify_directly_issued_by(authority.certificate)
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is the remedy
        return False
    return (
        _same_key(leaf, key)
        and set(found) == set(_general_names(names))
        and leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc - RENEW_BEFORE
    )


def _make_authority(names: tuple[str, ...], now: dt.datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    # A name of its own for each authority: stores that go by name must not mix up two installations.
    subject = _subject(f"Relevo local authority {secrets.token_hex(4)}")
    builder = _builder(subject, subject, key, now, _AUTHORITY_LIFETIME)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(_permitted_subtrees(names), None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _make_leaf(
    authority: Authority, key: ec.EllipticCurvePrivateKey, names: tuple[str, ...], now: dt.datetime
) -> x509.Certificate:
    builder = _builder(_subject("Relevo relay"), authority.certificate.subject, key, now, LEAF_LIFETIME)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: dt.datetime,
    lifetime: dt.timedelta,
) -> x509.CertificateBuilder:
    start = now - _BACKDATE
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(names: tuple[str, ...]) -> list[x509.GeneralName]:
    return [_general_name(name) for name in names]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _permitted_subtrees(names: tuple[str, ...]) -> list[x509.GeneralName]:
    subtrees: list[x509.GeneralName] = [x509.DNSName(domain) for domain in _PRIVATE_DOMAINS]
    subtrees += [x509.IPAddress(ipaddress.ip_network(network)) for network in _PRIVATE_NETWORKS]
    for name in names:
        general = _general_name(name)
        if isinstance(general, x509.IPAddress):
            general = x509.IPAddress(ipaddress.ip_network(name))
        if general not in subtrees:
            subtrees.append(general)
    return subtrees


def _permitted(authority: x509.Certificate, name: str) -> bool:
    try:
        constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return True
    return any(_covers(subtree, name) for subtree in constraints.permitted_subtrees or ())


def _covers(subtree: x509.GeneralName, name: str) -> bool:
    general = _general_name(name)
    if isinstance(subtree, x509.DNSName) and isinstance(general, x509.DNSName):
        return general.value == subtree.value or general.value.endswith(f".{subtree.value}")
    if isinstance(subtree, x509.IPAddress) and isinstance(general, x509.IPAddress):
        network = ipaddress.ip_network(str(subtree.value))
        return ipaddress.ip_address(str(general.value)) in network
    return False


def _load(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise TlsError(f"{file} holds no readable PEM certificate ({error})") from error


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise TlsError(f"{file} holds no readable PEM key ({error})") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TlsError(f"{file} holds a key of another kind than the local authority makes")
    return key


def _same_key(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> bool:
    return certificate.public_key() == key.public_key()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes, mode: int) -> None:
    # mkstemp makes the file 0600: a key is never readable for others, not even for a moment; and a reader
    # finds either the old file or the new one.
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
