"""What is read from and written to one accepted WebSocket, for as long as it lasts.

A message goes past both tasks where nothing waits before it: heard in the turn of the event loop in which it
came, written in the same turn to whoever it is for. Where something waits, the tasks see to it in order.
"""

import asyncio
from typing import Final, cast

from starlette.types import Receive, Scope, Send

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_server.edge.desk import Desk
from relevo_server.edge.hardening import LEVER, Lever
from relevo_server.relay.line import Line
from relevo_server.relay.party import Party, deliver
from relevo_server.relay.policies import Side

_POLICY_VIOLATION: Final = 1008
_CLOSE_CODES: Final = {
    ErrorCode.MALFORMED: 1007,
    ErrorCode.TOO_LARGE: 1009,
    ErrorCode.INTERNAL: 1011,
    ErrorCode.SHUTTING_DOWN: 1012,
    ErrorCode.THROTTLED: 1013,
    ErrorCode.SLOW: 1013,
    ErrorCode.SESSION_ENDED: 1000,
    ErrorCode.REPLACED: 1000,
    ErrorCode.REMOVED: 1000,
}
"""RFC 6455, 7.4.1; what is not listed is a policy violation. The close frame's reason is the error code."""


class Socket:
    """One accepted WebSocket."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.address = address_of(scope)
        self.verified = False
        self._down = False
        self._receive = receive
        self._send = send
        lever = cast("dict[str, object]", scope.get("extensions") or {}).get(LEVER)
        self.lever = lever if isinstance(lever, Lever) else None

    async def receive(self) -> bytes | None:
        """Return the next binary message, None when the socket is down.

        Raises:
            ProtocolError: a text message.
        """
        if self._down:
            return None  # it is told once: who asks again waits for ever
        event = await self._receive()
        if event["type"] != "websocket.receive":
            self._down = True
            return None
        data = cast("bytes | None", event.get("bytes"))
        if data is None:
            raise ProtocolError("a text message; this wire is binary", ErrorCode.MALFORMED)
        return data

    async def send(self, message: bytes) -> None:
        """Write one message; waits while the transport is full."""
        await self._send({"type": "websocket.send", "bytes": message})

    def mark_verified(self) -> None:
        """The handshake has succeeded."""
        self.verified = True

    async def close(self, code: ErrorCode) -> None:
        """Close with a reason."""
        number = _CLOSE_CODES.get(code, _POLICY_VIOLATION)
        await self._send({"type": "websocket.close", "code": number, "reason": code.value})


class Conversation:
    """Reads and writes one socket's messages; ``party`` is set once the peer was let in."""

    def __init__(self, desk: Desk, socket: Socket, line: Line) -> None:
        self.party: Party | None = None
        self._desk = desk
        self._socket = socket
        self._line = line
        self._bell = asyncio.Event()
        self._room: asyncio.Event | None = None
        self._count_in = desk.meters.bytes_in.inc
        self._count_out = desk.meters.bytes_out.inc
        self._reads = self._writes = True
        """Whether that task has a message in hand, or may have one soon."""
        line.ring = self.ring

    def ring(self) -> None:
        """There is something to write or to end."""
        line, lever = self._line, self._socket.lever
        if lever is None:
            self._bell.set()
        elif line.ending is not None:
            self._bell.set()
            if line.ending.abort:  # nothing more can arrive
                lever.abort()
        elif self._writes or not len(line.outbox) or not self._write_now(lever):
            self._writes = True
            self._bell.set()

    def _write_now(self, lever: Lever) -> bool:
        """Write what waits while there is room; whether that was all."""
        outbox = self._line.outbox
        while lever.ready:
            message = outbox.pop()
            if message is None:
                if self.party is not None:
                    self.party.drained()
                return True
            lever.write(message)
            self._written(message)
        return False

    def _written(self, message: bytes) -> None:
        self._count_out(len(message))
        if self._room is not None:
            self._room.set()

    # --- reading

    async def read(self) -> None:
        """Return when the socket is down."""
        if self._socket.lever is not None and self.party is not None:
            self._socket.lever.hear = self._hear
        while True:
            self._reads = False
            try:
                message = await self._socket.receive()
            except ProtocolError as error:
                self._line.refuse(error.code, str(error))
                continue
            finally:
                self._reads = True
            if message is None:
                return
            if self.party is None or self._line.ending is not None:
                continue
            self._take(self.party, message)
            if self.party.host is not None:
                await self._wait_for_room(self.party.host)

    def _hear(self, message: bytes) -> bool:
        """Take a message in the turn in which it came; False: the reader has to, who may have to wait."""
        party = self.party
        if party is None or self._reads or self._line.ending is not None:
            return False
        if party.host is not None and self._is_crowded(party.host):
            return False
        self._take(party, message)
        return True

    def _take(self, party: Party, message: bytes) -> None:
        self._count_in(len(message))
        deliver(party, self._line, message)
        self._desk.touch()

    def _is_crowded(self, host: Line) -> bool:
        return host.outbox.control_bytes > self._desk.policies.control_bytes // 4

    async def _wait_for_room(self, host: Line) -> None:
        room = self._desk.room.get(host)
        if room is None or not self._is_crowded(host):
            return
        room.clear()
        try:
            async with asyncio.timeout(1.0):
                await room.wait()
        except TimeoutError:
            return  # look at the socket again: it may be down

    # --- writing

    async def write(self) -> None:
        """Return when the line has ended, or the socket is down."""
        line = self._line
        if line.side is Side.AGENT:
            self._room = self._desk.room.setdefault(line, asyncio.Event())
        if not await self._desk.settled():  # a token that was given is one that a restart of the relay knows
            line.withhold(ErrorCode.INTERNAL, "what was agreed could not be kept")
        try:
            while True:
                message = line.outbox.pop()
                if message is not None:
                    await self._socket.send(message)
                    self._written(message)
                elif line.ending is not None:
                    break
                else:
                    await self._idle()
            if not line.ending.abort:
                await self._socket.close(line.ending.code)
        except (OSError, RuntimeError):
            return  # the socket is down; the reader sees it too

    async def _idle(self) -> None:
        self._bell.clear()
        party = self.party
        if party is not None:
            party.drained()
        due_s = party.due_in_s() if party is not None else None
        self._writes = self._bell.is_set()
        try:
            async with asyncio.timeout(due_s):
                await self._bell.wait()
        except TimeoutError:
            if party is not None:
                party.act()
        finally:
            self._writes = True


def address_of(scope: Scope) -> str:
    """The peer's address, empty if there is none."""
    client = cast("tuple[str, int] | None", scope.get("client"))
    return client[0] if client else ""
