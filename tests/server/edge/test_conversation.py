"""What goes past a conversation's tasks, and what has to wait for them, in order (SPEC C14)."""

import asyncio
from types import SimpleNamespace
from typing import Any, Self

import pytest

from relevo_protocol.errors import ErrorCode
from relevo_server.edge.conversation import Conversation, Socket
from relevo_server.edge.hardening import LEVER, Lever
from relevo_server.relay.line import Line
from relevo_server.relay.policies import Policies, Side

pytestmark = pytest.mark.anyio


def _ignored(_count: int) -> None:
    """A meter that nobody reads."""


class Transport:
    """The lever's side of a socket: what was written, and whether there is room."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.room = asyncio.Event()
        self.room.set()
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def as_socket(self) -> Any:
        closed = SimpleNamespace(abort=lambda: None, is_closing=lambda: False)
        return SimpleNamespace(
            transport=closed, take_long_messages=lambda: None, write=self.written.append, writable=self.room
        )

    async def send(self, event: Any) -> None:
        await self.room.wait()
        self.written.append(event["bytes"])


class ReadyLever(Lever):
    """Ready while there is room; the WebSocket's own state is none of these tests' business."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport.as_socket())
        self._room = transport.room

    @property
    def ready(self) -> bool:
        return self._room.is_set()


class Party:
    """Whoever is on the line: keeps what it is given."""

    def __init__(self) -> None:
        self.host: Line | None = None
        self.taken: list[bytes] = []

    def receive(self, message: bytes) -> None:
        self.taken.append(message)

    def drained(self) -> None:
        return

    def due_in_s(self) -> float | None:
        return None


class Scene:
    def __init__(self) -> None:
        async def settled() -> bool:
            return True

        meter = SimpleNamespace(inc=_ignored)
        self.policies = Policies()
        self.room: dict[Line, asyncio.Event] = {}
        desk: Any = SimpleNamespace(
            room=self.room,
            policies=self.policies,
            settled=settled,
            touch=lambda: None,
            meters=SimpleNamespace(bytes_in=meter, bytes_out=meter),
        )
        self.transport = Transport()
        self.lever = ReadyLever(self.transport)
        scope: Any = {"extensions": {LEVER: self.lever}}
        self.line = Line(Side.VIEWER, self.policies)
        self.party = Party()
        self.talk = Conversation(
            desk, Socket(scope, self.transport.inbox.get, self.transport.send), self.line
        )
        self.talk.party = self.party  # type: ignore[assignment]
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tasks = [asyncio.create_task(self.talk.read()), asyncio.create_task(self.talk.write())]
        await self.turns()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def turns(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    def say(self, message: bytes) -> None:
        """As the edge does: offered at once, else the way of ASGI."""
        if not (self.transport.inbox.empty() and self.lever.hear(message)):
            self.transport.inbox.put_nowait({"type": "websocket.receive", "bytes": message})


async def test_a_message_is_written_in_the_turn_in_which_it_is_queued() -> None:
    async with Scene() as scene:
        scene.line.forward(b"one")
        assert scene.transport.written == [b"one"]


async def test_C14_nothing_overtakes_what_waits_for_room() -> None:
    async with Scene() as scene:
        scene.transport.room.clear()
        for message in (b"one", b"two"):
            scene.line.forward(message)
            await scene.turns()
        assert scene.transport.written == []
        scene.transport.room.set()
        scene.line.forward(b"three")  # the writer still has the first one in hand
        assert scene.transport.written == []
        await scene.turns()
        assert scene.transport.written == [b"one", b"two", b"three"]
        scene.line.forward(b"four")
        assert scene.transport.written[-1] == b"four"


async def test_a_message_is_heard_at_once_and_never_before_one_that_waits() -> None:
    async with Scene() as scene:
        scene.say(b"one")
        assert scene.party.taken == [b"one"]
        scene.transport.inbox.put_nowait({"type": "websocket.receive", "bytes": b"two"})
        scene.say(b"three")
        assert scene.party.taken == [b"one"]
        await scene.turns()
        assert scene.party.taken == [b"one", b"two", b"three"]


async def test_C14_where_the_host_has_no_room_the_reader_waits_for_it() -> None:
    async with Scene() as scene:
        host = Line(Side.AGENT, scene.policies)
        scene.room[host] = asyncio.Event()
        scene.party.host = host
        host.outbox.put_control(bytes(scene.policies.control_bytes // 4 + 1))
        for message in (b"one", b"two"):
            scene.say(message)
            await scene.turns()
        assert scene.party.taken == [b"one"]  # and then it waits
        host.outbox.pop()
        scene.room[host].set()
        await scene.turns()
        assert scene.party.taken == [b"one", b"two"]
        scene.say(b"three")
        assert scene.party.taken[-1] == b"three"


async def test_nobody_is_heard_after_the_end() -> None:
    async with Scene() as scene:
        scene.line.outbox.clear()
        scene.transport.room.clear()
        scene.line.end(ErrorCode.SESSION_ENDED)
        scene.say(b"late")
        await scene.turns()
        assert scene.party.taken == []
