"""A host that is not there: an unknown routing number is answered as a wrong code is (SPEC C6).

The decoy is a real session whose agent is played: every check, slot, link and deadline is the real one, and
so is the handshake, with a secret that nobody knows. Like a real code it dies after three tries or in time.
"""

import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import SystemRandom
from typing import Final

from relevo_protocol.codec import relay_message, relay_to_agent
from relevo_protocol.crypto import (
    ChannelContext,
    CryptoError,
    HostHandshake,
    HostIdentity,
)
from relevo_protocol.crypto.flights import CredentialKind
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import Header, MessageType, body_of, parse_header
from relevo_protocol.limits import CODE_DIGITS, CODE_TRIES, HEADER_BYTES, INVITE_LIFE_S
from relevo_protocol.messages.relay import RemoveViewer, ViewerGone, ViewerJoining
from relevo_server.access.destination import Destination
from relevo_server.relay.invitations import Invitations
from relevo_server.relay.line import Line
from relevo_server.relay.party import ViewerParty
from relevo_server.relay.policies import Side
from relevo_server.relay.seat import Identity
from relevo_server.relay.session import Session
from relevo_server.relay.surroundings import Surroundings
from relevo_server.relay.tokens import TokenBook
from relevo_server.relay.traffic import from_agent

Uniform = Callable[[float, float], float]
_SYSTEM_RANDOM: Final = SystemRandom()
_SECRET_BYTES: Final = 32


class _NoNumbers:
    """A decoy is found by the number that was asked for and takes none of the real ones."""

    def take(self, session_id: bytes) -> str | None:
        del session_id
        return "000000"

    def claim(self, routing: str, session_id: bytes) -> str | None:
        del routing, session_id
        return None

    def restore(self, routing: str, session_id: bytes) -> None:
        del routing, session_id

    def joinable(self, routing: str) -> bytes | None:
        del routing
        return None

    def release(self, routing: str) -> None:
        del routing


@dataclass(slots=True)
class _Run:
    """One viewer's handshake with the decoy."""

    slot: int
    handshake: HostHandshake


@dataclass(order=True, slots=True)
class _Answer:
    due_s: float
    link: int = field(compare=False)
    message: bytes = field(compare=False)


class DecoyHost:
    """The played agent of one decoy session; its code or invitation would expire at ``dies_s``, monotonic."""

    def __init__(self, around: Surroundings, uniform: Uniform, kind: CredentialKind) -> None:
        self._around = replace(
            around,
            numbers=_NoNumbers(),
            records=deque(maxlen=0),
            invitations=Invitations(around.monotonic_s),
            agent_tokens=TokenBook(around.token_bytes),
            seat_tokens=TokenBook(around.token_bytes),
        )
        self._uniform = uniform
        self.session = Session(around.token_bytes(16), self._around, around.wall_s())
        self._line = Line(Side.AGENT, around.policies)
        self.session.open_host(self._line)
        self._line.outbox.clear()
        self._kind = kind
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}".encode()
        self._secret = code if kind == "code" else around.token_bytes(_SECRET_BYTES)
        self._identity = HostIdentity(
            device_key=around.token_bytes(32),
            agent_version=around.policies.decoy_agent_version,
            modes=around.policies.decoy_modes,
            recording="off",
        )
        self._runs: dict[int, _Run] = {}
        self._answers: list[_Answer] = []
        self._tries = 0
        self._finished = 0
        # A number is met at a random moment of its code's life.
        life_s = float(around.policies.code_life_s if kind == "code" else INVITE_LIFE_S)
        self.dies_s = around.monotonic_s() + uniform(0.0, life_s)

    @property
    def dead(self) -> bool:
        """Whether a real code would be dead now: three runs that failed, or its time is up.

        An invitation's secret cannot be guessed, so nobody counts tries.
        """
        spent = self._kind == "code" and self._tries >= CODE_TRIES and self._finished >= CODE_TRIES
        return spent or self._around.monotonic_s() >= self.dies_s

    def listen(self) -> None:
        """Take what the session has for its agent; answers become due after a while."""
        while (message := self._line.outbox.pop()) is not None:
            header = parse_header(message)
            if header.type is MessageType.HANDSHAKE:
                self._flight(header.key_id, message)
            elif header.type is MessageType.RELAY:
                self._heard(message)

    def due_in_s(self) -> float | None:
        """Seconds until the next answer."""
        if not self._answers:
            return None
        return max(0.0, min(self._answers).due_s - self._around.monotonic_s())

    def act(self) -> None:
        """Give the answers that are due."""
        now_s = self._around.monotonic_s()
        due = sorted(answer for answer in self._answers if answer.due_s <= now_s)
        self._answers = [answer for answer in self._answers if answer.due_s > now_s]
        for answer in due:
            from_agent(self.session, self._line, answer.message, parse_header(answer.message))
        self.session.tick()
        self.listen()

    def _heard(self, message: bytes) -> None:
        said = relay_to_agent.decode(body_of(message))
        if isinstance(said, ViewerJoining):
            context = ChannelContext(self._around.origin, self.session.session_id)
            handshake = HostHandshake(context, self._identity, self._look_up, self._around.token_bytes)
            self._runs[said.link] = _Run(said.slot, handshake)
        elif isinstance(said, ViewerGone):
            self._answers = [answer for answer in self._answers if answer.link != said.link]
            if self._runs.pop(said.link, None) is not None:
                self._finished += 1

    def _look_up(self, kind: CredentialKind, _ref: bytes) -> bytes | None:
        return self._secret if kind == self._kind else None

    def _flight(self, link: int, message: bytes) -> None:
        run = self._runs.get(link)
        if run is None:
            return
        body = message[HEADER_BYTES:]
        try:
            if run.handshake.credential is None:
                flight = run.handshake.offer(body)
                self._tries += 1
                header = Header(MessageType.HANDSHAKE, dst=run.slot, key_id=link).pack()
                self._answer(link, header + flight)
                return
            run.handshake.accept(body)
            code = (
                ErrorCode.CODE_WRONG
            )  # guessed right, by one chance in a million: there is still nobody here
        except CryptoError as error:
            code = error.code
        self._runs.pop(link, None)
        self._finished += 1
        self._answer(link, relay_message(RemoveViewer(link=link, code=code)))

    def _answer(self, link: int, message: bytes) -> None:
        low_s, high_s = self._around.policies.decoy_delay_s
        due_s = self._around.monotonic_s() + self._uniform(low_s, high_s)
        self._answers.append(_Answer(due_s, link, message))


class DecoyParty(ViewerParty):
    """A viewer who talks to a decoy."""

    def __init__(self, decoy: DecoyHost, line: Line) -> None:
        super().__init__(decoy.session, line)
        self._decoy = decoy

    def receive(self, message: bytes) -> None:
        """See :class:`relevo_server.relay.party.Party`."""
        super().receive(message)
        self._decoy.listen()
        self._line.ring()  # an answer may be due: the edge has to ask again when

    def gone(self, code: ErrorCode) -> None:
        """See :class:`relevo_server.relay.party.Party`."""
        super().gone(code)
        self._decoy.listen()

    def due_in_s(self) -> float | None:
        """When the played agent answers next."""
        return self._decoy.due_in_s()

    def act(self) -> None:
        """Let the played agent answer."""
        self._decoy.act()


class Decoys:
    """The decoys by where a ticket leads, at most ``max_decoys`` that can be met; the oldest goes first."""

    def __init__(self, around: Surroundings, uniform: Uniform = _SYSTEM_RANDOM.uniform) -> None:
        self._around = around
        self._uniform = uniform
        self._hosts: OrderedDict[Destination, DecoyHost] = OrderedDict()
        self._old: list[DecoyHost] = []

    def __len__(self) -> int:
        return len(self._hosts)

    def join(self, line: Line, destination: Destination, identity: Identity) -> DecoyParty:
        """Seat a viewer at the decoy that stands there."""
        host = self._hosts.get(destination)
        if host is None or host.dead:
            self._retire(host)
            host = DecoyHost(self._around, self._uniform, "invite" if destination.invite else "code")
            self._hosts[destination] = host
            self._hosts.move_to_end(destination)
            while len(self._hosts) > self._around.policies.max_decoys:
                self._retire(self._hosts.popitem(last=False)[1])
        host.session.join(line, identity)
        host.listen()
        return DecoyParty(host, line)

    def seated(self) -> set[Identity]:
        """Who sits at a decoy now."""
        return {seat.identity for host in self._all() for seat in host.session.seats.values()}

    def withdraw(self, concerns: Callable[[Identity], bool]) -> None:
        """End the seats of those whom the relay vouches for no more, as in a real session."""
        for host in self._all():
            for seat in list(host.session.seats.values()):
                if concerns(seat.identity):
                    host.session.dismiss(seat)
            host.listen()

    def tick(self) -> None:
        """Act on deadlines and forget decoys whose time is up and whom nobody talks to."""
        for destination, host in list(self._hosts.items()):
            host.act()
            if host.dead and not host.session.seats:
                del self._hosts[destination]
        for host in self._old:
            host.act()
        self._old = [host for host in self._old if host.session.seats]

    def _all(self) -> list[DecoyHost]:
        return [*self._hosts.values(), *self._old]

    def _retire(self, host: DecoyHost | None) -> None:
        """Nobody comes to it any more; whoever sits there is looked after until they are gone."""
        if host is not None and host.session.seats:
            self._old.append(host)
