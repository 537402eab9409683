import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from relevo_server.store import schema
from relevo_server.store.accounts import AccountStore, NameTaken, NewAccount
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Database, sqlite_url
from relevo_server.store.relay_sessions import RelaySessionStore, SeatRecord, SessionRecord
from relevo_server.store.tables import Base
from tests.server.hands import Hands

SESSION = SessionRecord(b"s" * 16, "482913", b"h" * 32, 1.0, "observer", ended=False)


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[Database]:
    database = Database(sqlite_url(str(folder / "relevo.db")))
    try:
        await schema.migrate(database)
        yield database
    finally:
        await database.close()


def seat(account_id: str, hands: Hands, slot: int = 1) -> SeatRecord:
    return SeatRecord(SESSION.session_id, slot, account_id, "Ana", "Prueba", b"t" * 32, hands.now_s() + 600)


async def an_account(database: Database, hands: Hands) -> str:
    new = NewAccount("ana", "Ana", "es", is_admin=False, password_hash="x")
    return (await AccountStore(database, hands.clock, "Prueba").create(new, "test")).id


def test_migrations_make_what_the_tables_say_and_run_twice_harmlessly(tmp_path: Path):
    async def run():
        async with opened(tmp_path) as database:
            await schema.migrate(database)
            assert await schema.current(database) == schema.head()
            async with database.engine.connect() as connection:
                return await connection.run_sync(_differences)

    assert asyncio.run(run()) == []


def test_sqlite_has_wal_and_foreign_keys(tmp_path: Path):
    async def run():
        async with opened(tmp_path) as database, database.read() as session:
            return [await session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys")]

    assert asyncio.run(run()) == ["wal", 1]


def test_relay_finds_its_sessions_again_after_it_was_killed(tmp_path: Path):
    hands = Hands()

    async def before():
        async with opened(tmp_path) as database:
            store = RelaySessionStore(database, hands.clock)
            account = await an_account(database, hands)
            await store.save_session(SESSION)
            await store.save_session(SessionRecord(b"z" * 16, "111111", b"h" * 32, 2.0, "full", ended=False))
            await store.save_seat(seat(account, hands))
            await store.save_seat(seat(account, hands, slot=2))
            await store.drop_seat(SESSION.session_id, 2)
            await store.end_session(b"z" * 16, "customer stopped")
            return account

    async def after():
        async with opened(tmp_path) as database:
            return await RelaySessionStore(database, hands.clock).load_open()

    account = asyncio.run(before())
    assert asyncio.run(after()) == [(SESSION, [seat(account, hands)])]
    hands.turn(600)
    assert asyncio.run(after()) == [(SESSION, [])]


def test_saving_again_overwrites_and_ending_forgets_the_agents_token(tmp_path: Path):
    hands = Hands()

    async def run():
        async with opened(tmp_path) as database:
            store = RelaySessionStore(database, hands.clock)
            await store.save_session(SESSION)
            changed = SessionRecord(SESSION.session_id, "999999", b"n" * 32, 1.0, "full", ended=False)
            await store.save_session(changed)
            assert await store.load_open() == [(changed, [])]
            await store.end_session(SESSION.session_id, "over")
            await store.end_session(SESSION.session_id, "a second reason changes nothing")
            async with database.read() as session:
                row = await session.execute(text("SELECT agent_token_hash, end_reason FROM relay_sessions"))
                return row.one()

    assert tuple(asyncio.run(run())) == (bytes(32), "over")


def test_seat_without_session_is_refused(tmp_path: Path):
    hands = Hands()

    async def run():
        async with opened(tmp_path) as database:
            account = await an_account(database, hands)
            await RelaySessionStore(database, hands.clock).save_seat(seat(account, hands))

    with pytest.raises(IntegrityError):
        asyncio.run(run())


def test_a_name_is_taken_once_and_the_failed_attempt_leaves_no_record(tmp_path: Path):
    hands = Hands()

    async def run():
        async with opened(tmp_path) as database:
            await an_account(database, hands)
            with pytest.raises(NameTaken):
                await an_account(database, hands)
            return [event.action for event in await AuditLog(database).newest(10)]

    assert asyncio.run(run()) == ["account.create"]


def test_audit_cannot_be_changed_or_deleted_and_the_chain_tells_when_it_was(tmp_path: Path):
    async def write():
        async with opened(tmp_path) as database:
            log = AuditLog(database)
            for number in range(3):
                await log.append(AuditEvent(float(number), "ana", "join", b"s" * 16, {"slot": number}))
            assert await log.first_broken() is None

    async def broken():
        async with opened(tmp_path) as database:
            return await AuditLog(database).first_broken()

    asyncio.run(write())
    connection = sqlite3.connect(tmp_path / "relevo.db")
    for statement in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.execute("DROP TRIGGER audit_no_UPDATE")
    connection.execute("UPDATE audit SET actor = 'eve' WHERE number = 2")
    connection.commit()
    connection.close()
    assert asyncio.run(broken()) == 2


def test_two_processes_worth_of_writers_keep_one_unbroken_chain(tmp_path: Path):
    async def run():
        async with opened(tmp_path) as one, opened(tmp_path) as other:
            logs = [AuditLog(one), AuditLog(other)]
            events = [AuditEvent(float(n), "ana", "join") for n in range(20)]
            await asyncio.gather(*(logs[n % 2].append(event) for n, event in enumerate(events)))
            return await logs[0].first_broken(), len(await logs[1].newest(100))

    assert asyncio.run(run()) == (None, 20)
