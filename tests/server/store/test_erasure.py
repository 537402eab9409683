"""Personal data and old lines can go; the chain holds, and what went is told (SECURITY U6, U7)."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from relevo_server.store import erasure
from relevo_server.store.audit import AuditEvent, AuditFilter, AuditLog
from relevo_server.store.audit_chain import GENESIS, old_link
from relevo_server.store.audit_check import FlawKind, check_record
from relevo_server.store.checkpoints import HeadKeeper, key_id
from relevo_server.store.database import Database
from relevo_server.store.erasure import Erasure, erase, prune
from relevo_server.store.relay_sessions import RelaySessionStore, SeatRecord, SessionRecord
from relevo_server.store.reports import NewReport, ReportStore
from relevo_server.store.tables import AccountRow
from tests.server.hands import Hands
from tests.server.store.hands import opened
from tests.support.records import flaws_of, heads_of

ANA, EVA = "a" * 32, "guest-1"
ONE, OTHER = b"1" * 16, b"2" * 16
DONE = AuditEvent(50.0, "command line", "", cause="cli")


async def fill(database: Database) -> AuditLog:
    log, hands = AuditLog(database), Hands()
    events = (
        AuditEvent(1.0, ANA, "sign_in.password", personal={"address": "192.0.2.1"}),
        AuditEvent(2.0, "customer", "join.accepted", ONE, personal={"name": "Ana Ruiz"}),
        AuditEvent(3.0, EVA, "join.accepted", OTHER, personal={"name": "Eva"}),
        AuditEvent(4.0, "command line", "account.change", details={"account": ANA}, personal={"name": "ana"}),
        AuditEvent(5.0, "relay", "mode.changed", ONE, {"mode": "full"}),
    )
    for event in events:
        await log.append(event)
    await log.append(replace(events[0], organisation="other"))
    async with RelaySessionStore(database, hands.clock).writing() as writer:
        for session_id in (ONE, OTHER):
            await writer.save_session(SessionRecord(session_id, "1", b"h" * 32, 1.0, "full", ended=False))
            await writer.save_seat(SeatRecord(session_id, 1, ANA, "Ana", "Prueba", b"t" * 32, 9e12))
            await writer.save_seat(SeatRecord(session_id, 2, EVA, "Eva", "", b"t" * 32, 9e12))
            report = NewReport("home", session_id, 6.0, "customer", EVA, {"2": "Eva"})
            await writer.add_report(report)
    return log


@pytest.mark.parametrize(
    ("what", "expected", "seats", "reports"),
    [
        (Erasure(session_id=ONE), [2], [(ONE, ""), (ONE, ""), (OTHER, "Ana"), (OTHER, "Eva")], 1),
        (Erasure(person=ANA), [1, 4], [(ONE, ""), (ONE, "Eva"), (OTHER, ""), (OTHER, "Eva")], 0),
        (Erasure(person=EVA), [3], [(ONE, ""), (ONE, "Ana"), (OTHER, ""), (OTHER, "Ana")], 2),
    ],
)
def test_U6_what_is_erased_is_gone_and_the_record_still_whole(
    database_url: str, what: Erasure, expected: list[int], seats: list[tuple[bytes, str]], reports: int
):
    async def run():
        async with opened(database_url) as database:
            log = await fill(database)
            before = {line.seq for line in await log.newest() if line.personal is not None}
            assert await erase(database, "home", what, DONE) == len(expected)
            after = await log.newest()
            gone = sorted(before - {line.seq for line in after if line.personal is not None})
            # A second time nothing is left to take, and it is said again.
            assert await erase(database, "home", what, replace(DONE, event_id=b"2" * 16)) == 0
            assert await flaws_of(database) == []
            assert await flaws_of(database, "other") == []
            assert [line.erased for line in await log.newest("other")] == [False]
            stored = await ReportStore(database).list("home")
            async with database.read() as session:
                names = await session.execute(
                    text("SELECT session_id, display_name FROM relay_seats ORDER BY session_id, display_name")
                )
                told = after[0]
                assert (told.action, told.details["count"]) == ("erased", len(expected))
                empty = sum(not report.people for report in stored)
                return gone, [(bytes(row[0]), row[1]) for row in names], empty

    assert asyncio.run(run()) == (expected, seats, reports)


def test_U6_what_is_erased_is_in_no_file_any_more(sqlite_database: str, tmp_path: Path):
    def files() -> bytes:
        return b"".join(one.read_bytes() for one in sorted(tmp_path.glob("relevo.db*")))

    async def run():
        async with opened(sqlite_database) as database:
            await fill(database)
            assert b"Ana Ruiz" in files()
            assert b"192.0.2.1" in files()
            await erase(database, "home", Erasure(session_id=ONE), DONE)
            assert b"Ana Ruiz" not in files()
            return files()

    assert b"192.0.2.1" in asyncio.run(run())  # another session's


def test_U6_much_is_searched_in_pieces(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(erasure, "_PIECE", 2)

    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            for number in range(7):
                await log.append(AuditEvent(1.0, (ANA, EVA)[number % 3 == 0], "join", personal={"n": "x"}))
            count = await erase(database, "home", Erasure(person=EVA), DONE)
            left = [line.seq for line in await log.newest() if line.personal is None]
            return count, left, await flaws_of(database)

    assert asyncio.run(run()) == (3, [8, 7, 4, 1], [])


def test_U6_erasing_more_than_was_told_is_a_flaw(sqlite_database: str):
    async def run():
        async with opened(sqlite_database) as database:
            await fill(database)
            await erase(database, "home", Erasure(person=ANA), DONE)
            async with database.write() as session:
                await session.execute(text("UPDATE audit_records SET personal=NULL, salt=NULL WHERE seq=3"))
            alone = await flaws_of(database)
            # Somebody who records it for another than it was.
            await erase(database, "home", Erasure(session_id=OTHER), replace(DONE, event_id=b"2" * 16))
            return alone, await flaws_of(database)

    alone, covered = asyncio.run(run())
    assert [(flaw.seq, flaw.kind) for flaw in alone] == [(3, FlawKind.ERASED_WITHOUT_RECORD)]
    assert [flaw.kind for flaw in covered] == [FlawKind.ERASED_WITHOUT_RECORD]


def test_U6_an_erasure_names_one_thing(sqlite_database: str):
    async def run(what: Erasure):
        async with opened(sqlite_database) as database:
            await erase(database, "home", what, DONE)

    for what in (Erasure(), Erasure(ONE, ANA)):
        with pytest.raises(ValueError, match="either a session or a person"):
            asyncio.run(run(what))


def test_U7_what_is_older_than_a_signed_head_goes_and_the_rest_is_whole(database_url: str, tmp_path: Path):
    key = Ed25519PrivateKey.generate()

    async def run():
        async with opened(database_url) as database:
            log = await fill(database)
            keeper = HeadKeeper(database, key, "https://relay.example", tmp_path / "heads.jsonl")
            await keeper.sign_due(10.0, at_once=True)
            await log.append(AuditEvent(11.0, ANA, "sign_out"))
            await keeper.sign_due(20.0, at_once=True)
            counts = [
                await prune(database, keeper, "home", before_s, replace(DONE, event_id=bytes([n]) * 16))
                for n, before_s in enumerate((10.0, 15.0, 15.0))
            ]
            left = [(line.seq, line.action) for line in await log.newest()]
            found = await check_record(database, "home", (), {key_id(key.public_key()): key.public_key()})
            # What was erased before and pruned now is counted by nobody.
            await erase(database, "home", Erasure(person=ANA), replace(DONE, event_id=b"e" * 16))
            return counts, left, found, await flaws_of(database)

    counts, left, found, flaws = asyncio.run(run())
    assert counts == [0, 5, 0]
    assert left == [(7, "pruned"), (6, "sign_out")]
    assert (found.flaws, found.lines, found.signed_seq) == ([], 2, 7)
    assert flaws == []


def test_U7_much_is_pruned_in_pieces_that_end_at_signed_heads(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(erasure, "_PIECE", 4)

    async def run():
        async with opened(sqlite_database) as database:
            log = AuditLog(database)
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            for number, lines in enumerate((2, 2, 6, 1)):  # signed at 2, 4, 10, 11
                for _ in range(lines):
                    await log.append(AuditEvent(1.0, ANA, "sign_out"))
                await keeper.sign_due(float(number), at_once=True)
            count = await prune(database, keeper, "home", 3.0, DONE)
            through = [line.details["through"] for line in await log.newest(only=AuditFilter("pruned"))]
            return count, through, await flaws_of(database)

    assert asyncio.run(run()) == (10, [10, 4], [])


OLD_LINES = (
    (1.0, "ana", "sign_in", None, '{"address":"192.0.2.1"}'),
    (2.0, "eva", "account.password", None, '{"account":"ana"}'),
    (3.0, "eva", "sign_in", None, '{"address":"192.0.2.9"}'),
    (4.0, "ana", "join", ONE, '{"slot":1}'),
    (5.0, "customer", "consent", ONE, '{"name":"Pepa"}'),
)


async def write_old(database: Database) -> AuditLog:
    """The record as the first versions wrote it, with names where there are ids now."""
    chain = GENESIS
    async with database.write() as session:
        session.add(
            AccountRow(
                id=ANA,
                name="ana",
                display_name="Ana",
                language="es",
                is_admin=True,
                password_hash="",
                created_at_s=1.0,
            )
        )
        for number, line in enumerate(OLD_LINES, start=1):
            at_s, actor, action, session_id, details = line
            chain = old_link(chain, (at_s, actor, action, session_id or b"", details))
            values = dict(zip(("at", "actor", "action", "session", "details"), line, strict=True))
            await session.execute(
                text("INSERT INTO audit VALUES (:number, :at, :actor, :action, :session, :details, :chain)"),
                {**values, "number": number, "chain": chain},
            )
    log = AuditLog(database)
    await log.append(AuditEvent(9.0, "relay", "mode.changed"))
    return log


@pytest.mark.parametrize(
    ("what", "emptied"), [(Erasure(person=ANA), [1, 2, 4]), (Erasure(session_id=ONE), [4, 5])]
)
def test_U6_an_erasure_reaches_the_record_of_the_first_versions(
    database_url: str, what: Erasure, emptied: list[int]
):
    async def run():
        async with opened(database_url) as database:
            log = await write_old(database)
            assert await flaws_of(database) == []
            assert await erase(database, "home", what, DONE) == len(emptied)
            told = (await log.newest())[0].details["old"]
            assert await flaws_of(database) == []
            # A second one, of somebody else, takes what is left to take of theirs and says that alone.
            await erase(database, "home", Erasure(session_id=ONE), replace(DONE, event_id=b"2" * 16))
            assert await flaws_of(database) == []
            async with database.read() as session:
                rows = await session.execute(text("SELECT number, actor, details FROM audit ORDER BY number"))
                return told, [tuple(row) for row in rows]

    told, rows = asyncio.run(run())
    gone = {*emptied, 4, 5}
    assert told == " ".join(map(str, emptied))
    assert rows == [
        (number, "", "") if number in gone else (number, actor, details)
        for number, (_, actor, _, _, details) in enumerate(OLD_LINES, start=1)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = '', details = '', at_s = 7",
        "UPDATE audit SET actor = 'eve', details = ''",
        "UPDATE audit SET actor = '', details = '{}'",
        "DELETE FROM audit",
    ],
)
def test_U1_the_database_refuses_any_other_change_of_the_old_record(database_url: str, statement: str):
    async def run():
        async with opened(database_url) as database:
            await write_old(database)
            with pytest.raises(IntegrityError, match="append-only"):
                async with database.write() as session:
                    await session.execute(text(statement))

    asyncio.run(run())


def test_U6_an_old_line_that_was_emptied_without_a_record_is_a_flaw(sqlite_database: str):
    async def run():
        async with opened(sqlite_database) as database:
            await write_old(database)
            await erase(database, "home", Erasure(person=ANA), DONE)
            async with database.write() as session:
                await session.execute(text("UPDATE audit SET actor = '', details = '' WHERE number = 3"))
            return await flaws_of(database)

    assert [(flaw.seq, flaw.kind) for flaw in asyncio.run(run())] == [(3, FlawKind.OLD_RECORD)]


def test_U7_the_old_record_goes_with_its_continuations_beginning(database_url: str, tmp_path: Path):
    async def run():
        async with opened(database_url) as database:
            await write_old(database)
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            await keeper.sign_due(10.0, at_once=True)
            count = await prune(database, keeper, "home", 20.0, DONE)
            async with database.read() as session:
                left = await session.scalar(text("SELECT count(*) FROM audit"))
            return count, left, await flaws_of(database)

    assert asyncio.run(run()) == (2, 0, [])


def test_U7_a_clock_that_was_wrong_for_a_while_prunes_nothing_that_is_young(
    database_url: str, tmp_path: Path
):
    async def run():
        async with opened(database_url) as database:
            log = AuditLog(database)
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            for at_s in (10.0, 950.0, 5.0, 9000.0, 960.0):  # long ago, today, a clock in 1970, one far ahead
                await log.append(AuditEvent(at_s, ANA, "sign_out"))
                await keeper.sign_due(at_s, at_once=True)
            count = await prune(database, keeper, "home", 900.0, replace(DONE, at_s=1000.0))
            left = [line.at_s for line in await log.newest()]
            return count, left, await flaws_of(database)

    assert asyncio.run(run()) == (1, [1000.0, 960.0, 9000.0, 5.0, 950.0], [])


def test_U7_heads_go_with_the_lines_that_they_proved(database_url: str, tmp_path: Path):
    async def run():
        async with opened(database_url) as database:
            keeper = HeadKeeper(database, Ed25519PrivateKey.generate(), "o", tmp_path / "heads.jsonl")
            for number in range(4):
                await AuditLog(database).append(AuditEvent(float(number), ANA, "sign_out"))
                await keeper.sign_due(float(number), at_once=True)
            await prune(database, keeper, "home", 2.5, DONE)
            return [head.seq for head in await heads_of(database)], await flaws_of(database)

    assert asyncio.run(run()) == ([3, 4, 5], [])
