"""Accounts that are disabled while their tickets and sessions live, over real sockets (SPEC C18)."""

from functools import partial
from pathlib import Path

import pytest

from relevo_protocol.codec import relay_message
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import RelayError, ViewerGone, ViewerHello
from relevo_server.clock import Clock
from relevo_server.edge import desk
from relevo_server.relay.policies import Policies
from relevo_server.store.accounts import AccountStore
from relevo_server.store.database import Database
from tests.support.peers import FakeViewer, agent_at, viewer_at
from tests.support.relay import NAME, running_relay

pytestmark = pytest.mark.anyio


async def _disable(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'relevo.db'}")
    assert await AccountStore(database, Clock(), "").set_disabled(NAME, disabled=True, actor="test")
    await database.close()


async def test_C18_a_connected_viewer_whose_account_is_disabled_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "Policies", partial(Policies, revocation_check_s=0.05))
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        await _disable(tmp_path)
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.REMOVED
        assert (await agent.inbox.expect(ViewerGone)).left


async def test_C18_a_ticket_of_an_account_disabled_since_is_refused(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        ticket = await relay.ticket(agent.code[:6])
        await _disable(tmp_path)
        viewer = FakeViewer(relay)
        await viewer.dial()
        await viewer.wire.send(relay_message(ViewerHello(version=1, ticket=ticket)))
        assert (await viewer.inbox.expect(RelayError)).code is ErrorCode.TICKET_INVALID
        await viewer.wire.close()
