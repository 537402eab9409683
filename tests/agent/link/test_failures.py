"""Connections that cannot be: each ends in words of ``ui.words``, never in a dead thread."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from relevo_agent.link.address import relay_address
from relevo_agent.link.client import Link, LinkEvents
from relevo_agent.link.failures import FailureKind, LinkFailure
from relevo_agent.ui.words import TABLE

DAY = dt.timedelta(days=1)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])


def certificate(folder: Path, host: str, age_days: int = 1, life_days: int = 10) -> Path:
    """Key and self-signed certificate in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    begin = dt.datetime.now(dt.UTC) - age_days * DAY
    alternative: x509.GeneralName = x509.DNSName(host)
    with contextlib.suppress(ValueError):
        alternative = x509.IPAddress(ipaddress.ip_address(host))
    made = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + life_days * DAY)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "both.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextlib.asynccontextmanager
async def https_server(pem: Path) -> AsyncGenerator[int]:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def first_failure(server: str, ca_file: Path | None = None) -> FailureKind:
    failures: list[LinkFailure] = []

    def failed(failure: LinkFailure) -> bool:
        failures.append(failure)
        return True

    events = LinkEvents(lambda: None, lambda _: None, lambda _: None, failed)
    async with asyncio.timeout(60):
        await Link(relay_address(server, ca_file), "0", events).run()
    assert f"fail.{failures[0].kind}" in TABLE
    return failures[0].kind


@pytest.mark.parametrize(
    ("host", "age_days", "life_days", "trusted", "kind"),
    [
        ("127.0.0.2", 1, 10, True, FailureKind.CERT_NAME),
        ("relay.example", 1, 10, True, FailureKind.CERT_NAME),
        ("127.0.0.1", 30, 10, True, FailureKind.CERT_EXPIRED),
        ("127.0.0.1", -5, 10, True, FailureKind.CERT_EXPIRED),
        ("127.0.0.1", 1, 10, False, FailureKind.CERT_UNKNOWN),
    ],
    ids=["address", "name", "expired", "not yet valid", "unknown authority"],
)
def test_each_fault_of_a_certificate_has_its_words(
    tmp_path: Path, host: str, age_days: int, life_days: int, trusted: bool, kind: FailureKind
) -> None:
    async def play() -> None:
        pem = certificate(tmp_path, host, age_days, life_days)
        async with https_server(pem) as port:
            assert await first_failure(f"https://127.0.0.1:{port}", pem if trusted else None) is kind

    asyncio.run(play())


@pytest.mark.parametrize(
    ("proxy", "kind"),
    [("socks5://127.0.0.1:1", FailureKind.PROXY), ("ftp://127.0.0.1:1", FailureKind.PROXY)],
)
def test_a_proxy_that_cannot_be_used_is_said(
    monkeypatch: pytest.MonkeyPatch, proxy: str, kind: FailureKind
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("https_proxy", proxy)
    assert asyncio.run(first_failure("https://relay.example")) is kind


def test_a_host_name_that_no_dns_can_hold_is_said() -> None:
    assert asyncio.run(first_failure(f"https://{'a' * 70}.example")) is FailureKind.NAME_UNKNOWN
