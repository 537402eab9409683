"""Attacks with what was good once: tickets, tokens for coming back, challenges, whole requests."""

import asyncio

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import relay_message
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.relay import (
    AgentHello,
    CodeIssued,
    CodeRequest,
    ViewerHello,
    ViewerWelcome,
)
from tests.attacks.client import Ground, answer_to, cut, viewer_with
from tests.attacks.table import attack, must
from tests.support.fake_viewer import FakeViewer
from tests.support.peers import agent_at


@attack("R1", "good once, also when it is shown twice at the same moment", rules="C3")
async def ticket_twice(ground: Ground) -> None:
    """A ticket that was used is shown again, and another one by two at once."""
    async with agent_at(ground.relay) as agent, ground.relay.signed_in() as browser:

        async def issue() -> str:
            answer = await browser.post("/api/tickets", json={"routing": agent.routing})
            return str(answer.json()["ticket"])

        ticket = await issue()
        async with viewer_with(ground.relay, agent.code, ticket) as viewer:
            await viewer.live()
            again = await answer_to(ground.relay, ViewerHello(version=PROTOCOL_VERSION, ticket=ticket))
            must(again is ErrorCode.TICKET_INVALID, f"a used ticket: {again}")
            must(viewer.wire.closed is None, "the rightful viewer was cut")
        hello = ViewerHello(version=PROTOCOL_VERSION, ticket=await issue())
        both = await asyncio.gather(*(answer_to(ground.relay, hello) for _ in range(4)))
        must(both.count(ErrorCode.TICKET_INVALID) == 3, f"a ticket was good {both.count(None)} times")


class _Thief(FakeViewer):
    """It has a token and no secret."""

    def _start(self) -> None: ...


@attack("R2", "the newest alone is good; without the secret it wins nothing", rules="C12 S1")
async def resume_twice(ground: Ground) -> None:
    """A viewer's token for coming back is stolen and shown without the secret that belongs to it."""
    async with agent_at(ground.relay) as agent, ground.relay.signed_in() as browser:
        answer = await browser.post("/api/tickets", json={"routing": agent.routing})
        async with viewer_with(ground.relay, agent.code, answer.json()["ticket"]) as viewer:
            await viewer.live()
            stolen = viewer.welcome.resume
            thief = _Thief(ground.relay)
            await thief.dial()
            await thief.wire.send(relay_message(ViewerHello(version=PROTOCOL_VERSION, resume=stolen)))
            await thief.inbox.expect(ViewerWelcome)
            await viewer.inbox.until(cut(viewer), "the thief takes the line")
            agent.show(b"private", keyframe=True)
            agent.tell_relay(CodeRequest())
            await agent.inbox.expect(CodeIssued)  # the picture was with the relay before it
            await thief.close()
            must(thief.media_messages == 0, "the thief was sent the picture")
            await viewer.close()
            await viewer.resume()
            await viewer.live()
            must(viewer.verified, "the rightful viewer cannot come back")


@attack("R3", "good once: the session goes to nobody else afterwards", rules="C4 C12")
async def agent_token_twice(ground: Ground) -> None:
    """An agent's token of an earlier welcome is shown again."""
    async with agent_at(ground.relay) as agent:
        first = agent.welcome.token
        await agent.wire.cut()
        await agent.connect()
        must(agent.welcome.token != first, "the token stays the same")
        # A relay takes the last but one as well until the new one was used (C12): it is used now.
        await agent.wire.cut()
        await agent.connect()
        hello = AgentHello(version=PROTOCOL_VERSION, agent_version="0.1.0", token=first)
        got = await answer_to(ground.relay, hello, "/ws/agent")
        must(got is ErrorCode.RESUME_INVALID, f"a spent token: {got}")
