"""A database that does not take what is to be kept, over real sockets (SPEC C17)."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from relevo_protocol.codec import relay_message, relay_to_agent
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import body_of
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentHello,
    ModeNotice,
    Recorded,
    RecordedAct,
    RecordNotice,
    RelayError,
)
from relevo_protocol.messages.session import Heartbeat
from relevo_protocol.modes import Mode
from relevo_server.edge import bookkeeper
from relevo_server.edge.bookkeeper import Bookkeeper
from tests.support.peers import agent_at, viewer_at
from tests.support.relay import Relay, running_relay
from tests.support.wires import dial_relay

pytestmark = pytest.mark.anyio


def _connection(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "relevo.db", isolation_level=None, check_same_thread=False)


async def test_C17_a_locked_database_keeps_nobody_at_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookkeeper, "_PATIENCE_S", 0.1)
    async with running_relay(tmp_path) as relay:
        with contextlib.closing(_connection(tmp_path)) as other:
            # In a thread: the relay, in this loop, may be in the middle of writing and must be able to end.
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
            async with (
                asyncio.timeout(60),
                agent_at(relay) as agent,
                viewer_at(relay, agent.code) as viewer,
            ):
                await viewer.live()
                other.execute("ROLLBACK")
                await relay.stored(1)


async def test_C17_a_flood_of_requests_does_not_hold_up_the_next_agent(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as hostile:
        for number in range(1000):
            hostile.tell_relay(ModeNotice(mode=Mode.FULL if number % 2 else Mode.OBSERVER))
        assert (await hostile.inbox.expect(RelayError)).code is ErrorCode.THROTTLED
        async with asyncio.timeout(60), agent_at(relay) as honest:
            assert honest.code


async def test_C26_an_act_is_answered_once_it_is_in_the_record_and_kept_once(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        for number in (1, 1, 2):
            agent.tell_relay(RecordNotice(act=RecordedAct.RESTART, slot=0, number=number))
        assert {(await agent.inbox.expect(Recorded)).number for _ in range(3)} == {1, 2}
        await relay.audited("act.restart", 2)


async def test_C28_while_the_database_is_away_sessions_go_on_and_acts_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        running_relay(tmp_path, audit_strict=True) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        await relay.stored(1)
        # Only now: a busy machine alone would look like a database that is away.
        monkeypatch.setattr(bookkeeper, "_PATIENCE_S", 0.1)
        monkeypatch.setattr(bookkeeper, "_RETRY_S", 0.1)
        with contextlib.closing(_connection(tmp_path)) as other:
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
            agent.tell_relay(RecordNotice(act=RecordedAct.RESTART, slot=1, number=1))
            assert (await agent.inbox.expect(Recorded)).number == 1
            assert (tmp_path / "spool" / "records.bin").stat().st_size > 0
            viewer.tell(Heartbeat(t_ms=5.0))
            assert await agent.inbox.expect(Heartbeat) == Heartbeat(t_ms=5.0)
            refused = await _first_word(relay)
            assert isinstance(refused, RelayError)
            assert refused.code is ErrorCode.INTERNAL
            other.execute("ROLLBACK")
        await relay.audited("act.restart", 1)
        async with asyncio.timeout(60):
            while isinstance(await _first_word(relay), RelayError):  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.05)


async def test_C28_a_welcome_that_nothing_can_keep_is_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_self: Bookkeeper) -> bool:
        return False

    async with running_relay(tmp_path) as relay:
        monkeypatch.setattr(Bookkeeper, "settled", nothing)
        refused = await _first_word(relay)
        assert isinstance(refused, RelayError)
        assert refused.code is ErrorCode.INTERNAL


async def _first_word(relay: Relay) -> Message:
    """What a new agent is told first."""
    async with dial_relay(relay, "/ws/agent", None) as socket:
        await socket.send(relay_message(AgentHello(version=1, agent_version="1")))
        message = await socket.recv(decode=False)
        return relay_to_agent.decode(body_of(message))
