"""Coming in without a code: supervisors, former leads, colleagues; over HTTP and sockets (SPEC C20, V7)."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from relevo_protocol.crypto import ChannelContext
from relevo_protocol.crypto.invitation import JoinPurpose, open_invitation
from relevo_protocol.limits import JOIN_ASK_DEADLINE_S
from relevo_protocol.messages.relay import HoldNotice, JoinAsked, RecordedAct, RecordNotice, ViewerJoining
from relevo_protocol.modes import Role, Standing
from tests.support.peers import FakeAgent, FakeViewer, agent_at, colleague_at, viewer_at
from tests.support.relay import Relay, RelayProcess, running_relay

pytestmark = pytest.mark.anyio


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _data(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def _sessions(browser: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await browser.get("/api/live")
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["sessions"]
    return found


async def _knock(browser: httpx.AsyncClient, session: str, key: bytes = b"k" * 32) -> httpx.Response:
    return await browser.post(f"/api/live/{session}/join", json={"key": _text(key)}, timeout=40)


async def _come_in(relay: Relay, browser: httpx.AsyncClient, agent: FakeAgent, account: str) -> FakeViewer:
    """All of what a browser does: key, request, open the secret, ticket, handshake, picture."""
    private = X25519PrivateKey.generate()
    session = agent.welcome.session_id
    answer = await _knock(browser, session.hex(), private.public_key().public_bytes_raw())
    assert answer.status_code == 200, answer.text
    given = answer.json()
    invite = _data(given["invite"])
    purpose = JoinPurpose(ChannelContext(relay.origin, session), invite, account)
    secret = open_invitation(_data(given["sealed"]), private, purpose)
    viewer = FakeViewer(relay)
    await viewer.join_invited(invite, secret, given["ticket"])
    await viewer.live()
    return viewer


async def test_C20_a_supervisor_comes_in_and_is_announced_as_one(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        sue = await relay.add_account("sue", standing=Standing.SUPERVISOR)
        async with viewer_at(relay, agent.code) as lead, relay.signed_in("sue") as browser:
            await lead.live()
            (seen,) = await _sessions(browser)
            assert seen == {
                "id": agent.welcome.session_id.hex(),
                "kind": "support",
                "mode": "observer",
                "since_s": seen["since_s"],
                "lead": "Ana Ruiz",
                "people": [{"name": "Ana Ruiz", "role": "lead"}],
                "host_present": True,
                "held": False,
                "mine": False,
                "invited": False,
                "joinable": True,
                "why_not": None,
            }
            viewer = await _come_in(relay, browser, agent, sue.id)
            joining = agent.inbox.messages
            said = [m for m in joining if isinstance(m, ViewerJoining) and m.account_id == sue.id]
            assert [m.standing for m in said] == [Standing.SUPERVISOR]
            (seen,) = await _sessions(browser)
            assert (seen["joinable"], seen["why_not"]) == (False, "already_in")
            assert {"name": "Sue", "role": "supervisor"} in seen["people"]
            again = await _knock(browser, seen["id"])
            assert (again.status_code, again.json()["error"]["code"]) == (409, "already_in")
            await viewer.close()


async def test_C20_other_teams_and_technicians_cannot_tell_that_a_session_exists(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        await relay.add_account("nora", standing=Standing.SUPERVISOR, team="Norte")
        await relay.add_account("luis")
        async with viewer_at(relay, agent.code) as lead:
            await lead.live()
            for name in ("nora", "luis"):
                async with relay.signed_in(name) as browser:
                    assert await _sessions(browser) == []
                    there = await _knock(browser, agent.welcome.session_id.hex())
                    nowhere = await _knock(browser, "00" * 16)
                    assert there.status_code == nowhere.status_code == 404
                    assert there.json() == nowhere.json()
            assert not [m for m in agent.inbox.messages if isinstance(m, JoinAsked)]


async def test_C20_the_hosts_no_is_told_in_words(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        agent.lets_in = False
        await relay.add_account("sue", standing=Standing.SUPERVISOR)
        async with viewer_at(relay, agent.code) as lead, relay.signed_in("sue") as browser:
            await lead.live()
            answer = await _knock(browser, agent.welcome.session_id.hex())
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "consent_denied")
            assert set(answer.json()["error"]["message"]) == {"en", "es"}


async def test_C20_while_one_waits_for_a_silent_host_all_others_go_on(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        agent.silent = True
        await relay.add_account("sue", standing=Standing.SUPERVISOR)
        async with viewer_at(relay, agent.code) as lead, relay.signed_in("sue") as browser:
            await lead.live()
            session = agent.welcome.session_id.hex()
            waiting = asyncio.create_task(_knock(browser, session))
            await agent.inbox.expect(JoinAsked)
            async with relay.signed_in("sue") as other:
                assert len(await _sessions(other)) == 1
                assert (await _knock(other, session)).status_code == 429
            number = agent.show(b"meanwhile", keyframe=True)
            await lead.inbox.until(lambda: lead.frames[-1][0] == number, "the picture goes on")
            assert not waiting.done()
            await agent.wire.cut()
            answer = await waiting
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "host_gone")
            assert JOIN_ASK_DEADLINE_S == 20


async def test_C20_a_colleague_who_is_invited_sees_the_session_and_comes_in(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        luis = await relay.add_account("luis", team="Norte")
        async with (
            viewer_at(relay, agent.code) as lead,
            relay.signed_in() as ana,
            relay.signed_in("luis") as browser,
        ):
            path = f"/api/live/{agent.welcome.session_id.hex()}/invitations"
            wanted = {"account_id": luis.id, "role": "collaborator"}
            assert (await browser.post(path, json=wanted)).status_code == 403
            await lead.live()
            (colleague,) = (await ana.get("/api/colleagues")).json()["colleagues"]
            assert colleague == {
                "id": luis.id,
                "display_name": "Luis",
                "standing": "technician",
                "team": "Norte",
            }
            for wrong in ({"account_id": "nobody"}, {"role": "lead"}, {"role": "customer"}):
                assert (await ana.post(path, json=wanted | wrong)).status_code == 422
            assert (await ana.post(path, json=wanted)).status_code == 204
            (seen,) = await _sessions(browser)
            assert (seen["invited"], seen["joinable"]) == (True, True)
            viewer = await _come_in(relay, browser, agent, luis.id)
            # Who is in, but does not lead, invites nobody.
            assert (await browser.post(path, json=wanted)).status_code == 403
            await viewer.close()


async def test_C19_a_colleague_comes_by_an_invitation_that_guests_cannot_use(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        luis = await relay.add_account("luis", admin_tools=True)
        async with viewer_at(relay, agent.code) as lead:
            await lead.live()
            link = agent.invite(guests=False)
            await agent.flush()
            async with colleague_at(relay, link, luis) as viewer:
                await viewer.live()
                assert agent.roles[luis.id] is Role.COLLABORATOR
                assert viewer.welcome.organisation == "Prueba"
                assert agent.guests[viewer.link].joining.admin_tools


async def test_live_needs_a_sign_in_and_a_whole_key(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        async with relay.browser() as browser:
            for path in ("/api/live", "/api/colleagues"):
                assert (await browser.get(path)).status_code == 401
            assert (await _knock(browser, "00" * 16)).status_code == 401
        async with relay.signed_in() as browser:
            for key in (b"k" * 31, b"k" * 33):
                assert (await _knock(browser, "00" * 16, key)).status_code == 422
            for session in ("zz" * 16, "00" * 15, "A" * 32, "..%2f"):
                assert (await _knock(browser, session)).status_code in {404, 405}


def test_V7_a_held_session_outlives_a_killed_relay_and_its_lead_comes_back_without_a_code(
    tmp_path: Path,
) -> None:
    process = RelayProcess(tmp_path)
    process.start()
    try:
        asyncio.run(_held(process))
    finally:
        process.kill()


async def _held(process: RelayProcess) -> None:
    relay = process.relay
    agent, viewer = FakeAgent(relay), FakeViewer(relay)
    await agent.connect()
    await viewer.join(agent.code)
    await viewer.live()
    agent.tell_relay(HoldNotice(hold_s=8 * 3600))
    agent.tell_relay(RecordNotice(act=RecordedAct.HELD, slot=1, detail="8 h"))
    await agent.flush()
    await relay.audited("act.held", 1)
    process.kill()
    await viewer.wire.wait_closed()
    await viewer.close()  # the browser is closed: its token is lost
    process.start()
    async with relay.signed_in() as browser:
        (seen,) = await _sessions(browser)
        assert (seen["mine"], seen["held"], seen["host_present"]) == (True, True, False)
        assert (seen["joinable"], seen["why_not"]) == (False, "host_away")
        await agent.connect()
        assert agent.welcome.resumed
        (seen,) = await _sessions(browser)
        assert seen["joinable"]
        back = await _come_in(relay, browser, agent, relay.account.id)
        await relay.stored(1)
        (line,) = await relay.audited("join.answered", 1)
        assert json.loads(line) == {"account": relay.account.id, "outcome": "let in"}
        await back.close()
    await agent.close()
