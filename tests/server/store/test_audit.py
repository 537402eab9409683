"""The record: once, in the act's own transaction, one chain for each organisation (SECURITY U2 to U4)."""

import asyncio
import contextlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from relevo_server.store import audit_chain
from relevo_server.store.audit import AuditEvent, AuditFilter, AuditLog, append_audit
from relevo_server.store.audit_chain import ChainedFields
from tests.server.store.hands import opened
from tests.support.records import flaws_of

EVENT = AuditEvent(1.0, "ana", "join", b"s" * 16, {"slot": 2}, {"address": "192.0.2.7"}, cause="ws:3")

_REPLACE = """
INSERT OR REPLACE INTO audit_records
SELECT organisation_id, seq, event_id, at_s, 'eve', action, session_id, cause, details, personal, salt,
       personal_hash, chain FROM audit_records"""


def test_U1_the_chains_bytes_are_those_of_the_vectors():
    vectors = json.loads(Path(__file__).with_name("audit-vectors.json").read_text())
    previous = audit_chain.GENESIS
    for vector in vectors["lines"]:
        personal = (
            audit_chain.personal_hash(bytes.fromhex(vector["salt"]), vector["personal"])
            if vector["personal"] is not None
            else audit_chain.NOTHING_PERSONAL
        )
        assert personal.hex() == vector["personal_hash"]
        line = ChainedFields(
            organisation=vector["organisation"],
            seq=vector["seq"],
            event_id=bytes.fromhex(vector["event_id"]),
            at_s=vector["at_s"],
            actor=vector["actor"],
            action=vector["action"],
            session_id=bytes.fromhex(vector["session_id"]),
            cause=vector["cause"],
            details=vector["details"],
            personal_hash=personal,
        )
        previous = audit_chain.link(previous, line)
        assert previous.hex() == vector["chain"]
    head = vectors["head"]
    signed = audit_chain.head_bytes(head["origin"], head["organisation"], head["seq"], previous, head["at_s"])
    assert signed.hex() == head["signed_bytes"]


def test_U1_what_is_written_comes_back_and_is_in_order(database_url: str):
    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            for number in range(3):
                assert await log.append(replace(EVENT, at_s=float(number), event_id=bytes([number]) * 16))
            assert await flaws_of(database) == []
            return await log.newest(before_seq=3), [line async for line in log.records(from_seq=2)]

    newest, forward = asyncio.run(run())
    assert [line.seq for line in newest] == [2, 1]
    assert [line.seq for line in forward] == [2, 3]
    line = newest[0]
    assert (line.actor, line.action, line.session_id, line.cause) == ("ana", "join", b"s" * 16, "ws:3")
    assert (line.details, line.personal, line.erased) == ({"slot": 2}, {"address": "192.0.2.7"}, False)


def test_U1_lines_are_found_by_action_actor_and_session(database_url: str):
    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            for action, actor in (("sign_in.password", "a"), ("sign_in.refused", ""), ("sign_out", "a")):
                await log.append(AuditEvent(1.0, actor, action))
            await log.append(replace(EVENT, action="sign_in.password"))
            asked = (
                AuditFilter(action="sign_in."),
                AuditFilter(action="sign_in.password", actor="a"),
                AuditFilter(session_id=b"s" * 16),
            )
            return [[line.seq for line in await log.newest(only=only)] for only in asked]

    assert asyncio.run(run()) == [[4, 2, 1], [1], [4]]


def test_U4_an_event_is_recorded_once(database_url: str):
    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            there = [await log.append(EVENT), await log.append(EVENT)]
            # The same id in another organisation's record is another event.
            there.append(await log.append(replace(EVENT, organisation="other")))
            return there, len(await log.newest()), await flaws_of(database, "other")

    assert asyncio.run(run()) == ([True, False, True], 1, [])


def test_U2_an_act_that_fails_leaves_no_line(database_url: str):
    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            with contextlib.suppress(ZeroDivisionError):
                async with database.write() as session:
                    await append_audit(session, EVENT)
                    raise ZeroDivisionError
            assert await log.append(EVENT)
            # A savepoint that is undone leaves the chain whole as well.
            async with database.write() as session:
                with contextlib.suppress(ZeroDivisionError):
                    async with session.begin_nested():
                        await append_audit(session, AuditEvent(2.0, "ana", "leave"))
                        raise ZeroDivisionError
                await append_audit(session, AuditEvent(3.0, "ana", "end"))
            return [line.action for line in await log.newest()], await flaws_of(database)

    assert asyncio.run(run()) == (["end", "join"], [])


def test_U3_two_servers_writers_never_fork_the_chain(database_url: str):
    async def run():
        async with opened(database_url) as one, opened(database_url) as other:
            logs = [AuditLog(one), AuditLog(other)]
            events = [AuditEvent(float(n), "ana", "join") for n in range(20)]
            await asyncio.gather(*(logs[n % 2].append(event) for n, event in enumerate(events)))
            return await flaws_of(one), [line.seq for line in await logs[1].newest()]

    assert asyncio.run(run()) == ([], list(range(20, 0, -1)))


_OTHER_WRITER = """
import asyncio, sys
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Database

async def run():
    database = Database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(20):
        await AuditLog(database).append(AuditEvent(float(number), "eva", "join"))
    await database.close()

asyncio.run(run())
"""


def test_U3_two_processes_writers_never_fork_the_chain(database_url: str):
    async def run(other: subprocess.Popen[str]):
        async with opened(database_url) as database:
            log = AuditLog(database)
            assert other.stdin is not None
            other.stdin.write("go\n")
            other.stdin.flush()
            for number in range(20):
                await log.append(AuditEvent(float(number), "ana", "join"))
            assert await asyncio.to_thread(other.wait, 120) == 0
            return await flaws_of(database), [line.seq for line in await log.newest()]

    with subprocess.Popen(
        [sys.executable, "-c", _OTHER_WRITER, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        assert asyncio.run(run(other)) == ([], list(range(40, 0, -1)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET actor = 'eve'",
        "UPDATE audit_records SET personal = '{}'",
        "UPDATE audit_records SET personal = NULL, salt = NULL, at_s = 2",
        "DELETE FROM audit_records",
        _REPLACE.replace("event_id", "randomblob(16)"),
        "TRUNCATE audit_records",
    ],
)
def test_U1_the_database_refuses_to_change_the_record(database_url: str, statement: str):
    kind = {"INSERT OR": "sqlite", "TRUNCATE ": "postgresql"}.get(statement.strip()[:9])

    async def run():
        async with opened(database_url) as database:
            if kind not in {None, database.kind}:
                return
            await AuditLog(database).append(EVENT)
            with pytest.raises(DBAPIError, match="append-only"):
                async with database.write() as session:
                    await session.execute(text(statement))

    asyncio.run(run())


def test_U1_replacing_an_event_changes_nothing(sqlite_database: str):
    async def run():
        async with opened(sqlite_database) as database:
            log = AuditLog(database)
            await log.append(EVENT)
            async with database.write() as session:
                await session.execute(text(_REPLACE))
            return (await log.newest())[0].actor, await flaws_of(database)

    assert asyncio.run(run()) == ("ana", [])


def test_U1_no_text_can_keep_a_line_out(database_url: str):
    odd = "a\x00b\ud800\u202e" * 40

    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            await log.append(AuditEvent(1.0, odd, odd, None, {odd: odd}, {odd: odd}, cause=odd))
            return (await log.newest())[0], await flaws_of(database)

    line, flaws = asyncio.run(run())
    assert flaws == []
    assert (len(line.actor), len(line.action), len(line.cause)) == (64, 64, 64)
    assert "\x00" not in line.actor
