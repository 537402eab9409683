"""Whatever somebody has put into a row, it is shown as changed, all others as they are (SECURITY U1, X6)."""

import asyncio
import contextlib
import json
import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from relevo_server import export
from relevo_server.store.activity import ADMITTED, ActivityStore
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.audit_check import FlawKind
from relevo_server.store.audit_line import AuditLine
from tests.server.store.hands import opened
from tests.support.records import flaws_of

EVENT = ("ana", "join", b"s" * 16, {"n": 1}, {"address": "192.0.2.7"})
COLUMNS = (
    *("event_id", "at_s", "actor", "action", "session_id", "cause", "details", "personal", "salt"),
    *("personal_hash", "chain"),
)
# As SQL: values of every kind that SQLite keeps in every column, and text that is none.
STRANGE = (
    "7",
    "-1",
    "1e300",
    "-1e300",
    "x''",
    "x'ff00'",
    "''",
    "'x'",
    "'[1]'",
    "'{\"a\":null}'",
    '\'{"a":{"b":1}}\'',
    '\'{"a":"\\ud800"}\'',
    "CAST(x'7bff' AS TEXT)",
    "CAST(zeroblob(70) AS TEXT)",
)


async def write(url: str) -> None:
    actor, action, session_id, details, personal = EVENT
    async with opened(url) as database:
        for _ in range(3):
            await AuditLog(database).append(
                AuditEvent(1.0, actor, action, session_id, details, personal, cause="ws:1")
            )


async def read(url: str) -> tuple[list[AuditLine], list[AuditLine], list[tuple[int, FlawKind]]]:
    async with opened(url) as database:
        log = AuditLog(database)
        forward = [line async for line in log.records()]
        flaws = [(flaw.seq, flaw.kind) for flaw in await flaws_of(database)]
        await ActivityStore(database).visits("home", 0.0)
        return await log.newest(), forward, flaws


@pytest.mark.parametrize("column", COLUMNS)
def test_U1_whatever_stands_in_a_cell_the_line_is_shown_and_the_others_too(
    sqlite_database: str, tmp_path: Path, column: str
):
    asyncio.run(write(sqlite_database))
    with contextlib.closing(sqlite3.connect(tmp_path / "relevo.db", isolation_level=None)) as raw:
        raw.execute("DROP TRIGGER audit_records_no_update")
        for value in STRANGE:
            raw.execute(f"UPDATE audit_records SET {column} = {value} WHERE seq = 2")  # noqa: S608 - constants
            newest, forward, flaws = asyncio.run(read(sqlite_database))
            assert [line.seq for line in forward] == [line.seq for line in reversed(newest)] == [1, 2, 3]
            assert (2, FlawKind.CHANGED) in flaws, value
            assert [line.changed for line in forward if line.seq != 2] == [False, False]
            for line in forward:
                written = export.jsonl_line(line)
                assert json.loads(written)["seq"] == line.seq
                for one in (written, export.syslog_line(line, "https://relay.example")):
                    assert re.fullmatch(rb"[\x20-\x7e]+\n", one)


@pytest.mark.parametrize("value", ["no JSON", "[]", '{"a":[]}', '{"a":null}', "\u202e\x1b[31m"])
def test_U1_changed_details_are_shown_as_plain_text_among_the_others(database_url: str, value: str):
    async def run() -> list[AuditLine]:
        await write(database_url)
        async with opened(database_url) as database:
            async with database.write() as session:
                trigger = (
                    "DROP TRIGGER audit_records_no_update"
                    if database.kind == "sqlite"
                    else "DROP TRIGGER audit_records_rows ON audit_records"
                )
                await session.execute(text(trigger))
                for column in ("details", "personal"):
                    await session.execute(
                        text(f"UPDATE audit_records SET {column} = :value WHERE seq = 2"),  # noqa: S608 - constants
                        {"value": value},
                    )
            return [line async for line in AuditLog(database).records()]

    first, changed, last = asyncio.run(run())
    assert (first.changed, changed.changed, last.changed) == (False, True, False)
    assert (dict(first.details), first.personal) == ({"n": 1}, {"address": "192.0.2.7"})
    assert dict(changed.details) == {"unreadable_details": ascii(value)}
    assert changed.personal == {"unreadable_personal": ascii(value)}
    assert changed.actor == "ana"


def test_U1_a_line_that_lost_its_number_is_left_out_and_found(sqlite_database: str, tmp_path: Path):
    asyncio.run(write(sqlite_database))
    with contextlib.closing(sqlite3.connect(tmp_path / "relevo.db", isolation_level=None)) as raw:
        raw.execute("DROP TRIGGER audit_records_no_update")
        for value in ("'x'", "2.5", "x'02'", "1e300"):
            raw.execute(
                f"UPDATE audit_records SET seq = {value} WHERE event_id = "  # noqa: S608 - constants
                "(SELECT event_id FROM audit_records ORDER BY rowid LIMIT 1 OFFSET 1)"
            )
            newest, forward, flaws = asyncio.run(read(sqlite_database))
            assert [line.seq for line in forward] == [line.seq for line in reversed(newest)] == [1, 3]
            assert (2, FlawKind.REMOVED) in flaws, value


def test_U1_activity_is_counted_without_a_visit_at_no_time(sqlite_database: str, tmp_path: Path):
    async def run() -> list[float]:
        async with opened(sqlite_database) as database:
            for at_s in (1.0, 2.0, 3.0):
                await AuditLog(database).append(AuditEvent(at_s, "ana", ADMITTED, b"s" * 16))
            with contextlib.closing(sqlite3.connect(tmp_path / "relevo.db", isolation_level=None)) as raw:
                raw.execute("DROP TRIGGER audit_records_no_update")
                raw.execute("UPDATE audit_records SET at_s = 'x' WHERE seq = 1")
                raw.execute("UPDATE audit_records SET at_s = 1e300 WHERE seq = 2")
            return [visit.at_s for visit in await ActivityStore(database).visits("home", 0.0)]

    assert asyncio.run(run()) == [3.0]
