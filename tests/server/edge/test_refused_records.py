"""Records that can never be written stop no others, and are not answered as recorded (SPEC C26, C28)."""

import asyncio
from pathlib import Path

import pytest

from relevo_protocol.modes import Role
from relevo_server.relay.records import Audited, SeatKept
from relevo_server.relay.vouching import REPORTED
from relevo_server.store.spool import SetAside, set_aside
from tests.server.edge.test_bookkeeper import SESSION, act, office
from tests.server.relay.hands import ANA

pytestmark = pytest.mark.anyio


async def test_C28_a_record_that_the_database_refuses_stops_none_of_the_others(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        at.open()
        nobody = SeatKept(b"?" * 16, 1, ANA, Role.LEAD, b"h" * 32, 9.0)  # of a session that there is not
        at.records.extend([nobody, act(1)])
        await at.books.settle()
        assert await at.actions() == ["act.restart"]
        assert (tmp_path / "spool" / "refused.bin").stat().st_size > 0


def spoilt(number: int) -> Audited:
    """A report that says nothing of whom it is about."""
    return Audited(SESSION, "customer", REPORTED, {"slot": 1}, event_id=bytes([number]) * 16)


async def test_C28_a_record_that_is_spoilt_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path) as at:
        spool = at.open()
        at.store.down = True
        at.records.extend([act(1), spoilt(2), act(3)])
        await at.books.settle()
        spool.append([b"not a record of ours"])
        at.store.down = False
        assert await at.books.replay()
        assert await at.actions() == ["act.restart"] * 2
        assert spool.pending() == 0
        assert set_aside(tmp_path / "spool") == SetAside(2, 0)
        at.records.extend([spoilt(4), act(5)])
        await at.books.settle()
        assert await at.actions() == ["act.restart"] * 3
        assert set_aside(tmp_path / "spool").refused == 3
        assert not at.books.behind


async def test_C26_what_is_refused_and_has_no_room_to_be_set_aside_is_not_said_to_be_kept(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as at:
        (tmp_path / "spool").mkdir()
        (tmp_path / "spool" / "refused.bin").write_bytes(bytes(1000))
        at.open(limit_bytes=1000)
        keeping = asyncio.create_task(at.books.keep())
        at.records.extend([spoilt(4), act(5)])
        assert not await at.books.settled()
        assert at.kept == []
        assert at.lost == [1]
        assert await at.actions() == ["act.restart"]
        at.records.append(act(6))
        assert await at.books.settled()
        assert at.kept == [act(6)]
        keeping.cancel()
