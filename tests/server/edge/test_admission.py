"""Who gets as far as a WebSocket, and what the record hears of the others (SPEC C2, C7, C17)."""

import asyncio
import contextlib
from collections import deque
from pathlib import Path

import pytest

from relevo_server.edge.admission import WINDOW_S, Connections, Door, Refusals, Turned, site_of
from relevo_server.relay.records import Audited, Record
from tests.server.edge.test_hardening import site
from tests.server.hands import Hands
from tests.support.peers import FakeViewer
from tests.support.relay import running_relay


def _book() -> tuple[Refusals, deque[Record], Hands]:
    records: deque[Record] = deque()
    hands = Hands()
    return Refusals(records, hands.now_s, hands.now_s), records, hands


def _told(records: deque[Record]) -> list[tuple[str, object]]:
    return [(one.action, one.details["count"]) for one in records if isinstance(one, Audited)]


def test_X2_an_address_has_so_many_connections_and_no_more() -> None:
    connections = Connections(2)
    assert [connections.enter("a") for _ in range(3)] == [True, True, False]
    assert connections.enter("b")
    connections.leave("a")
    assert connections.enter("a")


def test_X2_nothing_is_left_of_who_has_gone() -> None:
    connections = Connections(5)
    for number in range(20):
        connections.enter(f"site {number % 7}")
    for number in range(20):
        connections.leave(f"site {number % 7}")
    assert len(connections) == 0


def test_C17_a_peer_without_an_address_is_not_everybody_elses() -> None:
    connections = Connections(1)
    assert all(connections.enter("") for _ in range(9))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:0:1::5", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::5", "2001:db8:0:2::5", False),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_C7_an_ipv6_household_is_one_site(one: str, other: str, same: bool) -> None:
    assert (site_of(one) == site_of(other)) is same


def test_a_refusal_is_recorded_at_once_and_a_flood_of_it_once_more_with_its_count() -> None:
    book, records, hands = _book()
    for _ in range(1000):
        book.note(Turned("throttled", "connect", "192.0.2.1", personal={"address": "192.0.2.1"}))
    assert _told(records) == [("throttled", 1)]
    hands.turn(WINDOW_S - 1)
    book.tick()
    assert len(records) == 1
    hands.turn(1)
    book.tick()
    assert _told(records) == [("throttled", 1), ("throttled", 999)]
    assert len(book) == 0


def test_a_single_refusal_leaves_a_single_line() -> None:
    book, records, hands = _book()
    book.note(Turned("origin.refused", "viewer", "192.0.2.1"))
    hands.turn(WINDOW_S)
    book.tick()
    assert _told(records) == [("origin.refused", 1)]


def test_what_is_remembered_of_refusals_is_bounded_and_no_count_is_lost() -> None:
    book, records, _hands = _book()
    for number in range(5000):
        for _ in range(2):
            book.note(Turned("throttled", "connect", f"site {number}"))
    assert len(book) == 4096
    assert sum(int(str(count)) for _action, count in _told(records)) == 5000 + (5000 - 4096)


def test_who_was_refused_is_personal_and_cut_short() -> None:
    book, records, _hands = _book()
    book.note(
        Turned("origin.refused", "viewer", "s", personal={"address": "192.0.2.1", "origin": "x" * 9999})
    )
    (line,) = records
    assert isinstance(line, Audited)
    assert "192.0.2.1" not in str(line.details)
    assert len(line.personal["origin"]) == 200


@pytest.mark.anyio
async def test_X3_a_foreign_origin_is_refused_and_recorded_once(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        for _ in range(3):
            assert await relay.refuses("/ws/viewer", "https://evil.example")
        assert await relay.refuses("/ws/viewer", None)
        assert await relay.refuses("/ws/agent", "https://evil.example")
        assert await relay.refuses("/ws/agent", "null")
        assert await relay.audited("origin.refused", 2) == [
            '{"count":1,"what":"viewer"}',
            '{"count":1,"what":"agent"}',
        ]


@pytest.mark.anyio
async def test_X2_connections_beyond_an_addresss_share_are_refused_until_one_goes(tmp_path: Path) -> None:
    async with running_relay(tmp_path, connections_per_address=4) as relay:
        viewers = [FakeViewer(relay) for _ in range(4)]
        for viewer in viewers:
            await viewer.dial()
        assert await relay.refuses("/ws/viewer", relay.origin)
        await viewers[0].close()
        async with asyncio.timeout(5):
            while await relay.refuses("/ws/viewer", relay.origin):  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.05)
        again = FakeViewer(relay)
        await again.dial()
        for viewer in (*viewers[1:], again):
            await viewer.close()


class _Peer(asyncio.BaseTransport):
    """A connection from this address."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 4711)})


def test_X2_tcp_connections_are_counted_by_peer_and_a_declared_proxys_are_not() -> None:
    door = Door(1, ["10.1.0.0/16"])
    peers = [_Peer("192.0.2.1") for _ in range(Door.PER_PERSON + 1)]
    assert [door.enter(peer) for peer in peers] == [True] * Door.PER_PERSON + [False]
    assert all(door.enter(_Peer("10.1.2.3")) for _ in range(50))
    door.leave(peers[-1])  # had not entered
    assert not door.enter(peers[-1])
    door.leave(peers[0])
    assert door.enter(peers[-1])


@pytest.mark.anyio
async def test_X2_who_opens_too_many_connections_is_cut_and_may_come_when_others_have_gone(
    tmp_path: Path,
) -> None:
    door = Door(1)
    async with site(tmp_path, tls=False, door=door) as place:
        held = [await place.websocket() for _ in range(2)]
        held += [await place.connect() for _ in range(2)]
        reader, writer = await place.connect()
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        for _reader, one in held:
            one.transport.abort()
        async with asyncio.timeout(5):
            while len(door):  # noqa: ASYNC110 - the server notices by itself
                await asyncio.sleep(0.01)
        reader, writer = await place.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 200 " in await reader.readline()
        writer.close()
