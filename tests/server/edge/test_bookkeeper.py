"""What is recorded outlives a database that is away, slow, or unsure of its commit (SPEC C26, C28)."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

import pytest
from sqlalchemy.exc import ProgrammingError

from relevo_protocol.modes import Role
from relevo_server.clock import Clock
from relevo_server.edge import bookkeeper
from relevo_server.edge.bookkeeper import Bookkeeper, BookParts
from relevo_server.edge.books import kept_session
from relevo_server.edge.packing import UnknownRecord, pack, unpack
from relevo_server.relay.records import Audited, Record, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.traits import Lead, Traits
from relevo_server.store.audit import AuditLog
from relevo_server.store.database import Database, Unavailable
from relevo_server.store.relay_sessions import RelaySessionStore, RelaySessionWriter
from relevo_server.store.reports import ReportStore
from relevo_server.store.schema import migrate
from relevo_server.store.spool import Spool
from tests.server.relay.hands import ANA

pytestmark = pytest.mark.anyio
SESSION = b"s" * 16


class MoodyStore(RelaySessionStore):
    """A store whose database can be away, hang, or lose the answer to a commit."""

    down = False
    forgets_answer = False
    hangs: asyncio.Event | None = None
    fault: Exception | None = None

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[RelaySessionWriter]:
        if self.hangs is not None:
            await self.hangs.wait()
        if self.down:
            raise Unavailable("away")
        if self.fault is not None:
            raise self.fault
        async with super().writing() as writer:
            yield writer
        if self.forgets_answer:
            raise Unavailable("the answer was lost")


class SlowSpool(Spool):
    """A spool that takes its time to say that nothing waits."""

    found_empty = threading.Event()
    go_on = threading.Event()

    def replay(self, batch: int) -> Iterator[list[bytes]]:
        found = list(super().replay(batch))
        if not found:
            self.found_empty.set()
            assert self.go_on.wait(60.0)
        return iter(found)


@dataclass
class Office:
    """A bookkeeper with everything it works with."""

    folder: Path
    database: Database
    records: deque[Record] = field(default_factory=deque[Record])
    kept: list[Audited] = field(default_factory=list[Audited])
    lost: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self.store = MoodyStore(self.database, Clock())
        parts = BookParts(self.records, self.store, Clock(), self.kept.append, self.lost.append)
        self.books = Bookkeeper(parts)

    def open(self, limit_bytes: int = 1 << 20) -> Spool:
        spool = Spool(self.folder / "spool", limit_bytes)
        self.books.open(spool)
        return spool

    async def actions(self) -> list[str]:
        return [line.action async for line in AuditLog(self.database).records()]


@asynccontextmanager
async def office(folder: Path) -> AsyncGenerator[Office]:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    try:
        await migrate(database)
        yield Office(folder, database)
    finally:
        await database.close()


def act(number: int, action: str = "act.restart") -> Audited:
    return Audited(SESSION, "a1", action, {"slot": number}, event_id=bytes([number]) * 16, number=number)


def session() -> SessionKept:
    traits = Traits(lead=Lead("a1", "Ana", "Sur", "home"), held_until_s=5.0)
    return SessionKept(SESSION, "123456", b"h" * 32, 1.5, "full", traits, {"l1": 9.5})


@pytest.mark.parametrize(
    "record",
    [
        session(),
        SeatKept(SESSION, 2, ANA, Role.LEAD, b"h" * 64, 9.5),
        SeatDropped(SESSION, 2),
        SessionOver(SESSION, "done"),
        Audited(SESSION, "a1", "x", {"n": 1, "t": "é", "f": 0.5, "b": True}, {"name": "Ana"}, number=3),
    ],
)
def test_C28_a_record_comes_out_of_the_spool_as_it_went_in(record: Record) -> None:
    again = unpack(pack(record))
    assert again == record
    assert type(again) is type(record)
    if isinstance(record, Audited) and isinstance(again, Audited):
        assert again.event_id == record.event_id


@pytest.mark.parametrize("packed", [b"", b"\xff" * 9, pack(session())[:-3], b"\x92\xa4Evil\x90"])
def test_C28_other_bytes_are_refused_as_such(packed: bytes) -> None:
    with pytest.raises(UnknownRecord):
        unpack(packed)


async def test_C26_what_is_committed_is_told_and_leaves_the_spool_alone(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        spool = at.open()
        at.records.extend([session(), act(1)])
        await at.books.settle()
        assert [one.number for one in at.kept] == [1]
        assert await at.actions() == ["act.restart"]
        assert not at.books.behind
        assert spool.pending() == 0
        assert not (tmp_path / "spool").exists()
        assert [kept_session(row) for row, _ in await at.store.load_open()] == [session()]


async def test_C28_while_the_database_is_away_acts_in_the_spool_are_told(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        spool = at.open()
        at.store.down = True
        at.records.extend([session(), act(1)])
        await at.books.settle()
        assert [one.number for one in at.kept] == [1]
        assert at.books.behind
        assert spool.pending() == 2
        at.store.down = False
        at.records.append(act(2))  # behind what waits, though the database would take it now
        await at.books.settle()
        assert await at.actions() == []
        assert await at.books.replay()
        assert await at.actions() == ["act.restart"] * 2
        assert spool.pending() == 0


async def test_C28_what_an_earlier_run_left_in_the_spool_is_written_first(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        at.store.down = True
        at.records.extend([session(), act(1)])
        await at.books.settle()
    async with office(tmp_path) as later:
        later.open()
        assert later.books.behind
        assert await later.books.replay()
        assert await later.actions() == ["act.restart"]
        ((found, _seats),) = await later.store.load_open()
        assert (found.routing, found.lead_organisation) == ("123456", "home")


async def test_C26_a_commit_whose_answer_was_lost_is_not_written_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        at.store.forgets_answer = True
        at.records.extend([session(), act(1)])
        await at.books.settle()
        at.store.forgets_answer = False
        assert await at.books.replay()
        assert await at.actions() == ["act.restart"]


async def test_C26_an_act_that_is_told_twice_is_in_the_record_once(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        at.records.extend([act(1), act(1), act(2)])
        await at.books.settle()
        assert [one.number for one in at.kept] == [1, 1, 2]
        assert await at.actions() == ["act.restart"] * 2


async def test_C28_a_database_that_hangs_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path) as at:
        spool = at.open()
        at.store.hangs = asyncio.Event()
        at.records.append(act(1))
        with monkeypatch.context() as hasty:
            hasty.setattr(bookkeeper, "_PATIENCE_S", 0.05)
            await at.books.settle()
            assert spool.pending() == 1
            assert not await at.books.replay()  # the late transaction first
        at.store.hangs.set()
        at.store.hangs = None
        await at.books.close()
        assert await at.books.replay()
        assert await at.actions() == ["act.restart"]


async def test_C28_settled_means_written_or_in_the_spool(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        keeping = asyncio.create_task(at.books.keep())
        at.store.down = True
        assert await at.books.settled()  # nothing is recorded
        at.records.append(act(1))
        assert await at.books.settled()
        assert at.kept
        keeping.cancel()


async def test_C28_what_has_no_room_anywhere_is_not_called_settled_and_told_later(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open(limit_bytes=100)
        keeping = asyncio.create_task(at.books.keep())
        at.store.down = True
        at.records.extend([act(1), act(2)])
        assert not await at.books.settled()
        assert at.kept == []
        assert at.lost == [2]
        at.store.down = False
        assert await at.books.replay()
        assert await at.books.settled()
        (gap,) = [line async for line in AuditLog(at.database).records()]
        assert (gap.action, gap.actor, gap.details) == ("record.gap", "relay", {"count": 2})
        keeping.cancel()


async def test_C28_what_had_no_room_is_told_after_a_restart_too_and_once(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open(limit_bytes=100)
        at.store.down = True
        for number in (1, 2):
            at.records.append(act(number))
            await at.books.settle()
        assert at.lost == [1, 1]
    async with office(tmp_path) as later:
        later.open()
        told = [(False, later.books.behind)]
        for forgets in (True, False):
            later.store.forgets_answer = forgets
            told.append((await later.books.replay(), later.books.behind))
        assert told == [(False, True), (False, True), (True, False)]
        lines = [line async for line in AuditLog(later.database).records()]
        assert [(line.action, line.details) for line in lines] == [("record.gap", {"count": 2})]
    async with office(tmp_path) as last:
        last.open()
        assert not last.books.behind


async def test_C26_an_act_is_one_organisations_whoever_leads_when_it_is_told_again(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        once = act(1)
        at.records.extend([once, replace(once, organisation="other", actor="b2")])
        await at.books.settle()
        at.records.append(replace(once, organisation="third"))
        await at.books.settle()
        assert [one.number for one in at.kept] == [1, 1, 1]
        assert list(await AuditLog(at.database).ends()) == ["home"]
        assert await at.actions() == ["act.restart"]


async def test_N8_a_report_is_kept_with_its_line_and_once(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        report = Audited(
            SESSION,
            "customer",
            "act.reported",
            {"slot": 1, "by": "customer", "accused": "a1"},
            {"1": "Ana Ruiz"},
            event_id=b"e" * 16,
            at_s=7.0,
        )
        # The host has reported this person before: a line, and nothing to look at.
        again = replace(report, details={**report.details, "report": False}, event_id=b"f" * 16)
        at.records.extend([report, report, again])
        await at.books.settle()
        (found,) = await ReportStore(at.database).list("home")
        assert (found.by, found.accused, found.people, found.at_s) == (
            "customer",
            "a1",
            {"1": "Ana Ruiz"},
            7.0,
        )
        assert await at.actions() == ["act.reported"] * 2


async def test_C28_what_goes_to_the_spool_while_it_is_found_empty_is_not_overtaken(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        spool = SlowSpool(tmp_path / "spool")
        at.books.open(spool)
        at.store.down = True
        at.records.append(act(1))
        await at.books.settle()
        at.store.down = False
        replaying = asyncio.create_task(at.books.replay())
        assert await asyncio.to_thread(spool.found_empty.wait, 60.0)
        at.records.append(act(2, "act.second"))
        settling = asyncio.create_task(at.books.settle())
        await asyncio.sleep(0)  # one step takes it to where it waits for the spool
        spool.go_on.set()
        await asyncio.gather(replaying, settling)
        assert at.books.behind
        assert spool.pending() == 1
        at.records.append(act(3, "act.third"))
        await at.books.settle()
        assert spool.pending() == 2
        assert await at.books.replay()
        assert await at.actions() == ["act.restart", "act.second", "act.third"]
        assert not at.books.behind


async def test_U5_a_long_spool_is_held_and_written_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookkeeper, "_BATCH", 1)
    monkeypatch.setattr(bookkeeper, "_BATCHES", 2)
    actions = [f"act.n{number}" for number in range(5)]
    async with office(tmp_path) as at:
        spool = at.open()
        at.store.down = True
        for number, action in enumerate(actions):
            at.records.append(act(number + 1, action))
        await at.books.settle()
        at.store.down = False
        assert [len(part) for part in (await at.books._waiting())] == [1, 1]
        assert await at.books.replay()
        assert (spool.pending(), at.books.behind) == (0, False)
        assert await at.actions() == actions


@pytest.mark.parametrize(
    "fault", [ProgrammingError("INSERT", {}, Exception("permission denied")), KeyError("seat")]
)
async def test_C28_what_else_goes_wrong_is_told_once_and_loses_nothing(
    tmp_path: Path, fault: Exception
) -> None:
    async with office(tmp_path) as at:
        spool = at.open()
        at.store.fault = fault
        with mock.patch.object(bookkeeper, "_log") as log:
            for number in (1, 2):
                at.records.append(act(number))
                await at.books.settle()
                assert not await at.books.replay()
            assert log.error.call_count == 1
        assert [one.number for one in at.kept] == [1, 2]
        assert spool.pending() == 2
        at.store.fault = None
        assert await at.books.replay()
        assert await at.actions() == ["act.restart"] * 2
