"""An agent for tests that speaks the real protocol with the real crypto, over the real wire."""

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.exceptions import ConnectionClosed

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import (
    encode,
    relay_message,
    relay_to_agent,
    viewer_to_host,
)
from relevo_protocol.crypto import (
    ChannelContext,
    HandshakeError,
    HostHandshake,
    HostIdentity,
    MediaSender,
    PairwiseChannel,
    SessionKeys,
    ViewerIdentity,
    roster_hash,
)
from relevo_protocol.crypto.invitation import JoinPurpose, seal_invitation
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_ALL, Flags, Header, MessageType, body_of, parse_header
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeSpent,
    InviteOpened,
    JoinAnswered,
    JoinAsked,
    KeyframeWanted,
    ModeNotice,
    RemoveViewer,
    SeatAdmitted,
    ViewerGone,
    ViewerJoining,
)
from relevo_protocol.messages.session import ConsentResult, Epoch, Member, ModeState
from relevo_protocol.modes import Mode, Role, SessionKind, Standing
from tests.support.relay import Relay
from tests.support.wires import Inbox, Wire, dial_relay, roster_of


@dataclass
class Guest:
    """A viewer as the fake agent knows it."""

    joining: ViewerJoining
    handshake: HostHandshake
    channel: PairwiseChannel | None = None
    keys: SessionKeys | None = None
    viewer: ViewerIdentity | None = None
    admitted: bool = False
    role: Role = Role.COLLABORATOR
    flights: list[bytes] = field(default_factory=list[bytes])


class FakeAgent:
    """The customer's side. ``consents`` is the answer to every question; ``None`` leaves it open."""

    def __init__(
        self,
        relay: Relay,
        consents: bool | None = True,
        *,
        kind: SessionKind = SessionKind.SUPPORT,
        ticket: str | None = None,
    ) -> None:
        self.relay = relay
        self.kind = kind
        self.ticket = ticket
        self.mode = Mode.DEMO if kind is SessionKind.PRESENTATION else Mode.OBSERVER
        self.roles: dict[str, Role] = {}
        """By account: what they become on entry; without an entry it follows from how they came."""
        self.lets_in = True
        self.silent = False
        """Whether whoever asks to come in without a code is let in, and whether they get no answer at all."""
        self.invites: dict[bytes, bytes] = {}
        self.consents = consents
        self.inbox = Inbox()
        self.said: list[tuple[int, Message]] = []
        self.guests: dict[int, Guest] = {}
        self.secret = b""
        self.tries = 0
        self.frame_id = 0
        self.failures: list[HandshakeError] = []
        self._device_key = Ed25519PrivateKey.generate()
        self._resume: dict[int, SessionKeys] = {}
        self._old_resume: dict[int, SessionKeys] = {}
        self._media: MediaSender | None = None
        self._epoch = 0
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self.welcome: AgentWelcome
        self.wire: Wire
        self.routing = ""

    async def connect(self) -> AgentWelcome:
        """Connect, or connect again with the token of the last welcome."""
        await self.begin()
        self.welcome = await self.inbox.expect(AgentWelcome)
        if self.welcome.routing is not None:
            self._show(self.welcome.routing)
        return self.welcome

    async def begin(self) -> None:
        """Say hello; the answer may be a refusal."""
        token = self.welcome.token if hasattr(self, "welcome") else None
        await self.dial()
        await self.wire.send(
            relay_message(
                AgentHello(
                    version=PROTOCOL_VERSION,
                    agent_version="0.1.0",
                    token=token,
                    kind=self.kind,
                    ticket=None if token else self.ticket,
                )
            )
        )

    async def dial(self) -> None:
        """Open the socket and say nothing yet."""
        socket = await dial_relay(self.relay, "/ws/agent", None)
        self.wire = Wire(socket, self._take, self.inbox)
        self.guests.clear()
        self._outgoing = asyncio.Queue()
        self._spawn(self._write(self.wire, self._outgoing))

    @property
    def code(self) -> str:
        """The twelve digits on the customer's screen."""
        return self.routing + self.secret.decode()

    def tell_relay(self, message: Message) -> None:
        """Say something to the relay."""
        self._outgoing.put_nowait(relay_message(message))

    def tell(self, link: int, message: Message) -> None:
        """Say something sealed to one viewer."""
        guest = self.guests[link]
        assert guest.channel is not None
        sender = guest.channel.sender
        header = Header(
            MessageType.PAIRWISE, dst=guest.joining.slot, key_id=link, counter=sender.next_counter
        ).pack()
        self._outgoing.put_nowait(header + sender.seal(header, encode(message)))

    def invite(self, *, guests: bool = True, life_s: int = 600) -> tuple[bytes, bytes]:
        """Open an invitation; returns its id and its secret."""
        invite, secret = secrets.token_bytes(16), secrets.token_bytes(32)
        self.invites[invite] = secret
        self.tell_relay(InviteOpened(invite=invite, guests=guests, life_s=life_s))
        return invite, secret

    def change_mode(self, mode: Mode) -> None:
        """Say the mode that holds from now on."""
        self.mode = mode
        self.tell_relay(ModeNotice(mode=mode))

    def admit(self, link: int) -> None:
        """The customer said yes: tell everybody the new key, then show a keyframe."""
        guest = self.guests[link]
        guest.role = self._role_of(guest)
        guest.admitted = True
        self.tell(link, ConsentResult(granted=True, mode=self.mode))
        self.tell_relay(SeatAdmitted(link=link, role=guest.role))
        self.new_epoch()
        self.tell(link, ModeState(mode=self.mode, rights={}))
        self.show(b"keyframe", keyframe=True)

    def _role_of(self, guest: Guest) -> Role:
        joining = guest.joining
        if joining.account_id in self.roles:
            return self.roles[joining.account_id]
        if self.kind is SessionKind.PRESENTATION:
            role = Role.DEMO_VIEWER
        elif joining.standing is Standing.GUEST:
            role = Role.EXTERNAL
        elif joining.standing is Standing.SUPERVISOR:
            role = Role.SUPERVISOR
        else:
            led = any(one.role is Role.LEAD for one in self.guests.values() if one.admitted)
            role = Role.COLLABORATOR if led else Role.LEAD
        return self.roles.setdefault(joining.account_id, role)

    def new_epoch(self) -> None:
        """A fresh media key for exactly those who are live."""
        self._epoch += 1
        live = {link: guest for link, guest in self.guests.items() if guest.admitted}
        members = [_member(link, guest) for link, guest in live.items()]
        secret = secrets.token_bytes(32)
        self._media = MediaSender(secret, roster_hash(roster_of(members)), self._epoch, self._device_key)
        for link in live:
            self.tell(link, Epoch(epoch=self._epoch, secret=secret, members=members))

    def show(self, picture: bytes, *, keyframe: bool = False) -> int:
        """Send a frame to all; returns its id."""
        assert self._media is not None
        self.frame_id += 1
        flags = Flags.DROPPABLE | (Flags.KEYFRAME if keyframe else Flags.NONE)
        if sum(guest.admitted for guest in self.guests.values()) > 1:
            flags |= Flags.SIGNED
        counter = self._media.next_counter
        header = Header(
            MessageType.MEDIA, flags, DST_ALL, frame_id=self.frame_id, key_id=self._epoch, counter=counter
        ).pack()
        self._outgoing.put_nowait(bytes(self._media.seal_message(header, counter, picture)))
        return self.frame_id

    async def flush(self) -> None:
        """Return once everything said has been handed to the socket."""
        await self._outgoing.join()

    async def send_raw(self, message: bytes) -> None:
        """Send bytes as they are."""
        await self.wire.send(message)

    async def close(self) -> None:
        """End the connection and every task."""
        await self.wire.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _show(self, routing: str) -> None:
        self.routing = routing
        self.secret = f"{secrets.randbelow(10**6):06d}".encode()
        self.tries = 0

    def _spawn(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
                self._heard(relay_to_agent.decode(body_of(message)))
            case MessageType.HANDSHAKE:
                self._flight(header.key_id, message)
            case MessageType.PAIRWISE:
                self._opened(header, message)
            case MessageType.MEDIA:
                raise AssertionError("nobody sends media to an agent")
            case MessageType.TEAM:
                raise AssertionError("no whisper passes the customer's socket (SPEC T6)")

    def _heard(self, said: Message) -> None:
        match said:
            case ViewerJoining():
                self._expect_guest(said)
            case ViewerGone():
                self._lose_guest(said)
            case CodeIssued():
                self._show(said.routing)
            case JoinAsked():
                self._answer(said)
            case KeyframeWanted():
                if self._media is not None:
                    self.show(b"keyframe", keyframe=True)
            case _:
                pass
        self.inbox.put(said)

    def _answer(self, asked: JoinAsked) -> None:
        if self.silent:
            return
        if not self.lets_in:
            self.tell_relay(JoinAnswered(request=asked.request, code=ErrorCode.CONSENT_DENIED))
            return
        invite, secret = self.invite(guests=False)
        context = ChannelContext(self.welcome.origin, self.welcome.session_id)
        sealed = seal_invitation(secret, asked.key, JoinPurpose(context, invite, asked.account_id))
        self.tell_relay(JoinAnswered(request=asked.request, invite=invite, sealed=sealed))

    def _expect_guest(self, joining: ViewerJoining) -> None:
        context = ChannelContext(self.welcome.origin, self.welcome.session_id)
        identity = HostIdentity(
            device_key=self._device_key.public_key().public_bytes_raw(),
            agent_version="0.1.0",
            modes=("observer", "shared", "full", "demo"),
            recording="off",
        )
        slot = joining.slot

        def look_up(kind: str, ref: bytes) -> bytes | None:
            if kind == "code":
                return self.secret or None
            if kind == "invite":
                return self.invites.get(ref)
            for keys in (self._resume.get(slot), self._old_resume.get(slot)):
                if keys is not None and keys.resume_id == ref:
                    return keys.resume_secret
            return None

        for link in [link for link, guest in self.guests.items() if guest.joining.slot == slot]:
            del self.guests[link]
        self.guests[joining.link] = Guest(joining, HostHandshake(context, identity, look_up))

    def _lose_guest(self, gone: ViewerGone) -> None:
        guest = self.guests.pop(gone.link, None)
        if gone.left:
            self._resume.pop(gone.slot, None)
        if guest is not None and guest.admitted:
            self.new_epoch()

    def _flight(self, link: int, message: bytes) -> None:
        guest = self.guests.get(link)
        if guest is None:
            return
        guest.flights.append(message)
        try:
            if guest.handshake.credential is None:
                self._send_flight(guest, guest.handshake.offer(message[HEADER_BYTES:]))
                self.tries += 1
                return
            result = guest.handshake.accept(message[HEADER_BYTES:])
        except HandshakeError as error:
            self._fail(link, error)
            return
        guest.keys, guest.viewer = result.keys, result.viewer
        guest.channel = PairwiseChannel.of_host(result.keys)
        if guest.joining.slot in self._resume:
            self._old_resume[guest.joining.slot] = self._resume[guest.joining.slot]
        self._resume[guest.joining.slot] = result.keys
        self._send_flight(guest, result.flight)
        if guest.joining.resumed:
            self.admit(link)
            return
        if guest.handshake.credential.kind == "code":
            self.tries = 0
            self.secret = b""
            self.tell_relay(CodeSpent())
        if self.consents is True:
            self.admit(link)
        elif self.consents is False:
            self.tell_relay(RemoveViewer(link=link, code=ErrorCode.CONSENT_DENIED))

    def _fail(self, link: int, error: HandshakeError) -> None:
        self.failures.append(error)
        self.inbox.ring()
        del self.guests[link]
        dead = error.code is ErrorCode.CODE_WRONG and self.tries >= 3
        self.tell_relay(RemoveViewer(link=link, code=ErrorCode.CODE_DEAD if dead else error.code))
        if dead:
            self.secret = b""
            self.tell_relay(CodeSpent())

    def _send_flight(self, guest: Guest, flight: bytes) -> None:
        header = Header(MessageType.HANDSHAKE, dst=guest.joining.slot, key_id=guest.joining.link).pack()
        self._outgoing.put_nowait(header + flight)

    def _opened(self, header: Header, message: bytes) -> None:
        guest = self.guests.get(header.key_id)
        if guest is None or guest.channel is None:
            return
        plain = guest.channel.receiver.open(message[:HEADER_BYTES], header.counter, body_of(message))
        said = viewer_to_host.decode(plain)
        self.said.append((header.key_id, said))
        self.inbox.put(said)


def _member(link: int, guest: Guest) -> Member:
    joining = guest.joining
    return Member(
        slot=joining.slot,
        link=link,
        role=guest.role,
        account_id=joining.account_id,
        display_name=joining.display_name,
        organisation=joining.organisation,
    )
