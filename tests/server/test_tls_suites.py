"""Which versions and suites of TLS the server agrees to, by hellos that offer everything there is."""

import contextlib
import datetime as dt
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from relevo_server.clock import Clock
from relevo_server.tls import TlsKeeper
from tests.server.hands import settings
from tests.support.relay import HOST, running_relay

pytestmark = pytest.mark.anyio

Say = Callable[[bytes], bytes]
"""Sends the first octets of a connection and returns the first that come back."""

_1_0, _1_1, _1_2, _1_3 = 0x0301, 0x0302, 0x0303, 0x0304
_ALERT, _HANDSHAKE = 21, 22
_SIGNALS = {0x00FF}
"""No suites, though they stand among them: what a client says of renegotiation (RFC 5746)."""
_EVERY_SUITE = [
    high << 8 | low for high in (0x00, 0xC0, 0xCC, 0xD0, 0x13) for low in range(256)
]  # all blocks in which IANA has ever given one
_OF_1_3 = {0x1301, 0x1302, 0x1303}
_ECDSA = {0xC02B, 0xC02C, 0xCCA9}
_RSA = {0xC02F, 0xC030, 0xCCA8}


def _block(data: bytes, width: int = 2) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _hello(version: int, suites: list[int]) -> bytes:
    """A ClientHello of this version (RFC 5246 7.4.1, RFC 8446 4.1.2) for all curves and signatures in use."""
    groups = struct.pack("!5H", 0x001D, 0x0017, 0x0018, 0x0019, 0x0100)
    signatures = struct.pack(
        "!11H", 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201
    )
    extensions = {10: _block(groups), 11: b"\x01\x00", 13: _block(signatures)}
    if version == _1_3:
        # Without a key: the answer is a HelloRetryRequest, which names the suite too.
        extensions |= {43: _block(struct.pack("!H", _1_3), 1), 51: _block(b"")}
    told = b"".join(struct.pack("!H", number) + _block(body) for number, body in extensions.items())
    body = struct.pack("!H", min(version, _1_2)) + bytes(32) + _block(b"", 1)
    body += _block(struct.pack(f"!{len(suites)}H", *suites)) + _block(b"\x00", 1) + _block(told)
    return struct.pack("!BH", _HANDSHAKE, _1_0) + _block(b"\x01" + _block(body, 3))


def _chosen(answer: bytes) -> int | None:
    """The suite of a ServerHello; None for an alert, or where the connection is closed at once."""
    if not answer or answer[0] == _ALERT:
        return None
    assert (answer[0], answer[5]) == (_HANDSHAKE, 2), answer[:8]
    at = 9 + 2 + 32
    return int.from_bytes(answer[at + 1 + answer[at] :][:2], "big")


def _accepted(say: Say, version: int) -> set[int]:
    """The suites that the server takes for this version: each that it chooses is not offered again."""
    taken: set[int] = set()
    while (one := _chosen(say(_hello(version, [*{*_EVERY_SUITE} - taken - _SIGNALS])))) is not None:
        taken.add(one)
    return taken


def _inside(context: ssl.SSLContext) -> Say:
    def say(hello: bytes) -> bytes:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        incoming.write(hello)
        server = context.wrap_bio(incoming, outgoing, server_side=True)
        with pytest.raises(ssl.SSLError):  # it refuses, or wants more than a hello
            server.do_handshake()
        return outgoing.read()

    return say


def _over(port: int) -> Say:
    def say(hello: bytes) -> bytes:
        with socket.create_connection((HOST, port), timeout=60) as connection:
            connection.sendall(hello)
            with contextlib.suppress(ConnectionResetError), connection.makefile("rb") as answers:
                head = answers.read(5)
                return head + answers.read(int.from_bytes(head[3:], "big"))
        return b""

    return say


def _rsa_files(folder: Path) -> dict[str, Path]:
    """A certificate as an operator's issuer may still give it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    dated = builder.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    made = dated.sign(key, hashes.SHA256())
    certificate, secret = folder / "rsa.pem", folder / "rsa-key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return {"tls_certificate": certificate, "tls_key": secret}


async def test_ASVS_12_1_the_relay_speaks_no_tls_before_1_2_and_no_suite_without_forward_secrecy(
    tmp_path: Path,
) -> None:
    async with running_relay(tmp_path) as relay:
        say = _over(relay.port)
        for version in (_1_0, _1_1):
            assert await anyio.to_thread.run_sync(_accepted, say, version) == set()
        assert await anyio.to_thread.run_sync(_accepted, say, _1_2) == _ECDSA
        assert await anyio.to_thread.run_sync(_accepted, say, _1_3) == _OF_1_3


def test_ASVS_12_1_with_a_certificate_of_rsa_no_other_kind_of_suite_is_taken(tmp_path: Path) -> None:
    keeper = TlsKeeper(settings(data=tmp_path / "data", **_rsa_files(tmp_path)), Clock())
    say = _inside(keeper.context)
    assert [_accepted(say, version) for version in (_1_0, _1_1, _1_2)] == [set(), set(), _RSA]
    assert _accepted(say, _1_3) == _OF_1_3


def test_ASVS_12_1_these_hellos_would_find_what_is_weak(tmp_path: Path) -> None:
    files = _rsa_files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.load_cert_chain(files["tls_certificate"], files["tls_key"])
    weak = {0x002F, 0x009C, 0xC013}  # CBC; no forward secrecy; both CBC and forward secrecy
    assert weak <= _accepted(_inside(context), _1_2)
    assert all(_accepted(_inside(context), version) for version in (_1_0, _1_1))
