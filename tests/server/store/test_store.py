import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, OperationalError

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
            assert await schema.current(database) == schema.HEAD
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
            other = SessionRecord(b"z" * 16, "111111", b"h" * 32, 2.0, "full", ended=False)
            async with store.writing() as writer:
                await writer.save_session(SESSION)
                await writer.save_session(other)
                await writer.save_seat(seat(account, hands))
                await writer.save_seat(seat(account, hands, slot=2))
                await writer.drop_seat(SESSION.session_id, 2)
                await writer.end_session(b"z" * 16, "customer stopped")
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
            changed = SessionRecord(SESSION.session_id, "999999", b"n" * 32, 1.0, "full", ended=False)
            async with store.writing() as writer:
                await writer.save_session(SESSION)
                await writer.save_session(changed)
            assert await store.load_open() == [(changed, [])]
            async with store.writing() as writer:
                await writer.end_session(SESSION.session_id, "over")
                await writer.end_session(SESSION.session_id, "a second reason changes nothing")
            async with database.read() as session:
                row = await session.execute(text("SELECT agent_token_hash, end_reason FROM relay_sessions"))
                return row.one()

    assert tuple(asyncio.run(run())) == (bytes(32), "over")


def test_seat_without_session_is_refused(tmp_path: Path):
    hands = Hands()

    async def run():
        async with opened(tmp_path) as database:
            account = await an_account(database, hands)
            store = RelaySessionStore(database, hands.clock)
            async with store.writing() as writer:
                await writer.save_session(SESSION)
                stray = replace(seat(account, hands), session_id=b"y" * 16)
                with pytest.raises(IntegrityError):
                    async with writer.apart():
                        await writer.save_seat(stray)
                await writer.save_seat(seat(account, hands))
            # What was refused is undone alone.
            assert await store.load_open() == [(SESSION, [seat(account, hands)])]

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


def test_the_expected_revision_is_that_of_the_newest_migration():
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == schema.HEAD


def test_a_server_whose_database_is_up_to_date_does_not_load_alembic(tmp_path: Path):
    async def made() -> None:
        async with opened(tmp_path):
            pass

    asyncio.run(made())
    code = (
        "import asyncio, sys, relevo_server.serve\n"
        "from relevo_server.store.database import Database, sqlite_url\n"
        "from relevo_server.store.schema import migrate\n"
        "asyncio.run(migrate(Database(sqlite_url(sys.argv[1]))))\n"
        "print('alembic' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "relevo.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_database_of_a_newer_version_is_refused_in_words(tmp_path: Path):
    async def run():
        async with opened(tmp_path) as database:
            async with database.write() as session:
                await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            await schema.migrate(database)

    with pytest.raises(schema.SchemaError, match=r"9999.*newer server"):
        asyncio.run(run())


def test_an_error_of_the_database_does_not_tell_what_was_to_be_stored(tmp_path: Path):
    async def run():
        async with opened(tmp_path) as database, database.write() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:hash)"), {"hash": "hush"})

    with pytest.raises(OperationalError) as failed:
        asyncio.run(run())
    assert "hush" not in str(failed.value)
