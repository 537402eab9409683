"""A database that does not take what is to be kept, over real sockets (SPEC C17)."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import ModeNotice, RelayError
from relevo_protocol.modes import Mode
from relevo_server.edge import desk
from tests.support.peers import agent_at, viewer_at
from tests.support.relay import running_relay

pytestmark = pytest.mark.anyio


def _connection(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / "relevo.db", isolation_level=None, check_same_thread=False)


async def test_C17_a_locked_database_keeps_nobody_at_the_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "_PATIENCE_S", 0.1)
    async with running_relay(tmp_path) as relay:
        with contextlib.closing(_connection(tmp_path)) as other:
            # In a thread: the relay, in this loop, may be in the middle of writing and must be able to end.
            await asyncio.to_thread(other.execute, "BEGIN EXCLUSIVE")
            async with (
                asyncio.timeout(4),
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
        async with asyncio.timeout(4), agent_at(relay) as honest:
            assert honest.code
