"""What attackers have in hand: a server to be attacked, browsers, sockets, and accounts where it is ours."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import relay_message, relay_to_agent, relay_to_viewer
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import body_of
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import RelayError, ViewerHello
from relevo_server.accounts.view import AccountView
from tests.attacks.table import must
from tests.support.fake_agent import FakeAgent
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import HOST, NAME, PASSWORD, Relay, running_relay
from tests.support.wires import dial_relay

DEADLINE_S = 60.0
_SILENCE_S = 2.0
"""Who has begun to answer and says nothing for so long has said all."""
FOREIGN = "https://evil.example"
_NOBODY = AccountView("", "", "", "", "es", is_admin=False)


class Target(Relay):
    """A server anywhere, signed in to with an account that its operator has given."""

    name: str = NAME
    password: str = PASSWORD

    @property
    def ws(self) -> str:
        """The WebSocket address without a path."""
        return f"wss{self.origin.removeprefix('https')}"

    @asynccontextmanager
    async def signed_in(self, name: str = "") -> AsyncGenerator[httpx.AsyncClient]:
        """A browser in which the given account is signed in."""
        async with self.browser() as browser:
            body = {"name": name or self.name, "password": self.password}
            answer = await browser.post("/api/sign-in", json=body)
            answer.raise_for_status()
            if "account" not in answer.json():
                raise ValueError(
                    "this account has a second factor: give one that has none, of a trial server"
                )
            yield browser


@dataclass(frozen=True)
class Ground:
    """Where an attack takes place. `relay` is None for attacks that need no server."""

    server: Relay | None
    folder: Path | None = None

    @property
    def relay(self) -> Relay:
        """The server that is attacked."""
        if self.server is None:
            raise ValueError("this attack needs a server")
        return self.server

    @property
    def name(self) -> str:
        """The account that signs in."""
        return self.relay.name if isinstance(self.relay, Target) else NAME

    @property
    def password(self) -> str:
        """The account's password."""
        return self.relay.password if isinstance(self.relay, Target) else PASSWORD

    @property
    def address(self) -> tuple[str, int]:
        """Where the server listens."""
        parts = urlsplit(self.relay.origin)
        return parts.hostname or HOST, parts.port or 443

    @property
    def host(self) -> str:
        """The `Host` header that a browser would send."""
        return urlsplit(self.relay.origin).netloc

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A TLS connection on which nothing has been said."""
        where, port = self.address
        return await asyncio.open_connection(where, port, ssl=self.relay.tls, server_hostname=where)

    async def say(
        self, request: bytes, deadline_s: float = DEADLINE_S, silence_s: float = _SILENCE_S
    ) -> bytes:
        """What comes back for these bytes until the server closes, or falls silent."""
        reader, writer = await self.connect()
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(request)
            await writer.drain()
            while part := await asyncio.wait_for(reader.read(2**16), silence_s if answer else deadline_s):
                answer += part
        writer.transport.abort()
        return answer

    async def get(self, target: str, *headers: str) -> bytes:
        """The whole answer for a GET whose target is sent as it stands."""
        lines = [f"GET {target} HTTP/1.1", f"Host: {self.host}", *headers, "Connection: close", "", ""]
        return await self.say("\r\n".join(lines).encode("latin-1"))

    @asynccontextmanager
    async def websocket(
        self, path: str = "/ws/agent"
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A WebSocket whose frames are ours to forge."""
        reader, writer = await self.connect()
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"]
        if path.endswith("viewer"):
            lines.append(f"Origin: {self.relay.origin}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE_S)
        must(b" 101 " in answer, f"no WebSocket: {answer[:60]!r}")
        try:
            yield reader, writer
        finally:
            writer.transport.abort()


def status_of(answer: bytes) -> int:
    """The status of a raw HTTP answer; 0 where the connection was closed without one."""
    parts = answer[:16].split(b" ")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A masked WebSocket frame of at most 65535 bytes."""
    head = (0x80 if fin else 0) | opcode
    if len(payload) < 126:
        return struct.pack("!BB", head, 0x80 | len(payload)) + bytes(4) + payload
    return struct.pack("!BBH", head, 0xFE, len(payload)) + bytes(4) + payload


async def cut_off(reader: asyncio.StreamReader, deadline_s: float = DEADLINE_S) -> bool:
    """Whether the server closes this connection in time."""
    with contextlib.suppress(ConnectionError):
        try:
            async with asyncio.timeout(deadline_s):
                while await reader.read(2**16):
                    pass
        except TimeoutError:
            return False
    return True


async def flood(writer: asyncio.StreamWriter, data: bytes, most: int = 100_000) -> bool:
    """Write again and again, at most so often; whether the server has cut the connection."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(DEADLINE_S):
            for _ in range(most):
                if writer.is_closing():
                    return True
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0)
    return writer.is_closing()


async def answer_to(relay: Relay, hello: Message, path: str = "/ws/viewer") -> ErrorCode | None:
    """With which code this first message is refused; None when it is taken."""
    origin = relay.origin if path.endswith("viewer") else None
    async with dial_relay(relay, path, origin) as socket:
        await socket.send(relay_message(hello))
        try:
            first = await asyncio.wait_for(socket.recv(), DEADLINE_S)
        except ConnectionClosed:
            return ErrorCode(socket.close_reason or ErrorCode.INTERNAL.value)
        reader = relay_to_viewer if path.endswith("viewer") else relay_to_agent
        said = reader.decode(body_of(cast("bytes", first)))
    return said.code if isinstance(said, RelayError) else None


async def opens(relay: Relay, path: str, origin: str | None) -> bool:
    """Whether a WebSocket with this origin is let in."""
    return not await relay.refuses(path, cast("Origin | None", origin))


@asynccontextmanager
async def viewer_with(relay: Relay, code: str, ticket: str) -> AsyncGenerator[FakeViewer]:
    """A viewer who has begun to join by this code with this ticket."""
    viewer = FakeViewer(relay)
    await viewer.join(code, ticket)
    try:
        yield viewer
    finally:
        await viewer.close()


def seen_more(viewer: FakeViewer) -> Callable[[], bool]:
    """Tells whether a further picture has come, from now on."""
    before = len(viewer.frames)
    return lambda: len(viewer.frames) > before


def cut(one: FakeViewer | FakeAgent) -> Callable[[], bool]:
    """Tells whether the relay has closed this line."""
    return lambda: one.wire.closed is not None


async def knock(relay: Relay, code: str, ticket: str) -> ErrorCode:
    """How somebody is refused who tries these twelve digits."""
    viewer = FakeViewer(relay)
    viewer.expect_code(code)
    await viewer.dial()
    try:
        await viewer.wire.send(relay_message(ViewerHello(version=PROTOCOL_VERSION, ticket=ticket)))
        return (await viewer.inbox.expect(RelayError)).code
    finally:
        await viewer.close()


@asynccontextmanager
async def own_ground(folder: Path) -> AsyncGenerator[Ground]:
    """A server of our own on loopback, with nothing behind it."""
    async with running_relay(folder) as relay:
        yield Ground(relay, folder)


def far_ground(url: str, ca: Path | None, name: str, password: str) -> Ground:
    """A server that somebody else runs, with an account that its operator gave for this."""
    parts = urlsplit(url)
    origin = f"https://{parts.netloc}"
    where = ca or Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    target = Target(origin, parts.port or 443, where, _NOBODY, address=parts.hostname or "")
    target.name, target.password = name, password
    return Ground(target)
