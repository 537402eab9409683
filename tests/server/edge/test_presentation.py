"""Presentations and guests over real sockets: fifty at once for five seats (SPEC C19, C22-C24, G12)."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import (
    RelayError,
    RemoveViewer,
    ViewerGone,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Role, SessionKind, Standing
from tests.support.peers import FakeAgent, FakeViewer, agent_at, guest_at, presenter_at, viewer_at
from tests.support.relay import Relay, running_relay

pytestmark = pytest.mark.anyio
CROWD = 50


async def test_C23_of_fifty_who_come_at_once_five_are_seated_and_all_others_are_told(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, presenter_at(relay) as agent:
        link = agent.invite(guests=True)
        await agent.flush()
        tickets = [await relay.guest_ticket(link[0], f"Guest {number}") for number in range(CROWD)]
        start = asyncio.Event()

        async def come(ticket: str) -> str:
            viewer = FakeViewer(relay)
            await start.wait()
            viewers.append(viewer)
            return await _outcome(viewer, link, ticket)

        viewers: list[FakeViewer] = []
        crowd = [asyncio.create_task(come(ticket)) for ticket in tickets]
        start.set()
        async with asyncio.timeout(60):
            found = Counter(await asyncio.gather(*crowd))
        assert found == {"seated": 5, ErrorCode.SESSION_FULL.value: CROWD - 5}
        joined = [m for m in agent.inbox.messages if isinstance(m, ViewerJoining)]
        assert len(joined) == 5
        assert {said.standing for said in joined} == {Standing.GUEST}
        await asyncio.gather(*(viewer.close() for viewer in viewers))


async def _outcome(viewer: FakeViewer, link: tuple[bytes, bytes], ticket: str) -> str:
    await viewer.begin_invited(*link, ticket)
    await viewer.inbox.until(
        lambda: any(isinstance(m, RelayError) for m in viewer.inbox.messages) or bool(viewer.frames),
        "a seat or the reason",
    )
    refused = [m for m in viewer.inbox.messages if isinstance(m, RelayError)]
    if refused:
        await viewer.wire.wait_closed()
        assert viewer.media_messages == 0
        return refused[0].code.value
    return "seated"


async def test_G12_a_guest_sees_a_presentation_and_who_presents(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, presenter_at(relay) as agent:
        assert agent.welcome.routing is None
        async with guest_at(relay, agent.invite(), "  Eva  ") as viewer:
            await viewer.live()
            welcome = viewer.welcome
            assert (welcome.kind, welcome.host_name) == (SessionKind.PRESENTATION, "Ana Ruiz")
            assert (welcome.display_name, welcome.organisation) == ("Eva", "")
            assert agent.roles[welcome.account_id] is Role.DEMO_VIEWER


async def test_C24_without_a_ticket_nobody_presents_and_a_ticket_is_good_once(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay:
        async with relay.signed_in() as browser:
            ticket = str((await browser.post("/api/presentations", json={})).json()["ticket"])
        assert await _opens(relay, ticket)
        for refused in (ticket, "x" * 43, None):
            assert not await _opens(relay, refused)


async def _opens(relay: Relay, ticket: str | None) -> bool:
    agent = FakeAgent(relay, kind=SessionKind.PRESENTATION, ticket=ticket)
    await agent.begin()
    try:
        await agent.inbox.until(lambda: bool(agent.inbox.messages), "an answer")
        refused = [m for m in agent.inbox.messages if isinstance(m, RelayError)]
        assert [m.code for m in refused] in ([], [ErrorCode.TICKET_INVALID])
        return not refused
    finally:
        await agent.close()


async def test_C19_guests_are_kept_over_a_relay_that_stops(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, presenter_at(relay) as agent:
        viewer = FakeViewer(relay)
        link = agent.invite()
        await agent.flush()
        await viewer.join_invited(*link, await relay.guest_ticket(link[0], "Eva"))
        await viewer.live()
        await relay.stored(1)
        await viewer.cut()
        await agent.inbox.expect(ViewerGone)
        await viewer.resume()
        await viewer.live()
        assert viewer.welcome.display_name == "Eva"
        await viewer.close()


async def test_C19_C6_an_invitation_that_leads_nowhere_looks_like_a_wrong_secret(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, agent_at(relay) as agent:
        opened = agent.invite(guests=True)
        for_accounts = agent.invite(guests=False)
        await agent.flush()
        heard: list[list[str]] = []
        for link in ((opened[0], bytes(32)), (b"n" * 16, bytes(32)), (for_accounts[0], for_accounts[1])):
            async with guest_at(relay, link) as viewer:
                told = await viewer.inbox.expect(RelayError)
                assert told.code is ErrorCode.CODE_WRONG
                assert (await viewer.wire.wait_closed())[1] == ErrorCode.CODE_WRONG.value
                heard.append([type(message).__name__ for message in viewer.inbox.messages])
                assert viewer.welcome.kind is SessionKind.SUPPORT
        assert heard[0] == heard[1] == heard[2]
        assert len([m for m in agent.inbox.messages if isinstance(m, ViewerJoining)]) == 1


async def test_G10_after_its_removal_no_media_goes_to_a_viewer_that_holds_its_socket(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, presenter_at(relay) as agent:
        link = agent.invite()
        async with guest_at(relay, link, "Eva") as eva, guest_at(relay, link, "Max") as other:
            await eva.live()
            await other.live()
            eva.stop_reading()
            agent.tell_relay(RemoveViewer(link=eva.link, code=ErrorCode.REMOVED))
            # Under the old key, which the removed viewer has: only the relay is between it and the picture.
            agent.show(b"after the removal", keyframe=True)
            await other.inbox.until(lambda: other.frames[-1][1] == b"after the removal", "the picture")
            eva.go_on_reading()
            assert (await eva.inbox.expect(RelayError)).code is ErrorCode.REMOVED
            await eva.wire.wait_closed()
            assert b"after the removal" not in [picture for _, picture in eva.frames]


async def test_W9_a_whisper_reaches_the_team_and_not_the_customer(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as lead,
    ):
        await lead.live()
        link = agent.invite(guests=True)
        async with guest_at(relay, link) as external:
            await external.live()
            heard = len(agent.said), len(agent.inbox.messages)
            message = external.whisper(lead.welcome.slot)
            await lead.inbox.until(lambda: bool(lead.whispers), "the whisper")
            assert lead.whispers == [message]
            assert (len(agent.said), len(agent.inbox.messages)) == heard


async def test_C1_a_welcome_names_what_the_session_is(tmp_path: Path) -> None:
    async with (
        running_relay(tmp_path) as relay,
        agent_at(relay) as agent,
        viewer_at(relay, agent.code) as viewer,
    ):
        await viewer.live()
        assert isinstance(viewer.welcome, ViewerWelcome)
        assert (viewer.welcome.kind, viewer.welcome.host_name) == (SessionKind.SUPPORT, "")
