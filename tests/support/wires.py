"""What both fake peers stand on: an inbox to wait on, and a WebSocket with its reader."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from relevo_protocol.crypto import Member as RosterMember
from relevo_protocol.limits import MAX_MESSAGE_BYTES
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.session import Member
from tests.support.relay import Relay

M = TypeVar("M", bound=Message)
DEADLINE_S = 60.0


class Inbox:
    """What has come in, in order; tests wait for what they need."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._taken = 0
        self._changed = asyncio.Event()

    def put(self, message: Message) -> None:
        """Add a message."""
        self.messages.append(message)
        self.ring()

    def ring(self) -> None:
        """Let those who wait look again."""
        self._changed.set()

    async def expect(self, kind: type[M], deadline_s: float = DEADLINE_S) -> M:
        """The next message of this kind, skipping others; AssertionError when the deadline passes first."""
        found: list[M] = []

        def arrived() -> bool:
            while self._taken < len(self.messages):
                message = self.messages[self._taken]
                self._taken += 1
                if isinstance(message, kind):
                    found.append(message)
                    return True
            return False

        await self.until(
            arrived, f"{kind.__name__} (got {[type(m).__name__ for m in self.messages]})", deadline_s
        )
        return found[0]

    async def until(self, condition: Callable[[], bool], what: str, deadline_s: float = DEADLINE_S) -> None:
        """Wait for a condition that changes with what comes in."""
        try:
            async with asyncio.timeout(deadline_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not within {deadline_s} s: {what}") from None


class Wire:
    """One WebSocket with a task that reads it; ``closed`` holds the close frame's code and reason."""

    def __init__(self, socket: ClientConnection, take: Callable[[bytes], None], inbox: Inbox) -> None:
        self.socket = socket
        self.closed: tuple[int, str] | None = None
        self._take = take
        self._inbox = inbox
        self.reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for message in self.socket:
                assert isinstance(message, bytes)
                self._take(message)
        except ConnectionClosed:
            pass
        self.closed = (self.socket.close_code or 0, self.socket.close_reason or "")
        self._inbox.ring()

    async def send(self, message: bytes) -> None:
        """Write a whole message."""
        await self.socket.send(message)

    async def wait_closed(self) -> tuple[int, str]:
        """The close code and reason, once closed."""
        await self._inbox.until(lambda: self.closed is not None, "the socket closes")
        assert self.closed is not None
        return self.closed

    async def cut(self) -> None:
        """Drop the TCP connection without a word."""
        self.socket.transport.abort()
        await asyncio.gather(self.reader, return_exceptions=True)

    async def close(self) -> None:
        """Close properly."""
        with contextlib.suppress(ConnectionClosed):
            await self.socket.close()
        await asyncio.gather(self.reader, return_exceptions=True)


def dial_relay(relay: Relay, path: str, origin: str | None) -> connect:
    return connect(
        relay.ws + path,
        host=relay.address,
        ssl=relay.tls,
        origin=origin,  # type: ignore[arg-type]
        compression=None,
        max_size=MAX_MESSAGE_BYTES,
        ping_interval=None,
        proxy=None,
        open_timeout=DEADLINE_S,
        close_timeout=1,
    )


def roster_of(members: list[Member]) -> list[RosterMember]:
    return [
        RosterMember(m.slot, m.role.value, m.account_id, m.display_name, m.organisation, m.link)
        for m in members
    ]
