"""Messages that go past the link's tasks keep their order, in both directions."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve

from relevo_agent.link.address import relay_address
from relevo_agent.link.client import Link, LinkEvents
from relevo_agent.link.wire import Wire

pytestmark = pytest.mark.anyio
_DEADLINE_S = 60.0
_COUNT = 200


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Far:
    """The relay's end: sends at once, reads when it is told to."""

    def __init__(self, greeting: list[bytes]) -> None:
        self.greeting = greeting
        self.got: list[bytes] = []
        self.reads = asyncio.Event()
        self.changed = asyncio.Event()

    async def __call__(self, socket: ServerConnection) -> None:
        for greeting in self.greeting:
            await socket.send(greeting)
        await self.reads.wait()
        async for message in socket:
            assert isinstance(message, bytes)
            self.got.append(message)
            self.changed.set()


class Near:
    """The agent's end."""

    def __init__(self, far: Far) -> None:
        self.far = far
        self.heard: list[bytes] = []
        self.link: Link | None = None

    def message(self, message: bytes) -> None:
        self.heard.append(message)
        self.far.changed.set()

    async def until(self, seen: list[bytes], count: int) -> None:
        async with asyncio.timeout(_DEADLINE_S):
            while len(seen) < count:
                self.far.changed.clear()
                await self.far.changed.wait()


@contextlib.asynccontextmanager
async def connected(far: Far) -> AsyncGenerator[tuple[Near, Link]]:
    near, opened = Near(far), asyncio.Event()
    async with serve(far, "127.0.0.1", 0, max_size=None, max_queue=1) as server:
        port = server.sockets[0].getsockname()[1]
        events = LinkEvents(opened.set, near.message, lambda _: None, lambda _: True)
        link = Link(relay_address(f"http://127.0.0.1:{port}", None), "0", events)
        running = asyncio.create_task(link.run())
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await opened.wait()
            yield near, link
        finally:
            far.reads.set()
            link.close(fatal=True)
            await running


async def test_what_is_sent_arrives_in_order_whether_it_waits_or_not() -> None:
    far = Far([])
    async with connected(far) as (near, link):
        # Far more than the socket takes at once: the first ones go out directly, the others wait.
        sent = [number.to_bytes(4) + bytes(20_000) for number in range(_COUNT)]
        for message in sent[:-1]:
            assert link.send(message, media=True)
            await asyncio.sleep(0)
        assert link.send(sent[-1], media=False)
        far.reads.set()
        await near.until(far.got, _COUNT)
        assert far.got == sent
        link.send(b"direct", media=False)
        await near.until(far.got, _COUNT + 1)
        assert far.got[-1] == b"direct"


@pytest.mark.parametrize("in_order", [True, False])
async def test_C30_whether_the_other_end_has_heard_all_is_told_with_the_loss(
    in_order: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relevo_agent.link.client.CLOSE_DEADLINE_S", 60)
    lost, opened = list[bool](), asyncio.Event()

    async def far(socket: ServerConnection) -> None:
        if in_order:
            assert await socket.recv() == b"the end"
            await socket.wait_closed()
        else:
            socket.transport.abort()

    async with serve(far, "127.0.0.1", 0) as server:

        def gone(heard_all: bool) -> None:
            lost.append(heard_all)
            link.close(fatal=True)

        port = server.sockets[0].getsockname()[1]
        events = LinkEvents(opened.set, lambda _: None, gone, lambda _: False)
        link = Link(relay_address(f"http://127.0.0.1:{port}", None), "0", events)
        running = asyncio.create_task(link.run())
        async with asyncio.timeout(_DEADLINE_S):
            await opened.wait()
            link.send(b"the end", media=False)
            if in_order:
                link.close(fatal=False)
            await running
    assert lost == [in_order]


async def test_what_comes_is_heard_in_order_also_what_came_before_anybody_listened() -> None:
    greeting = [number.to_bytes(4) for number in range(_COUNT)]
    far = Far(greeting)
    async with connected(far) as (near, _link):
        await near.until(near.heard, _COUNT)
        assert near.heard == greeting


async def test_a_relay_that_is_heard_is_not_pinged_and_one_that_is_silent_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pinged: list[object] = []

    async def ping(_self: ClientConnection, data: object = None) -> asyncio.Future[float]:
        pinged.append(data)
        return asyncio.get_running_loop().create_future()

    monkeypatch.setattr(ClientConnection, "ping", ping)
    wire = object.__new__(Wire)
    wire.loop, wire.ping_interval = asyncio.get_running_loop(), 1000.0
    wire._heard_s = wire.loop.time() - 400.0
    assert 400.0 <= await (await wire.ping()) < 1000.0
    assert pinged == []
    wire._heard_s -= 600.0
    await wire.ping()
    assert pinged == [None]
