"""A viewer for tests that speaks the real protocol with the real crypto, over the real wire."""

import asyncio
import contextlib

from websockets.exceptions import ConnectionClosed

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import (
    encode,
    host_to_viewer,
    relay_message,
    relay_to_viewer,
)
from relevo_protocol.crypto import (
    ChannelContext,
    Credential,
    HandshakeError,
    MediaReceiver,
    PairwiseChannel,
    SessionKeys,
    ViewerHandshake,
    ViewerIdentity,
    roster_hash,
    signature_required,
)
from relevo_protocol.header import DST_HOST, Flags, Header, MessageType, body_of, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    HostBack,
    RelayError,
    SessionEnded,
    ViewerHello,
    ViewerWelcome,
)
from relevo_protocol.messages.session import Epoch
from tests.support.relay import Relay
from tests.support.wires import DEADLINE_S, Inbox, Wire, dial_relay, roster_of


class FakeViewer:
    """The technician's side. ``frames`` holds opened pictures by frame id, in order of arrival."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.inbox = Inbox()
        self.frames: list[tuple[int, bytes]] = []
        self.media_messages = 0
        self.whispers: list[bytes] = []
        self.key_flags: list[bool] = []
        self.failure: HandshakeError | None = None
        self.reading = True
        self.keys: SessionKeys | None = None
        self._handshake: ViewerHandshake | None = None
        self._channel: PairwiseChannel | None = None
        self._media: dict[int, MediaReceiver] = {}
        self._device_key = b""
        self._credential: Credential | None = None
        self._stage = 0
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self.link = 0
        self.welcome: ViewerWelcome
        self.wire: Wire

    async def join(self, code: str, ticket: str | None = None) -> ViewerWelcome:
        """Come in by twelve digits: ticket, hello, and the first flight; the rest follows by itself.

        ``ticket``: one that has been had already.
        """
        self.expect_code(code)
        if ticket is None:
            ticket = await self.relay.ticket(code[:6])
        return await self._open(ViewerHello(version=PROTOCOL_VERSION, ticket=ticket))

    async def join_invited(self, invite: bytes, secret: bytes, ticket: str) -> ViewerWelcome:
        """Come in by an invitation whose ticket has been had, with an account or as a guest."""
        await self.begin_invited(invite, secret, ticket)
        self.welcome = await self.inbox.expect(ViewerWelcome)
        return self.welcome

    async def begin_invited(self, invite: bytes, secret: bytes, ticket: str) -> None:
        """Knock with an invitation; the answer may be a refusal."""
        self._credential = Credential("invite", secret, invite)
        await self.dial()
        await self.wire.send(relay_message(ViewerHello(version=PROTOCOL_VERSION, ticket=ticket)))

    def expect_code(self, code: str) -> None:
        """The handshake that follows the next welcome uses the last six of these digits."""
        self._credential = Credential("code", code[6:].encode())

    async def resume(self) -> ViewerWelcome:
        """Come back by the token of the last welcome and the resume secret of the last handshake."""
        assert self.keys is not None
        self._credential = self.keys.resume_credential()
        return await self._open(ViewerHello(version=PROTOCOL_VERSION, resume=self.welcome.resume))

    async def dial(self) -> None:
        """Open the socket and say nothing yet."""
        socket = await dial_relay(self.relay, "/ws/viewer", self.relay.origin)
        self.wire = Wire(socket, self._take, self.inbox)
        self._outgoing = asyncio.Queue()
        if self._writer is not None:
            self._writer.cancel()
        self._writer = asyncio.create_task(self._write(self.wire, self._outgoing))

    async def _open(self, hello: ViewerHello) -> ViewerWelcome:
        await self.dial()
        await self.wire.send(relay_message(hello))
        self.welcome = await self.inbox.expect(ViewerWelcome)
        return self.welcome

    async def live(self, deadline_s: float = DEADLINE_S) -> None:
        """Return once a picture is there under the present keys."""
        before = len(self.frames)
        await self.inbox.until(lambda: len(self.frames) > before or self._pictured(), "a picture", deadline_s)

    def _pictured(self) -> bool:
        return bool(self._media) and bool(self.frames)

    @property
    def verified(self) -> bool:
        """Whether the host proved itself on the present connection."""
        return self._channel is not None

    def tell(self, message: Message) -> None:
        """Say something sealed to the host."""
        assert self._channel is not None
        sender = self._channel.sender
        header = Header(
            MessageType.PAIRWISE, dst=DST_HOST, key_id=self.link, counter=sender.next_counter
        ).pack()
        self._outgoing.put_nowait(header + sender.seal(header, encode(message)))

    def whisper(self, slot: int, sealed: bytes = b"sealed", *, link: int | None = None) -> bytes:
        """Send a team message to a slot; returns it whole."""
        key_id = self.link if link is None else link
        message = Header(MessageType.TEAM, dst=slot, key_id=key_id).pack() + sealed
        self._outgoing.put_nowait(message)
        return message

    def tell_relay(self, message: Message) -> None:
        """Say something to the relay."""
        self._outgoing.put_nowait(relay_message(message))

    def stop_reading(self) -> None:
        """Read nothing more from the socket: its window closes."""
        self.wire.socket.transport.pause_reading()

    def go_on_reading(self) -> None:
        """Read again."""
        self.wire.socket.transport.resume_reading()

    async def cut(self) -> None:
        """Drop the TCP connection."""
        self._media.clear()
        self._channel = None
        await self.wire.cut()

    async def close(self) -> None:
        """End the connection and every task."""
        await self.wire.close()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def _write(self, wire: Wire, outgoing: asyncio.Queue[bytes]) -> None:
        while True:
            message = await outgoing.get()
            with contextlib.suppress(ConnectionClosed):
                await wire.send(message)
            outgoing.task_done()

    def _take(self, message: bytes) -> None:
        header = parse_header(message)
        match header.type:
            case MessageType.RELAY:
                self._heard(relay_to_viewer.decode(body_of(message)))
            case MessageType.HANDSHAKE:
                self._flight(message)
            case MessageType.PAIRWISE:
                self._opened(header, message)
            case MessageType.MEDIA:
                self._frame(header, message)
            case MessageType.TEAM:
                self.whispers.append(message)
                self.inbox.ring()

    def _heard(self, said: Message) -> None:
        match said:
            case ViewerWelcome():
                self.welcome = said
                self.link = said.link
                if said.host_present:
                    self._start()
            case HostBack():
                self.link = said.link
                assert self.keys is not None
                self._credential = self.keys.resume_credential()
                self._start()
            case RelayError() | SessionEnded() | _:
                pass
        self.inbox.put(said)

    def _start(self) -> None:
        welcome = self.welcome
        assert self._credential is not None
        identity = ViewerIdentity(
            welcome.account_id, welcome.display_name, welcome.organisation, mode="observer"
        )
        context = ChannelContext(welcome.origin, welcome.session_id)
        self._handshake = ViewerHandshake(context, self._credential, identity)
        self._channel = None
        self._media.clear()
        self._stage = 0
        self._send_flight(self._handshake.hello())

    def _flight(self, message: bytes) -> None:
        assert self._handshake is not None
        body = message[HEADER_BYTES:]
        self._stage += 1
        try:
            if self._stage == 1:
                self._send_flight(self._handshake.prove(body))
                return
            result = self._handshake.finish(body)
        except HandshakeError as error:
            self.failure = error
            self.inbox.ring()
            return
        self.keys = result.keys
        self._device_key = result.host.device_key
        self._channel = PairwiseChannel.of_viewer(result.keys)
        self.inbox.ring()

    def _send_flight(self, flight: bytes) -> None:
        header = Header(MessageType.HANDSHAKE, dst=DST_HOST, key_id=self.link).pack()
        self._outgoing.put_nowait(header + flight)

    def _opened(self, header: Header, message: bytes) -> None:
        if self._channel is None:
            return
        said = host_to_viewer.decode(
            self._channel.receiver.open(message[:HEADER_BYTES], header.counter, body_of(message))
        )
        if isinstance(said, Epoch):
            members = roster_of(said.members)
            # The epoch before stays until frames of the new one come: control overtakes media on the relay.
            self._media = {epoch: key for epoch, key in self._media.items() if epoch == said.epoch - 1}
            self._media[said.epoch] = MediaReceiver(
                said.secret,
                roster_hash(members),
                said.epoch,
                self._device_key,
                signature_required=signature_required(members),
            )
        self.inbox.put(said)

    def _frame(self, header: Header, message: bytes) -> None:
        self.media_messages += 1
        receiver = self._media.get(header.key_id)
        if receiver is not None:
            picture = receiver.open(message[:HEADER_BYTES], header.counter, body_of(message))
            self.frames.append((header.frame_id, picture))
            self.key_flags.append(bool(header.flags & Flags.KEYFRAME))
        self.inbox.ring()
