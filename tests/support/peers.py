"""An agent and a viewer for tests that speak the real protocol with the real crypto, over the real wire."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.support.fake_agent import FakeAgent, Guest
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import Relay
from tests.support.wires import Inbox, Wire

__all__ = ["FakeAgent", "FakeViewer", "Guest", "Inbox", "Wire", "agent_at", "viewer_at"]


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
