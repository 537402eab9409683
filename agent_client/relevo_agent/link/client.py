"""The only file of the agent that awaits a socket: connects, comes back by itself, passes messages on."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from relevo_agent.link.address import RelayAddress
from relevo_agent.link.backoff import Backoff
from relevo_agent.link.failures import LinkFailure, explain
from relevo_agent.link.outbox import Outbox, OutboxFull
from relevo_agent.link.wire import Wire
from relevo_protocol.limits import MAX_MESSAGE_BYTES, PING_DEADLINE_S, PING_INTERVAL_S, WRITE_DEADLINE_S

CONNECT_DEADLINE_S: Final = 10
CLOSE_DEADLINE_S: Final = 2
STEADY_S: Final = 3
"""A connection that held for so long was a good one: the next wait is short again."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LinkEvents:
    """What the link tells, in its event loop. ``failed`` may end the link by returning true.

    ``message`` raises nothing: it may be called by the connection itself. ``lost`` says whether the relay has
    closed as well, so that it has read all that went out.
    """

    opened: Callable[[], None]
    message: Callable[[bytes], None]
    lost: Callable[[bool], None]
    failed: Callable[[LinkFailure], bool]


class Link:
    """One agent's connection to its relay."""

    def __init__(self, address: RelayAddress, agent_version: str, events: LinkEvents) -> None:
        self._address = address
        self._user_agent = f"relevo-agent/{agent_version}"
        self._events = events
        self._outbox = Outbox()
        self._filled = asyncio.Event()
        self._socket: Wire | None = None
        self._writes = True
        """Whether the writer has a message in hand, or may have one soon."""
        self._closing = False
        self._over = asyncio.Event()
        self._backoff = Backoff()

    def send(self, message: bytes | bytearray, *, media: bool) -> bool:
        """Send a message, or queue it; false if media was thrown away. Without a socket it goes nowhere."""
        if self._socket is None or (not self._writes and self._socket.write_now(message)):
            return True
        try:
            kept = self._outbox.push(message, media=media)
        except OutboxFull as error:
            _log.warning("the connection stands still: %s", error)
            self._socket.transport.abort()
            return True
        self._wake_writer()
        return kept

    def _wake_writer(self) -> None:
        self._writes = True
        self._filled.set()

    @property
    def backlog_bytes(self) -> int:
        """What waits for the socket beside media; any thread may ask."""
        return self._outbox.other_bytes

    def discard_media(self) -> None:
        """Throw every frame away that has not gone out yet."""
        self._outbox.discard_media()

    def close(self, *, fatal: bool) -> None:
        """Close the socket once what waits has gone out; unless ``fatal``, connect again."""
        self._closing = True
        if fatal:
            self._over.set()
        self._wake_writer()

    async def run(self) -> None:
        """Stay connected until closed for good."""
        while not self._over.is_set():
            try:
                await self._one_connection()
            # ImportError: a SOCKS proxy without its library. UnicodeError: a host name that no DNS can hold.
            except (OSError, WebSocketException, EOFError, ImportError, UnicodeError) as error:
                failure = explain(error)
                _log.info("no connection: %s", failure.detail)
                if self._events.failed(failure):
                    return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.next_wait_s()):
                    await self._over.wait()

    async def _one_connection(self) -> None:
        self._closing = False
        connecting = connect(
            self._address.url,
            ssl=self._address.tls,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=CONNECT_DEADLINE_S,
            close_timeout=CLOSE_DEADLINE_S,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_DEADLINE_S,
            user_agent_header=self._user_agent,
            create_connection=Wire,
        )
        socket = await connecting
        if not isinstance(socket, Wire):
            raise TypeError("the connection is of another kind than was asked for")
        opened_s = asyncio.get_running_loop().time()
        self._outbox.clear()
        self._socket = socket
        self._events.opened()
        try:
            await self._serve(socket)
        finally:
            self._socket = None
            self._writes = True
            self._outbox.clear()
            if asyncio.get_running_loop().time() - opened_s > STEADY_S:
                self._backoff.success()
            self._events.lost(socket.closed_in_order)

    async def _serve(self, socket: Wire) -> None:
        writer = asyncio.create_task(self._write(socket))
        try:
            await self._read(socket)
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            await _close_quickly(socket)

    async def _read(self, socket: Wire) -> None:
        socket.hear = self._events.message
        try:
            async for message in socket:
                if isinstance(message, str):
                    _log.warning("the relay sent text, which the wire does not know")
                    return
                self._events.message(message)
        except ConnectionClosed as closed:
            _log.info("connection closed: %s", closed)

    async def _write(self, socket: Wire) -> None:
        try:
            while True:
                message = self._outbox.pop()
                if message is None:
                    if self._closing:
                        break
                    self._filled.clear()
                    self._writes = False
                    await self._filled.wait()
                    continue
                async with asyncio.timeout(WRITE_DEADLINE_S):
                    await socket.send(message)
        except ConnectionClosed:
            return
        except TimeoutError:
            _log.warning("the relay took nothing for %d s", WRITE_DEADLINE_S)
            socket.transport.abort()
            return
        await _close_quickly(socket)


async def _close_quickly(socket: Wire) -> None:
    """Close with a handshake if that is quick, else without."""
    try:
        async with asyncio.timeout(CLOSE_DEADLINE_S):
            await socket.close()
    except TimeoutError:
        socket.transport.abort()
