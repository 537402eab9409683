"""The relay's core on a bench: a clock turned by hand, lines without sockets, messages written out."""

from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

from relevo_protocol.codec import relay_message, relay_to_agent, relay_to_viewer
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_ALL, DST_HOST, Flags, Header, MessageType, body_of, parse_header
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    InviteOpened,
    RelayError,
    SeatAdmitted,
    ViewerWelcome,
)
from relevo_protocol.modes import Role, SessionKind, Standing
from relevo_server.access.destination import Destination
from relevo_server.access.throttle import Throttle
from relevo_server.relay.invitations import Invitations
from relevo_server.relay.line import Line
from relevo_server.relay.party import Party, deliver
from relevo_server.relay.policies import Policies, Side
from relevo_server.relay.records import Audited, Record
from relevo_server.relay.registry import Opening, Registry
from relevo_server.relay.seat import Identity
from relevo_server.relay.session import Session
from relevo_server.relay.surroundings import AGENT_RECORDS, AGENT_REQUESTS, FAILURES, WHISPERS, Surroundings
from relevo_server.relay.traits import Lead

M = TypeVar("M", bound=Message)
ANA = Identity("a1", "Ana Ruiz", "Prueba", team="Sur", admin_tools=True)
LUIS = Identity("l1", "Luis Gil", "Prueba", team="Sur")
SUE = Identity("s1", "Sue Paz", "Prueba", Standing.SUPERVISOR, "Sur")
NORA = Identity("n1", "Nora Rey", "Prueba", Standing.SUPERVISOR, "Norte")


class Numbers:
    """Routing numbers that count up."""

    def __init__(self) -> None:
        self.led: dict[str, bytes] = {}
        self.next = 100_000
        self.reserved: set[str] = set()

    def take(self, session_id: bytes) -> str | None:
        self.next += 1
        self.led[str(self.next)] = session_id
        return str(self.next)

    def claim(self, routing: str, session_id: bytes) -> str | None:
        if routing not in self.reserved:
            return None
        self.reserved.discard(routing)
        self.led[routing] = session_id
        return routing

    def restore(self, routing: str, session_id: bytes) -> None:
        self.led[routing] = session_id

    def joinable(self, routing: str) -> bytes | None:
        return self.led.get(routing)

    def release(self, routing: str) -> None:
        self.led.pop(routing, None)


@dataclass
class Peer:
    """One end of a line: says messages, hears what the relay has queued for it."""

    line: Line
    party: Party | None = None
    rung: int = 0

    def say(self, message: Message | bytes) -> None:
        assert self.party is not None
        deliver(self.party, self.line, message if isinstance(message, bytes) else relay_message(message))

    def raw(self) -> list[bytes]:
        """Everything queued, as the writer would take it."""
        taken: list[bytes] = []
        while (message := self.line.outbox.pop()) is not None:
            taken.append(message)
        return taken

    def heard(self) -> list[Message]:
        """The relay-control messages among what is queued."""
        direction = relay_to_agent if self.line.side is Side.AGENT else relay_to_viewer
        control = [m for m in self.raw() if parse_header(m).type is MessageType.RELAY]
        return [direction.decode(body_of(message)) for message in control]

    def only(self, kind: type[M]) -> M:
        """The one message queued, which must be of this kind."""
        (message,) = self.heard()
        assert isinstance(message, kind), message
        return message


@dataclass
class Bench:
    """A registry with its surroundings in hand."""

    policies: Policies = field(default_factory=Policies)
    at_s: float = 1_800_000_000.0

    def __post_init__(self) -> None:
        self.numbers = Numbers()
        self.records: deque[Record] = deque()
        self.left_out: list[tuple[str, Audited]] = []
        self.around = Surroundings(
            origin="https://relay.example",
            numbers=self.numbers,
            left_out=lambda key, entry: self.left_out.append((key, entry)),
            policies=self.policies,
            wall_s=lambda: self.at_s,
            monotonic_s=lambda: self.at_s,
            records=self.records,
            agent_requests=Throttle(AGENT_REQUESTS, lambda: self.at_s),
            agent_records=Throttle(AGENT_RECORDS, lambda: self.at_s),
            whispers=Throttle(WHISPERS, lambda: self.at_s),
            failures=Throttle(FAILURES, lambda: self.at_s),
            invitations=Invitations(lambda: self.at_s),
        )
        self.registry = Registry(self.around)

    def turn(self, seconds: float) -> None:
        self.at_s += seconds
        self.registry.tick()

    def peer(self, side: Side) -> Peer:
        peer = Peer(Line(side, self.policies))

        def ring() -> None:
            peer.rung += 1

        peer.line.ring = ring
        return peer

    def agent(self, token: str | None = None, join: str | None = None, address: str = "") -> Peer:
        hello = AgentHello(version=1, agent_version="1", token=token, join=join)
        return self.open(hello, Opening(address))

    def open(self, hello: AgentHello, opening: Opening) -> Peer:
        peer = self.peer(Side.AGENT)
        peer.party = self.registry.open_agent(peer.line, hello, opening)
        return peer

    def presenter(self) -> Peer:
        hello = AgentHello(version=1, agent_version="1", kind=SessionKind.PRESENTATION)
        return self.open(hello, Opening(presenter=Lead(ANA.account_id, ANA.display_name, ANA.team)))

    def viewer(self, routing: str) -> Peer:
        return self.enter(Destination(routing=routing), ANA)

    def enter(self, destination: Destination, who: Identity) -> Peer:
        peer = self.peer(Side.VIEWER)
        peer.party = self.registry.join(peer.line, destination, who)
        return peer

    def back(self, token: str) -> Peer:
        peer = self.peer(Side.VIEWER)
        peer.party = self.registry.resume_viewer(peer.line, token)
        return peer


@dataclass
class Scene:
    """A session with an agent and a viewer that has come as far as asked."""

    bench: Bench
    agent: Peer
    viewer: Peer
    opened: AgentWelcome
    joined: ViewerWelcome

    @property
    def session(self) -> Session:
        found = self.bench.registry.find(self.opened.session_id)
        assert found is not None
        return found

    def flights(self, link: int | None = None) -> None:
        """All four flights of a handshake."""
        link = link or self.joined.link
        for _ in range(2):
            self.viewer.say(to_host(MessageType.HANDSHAKE, link))
            self.agent.say(to_viewer(MessageType.HANDSHAKE, self.joined.slot, link))

    def admit(self) -> None:
        self.agent.say(SeatAdmitted(link=self.joined.link))


def scene(live: bool = False, policies: Policies | None = None) -> Scene:
    bench = Bench(policies or Policies())
    agent = bench.agent()
    opened = agent.only(AgentWelcome)
    assert opened.routing is not None
    viewer = bench.viewer(opened.routing)
    made = Scene(bench, agent, viewer, opened, viewer.only(ViewerWelcome))
    agent.raw()
    if live:
        made.flights()
        made.admit()
        viewer.raw()
        agent.raw()
    return made


@dataclass
class Team:
    """A session with several people in it, each live in a role."""

    bench: Bench
    agent: Peer
    opened: AgentWelcome
    people: dict[int, Peer] = field(default_factory=dict[int, Peer])
    links: dict[int, int] = field(default_factory=dict[int, int])
    tokens: dict[int, str] = field(default_factory=dict[int, str])

    @property
    def session(self) -> Session:
        found = self.bench.registry.find(self.opened.session_id)
        assert found is not None
        return found

    def let_in(self, who: Identity, role: Role) -> int:
        """Somebody comes in by an invitation; returns their slot, 1 for the first."""
        invite = len(self.people).to_bytes(16, "big")
        self.agent.say(InviteOpened(invite=invite, guests=True, life_s=60))
        peer = self.bench.enter(Destination(invite=invite), who)
        welcome = peer.only(ViewerWelcome)
        self.go_live(peer, welcome, role)
        return welcome.slot

    def go_live(self, peer: Peer, welcome: ViewerWelcome, role: Role) -> None:
        """All four flights, and the host's yes."""
        for _ in range(2):
            peer.say(to_host(MessageType.HANDSHAKE, welcome.link))
            self.agent.say(to_viewer(MessageType.HANDSHAKE, welcome.slot, welcome.link))
        self.agent.say(SeatAdmitted(link=welcome.link, role=role))
        self.people[welcome.slot], self.links[welcome.slot] = peer, welcome.link
        self.tokens[welcome.slot] = welcome.resume
        for one in (peer, self.agent):
            one.raw()

    def whisper(self, sender: int, receiver: int, body: bytes = b"sealed") -> bytes:
        """Said by one slot to another; returns the whole message."""
        message = Header(MessageType.TEAM, dst=receiver, key_id=self.links[sender]).pack() + body
        self.people[sender].say(message)
        return message

    def cut(self, slot: int) -> None:
        """A viewer's line is gone."""
        party = self.people[slot].party
        assert party is not None
        party.gone(ErrorCode.DEADLINE)

    def lose_host(self) -> None:
        """The agent's line is gone."""
        assert self.agent.party is not None
        self.agent.party.gone(ErrorCode.DEADLINE)


def team(*people: tuple[Identity, Role]) -> Team:
    """A support session with these people in slots 1, 2, ..."""
    bench = Bench()
    agent = bench.agent()
    made = Team(bench, agent, agent.only(AgentWelcome))
    for who, role in people:
        made.let_in(who, role)
    return made


def stage(viewers: int = 0) -> Team:
    """A presentation with so many guests."""
    bench = Bench()
    agent = bench.presenter()
    made = Team(bench, agent, agent.only(AgentWelcome))
    for number in range(viewers):
        made.let_in(guest(number), Role.DEMO_VIEWER)
    return made


def guest(number: int = 0) -> Identity:
    return Identity(f"guest-{number}", f"Guest {number}", "", Standing.GUEST)


def to_host(kind: MessageType, link: int, body: bytes = b"body") -> bytes:
    return Header(kind, dst=DST_HOST, key_id=link).pack() + body


def to_viewer(kind: MessageType, slot: int, link: int, body: bytes = b"body") -> bytes:
    return Header(kind, dst=slot, key_id=link).pack() + body


def media(frame_id: int, size: int = 1000, *, keyframe: bool = False) -> bytes:
    flags = Flags.DROPPABLE | (Flags.KEYFRAME if keyframe else Flags.NONE)
    return Header(MessageType.MEDIA, flags, DST_ALL, frame_id=frame_id, key_id=1).pack() + bytes(size)


def recorded(bench: Bench, kind: type[Record]) -> list[Record]:
    """The records of this kind."""
    return [record for record in bench.records if isinstance(record, kind)]


def refused_as(peer: Peer) -> ErrorCode:
    """The code of the one error that the peer was told, and with which its line ends."""
    errors = [m for m in peer.heard() if isinstance(m, RelayError)]
    assert len(errors) == 1, errors
    assert peer.line.ending is not None
    assert peer.line.ending.code is errors[0].code
    return errors[0].code
