"""Attacks by too much: connections, pings, fragments, messages, headers."""

import asyncio
import contextlib
import struct

from relevo_protocol.header import Header, MessageType
from tests.attacks.client import Ground, cut_off, flood, frame, seen_more, status_of
from tests.attacks.table import Needs, attack, must
from tests.support.peers import agent_at, viewer_at

_PER_ADDRESS = 800
"""As the server's settings say where nobody has changed them: 200, and four connections for each."""


async def _lives(ground: Ground) -> None:
    answer = await ground.get("/healthz")
    must(status_of(answer) == 200, f"the server answers {status_of(answer)} afterwards")


@attack("F1", "cut; the server goes on", rules="C17 X2", apart=True)
async def pings(ground: Ground) -> None:
    """A WebSocket sends pings without end."""
    async with ground.websocket() as (_reader, writer):
        must(await flood(writer, frame(9, bytes(100)) * 1000), "a flood of pings was borne")
    await _lives(ground)


@attack("F2", "cut before it fills the memory", rules="C17 X2", apart=True)
async def fragments(ground: Ground) -> None:
    """A message comes in empty fragments without end."""
    async with ground.websocket() as (_reader, writer):
        writer.write(frame(2, b"a", fin=False))
        must(await flood(writer, frame(0, fin=False) * 100), "endless fragments were gathered")
    await _lives(ground)


@attack("F3", "cut at its header alone", rules="L2", apart=True)
async def long_messages(ground: Ground) -> None:
    """A first message announces 4 GiB, or all the bytes there can be, or is a text."""
    for length in (2**16 + 1, 2**32, 2**62):
        async with ground.websocket() as (reader, writer):
            writer.write(b"\x82\xff" + struct.pack("!Q", length) + bytes(4))
            must(await cut_off(reader), f"{length} bytes are waited for")
    async with ground.websocket() as (reader, writer):
        writer.write(frame(1, b"hello"))
        must(await cut_off(reader), "text is waited for")
    await _lives(ground)


@attack("F4", "cut; all others go on", rules="C17", apart=True)
async def messages(ground: Ground) -> None:
    """A WebSocket that has said nothing yet sends small messages without end."""
    async with ground.websocket() as (_reader, writer):
        must(await flood(writer, frame(2, Header(MessageType.RELAY).pack()) * 500), "a flood was borne")
    await _lives(ground)


def _still_there(opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> int:
    return sum(not reader.at_eof() and reader.exception() is None for reader, _ in opened)


@attack(
    "F5",
    "refused from a number on; when they have gone, all is as before",
    rules="X2 C17",
    needs=Needs.OWN,
    apart=True,
)
async def connections(ground: Ground) -> None:
    """One address opens a thousand connections and says nothing on them."""
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for _ in range(25):
        found = await asyncio.gather(*(ground.connect() for _ in range(40)), return_exceptions=True)
        opened += [one for one in found if not isinstance(one, BaseException)]
    # Who has too many is let through TLS and cut then: what counts is who is still there.
    for _ in range(600):
        if _still_there(opened) <= _PER_ADDRESS:
            break
        await asyncio.sleep(0.05)
    held = _still_there(opened)
    for _reader, writer in opened:
        writer.transport.abort()
    must(held <= _PER_ADDRESS, f"one address holds {held} connections")
    for _ in range(600):
        # Until the server has noticed that they are gone, a further one may be cut before its greeting.
        with contextlib.suppress(ConnectionError):
            answer = await ground.say(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            if status_of(answer) == 200:
                return
        await asyncio.sleep(0.05)
    must(False, "nobody of this address gets in any more, though all have gone")


@attack("F6", "cut at the deadline, 10 s for a header", rules="C17 X2", apart=True)
async def trickle(ground: Ground) -> None:
    """A header comes one octet a second, and never ends."""
    reader, writer = await ground.connect()

    async def drip() -> None:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        while not writer.is_closing():
            writer.write(b"a")
            await asyncio.sleep(1)

    dripping = asyncio.create_task(drip())
    cut = await cut_off(reader, 14.0)
    dripping.cancel()
    await asyncio.gather(dripping, return_exceptions=True)
    writer.transport.abort()
    must(cut, "a header was waited for longer than 14 s")


@attack(
    "F7", "the flooder is cut; the session of somebody else keeps its pictures", rules="C15 C17", apart=True
)
async def beside_a_session(ground: Ground) -> None:
    """While a session goes on, another connection floods the same server."""
    async with agent_at(ground.relay) as agent, viewer_at(ground.relay, agent.code) as viewer:
        await viewer.live()
        async with ground.websocket() as (_reader, writer):
            flooding = asyncio.create_task(flood(writer, frame(2, bytes(24)) * 200))
            for _ in range(5):
                more = seen_more(viewer)
                agent.show(b"picture")
                await viewer.inbox.until(more, "a picture")
            must(await flooding, "the flood was borne")
        must(viewer.wire.closed is None and agent.wire.closed is None, "the session was cut")
