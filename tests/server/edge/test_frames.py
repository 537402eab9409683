"""WebSocket as RFC 6455 has it, case by case, against the hardened protocol on a real socket (SECURITY X5).

``ws-cases.json`` holds what is sent and what must come back, in groups: 1 framing, 2 pings, 3 reserved bits,
4 opcodes, 5 fragments, 6 UTF-8, 7 closing, 9 sizes, 10 fragments of many sizes. ``send`` is answered by
``get``, then ``then`` is sent; ``close`` is the code of the close frame that ends it, without it the
connection is still there. A frame is an opcode with its payload (``hex``, or ``fill`` repeated ``times``),
``fin`` and ``rsv``; ``piece`` cuts it into fragments, ``announce`` leaves it at the head of a payload of that
length, ``chop`` cuts everything into short writes.
"""

import asyncio
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relevo_server.access.throttle import Allowance
from relevo_server.edge.hardening import LEVER, Deadlines, Lever
from tests.server.edge.test_hardening import App, Site, site

pytestmark = pytest.mark.anyio
Case = dict[str, Any]
GROUPS: dict[str, list[Case]] = json.loads((Path(__file__).parent / "ws-cases.json").read_text())
_PATIENT = Deadlines(control=Allowance(10**6, 1), messages=Allowance(10**6, 1), max_fragments=2048)
_DEADLINE_S = 60.0
_CLOSE, _PING, _PONG = 8, 9, 10
_NO_CODE = 1005
_OPENING = (
    "GET / HTTP/1.1",
    "Host: x",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version: 13",
)


class Echo(App):
    """Says every message again."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        lever = scope["extensions"][LEVER]
        assert isinstance(lever, Lever)
        lever.take_long_messages()
        while (event := await receive())["type"] == "websocket.receive":
            kind = "text" if event.get("text") is not None else "bytes"
            await send({"type": "websocket.send", kind: event[kind]})


@pytest.mark.parametrize("group", GROUPS)
async def test_X5_every_case_of_the_group_ends_as_it_must(tmp_path: Path, group: str) -> None:
    failed: list[str] = []
    async with echoing(tmp_path) as place:
        for case in GROUPS[group]:
            try:
                async with asyncio.timeout(_DEADLINE_S):
                    await _play(place, case)
            except (AssertionError, TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
                failed.append(f"{case['id']} {case['what']}: {error!r}")
    assert failed == []


def test_X5_no_case_is_there_twice() -> None:
    ids = [case["id"] for cases in GROUPS.values() for case in cases]
    assert len(ids) == len(set(ids)) > 150


async def test_X5_nobody_is_offered_compression(tmp_path: Path) -> None:
    async with echoing(tmp_path) as place:
        offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
        answer = await _upgraded(place, offer)
        assert b" 101 " in answer
        assert b"extensions" not in answer.lower()


@pytest.mark.parametrize(
    "missing",
    ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"],
)
@pytest.mark.parametrize("instead", ["", "Sec-WebSocket-Key: c2hvcnQ=", "Sec-WebSocket-Version: 12"])
async def test_X5_a_broken_opening_is_refused(tmp_path: Path, missing: str, instead: str) -> None:
    async with echoing(tmp_path) as place:
        reader, writer = await place.connect()
        whole = [*_OPENING, instead] if instead else list(_OPENING)
        writer.write("\r\n".join([*(line for line in whole if line != missing), "", ""]).encode())
        async with asyncio.timeout(_DEADLINE_S):
            assert b" 400 " in await reader.readuntil(b"\r\n")
        writer.close()


def echoing(folder: Path) -> Any:
    return site(folder, tls=False, deadlines=_PATIENT, app=Echo())


async def _upgraded(place: Site, more: str) -> bytes:
    reader, writer = await place.connect()
    writer.write("\r\n".join([*_OPENING, more, "", ""]).encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer


async def _play(place: Site, case: Case) -> None:
    reader, writer = await place.websocket()
    try:
        sending = asyncio.create_task(_send(writer, case["send"], case.get("chop")))
        for frame in case["get"]:
            assert await _receive(reader) == (frame["op"], _payload(frame))
        await _send(writer, case.get("then", []), case.get("chop"))
        if "close" in case:
            await _closes(reader, case["close"])
        else:
            await sending
            writer.write(_wire(_PING, b"still there?"))
            assert await _receive(reader) == (_PONG, b"still there?")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    finally:
        writer.close()


async def _send(writer: asyncio.StreamWriter, frames: list[Case], chop: int | None) -> None:
    data = b"".join(part for frame in frames for part in _frames(frame))
    step = chop or max(1, len(data))
    for at in range(0, len(data), step):
        writer.write(data[at : at + step])
        await writer.drain()
        await asyncio.sleep(0)  # a write of its own


async def _closes(reader: asyncio.StreamReader, code: int) -> None:
    opcode, payload = await _receive(reader)
    assert opcode == _CLOSE, (opcode, payload[:40])
    assert (struct.unpack(">H", payload[:2])[0] if payload else _NO_CODE) == code
    assert await reader.read() == b"", "nothing comes after a close"


def _frames(frame: Case) -> Iterator[bytes]:
    payload, piece = _payload(frame), frame.get("piece")
    if "announce" in frame:
        yield _head(0x80 | frame["op"], frame["announce"])
        return
    if not piece:
        yield _wire(frame["op"], payload, fin=frame.get("fin", True), rsv=frame.get("rsv", 0))
        return
    for at in range(0, len(payload), piece):
        last = at + piece >= len(payload)
        yield _wire(
            frame["op"] if at == 0 else 0, payload[at : at + piece], fin=last and frame.get("fin", True)
        )


def _payload(frame: Case) -> bytes:
    if "fill" in frame:
        return bytes.fromhex(frame["fill"]) * int(frame["times"])
    return bytes.fromhex(frame.get("hex", ""))


def _wire(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    """A masked frame (RFC 6455, 5.2)."""
    mask = os.urandom(4)
    return _head((0x80 if fin else 0) | rsv << 4 | opcode, len(payload)) + mask + _masked(payload, mask)


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return struct.pack(">BB", first, 0x80 | length)
    if length < 1 << 16:
        return struct.pack(">BBH", first, 0xFE, length)
    return struct.pack(">BBQ", first, 0xFF, length)


def _masked(payload: bytes, mask: bytes) -> bytes:
    length = len(payload)
    key = (mask * (length // 4 + 1))[:length]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(length, "big")


async def _receive(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next message or control frame, unmasked, with a message's fragments put together."""
    first, second = await reader.readexactly(2)
    assert not second & 0x80, "a server masks nothing"
    length = second & 0x7F
    if length >= 126:
        length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
    payload = await reader.readexactly(length)
    if first & 0x80:
        return first & 0x0F, payload
    _opcode, rest = await _receive(reader)
    return first & 0x0F, payload + rest
