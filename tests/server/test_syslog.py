import asyncio
import datetime as dt
import re
import socket
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import text

from relevo_server import commands, syslog
from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Database
from relevo_server.store.schema import migrate
from relevo_server.syslog import CollectorFiles, SyslogParts, SyslogSender
from relevo_server.tls import CertificateFiles, prepare_certificate
from tests.server.hands import settings
from tests.support.ports import free_port


@dataclass
class Collector:
    """A log collector on loopback: the messages that it got, by their counted octets."""

    port: int = 0
    data: bytearray = field(default_factory=bytearray)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])

    def messages(self) -> list[bytes]:
        found, rest = list[bytes](), bytes(self.data)
        while rest:
            count, _, rest = rest.partition(b" ")
            found.append(rest[: int(count)])
            rest = rest[int(count) :]
        return found

    async def until(self, count: int) -> list[bytes]:
        async with asyncio.timeout(60):
            while len(self.messages()) < count:
                self.grown.clear()
                await self.grown.wait()
        return self.messages()


@asynccontextmanager
async def collecting(
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    end: Callable[[asyncio.StreamWriter], None] | None = None,
) -> AsyncGenerator[Collector]:
    """A collector that reads to the end and then closes; with ``end`` it reads one octet, and does that."""
    collector = Collector()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        collector.writers.append(writer)
        if end is not None:
            await reader.read(1)
            end(writer)
            return
        while piece := await reader.read(65_536):
            collector.data += piece
            collector.grown.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port or free_port(), ssl=tls)
    collector.port = server.sockets[0].getsockname()[1]
    try:
        yield collector
    finally:
        server.close()
        for writer in collector.writers:
            writer.close()


def test_U10_the_record_goes_to_a_collector_once_and_goes_on_after_it_was_away(tmp_path: Path):
    async def play() -> None:
        database = Database(f"sqlite:///{tmp_path / 'record.db'}")
        await migrate(database)
        audit = AuditLog(database)

        async def act(text: str) -> None:
            personal = {"address": "192.0.2.7"}
            await audit.append(
                AuditEvent(1.0, "agent", "act.chat", details={"text": text}, personal=personal)
            )

        await act("one")
        async with collecting() as collector:
            port = collector.port
            sender = SyslogSender(SyslogParts(audit, f"127.0.0.1:{port}", "https://r.example", tmp_path))
            assert await sender.send_new()
            await act("two\nthree")
            assert await sender.send_new()
            assert await sender.send_new()
            messages = await collector.until(2)
            assert [re.findall(rb'seq="(\d+)"', one) for one in messages] == [[b"1"], [b"2"]]
            assert all(one.startswith(b"<109>1 ") and b"192.0.2.7" not in one for one in messages)
            assert b"\n" not in b"".join(messages)
            stopping = asyncio.Event()
            stopping.set()
            await sender.keep(stopping)
        await act("while it is away")
        # Another process, which knows from the file what was sent.
        sender = SyslogSender(SyslogParts(audit, f"127.0.0.1:{port}", "https://r.example", tmp_path))
        assert not await sender.send_new()
        async with collecting(port) as collector:
            assert await sender.send_new()
            messages = await collector.until(1)
            assert [re.findall(rb'seq="(\d+)"', one) for one in messages] == [[b"3"]]
            await sender.keep(stopping)
        await database.close()

    asyncio.run(play())


@asynccontextmanager
async def recorded(folder: Path, lines: int = 1) -> AsyncGenerator[Database]:
    database = Database(f"sqlite:///{folder / 'record.db'}")
    await migrate(database)
    for _ in range(lines):
        await AuditLog(database).append(AuditEvent(1.0, "agent", "act.chat"))
    try:
        yield database
    finally:
        await database.close()


async def end(sender: SyslogSender) -> None:
    stopping = asyncio.Event()
    stopping.set()
    await sender.keep(stopping)


def seqs(messages: list[bytes]) -> list[int]:
    return [int(found[1]) for one in messages if (found := re.search(rb'seq="(\d+)"', one))]


@pytest.mark.parametrize("details", ["?", '{"a":[1]}', "[]", b"\xff\x00", 7, '{"a":"]" x'])
def test_U1_a_line_whose_details_were_changed_is_sent_as_that_and_the_others_too(
    tmp_path: Path, details: object
):
    async def play() -> list[bytes]:
        async with recorded(tmp_path, 3) as database, collecting() as collector:
            async with database.write() as session:
                await session.execute(text("DROP TRIGGER audit_records_no_update"))
                await session.execute(
                    text("UPDATE audit_records SET details = :details WHERE seq = 2"), {"details": details}
                )
            target = f"127.0.0.1:{collector.port}"
            sender = SyslogSender(SyslogParts(AuditLog(database), target, "https://r.example", tmp_path))
            assert await sender.send_new()
            messages = await collector.until(3)
            await end(sender)
            return messages

    messages = asyncio.run(play())
    assert seqs(messages) == [1, 2, 3]
    assert [b"unreadable_details" in one for one in messages] == [False, True, False]
    assert all(re.fullmatch(rb"[\x20-\x7e]+", one) for one in messages)


def test_U10_a_record_that_was_put_back_from_a_backup_is_sent_on_from_there(tmp_path: Path):
    async def play() -> list[int]:
        async with recorded(tmp_path, 2) as database, collecting() as collector:
            target = f"127.0.0.1:{collector.port}"
            (tmp_path / "syslog-positions.json").write_text('{"home":9}')
            sender = SyslogSender(SyslogParts(AuditLog(database), target, "https://r.example", tmp_path))
            assert await sender.send_new()
            await AuditLog(database).append(AuditEvent(2.0, "agent", "act.chat"))
            assert await sender.send_new()
            found = seqs(await collector.until(1))
            await end(sender)
            return found

    assert asyncio.run(play()) == [3]


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> list[CertificateFiles]:
    """Two servers' certificates, each from an authority of its own (`ca.pem` beside it)."""
    folders = [tmp_path_factory.mktemp("authority") for _ in range(2)]
    return [prepare_certificate(settings(data=folder), Clock()) for folder in folders]


def serving(files: CertificateFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    return context


def test_U10_over_tls_the_record_goes_to_the_collector_that_the_authority_names(
    tmp_path: Path, authorities: list[CertificateFiles]
):
    async def play() -> list[bytes]:
        async with recorded(tmp_path, 3) as database, collecting(tls=serving(authorities[0])) as collector:
            ca = authorities[0].certificate.with_name("ca.pem")
            target = f"tls://127.0.0.1:{collector.port}"
            parts = SyslogParts(AuditLog(database), target, "https://r.example", tmp_path, CollectorFiles(ca))
            sender = SyslogSender(parts)
            assert await sender.send_new()
            await AuditLog(database).append(AuditEvent(2.0, "agent", "act.chat"))
            assert await sender.send_new()
            messages = await collector.until(4)
            await end(sender)
            return messages

    assert seqs(asyncio.run(play())) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("another authority", "certificate verify failed"),
        ("the system's", "certificate verify failed"),
        ("another name", "not valid for 'collector.example'"),
        ("no certificate", "no certificate"),
        ("no TLS", ""),
    ],
)
def test_U10_over_tls_nothing_goes_to_a_collector_that_is_not_proven(
    tmp_path: Path,
    authorities: list[CertificateFiles],
    monkeypatch: pytest.MonkeyPatch,
    wrong: str,
    reason: str,
):
    ca: Path | None = authorities[0].certificate.with_name("ca.pem")
    if wrong == "another authority":
        ca = authorities[1].certificate.with_name("ca.pem")
    elif wrong == "the system's":
        ca = None
    elif wrong == "no certificate":
        ca = tmp_path / "empty.pem"
        ca.write_text("")
    host = "127.0.0.1"
    if wrong == "another name":
        host = "collector.example"

        def here(_host: str, port: int, *_more: object) -> list[object]:
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", here)

    async def play() -> Collector:
        tls = serving(authorities[0]) if wrong != "no TLS" else None
        async with recorded(tmp_path) as database, collecting(tls=tls) as collector:
            target = f"tls://{host}:{collector.port}"
            parts = SyslogParts(AuditLog(database), target, "https://r.example", tmp_path, CollectorFiles(ca))
            # Whoever speaks no TLS just says nothing.
            patience_s = 1.0 if wrong == "no TLS" else 60.0
            monkeypatch.setattr("relevo_server.syslog._PATIENCE_S", patience_s)
            with mock.patch.object(syslog, "_log") as log:
                assert not await SyslogSender(parts).send_new()
            assert reason in log.warning.call_args.kwargs["reason"].lower()
            return collector

    collector = asyncio.run(play())
    assert b"act.chat" not in collector.data
    assert not (tmp_path / "syslog-positions.json").exists()


def client_files(folder: Path) -> CollectorFiles:
    """A certificate that says who sends, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = CollectorFiles(certificate=folder / "our.pem", key=folder / "our-key.pem")
    assert files.certificate is not None
    assert files.key is not None
    files.certificate.write_bytes(made.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.mark.parametrize("shown", [True, False])
def test_U10_over_tls_a_collector_can_ask_who_sends(
    tmp_path: Path,
    authorities: list[CertificateFiles],
    monkeypatch: pytest.MonkeyPatch,
    shown: bool,
):
    ours = client_files(tmp_path)
    asking = serving(authorities[0])
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(ours.certificate)
    files = replace(ours if shown else CollectorFiles(), ca=authorities[0].certificate.with_name("ca.pem"))
    monkeypatch.setattr("relevo_server.syslog._PATIENCE_S", 60.0)

    async def play() -> list[bytes]:
        async with recorded(tmp_path, 2) as database, collecting(tls=asking) as collector:
            target = f"tls://127.0.0.1:{collector.port}"
            sender = SyslogSender(
                SyslogParts(AuditLog(database), target, "https://r.example", tmp_path, files)
            )
            assert await sender.send_new() is shown
            messages = await collector.until(2) if shown else collector.messages()
            await end(sender)
            return messages

    assert seqs(asyncio.run(play())) == ([1, 2] if shown else [])
    # What was refused is to be sent again.
    assert (tmp_path / "syslog-positions.json").exists() is shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, ""),
        ({"syslog": "collector.example:514"}, "warn  syslog is not encrypted"),
        ({"syslog": "tls://collector.example:6514"}, ""),
        ({"syslog": "tls://collector.example:6514", "syslog_ca": "gone.pem"}, "FAIL  syslog_ca gone.pem: "),
        (
            {
                "syslog": "tls://collector.example:6514",
                "syslog_certificate": "our.pem",
                "syslog_key": "key.pem",
            },
            "FAIL  syslog_certificate our.pem, syslog_key key.pem: ",
        ),
    ],
)
def test_a_collector_without_tls_or_with_a_file_that_is_gone_is_said_by_check(
    tmp_path: Path, given: dict[str, str], said: str
):
    lines, fine = asyncio.run(commands.check(settings(data=tmp_path, **given)))
    assert any(line.startswith(said) for line in lines)
    assert any("syslog" in line for line in lines) is bool(said)
    assert fine is not said.startswith("FAIL")
