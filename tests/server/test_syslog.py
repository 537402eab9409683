import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Database, sqlite_url
from relevo_server.store.schema import migrate
from relevo_server.syslog import SyslogParts, SyslogSender


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
        async with asyncio.timeout(10):
            while len(self.messages()) < count:
                self.grown.clear()
                await self.grown.wait()
        return self.messages()


@asynccontextmanager
async def collecting(port: int = 0) -> AsyncGenerator[Collector]:
    collector = Collector()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        collector.writers.append(writer)
        while piece := await reader.read(65_536):
            collector.data += piece
            collector.grown.set()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    collector.port = server.sockets[0].getsockname()[1]
    try:
        yield collector
    finally:
        server.close()
        for writer in collector.writers:
            writer.close()


def test_U10_the_record_goes_to_a_collector_once_and_goes_on_after_it_was_away(tmp_path: Path):
    async def play() -> None:
        database = Database(sqlite_url(str(tmp_path / "record.db")))
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


def test_U10_a_record_that_cannot_be_read_does_not_end_the_sending(tmp_path: Path):
    async def play() -> list[bytes]:
        database = Database(sqlite_url(str(tmp_path / "record.db")))
        await migrate(database)
        audit = AuditLog(database)
        await audit.append(AuditEvent(1.0, "agent", "act.chat"))
        async with database.write() as session:
            await session.execute(text("DROP TRIGGER audit_records_no_update"))
            await session.execute(text("UPDATE audit_records SET details = '?'"))
        async with collecting() as collector:
            target = f"127.0.0.1:{collector.port}"
            sender = SyslogSender(SyslogParts(audit, target, "https://r.example", tmp_path))
            assert not await sender.send_new()
            async with database.write() as session:
                await session.execute(text("UPDATE audit_records SET details = '{}'"))
            assert await sender.send_new()
            messages = await collector.until(1)
            stopping = asyncio.Event()
            stopping.set()
            await sender.keep(stopping)
        await database.close()
        return messages

    assert len(asyncio.run(play())) == 1
