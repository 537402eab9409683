"""When a line of the record counts as sent on: once the collector has read it, and not before (U10)."""

import asyncio
import json
import socket
import ssl
import struct
import sys
from pathlib import Path
from unittest import mock

import pytest

from relevo_server import syslog
from relevo_server.clock import Clock
from relevo_server.store.audit import AuditLog
from relevo_server.store.database import Database
from relevo_server.syslog import CollectorFiles, SyslogParts, SyslogSender
from relevo_server.tls import prepare_certificate
from tests.server.hands import settings
from tests.server.test_syslog import collecting, recorded, seqs, serving


def _sender(database: Database, port: int, folder: Path) -> SyslogSender:
    return SyslogSender(SyslogParts(AuditLog(database), f"127.0.0.1:{port}", "https://r.example", folder))


def _reset(writer: asyncio.StreamWriter) -> None:
    """Refuse what comes, as the kernel does for a collector that has died."""
    at = writer.get_extra_info("socket")
    at.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def test_U10_what_a_collector_refuses_after_it_was_taken_by_the_line_is_sent_again(tmp_path: Path):
    async def play() -> list[int]:
        async with recorded(tmp_path, 3) as database:
            async with collecting(end=_reset) as refusing:
                assert not await _sender(database, refusing.port, tmp_path).send_new()
            assert not (tmp_path / "syslog-positions.json").exists()
            # Another process, after a restart.
            async with collecting(refusing.port) as collector:
                assert await _sender(database, collector.port, tmp_path).send_new()
                return seqs(await collector.until(3))

    assert asyncio.run(play()) == [1, 2, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what the other end has taken")
def test_U10_a_collector_that_hangs_up_first_has_taken_nothing(tmp_path: Path):
    def hang_up(listening: socket.socket) -> None:
        listening.accept()[0].close()

    async def play() -> bool:
        async with recorded(tmp_path) as database:
            with socket.create_server(("127.0.0.1", 0)) as listening:
                hanging_up = asyncio.to_thread(hang_up, listening)
                sender = _sender(database, listening.getsockname()[1], tmp_path)
                sent, _ = await asyncio.gather(sender.send_new(), hanging_up)
                return sent

    assert not asyncio.run(play())
    assert not (tmp_path / "syslog-positions.json").exists()


def test_U10_a_collector_that_does_not_say_that_it_has_read_all_is_told_of_and_gets_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def play() -> list[int]:
        async with recorded(tmp_path, 2) as database:
            async with collecting(end=lambda _writer: None) as silent:
                monkeypatch.setattr("relevo_server.syslog._PATIENCE_S", 0.5)
                with mock.patch.object(syslog, "_log") as log:
                    assert not await _sender(database, silent.port, tmp_path).send_new()
                assert "does not end the connection" in log.warning.call_args.kwargs["reason"]
            monkeypatch.setattr("relevo_server.syslog._PATIENCE_S", 60.0)
            async with collecting() as collector:
                assert await _sender(database, collector.port, tmp_path).send_new()
                return seqs(await collector.until(2))

    assert asyncio.run(play()) == [1, 2]


def test_U10_a_collector_that_takes_little_at_a_time_gets_all_of_it_by_and_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("relevo_server.syslog._PATIENCE_S", 0.5)
    kept: list[asyncio.StreamWriter] = []

    async def take_two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept.append(writer)
        if (await reader.read()).count(b"act.chat") <= 2:
            writer.close()

    async def play() -> int:
        async with recorded(tmp_path, 12) as database:
            server = await asyncio.start_server(take_two, "127.0.0.1", 0)
            sender, tries = _sender(database, server.sockets[0].getsockname()[1], tmp_path), 1
            while not await sender.send_new():
                tries += 1
                assert tries < 100
            for writer in kept:
                writer.close()
            server.close()
            return tries

    assert asyncio.run(play()) > 3
    assert json.loads((tmp_path / "syslog-positions.json").read_bytes()) == {"home": 12}


def test_U10_a_collector_that_ends_tls_by_closing_alone_has_taken_it(tmp_path: Path):
    certificate = prepare_certificate(settings(data=tmp_path / "authority"), Clock())
    heard = bytearray()

    def collect(listening: socket.socket, context: ssl.SSLContext) -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as line:
            while piece := line.recv(65_536):
                heard.extend(piece)

    async def play() -> bool:
        async with recorded(tmp_path) as database:
            with socket.create_server(("127.0.0.1", 0)) as listening:
                collecting = asyncio.to_thread(collect, listening, serving(certificate))
                target = f"tls://127.0.0.1:{listening.getsockname()[1]}"
                files = CollectorFiles(certificate.certificate.with_name("ca.pem"))
                parts = SyslogParts(AuditLog(database), target, "https://r.example", tmp_path, files)
                sent, _ = await asyncio.gather(SyslogSender(parts).send_new(), collecting)
                return sent

    assert asyncio.run(play())
    assert b"act.chat" in heard


def test_U10_a_collector_that_does_not_say_that_it_has_read_all_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("relevo_server.syslog._PATIENCE_S", 600.0)
    monkeypatch.setattr("relevo_server.syslog._PARTING_S", 0.1)

    async def play() -> None:
        reached, stopping = asyncio.Event(), asyncio.Event()
        silence = collecting(end=lambda _writer: reached.set())
        async with recorded(tmp_path, 2) as database, silence as silent:
            keeping = asyncio.create_task(_sender(database, silent.port, tmp_path).keep(stopping))
            await reached.wait()
            stopping.set()
            async with asyncio.timeout(60):
                await keeping

    asyncio.run(play())
    assert not (tmp_path / "syslog-positions.json").exists()
