"""The relay's core on a bench: a clock turned by hand, lines without sockets, messages written out."""

from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

from relevo_protocol.codec import relay_message, relay_to_agent, relay_to_viewer
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_ALL, DST_HOST, Flags, Header, MessageType, body_of, parse_header
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import AgentHello, AgentWelcome, RelayError, SeatAdmitted, ViewerWelcome
from relevo_server.relay.line import Line
from relevo_server.relay.party import Party, deliver
from relevo_server.relay.policies import Policies, Side
from relevo_server.relay.records import Record
from relevo_server.relay.registry import Registry
from relevo_server.relay.seat import Identity
from relevo_server.relay.session import Session
from relevo_server.relay.surroundings import Surroundings

M = TypeVar("M", bound=Message)
ANA = Identity("a1", "Ana Ruiz", "Prueba")


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
        self.around = Surroundings(
            origin="https://relay.example",
            numbers=self.numbers,
            policies=self.policies,
            wall_s=lambda: self.at_s,
            monotonic_s=lambda: self.at_s,
            records=self.records,
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

    def agent(self, token: str | None = None, join: str | None = None) -> Peer:
        peer = self.peer(Side.AGENT)
        peer.party = self.registry.open_agent(
            peer.line, AgentHello(version=1, agent_version="1", token=token, join=join)
        )
        return peer

    def viewer(self, routing: str) -> Peer:
        peer = self.peer(Side.VIEWER)
        peer.party = self.registry.join(peer.line, routing, ANA)
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
