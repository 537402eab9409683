"""Peers that stall, flood and trickle, on real sockets (SPEC L2, C15, C17)."""

import asyncio
import base64
import contextlib
import os
import ssl
import struct
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from relevo_server.access.throttle import Allowance
from relevo_server.edge.hardening import (
    LEVER,
    Deadlines,
    HardenedLoop,
    HardenedWebSocket,
    Lever,
    uvicorn_options,
)
from relevo_server.edge.listening import listen_socket
from tests.support.certificates import tls_contexts

pytestmark = pytest.mark.anyio
_QUICK = Deadlines(header_s=1.0, body_s=1.0, write_s=1.0, control=Allowance(20, 10), max_fragments=50)
"""Long enough that a busy machine keeps to them: client and server share one event loop."""
_PATIENT = replace(_QUICK, header_s=60.0, body_s=60.0, write_s=60.0)
"""For who is not to be cut, or for another reason."""
_DEADLINE_S = 60.0
_BIG = bytes(2**20)


class App:
    """Answers HTTP with what it was asked to; a WebSocket is filled until it is full, then only read."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.received = 0
        self.sent_bytes = 0
        self.fill = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._answer(receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        assert isinstance(scope["extensions"][LEVER], Lever)
        filling = asyncio.create_task(self._fill(send))
        while (event := await receive())["type"] == "websocket.receive":
            self.received += 1
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
        self.ended.set()
        assert event["type"] == "websocket.disconnect"

    async def _answer(self, receive: Any, send: Any) -> None:
        event: dict[str, Any] = {"more_body": True}
        while event.get("more_body"):
            event = await receive()
        if event["type"] == "http.request":
            body = _BIG * 16 if self.fill else b"ok"
            length = str(len(body)).encode()
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
            )
            await send({"type": "http.response.body", "body": body})
        self.ended.set()

    async def _fill(self, send: Any) -> None:
        while self.fill:
            await send({"type": "websocket.send", "bytes": _BIG})
            self.sent_bytes += len(_BIG)


class Site:
    def __init__(self, app: App, port: int, tls: ssl.SSLContext | None, server: uvicorn.Server) -> None:
        self.app, self.port, self.tls, self.server = app, port, tls, server

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls, limit=2**16)

    async def websocket(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self.connect()
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer
        return reader, writer

    async def ended(self) -> None:
        """The endpoint's task has ended."""
        async with asyncio.timeout(_DEADLINE_S):
            await self.app.ended.wait()

    async def no_connection_is_left(self) -> None:
        async with asyncio.timeout(_DEADLINE_S):
            while self.server.server_state.connections:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def site(
    folder: Path,
    *,
    tls: bool,
    deadlines: Deadlines = _PATIENT,
    app: App | None = None,
    **more: Any,
) -> AsyncGenerator[Site]:
    server_tls, client_tls = tls_contexts(folder) if tls else (None, None)
    app = app or App()
    with contextlib.closing(listen_socket("127.0.0.1", 0, more.pop("door", None))) as listener:
        options: dict[str, Any] = {**uvicorn_options(deadlines), **more}
        config = uvicorn.Config(app, lifespan="off", log_config=None, **options)
        config.load()
        config.ssl = server_tls
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listener]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.01)
            yield Site(app, listener.getsockname()[1], client_tls, server)
        finally:
            server.should_exit = True
            await serving


async def _cut(reader: asyncio.StreamReader) -> None:
    """The server has cut the connection."""
    async with asyncio.timeout(_DEADLINE_S):
        with contextlib.suppress(ConnectionError):
            while await reader.read(2**16):
                pass


def _frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    assert len(payload) < 126
    return struct.pack("!BB", (0x80 if fin else 0) | opcode, 0x80 | len(payload)) + bytes(4) + payload


async def _write_until_cut(writer: asyncio.StreamWriter, data: bytes) -> int:
    """Write again and again until the server has cut the connection; how often it was written."""
    count = 0
    async with asyncio.timeout(_DEADLINE_S):
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0)
                count += 1
    return count


@pytest.mark.parametrize("tls", [False, True])
async def test_a_header_trickle_is_cut(tmp_path: Path, tls: bool) -> None:
    async with site(tmp_path, tls=tls, deadlines=_QUICK) as place:
        start_s = time.perf_counter()
        reader, writer = await place.connect()
        cutting = asyncio.create_task(_cut(reader))
        writer.write(b"GET / HTTP/1.1\r\n")
        while not cutting.done():
            writer.write(b"a: b\r\n")
            await asyncio.sleep(0.05)
        await cutting
        assert time.perf_counter() - start_s >= _QUICK.header_s
        writer.close()


@pytest.mark.parametrize("said", [b"", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"])
async def test_silence_and_a_body_that_never_ends_are_cut(tmp_path: Path, said: bytes) -> None:
    async with site(tmp_path, tls=False, deadlines=_QUICK) as place:
        start_s = time.perf_counter()
        reader, writer = await place.connect()
        writer.write(said)
        await _cut(reader)
        assert time.perf_counter() - start_s >= _QUICK.header_s
        writer.close()


async def test_a_second_request_has_a_deadline_of_its_own(tmp_path: Path) -> None:
    async with site(tmp_path, tls=False, deadlines=_QUICK, timeout_keep_alive=600) as place:
        reader, writer = await place.connect()
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        for _ in range(3):
            writer.write(request)
            assert (await reader.readuntil(b"ok")).endswith(b"ok")
            await asyncio.sleep(_QUICK.header_s * 0.6)  # idle between requests is uvicorn's keep-alive
        writer.write(b"GET")
        await _cut(reader)
        writer.close()


@pytest.mark.parametrize("tls", [False, True])
async def test_C15_a_websocket_with_a_zero_window_is_aborted(tmp_path: Path, tls: bool) -> None:
    async with site(tmp_path, tls=tls, deadlines=_QUICK) as place:
        place.app.fill = True
        start_s = time.perf_counter()
        reader, writer = await place.websocket()
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        await place.ended()
        assert time.perf_counter() - start_s >= _QUICK.write_s
        await place.no_connection_is_left()
        del reader
        writer.transport.abort()


@pytest.mark.parametrize("tls", [False, True])
async def test_a_download_with_a_zero_window_is_aborted(tmp_path: Path, tls: bool) -> None:
    async with site(tmp_path, tls=tls, deadlines=_QUICK) as place:
        place.app.fill = True
        _reader, writer = await place.connect()
        assert isinstance(writer.transport, asyncio.Transport)
        writer.transport.pause_reading()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await place.no_connection_is_left()
        writer.transport.abort()


async def test_a_reader_that_is_only_slow_is_not_cut(tmp_path: Path) -> None:
    patient = Deadlines(write_s=2.0)
    async with site(tmp_path, tls=False, deadlines=patient) as place:
        place.app.fill = True
        reader, writer = await place.connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        start_s = time.perf_counter()
        got = 0
        while got < 4 * 2**20:  # over twice the write deadline, with many a pause
            got += len(await reader.read(2**20))
            if time.perf_counter() - start_s < 2.5 * patient.write_s:
                await asyncio.sleep(patient.write_s / 8)
        await reader.readexactly(8 * 2**20)
        writer.close()


@pytest.mark.parametrize("tls", [False, True])
async def test_a_ping_flood_from_who_does_not_read_is_cut(tmp_path: Path, tls: bool) -> None:
    async with site(tmp_path, tls=tls, deadlines=Deadlines(write_s=60)) as place:
        _reader, writer = await place.websocket()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await _write_until_cut(writer, _frame(9, bytes(100)) * 1000)
        await place.ended()
        writer.close()


async def test_pongs_are_not_buffered_for_who_does_not_read(tmp_path: Path) -> None:
    patient = Deadlines(write_s=30, control=Allowance(10**9, 1))
    async with site(tmp_path, tls=False, deadlines=patient) as place:
        place.app.fill = True
        _reader, writer = await place.websocket()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        (connection,) = place.server.server_state.connections
        sent, calm = -1, 0
        while calm < 5:
            calm = calm + 1 if sent == place.app.sent_bytes else 0
            sent = place.app.sent_bytes
            await asyncio.sleep(0.1)
        before = connection.transport.get_write_buffer_size()
        for _ in range(50):
            writer.write(_frame(9, bytes(100)) * 1000)
            await writer.drain()
        await asyncio.sleep(0.1)
        assert connection.transport.get_write_buffer_size() <= before
        writer.transport.abort()


async def test_a_few_pings_are_answered(tmp_path: Path) -> None:
    async with site(tmp_path, tls=False) as place:
        reader, writer = await place.websocket()
        writer.write(_frame(9, b"hello") * 5)
        assert await reader.readexactly(35) == b"\x8a\x05hello" * 5
        writer.close()


async def test_endless_empty_fragments_are_cut(tmp_path: Path) -> None:
    async with site(tmp_path, tls=False) as place:
        _reader, writer = await place.websocket()
        writer.write(_frame(2, b"a", fin=False))
        await _write_until_cut(writer, _frame(0, fin=False) * 100)
        await place.ended()
        assert place.app.received == 0
        writer.close()


async def test_a_peer_that_answers_no_ping_is_aborted(tmp_path: Path) -> None:
    async with site(tmp_path, tls=True, ws_ping_interval=0.1, ws_ping_timeout=0.1) as place:
        _reader, writer = await place.websocket()
        await place.ended()
        await place.no_connection_is_left()
        writer.close()


async def test_who_is_heard_is_not_pinged_before_an_interval_of_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pinged: list[object] = []

    def ping(self: WebSocketsSansIOProtocol) -> None:
        pinged.append(self)

    monkeypatch.setattr(WebSocketsSansIOProtocol, "send_keepalive_ping", ping)
    peer = object.__new__(HardenedWebSocket)
    peer.loop, peer.ping_interval = asyncio.get_running_loop(), 1000.0
    peer._heard_s = peer.loop.time() - 400.0
    peer.send_keepalive_ping()
    assert pinged == []
    assert peer.ping_timer is not None
    assert 0.0 <= peer._heard_s + 1000.0 - peer.ping_timer.when() < 4.0
    peer.ping_timer.cancel()
    peer._heard_s -= 600.0
    peer.send_keepalive_ping()
    assert pinged == [peer]


async def test_a_message_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path, tls=False) as place:
        _reader, writer = await place.websocket()
        writer.write(struct.pack("!BBQ", 0x82, 0xFF, 4 * 2**20 + 1) + bytes(4))
        await place.ended()
        assert place.app.received == 0
        writer.close()


def test_a_port_in_use_is_named() -> None:
    with contextlib.closing(listen_socket("127.0.0.1", 0)) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(OSError, match=f"port {port}"):
            listen_socket("127.0.0.1", port)


async def test_L2_before_the_hello_a_long_message_ends_the_connection(tmp_path: Path) -> None:
    async with site(tmp_path, tls=False) as place:
        reader, writer = await place.websocket()
        writer.write(b"\x82\xff" + struct.pack(">Q", 2**16 + 1) + bytes(4))  # its header alone is enough
        assert (await asyncio.wait_for(reader.readexactly(4), _DEADLINE_S))[2:] == struct.pack(">H", 1009)
        await place.ended()
        writer.close()


async def test_C17_a_flood_of_small_messages_ends_the_connection(tmp_path: Path) -> None:
    async with site(tmp_path, tls=False, deadlines=Deadlines(messages=Allowance(100, 0.001))) as place:
        _reader, writer = await place.websocket()
        writer.write(b"\x82\x80\0\0\0\0" * 1000)
        await place.ended()
        assert place.app.received <= 100
        writer.close()


def test_C17_a_tls_handshake_has_its_deadline(tmp_path: Path) -> None:
    class Hasty(HardenedLoop):
        tls_handshake_s = 0.1

    async def play() -> None:
        server_tls, _ = tls_contexts(tmp_path)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0, ssl=server_tls)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with contextlib.suppress(ConnectionError):
            # asyncio's own deadline is a minute.
            assert await asyncio.wait_for(reader.read(1), 40) == b""
        writer.close()
        server.close()

    with asyncio.Runner(loop_factory=Hasty) as runner:
        runner.run(play())
    assert uvicorn.Config("x:y", **uvicorn_options()).get_loop_factory() is HardenedLoop
