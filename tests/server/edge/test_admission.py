"""Who gets as far as a connection, and as a WebSocket (SPEC C2, C7, C17)."""

import asyncio
import contextlib
import socket
import warnings
from functools import partial
from pathlib import Path
from types import MethodType
from typing import cast

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import RelayError
from relevo_server.access.throttle import address_keys
from relevo_server.edge.admission import Connections, Door
from relevo_server.edge.desk import Desk
from relevo_server.edge.listening import listen_socket
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import Audited
from tests.server.edge.test_hardening import Site, site
from tests.support.fake_agent import FakeAgent
from tests.support.peers import FakeViewer, agent_at
from tests.support.relay import HOST, running_relay


def test_X2_an_address_has_so_many_connections_and_no_more() -> None:
    connections = Connections(2)
    one, other = "192.0.2.1", "192.0.2.2"
    assert [connections.enter(one) for _ in range(3)] == [True, True, False]
    assert connections.enter(other)
    connections.leave(one)
    assert connections.enter(one)


def test_X2_who_owns_a_whole_network_does_not_fill_the_server_from_it() -> None:
    connections = Connections(2)
    own = [f"2001:db8:1:{number:x}::1" for number in range(2000)]
    let_in = [address for address in own for _ in range(2) if connections.enter(address)]
    assert len(let_in) == 2 * 16  # of a /48, however many /64 it has
    assert connections.enter("2001:db8:2::1")
    assert connections.enter("192.0.2.1")
    for address in (*let_in, "2001:db8:2::1", "192.0.2.1"):
        connections.leave(address)
    assert len(connections) == 0


def test_X2_nothing_is_left_of_who_has_gone() -> None:
    connections = Connections(5)
    for number in range(20):
        connections.enter(f"192.0.2.{number % 7}")
    for number in range(20):
        connections.leave(f"192.0.2.{number % 7}")
    assert len(connections) == 0


def test_C17_a_peer_without_an_address_is_not_everybody_elses() -> None:
    connections = Connections(1)
    assert all(connections.enter("") for _ in range(9))


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
async def test_X3_a_flood_from_all_over_a_network_is_one_line(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        assert relay.services is not None
        desk = cast("MethodType", relay.services.switchboard.note).__self__
        assert isinstance(desk, Desk)
        for number in range(50):
            desk.foreign("viewer", f"2001:db8:1:{number:x}::1", "https://evil.example")
        desk.foreign("viewer", "2001:db8:2::1", "https://evil.example")
        assert len(await relay.audited("origin.refused", 2)) == 2


@pytest.mark.anyio
async def test_X2_connections_beyond_an_addresss_share_are_refused_until_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relevo_server.edge.sockets.HELLO_DEADLINE_S", 600.0)
    async with running_relay(tmp_path, connections_per_address=4) as relay:
        viewers = [FakeViewer(relay) for _ in range(4)]
        for viewer in viewers:
            await viewer.dial()
        assert await relay.refuses("/ws/viewer", relay.origin)
        await viewers[0].close()
        async with asyncio.timeout(60):
            while await relay.refuses("/ws/viewer", relay.origin):  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.05)
        again = FakeViewer(relay)
        await again.dial()
        for viewer in (*viewers[1:], again):
            await viewer.close()


def test_X2_tcp_connections_are_counted_by_peer_and_a_declared_proxys_are_not() -> None:
    door = Door(1, ["10.1.0.0/16"])
    entered = [door.enter("192.0.2.1") for _ in range(Door.PER_PERSON + 1)]
    assert [leave is not None for leave in entered] == [True] * Door.PER_PERSON + [False]
    assert all(door.enter("10.1.2.3") for _ in range(50))
    assert all(door.enter("") for _ in range(50))  # a Unix socket's
    assert door.enter("192.0.2.1") is None
    assert entered[0] is not None
    entered[0]()
    assert door.enter("192.0.2.1") is not None


async def _is_served_again(place: Site, door: Door) -> None:
    """Once the server has noticed that all the others are gone."""
    async with asyncio.timeout(60):
        while len(door):  # noqa: ASYNC110 - the server notices by itself
            await asyncio.sleep(0.01)
    reader, writer = await place.connect()
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 200 " in await reader.readline()
    writer.close()


async def _is_cut(port: int) -> None:
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            assert await asyncio.wait_for(reader.read(), 60) == b""
        finally:
            writer.close()


@pytest.mark.anyio
async def test_X2_who_opens_too_many_connections_is_cut_and_may_come_when_others_have_gone(
    tmp_path: Path,
) -> None:
    door = Door(1)
    async with site(tmp_path, tls=False, door=door) as place:
        held = [await place.websocket() for _ in range(2)]
        held += [await place.connect() for _ in range(2)]
        await _is_cut(place.port)
        for _reader, one in held:
            one.transport.abort()
        await _is_served_again(place, door)


@pytest.mark.anyio
async def test_X2_connections_are_counted_before_their_tls_handshake(tmp_path: Path) -> None:
    door = Door(1)
    async with site(tmp_path, tls=True, door=door) as place:
        silent = [await asyncio.open_connection("127.0.0.1", place.port) for _ in range(Door.PER_PERSON)]
        for _ in range(100):  # one after the other, all of them at once
            await _is_cut(place.port)
        for _reader, writer in silent:
            writer.transport.abort()
        await _is_served_again(place, door)


def test_X2_a_flood_of_refused_connections_leaves_the_event_loop_its_turn() -> None:
    door = Door(1)
    with contextlib.closing(listen_socket("127.0.0.1", 0, door)) as listener:
        listener.listen(200)
        peers = [socket.create_connection(listener.getsockname()) for _ in range(100)]
        held = [listener.accept()[0] for _ in range(Door.PER_PERSON)]
        refused_before = 100 - len(held)
        with pytest.raises(BlockingIOError, match="turn"):
            listener.accept()
        with pytest.raises(BlockingIOError) as empty:
            listener.accept()
        assert "turn" not in str(empty.value)
        assert refused_before > 64
        held.pop().close()
        peers.append(socket.create_connection(listener.getsockname()))
        held.append(listener.accept()[0])
        with warnings.catch_warnings(action="ignore"):
            del held[0]  # let go without a close
        for one in (*held, *peers):
            one.close()
        assert len(door) == 0


@pytest.mark.anyio
async def test_C17_an_office_that_is_too_large_is_told_of_by_the_setting_that_would_let_it_in(
    tmp_path: Path,
) -> None:
    async with running_relay(tmp_path, sessions_per_address=1) as relay, agent_at(relay):
        assert relay.services is not None
        for what in ("register", "sessions"):
            later = FakeAgent(relay)
            await later.begin()
            refused = await later.inbox.expect(RelayError)
            assert refused.code is ErrorCode.THROTTLED
            assert "sessions_per_address" in refused.detail
            await later.close()
            told = await relay.audited("throttled", 1 if what == "register" else 2)
            assert told[-1] == f'{{"count":1,"what":"{what}"}}'
            # It may open another one, which is still one too many at once.
            relay.services.throttles.register_address.refund(*address_keys(HOST))


@pytest.mark.anyio
async def test_C17_a_relay_that_is_full_is_not_taken_for_an_address_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relevo_server.edge.desk.Policies", partial(Policies, max_sessions=1))
    async with running_relay(tmp_path) as relay, agent_at(relay):
        later = FakeAgent(relay)
        await later.begin()
        assert "sessions_per_address" not in (await later.inbox.expect(RelayError)).detail
        await later.close()
        assert await relay.audited("throttled", 1) == ['{"count":1,"what":"relay"}']


@pytest.mark.anyio
async def test_C17_lines_left_out_are_told_with_their_number_before_the_server_has_stopped(
    tmp_path: Path,
) -> None:
    async with running_relay(tmp_path) as relay:
        assert relay.services is not None
        desk = cast("MethodType", relay.services.switchboard.note).__self__
        assert isinstance(desk, Desk)
        for _ in range(5):
            line = Audited(b"", "agent", "session.resumed", {}, {"address": "192.0.2.7"})
            desk.around.left_out("session.resumed:192.0.2.7", line)
        assert await relay.audited("session.resumed", 1) == ['{"count":1}']
    assert await relay.audited("session.resumed", 2) == ['{"count":1}', '{"count":4}']
