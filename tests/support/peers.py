"""An agent and a viewer for tests that speak the real protocol with the real crypto, over the real wire."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from relevo_protocol.modes import SessionKind
from relevo_server.access.destination import Destination
from relevo_server.accounts.view import AccountView
from tests.support.fake_agent import FakeAgent, Guest
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import Relay
from tests.support.wires import Inbox, Wire

__all__ = [
    "FakeAgent",
    "FakeViewer",
    "Guest",
    "Inbox",
    "Wire",
    "agent_at",
    "colleague_at",
    "guest_at",
    "presenter_at",
    "viewer_at",
]


@asynccontextmanager
async def agent_at(relay: Relay, consents: bool | None = True) -> AsyncGenerator[FakeAgent]:
    """A connected agent that shows a code."""
    agent = FakeAgent(relay, consents)
    await agent.connect()
    try:
        yield agent
    finally:
        await agent.close()


@asynccontextmanager
async def viewer_at(relay: Relay, code: str) -> AsyncGenerator[FakeViewer]:
    """A viewer that has begun to join by this code."""
    viewer = FakeViewer(relay)
    await viewer.join(code)
    try:
        yield viewer
    finally:
        await viewer.close()


@asynccontextmanager
async def presenter_at(relay: Relay) -> AsyncGenerator[FakeAgent]:
    """An agent that presents for the relay's first account."""
    assert relay.services is not None
    ticket = relay.services.presentations.issue(relay.account, Destination())
    agent = FakeAgent(relay, kind=SessionKind.PRESENTATION, ticket=ticket)
    await agent.connect()
    try:
        yield agent
    finally:
        await agent.close()


@asynccontextmanager
async def guest_at(relay: Relay, link: tuple[bytes, bytes], name: str = "Eva") -> AsyncGenerator[FakeViewer]:
    """A guest who has begun to join by an invitation's two halves."""
    viewer = FakeViewer(relay)
    await viewer.join_invited(*link, await relay.guest_ticket(link[0], name))
    try:
        yield viewer
    finally:
        await viewer.close()


@asynccontextmanager
async def colleague_at(
    relay: Relay, link: tuple[bytes, bytes], account: AccountView
) -> AsyncGenerator[FakeViewer]:
    """A colleague who has begun to join by an invitation's two halves."""
    assert relay.services is not None
    viewer = FakeViewer(relay)
    ticket = relay.services.tickets.issue(account, Destination(invite=link[0]))
    await viewer.join_invited(*link, ticket)
    try:
        yield viewer
    finally:
        await viewer.close()
