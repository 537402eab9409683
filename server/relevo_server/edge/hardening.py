"""uvicorn's protocols made fit for peers that stall, flood and trickle (SPEC L2, C15, C17).

As it comes, uvicorn 0.54 waits for ever for a header that trickles in, answers every ping however many come,
lets a peer with a zero window survive its own ping timeout, and gathers empty fragments without end.
"""

import asyncio
import sys
from asyncio.transports import BaseTransport
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypedDict, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import State

from relevo_protocol import limits
from relevo_server.access.throttle import Allowance, Key, Throttle
from relevo_server.edge.rounds import next_round_s
from relevo_server.edge.strict_http import StrictConnection
from relevo_server.edge.write_watch import WriteWatch

LEVER: Final = "relevo.lever"
"""Key of the :class:`Lever` among the extensions of a WebSocket's ASGI scope."""

WRITE_BUFFER_BYTES: Final = 8 * 1024
_HEADER_BYTES: Final = 64 * 1024
_PEER: Final = Key("peer")
_CONTROL: Final = Allowance(64, 8)
_MESSAGES: Final = Allowance(4000, 2000)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What a peer may take its time for, seconds, and how much of what costs us it may send."""

    header_s: float = 10.0
    """From the connection, or the first octet of a further request, to the end of its headers."""
    body_s: float = 30.0
    """From the end of the headers to the end of the body."""
    write_s: float = float(limits.WRITE_DEADLINE_S)
    """Without the peer's kernel having acknowledged a single octet of what waits for it."""
    tls_s: float = 10.0
    """From the connection to the end of its TLS handshake."""
    control: Allowance = _CONTROL
    """Pings and pongs; a peer of ours sends one in ten seconds."""
    messages: Allowance = _MESSAGES
    """Of any kind; a peer of ours sends some hundreds a second. A flood of small ones stalls everybody."""
    hello_bytes: int = limits.MAX_CONTROL_BYTES
    """Longest message of a peer that has not said who it is."""
    max_fragments: int = 1024
    """Of one message; our peers send none."""


def _deaf(_message: bytes) -> bool:
    return False


class Lever:
    """What an endpoint can do beyond ASGI: cut its connection, take long messages, leave a last word.

    And pass messages without a task's turn, which is a turn of the event loop too: ``hear`` is offered every
    binary message and says whether it took it, ``write`` writes one while ``ready``. What is not taken, and
    what is not ready, goes the way of ASGI.
    """

    def __init__(self, socket: "HardenedWebSocket") -> None:
        self.abort = socket.transport.abort
        self.take_long_messages = socket.take_long_messages
        self.write = socket.write
        self.farewell = b""
        self.hear: Callable[[bytes], bool] = _deaf
        self._socket = socket

    @property
    def ready(self) -> bool:
        """Whether the connection is open and its transport has room."""
        socket = self._socket
        open_ = socket.conn.state is State.OPEN and not socket.transport.is_closing()
        return open_ and socket.writable.is_set()


class HardenedHttp(H11Protocol):
    """HTTP with absolute deadlines for headers and body, and a write deadline."""

    deadlines = Deadlines()
    _watch: WriteWatch | None = None
    _timer: asyncio.TimerHandle | None = None
    _phase = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start both clocks."""
        super().connection_made(transport)
        self.conn = StrictConnection(h11.SERVER, self.config.h11_max_incomplete_event_size or _HEADER_BYTES)
        self._watch = WriteWatch(transport, self.loop, self.deadlines.write_s)
        self._enter("header")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._release()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, then see what is due next."""
        super().data_received(data)
        if self._watch is None:
            return  # upgraded, or lost
        if self.conn.their_state is h11.IDLE:
            self._enter("header")
        elif self.conn.their_state is h11.SEND_BODY:
            self._enter("body")
        else:
            self._enter("")

    def on_response_complete(self) -> None:
        """A further request may come; its header's clock starts with its first octet."""
        self._enter("")
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; who was about to answer it learns that nobody listens any more."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection over; the WebSocket watches it from here."""
        self._release()
        super().handle_websocket_upgrade(event)

    def _enter(self, phase: str) -> None:
        if phase == self._phase:
            return
        self._phase = phase
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if phase:
            wait_s = self.deadlines.header_s if phase == "header" else self.deadlines.body_s
            self._timer = self.loop.call_later(wait_s, self._too_late)

    def _too_late(self) -> None:
        self._timer = None
        self.transport.abort()

    def _release(self) -> None:
        self._enter("")
        if self._watch is not None:
            self._watch.stop()
            self._watch = None


class HardenedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that cuts who does not take what waits for it, who floods, and who does not answer."""

    deadlines = Deadlines()
    _watch: WriteWatch | None = None
    _lever: Lever | None = None
    _fragments = 0
    _heard_s = float("-inf")

    def connection_made(self, transport: BaseTransport) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._watch = WriteWatch(self.transport, self.loop, self.deadlines.write_s)
        keep_little(self.transport)
        self._lever = Lever(self)
        self._control = Throttle(self.deadlines.control, self.loop.time, capacity=1)
        self._messages = Throttle(self.deadlines.messages, self.loop.time, capacity=1)
        self.conn.max_message_size = self.deadlines.hello_bytes

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        if self._watch is not None:
            self._watch.stop()
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        """Give the endpoint its lever; its task starts after this."""
        super().handle_connect(event)
        if not self.handshake_complete:
            extensions = cast("dict[str, object]", self.scope.get("extensions", {}))
            extensions[LEVER] = self._lever

    def handle_ping(self) -> None:
        """Answer while the peer reads and stays within its allowance."""
        if not self._admitted(self._control):
            return
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pong: who does not read needs none

    def handle_pong(self, event: Frame) -> None:
        """Take it within the allowance."""
        if self._admitted(self._control):
            super().handle_pong(event)

    def handle_bytes(self, event: Frame) -> None:
        """Begin a message, within the allowance."""
        self._fragments = 0
        if self._admitted(self._messages):
            super().handle_bytes(event)

    def handle_text(self, event: Frame) -> None:
        """Begin a message, within the allowance."""
        self._fragments = 0
        if self._admitted(self._messages):
            super().handle_text(event)

    def handle_cont(self, event: Frame) -> None:
        """Continue a message, not for ever: empty fragments pass every limit of size."""
        self._fragments += 1
        if self._fragments > self.deadlines.max_fragments:
            self.frames = []
            self.transport.abort()
        elif not self.transport.is_closing():
            super().handle_cont(event)

    def send_keepalive_ping(self) -> None:
        """Ask for a sign of life; where one has come meanwhile, only an interval after that."""
        now_s = self.loop.time()
        rest_s = self._heard_s + (self.ping_interval or 0.0) - now_s
        if rest_s > 0.0:
            self.ping_timer = self.loop.call_at(next_round_s(now_s, rest_s), self.send_keepalive_ping)
        else:
            super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No pong: close() would wait for a peer that takes nothing."""
        self.pong_timer = None
        self.pending_ping_payload = None
        self.transport.abort()

    def shutdown(self) -> None:
        """Say why before closing, where the peer takes it; a peer that is closing already is only let go."""
        if self.handshake_complete and self.conn.state is not State.OPEN:
            self.transport.close()
            return
        farewell = self._lever.farewell if self._lever is not None else b""
        if farewell and self.handshake_complete and not self.close_sent and self.writable.is_set():
            self.conn.send_binary(farewell)
            self.transport.write(b"".join(self.conn.data_to_send()))
        super().shutdown()

    def take_long_messages(self) -> None:
        """The peer has said who it is."""
        self.conn.max_message_size = self.config.ws_max_size

    def write(self, message: bytes) -> None:
        """Write one message now; only while :attr:`Lever.ready`."""
        self.conn.send_binary(message)
        self.transport.write(b"".join(self.conn.data_to_send()))

    def send_receive_event_to_app(self) -> None:
        """Offer a message to the endpoint at once, unless others wait before it."""
        if self._lever is not None and self.curr_msg_data_type == "bytes" and self.queue.empty():
            message = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
            if not self.close_sent and self._lever.hear(message):
                self.frames = []
                return
        super().send_receive_event_to_app()

    def _admitted(self, throttle: Throttle) -> bool:
        """Charge one frame; beyond the allowance the connection is cut."""
        if not self.transport.is_closing():
            if throttle.charge(_PEER) <= 0.0:
                self._heard_s = self.loop.time()
                return True
            self.transport.abort()
        self.conn.data_to_send()  # what was to be answered: nobody is there to read it
        return False


class HardenedLoop(asyncio.SelectorEventLoop):
    """An event loop whose servers give a TLS handshake seconds, not asyncio's minute."""

    tls_handshake_s = Deadlines().tls_s

    async def create_server(self, *arguments: Any, **options: Any) -> asyncio.Server:
        """See :meth:`asyncio.loop.create_server`."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", self.tls_handshake_s)
        return await super().create_server(*arguments, **options)


class UvicornOptions(TypedDict):
    """Arguments of ``uvicorn.Config`` that make it fit for us."""

    http: type[asyncio.Protocol]
    ws: type[asyncio.Protocol]
    loop: str
    ws_max_size: int
    ws_per_message_deflate: bool
    ws_ping_interval: float
    ws_ping_timeout: float
    h11_max_incomplete_event_size: int
    timeout_graceful_shutdown: int
    server_header: bool
    proxy_headers: bool


def uvicorn_options(deadlines: Deadlines | None = None) -> UvicornOptions:
    """Return what to give to ``uvicorn.Config`` beside application, TLS and logging."""
    chosen: dict[str, Any] = {"deadlines": deadlines or Deadlines()}
    return UvicornOptions(
        http=type("HardenedHttp", (HardenedHttp,), chosen),
        ws=type("HardenedWebSocket", (HardenedWebSocket,), chosen),
        # Windows' own loop serves more sockets than select() can, and keeps asyncio's minute for TLS.
        loop="auto" if sys.platform == "win32" else "relevo_server.edge.hardening:HardenedLoop",
        ws_max_size=limits.MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # ciphertext does not shrink, and a deflate bomb is nothing to offer
        ws_ping_interval=float(limits.PING_INTERVAL_S),
        ws_ping_timeout=float(limits.PING_DEADLINE_S),
        h11_max_incomplete_event_size=16 * 1024,
        timeout_graceful_shutdown=3,
        server_header=False,
        proxy_headers=False,  # the application believes them from declared proxies alone
    )


def keep_little(transport: asyncio.BaseTransport) -> None:
    """Let little wait in a transport: what is written cannot be taken back, what waits in an outbox can.

    As they come, asyncio holds 64 KiB and with TLS 512 KiB more, which is five seconds of a thin line.
    """
    # The transport below TLS has no public name; where it has another one, its 64 KiB stay.
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    for one in (transport, below):
        if isinstance(one, asyncio.WriteTransport):
            one.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
