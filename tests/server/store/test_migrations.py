"""Databases of the version before: what was stored stays, what is new has safe defaults."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from relevo_protocol.modes import Standing
from relevo_server.store import schema
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.audit_check import FlawKind
from relevo_server.store.database import Database
from relevo_server.store.relay_sessions import RelaySessionStore
from relevo_server.store.sign_ins import SignInStore
from tests.server.hands import Hands
from tests.support.records import flaws_of

_BEFORE = (
    "INSERT INTO accounts VALUES ('a1', 'ana', 'Ana Ruiz', 'es', 1, 'hash', 0, 1.0)",
    "INSERT INTO web_sessions VALUES (x'01', 'a1', 1.0, 1.0)",
    "INSERT INTO relay_sessions VALUES (zeroblob(16), '482913', x'02', 1.0, 'full', 0, NULL, NULL)",
    "INSERT INTO relay_seats VALUES (zeroblob(16), 2, 'a1', 'Ana Ruiz', 'Prueba', x'03', 9e12)",
    "INSERT INTO audit VALUES (1, 1.0, 'ana', 'join', NULL, '{}', x'04')",
)
TIED = {"lines": 1, "chain": "04"}
_GUEST = (
    "INSERT INTO relay_seats"
    " (session_id, slot, account_id, display_name, organisation, token_hash, expires_at_s)"
    " VALUES (zeroblob(16), 3, 'guest-1', 'Eva', '', x'05', 9e12)"
)


def _to(connection: Connection, revision: str, *, down: bool = False) -> None:
    config = schema.alembic_config()
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, revision)


async def _old(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    async with database.migration() as connection:
        await connection.run_sync(_to, "0001")
        for statement in _BEFORE:
            await connection.exec_driver_sql(statement)
    return database


def test_a_database_of_the_first_version_keeps_what_it_has(tmp_path: Path):
    async def run():
        database = await _old(tmp_path)
        await schema.migrate(database)
        ana = await AccountStore(database, Hands().clock, "Prueba").by_name("ana")
        (signed,) = await SignInStore(database).of_account("a1")
        await AuditLog(database).append(AuditEvent(2.0, "a1", "sign_out"))
        record = [(line.seq, line.action, line.details) for line in await AuditLog(database).newest()]
        broken = [flaw.kind for flaw in await flaws_of(database)]
        ((session, seats),) = await RelaySessionStore(database, Hands().clock).load_open()
        async with database.write() as writing:
            signed_in = await writing.scalar(text("SELECT count(*) FROM web_sessions"))
            lines = await writing.scalar(text("SELECT count(*) FROM audit"))
            await writing.execute(text(_GUEST))  # has no account, and needs none
        await database.close()
        assert (len(signed.id), signed.authenticated_at_s) == (32, 1.0)
        # The line of the first version was invented here, and is found to be.
        assert (broken, record) == (
            [FlawKind.OLD_RECORD],
            [(2, "sign_out", {}), (1, "record.continued", TIED)],
        )
        return ana, session, seats, (signed_in, lines)

    ana, session, (seat,), counted = asyncio.run(run())
    assert ana is not None
    assert (ana.view.organisation, ana.view.organisation_id) == ("Prueba", "home")
    assert (ana.view.standing, ana.view.team, ana.view.admin_tools) == (Standing.TECHNICIAN, "", False)
    assert (session.kind, session.mode, session.lead_account_id) == ("support", "full", "")
    assert (session.held_until_s, session.back_by_s) == (0.0, 0.0)
    assert (seat.slot, seat.account_id, seat.display_name, seat.token_hash) == (2, "a1", "Ana Ruiz", b"\x03")
    assert (seat.standing, seat.role, seat.admin_tools) == ("technician", "collaborator", False)
    assert counted == (1, 1)


def test_the_way_back_keeps_accounts_and_forgets_guests(tmp_path: Path):
    async def run():
        database = await _old(tmp_path)
        await schema.migrate(database)
        async with database.write() as writing:
            await writing.execute(text(_GUEST))
        async with database.migration() as connection:
            await connection.run_sync(lambda sync: _to(sync, "0001", down=True))
            slots = (await connection.exec_driver_sql("SELECT slot FROM relay_seats")).scalars().all()
            with pytest.raises(IntegrityError):
                await connection.exec_driver_sql(_GUEST)
        await database.close()
        return slots

    assert asyncio.run(run()) == [2]
