"""Personal data and old lines can go; the chain holds, and what went is told (SECURITY U6, U7)."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from relevo_server.store import erasure
from relevo_server.store.audit import AuditEvent, AuditFilter, AuditLog
from relevo_server.store.audit_check import FlawKind, check_record
from relevo_server.store.checkpoints import HeadKeeper, key_id
from relevo_server.store.database import Database
from relevo_server.store.erasure import Erasure, erase, prune
from relevo_server.store.relay_sessions import RelaySessionStore, SeatRecord, SessionRecord
from relevo_server.store.reports import NewReport, ReportStore
from tests.server.hands import Hands
from tests.server.store.hands import opened

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
            assert await log.verify() == []
            assert await log.verify("other") == []
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


def test_U6_erasing_more_than_was_told_is_a_flaw(sqlite_database: str):
    async def run():
        async with opened(sqlite_database) as database:
            log = await fill(database)
            await erase(database, "home", Erasure(person=ANA), DONE)
            async with database.write() as session:
                await session.execute(text("UPDATE audit_records SET personal=NULL, salt=NULL WHERE seq=3"))
            alone = await log.verify()
            # Somebody who records it for another than it was.
            await erase(database, "home", Erasure(session_id=OTHER), replace(DONE, event_id=b"2" * 16))
            return alone, await log.verify()

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
            return counts, left, found, await log.verify()

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
            return count, through, await log.verify()

    assert asyncio.run(run()) == (10, [10, 4], [])
