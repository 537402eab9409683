import asyncio
import secrets
import subprocess
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from relevo_server.store import schema
from relevo_server.store.accounts import AccountStore, NameTaken, NewAccount
from relevo_server.store.audit import AuditLog
from relevo_server.store.database import Database, Unavailable
from relevo_server.store.relay_sessions import RelaySessionStore, SeatRecord, SessionRecord
from relevo_server.store.tables import Base
from tests.server.hands import Hands
from tests.server.store.hands import opened
from tests.support.postgres import PostgresServer

PRAGMAS = ("journal_mode", "foreign_keys", "synchronous")
SESSION = SessionRecord(b"s" * 16, "482913", b"h" * 32, 1.0, "observer", ended=False)


def _differences(connection: Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def seat(account_id: str, hands: Hands, slot: int = 1) -> SeatRecord:
    return SeatRecord(SESSION.session_id, slot, account_id, "Ana", "Prueba", b"t" * 32, hands.now_s() + 600)


async def an_account(database: Database, hands: Hands) -> str:
    new = NewAccount("ana", "Ana", "es", is_admin=False, password_hash="x")
    return (await AccountStore(database, hands.clock, "Prueba").create(new, "test")).id


def test_migrations_make_what_the_tables_say_and_run_twice_harmlessly(database_url: str):
    async def run():
        async with opened(database_url) as database:
            await schema.migrate(database)
            assert await schema.current(database) == schema.HEAD
            async with database.engine.connect() as connection:
                return await connection.run_sync(_differences)

    assert asyncio.run(run()) == []


def test_sqlite_has_wal_foreign_keys_and_waits_for_the_disk(sqlite_database: str):
    async def run():
        async with opened(sqlite_database) as database, database.read() as session:
            return [await session.scalar(text(f"PRAGMA {name}")) for name in PRAGMAS]

    assert asyncio.run(run()) == ["wal", 1, 2]


def test_postgresql_waits_for_the_disk(postgres: PostgresServer):
    url = postgres.make_database("relevo_lazy")
    postgres.execute("ALTER DATABASE relevo_lazy SET synchronous_commit = off")

    async def run():
        async with opened(url) as database, database.read() as session:
            return await session.scalar(text("SHOW synchronous_commit"))

    assert asyncio.run(run()) == "on"


def test_two_servers_that_start_at_once_migrate_once(postgres: PostgresServer):
    url = postgres.make_database("relevo_fresh")

    async def run():
        async with opened(url) as one, opened(url) as other:
            await asyncio.gather(schema.migrate(one), schema.migrate(other))
            return await schema.current(one), await schema.current(other)

    assert asyncio.run(run()) == (schema.HEAD, schema.HEAD)


def test_relay_finds_its_sessions_again_after_it_was_killed(database_url: str):
    hands = Hands()

    async def before():
        async with opened(database_url) as database:
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
        async with opened(database_url) as database:
            return await RelaySessionStore(database, hands.clock).load_open()

    account = asyncio.run(before())
    assert asyncio.run(after()) == [(SESSION, [seat(account, hands)])]
    hands.turn(600)
    assert asyncio.run(after()) == [(SESSION, [])]


def test_saving_again_overwrites_and_ending_forgets_the_agents_token(database_url: str):
    hands = Hands()

    async def run():
        async with opened(database_url) as database:
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


def test_seat_without_session_is_refused(database_url: str):
    hands = Hands()

    async def run():
        async with opened(database_url) as database:
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


def test_a_name_is_taken_once_and_the_failed_attempt_leaves_no_record(database_url: str):
    hands = Hands()

    async def run():
        async with opened(database_url) as database:
            await an_account(database, hands)
            with pytest.raises(NameTaken):
                await an_account(database, hands)
            return [event.action for event in await AuditLog(database).newest(limit=10)]

    assert asyncio.run(run()) == ["account.create"]


def test_the_expected_revision_is_that_of_the_newest_migration():
    assert ScriptDirectory.from_config(schema.alembic_config()).get_current_head() == schema.HEAD


def test_a_server_whose_database_is_up_to_date_does_not_load_alembic(sqlite_database: str):
    code = (
        "import asyncio, sys, relevo_server.serve\n"
        "from relevo_server.store.database import Database\n"
        "from relevo_server.store.schema import migrate\n"
        "asyncio.run(migrate(Database(sys.argv[1])))\n"
        "print('alembic' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, sqlite_database], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_a_database_of_a_newer_version_is_refused_in_words(database_url: str):
    async def run():
        async with opened(database_url) as database:
            async with database.write() as session:
                await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            await schema.migrate(database)

    with pytest.raises(schema.SchemaError, match=r"9999.*newer server"):
        asyncio.run(run())


def test_an_error_of_the_database_does_not_tell_what_was_to_be_stored(database_url: str):
    secret = secrets.token_hex()

    async def run():
        async with opened(database_url) as database, database.write() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:hash)"), {"hash": secret})

    with pytest.raises((Unavailable, ProgrammingError)) as failed:
        asyncio.run(run())
    told = "".join(traceback.format_exception(failed.value))
    assert "nowhere" in told
    assert secret not in told


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(Unavailable, match=r"asyncpg.*relevo-server\[postgresql\]"):
        Database("postgresql://relay@127.0.0.1/relevo")


def test_a_database_that_is_not_there_is_unavailable(tmp_path: Path):
    async def run(url: str):
        async with opened(url) as database:
            await database.ping()

    with pytest.raises(Unavailable):
        asyncio.run(run(f"postgresql://relevo@/none?host={tmp_path}"))


def test_a_database_that_somebody_holds_is_unavailable(sqlite_database: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("relevo_server.store.database._BUSY_TIMEOUT_MS", 1)

    async def run():
        async with opened(sqlite_database) as one, opened(sqlite_database) as other, one.write() as first:
            await first.execute(text("SELECT 1"))  # takes the lock
            with pytest.raises(Unavailable):
                async with other.write() as second:
                    await second.execute(text("SELECT 1"))

    asyncio.run(run())


@pytest.mark.parametrize("wrong", [{"lead_name": "a\0b"}, {"mode": "x" * 9999}, {"created_at_s": "soon"}])
def test_C28_what_postgresql_will_never_take_is_told_as_such(postgres: PostgresServer, wrong: dict[str, Any]):
    url = postgres.make_database(f"relevo_unfit_{secrets.token_hex(4)}", "relevo_template")

    async def run() -> list[str]:
        async with opened(url) as database:
            store = RelaySessionStore(database, Hands().clock)
            with pytest.raises(DataError):
                async with store.writing() as writer:
                    await writer.save_session(replace(SESSION, **wrong))
            async with store.writing() as writer:
                with pytest.raises(DataError):
                    async with writer.apart():
                        await writer.save_session(replace(SESSION, **wrong))
                await writer.save_session(SESSION)
            return [found.routing for found, _ in await store.load_open()]

    assert asyncio.run(run()) == [SESSION.routing]
