"""The relay's core without sockets: from the agent's message to every viewer's outbox and out of it."""

import os
import time
from dataclasses import dataclass
from typing import Final

from benchmarks.measure import Table, spread
from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import relay_message
from relevo_protocol.header import DST_ALL, DST_HOST, Flags, Header, MessageType
from relevo_protocol.limits import HEADER_BYTES
from relevo_protocol.messages.relay import AgentHello, SeatAdmitted
from relevo_server.access.destination import Destination
from relevo_server.relay.line import Line
from relevo_server.relay.party import Party, deliver
from relevo_server.relay.policies import Policies, Side
from relevo_server.relay.registry import Registry
from relevo_server.relay.seat import Identity
from relevo_server.relay.surroundings import Surroundings

ROUTING: Final = "482913"
SIZES_BYTES: Final = (1_024, 16_384, 131_072, 524_288)
VIEWERS: Final = (1, 5)


class _OneNumber:
    """One routing number, for the one session."""

    def __init__(self) -> None:
        self._session_id: bytes | None = None

    def take(self, session_id: bytes) -> str | None:
        self._session_id = session_id
        return ROUTING

    def claim(self, routing: str, session_id: bytes) -> str | None:
        del routing
        return self.take(session_id)

    def restore(self, routing: str, session_id: bytes) -> None:
        del routing
        self._session_id = session_id

    def joinable(self, routing: str) -> bytes | None:
        return self._session_id if routing == ROUTING else None

    def release(self, routing: str) -> None:
        del routing


@dataclass(frozen=True, slots=True)
class Room:
    """A session with an agent and live viewers."""

    agent: Party
    agent_line: Line
    viewers: tuple[Line, ...]


def room_with(viewers: int) -> Room:
    """Bring a session to where media flows."""
    policies = Policies()
    around = Surroundings("https://relay.example", _OneNumber(), policies, left_out=lambda _key, _line: None)
    registry = Registry(around)
    agent_line = Line(Side.AGENT, policies)
    agent = registry.open_agent(agent_line, AgentHello(version=PROTOCOL_VERSION, agent_version="0.1.0"))
    if agent is None:
        raise RuntimeError("the relay refused the agent")
    lines = tuple(_live_viewer(registry, agent, agent_line, number) for number in range(viewers))
    return Room(agent, agent_line, lines)


def _live_viewer(registry: Registry, agent: Party, agent_line: Line, number: int) -> Line:
    line = Line(Side.VIEWER, Policies())
    who = Identity(f"account-{number}", "A technician", "Example")
    party = registry.join(line, Destination(routing=ROUTING), who)
    link = line.first_link
    for _ in range(2):
        to_host = Header(MessageType.HANDSHAKE, dst=DST_HOST, key_id=link)
        deliver(party, line, to_host.pack() + b"flight")
        deliver(
            agent, agent_line, Header(MessageType.HANDSHAKE, dst=number + 1, key_id=link).pack() + b"flight"
        )
    deliver(agent, agent_line, relay_message(SeatAdmitted(link=link)))
    _drain(line)
    _drain(agent_line)
    if line.ending is not None or agent_line.ending is not None:
        raise RuntimeError(f"the session did not come about: {line.ending} {agent_line.ending}")
    return line


def _drain(line: Line) -> int:
    count = 0
    while line.outbox.pop() is not None:
        count += 1
    return count


def measured(messages: int) -> list[Table]:
    """One table: messages of some sizes to one and to five viewers."""
    table = Table(
        "Relay core",
        f"{messages} media messages each: parse, gate, fan out by reference, pop from each outbox; "
        "no sockets, no TLS.",
        ("kB", "viewers", "µs median", "µs p95", "messages/s"),
    )
    for viewers in VIEWERS:
        room = room_with(viewers)
        for size in SIZES_BYTES:
            samples = [_passed_us(room, message) for message in _messages(size, messages)]
            cost = spread(samples)
            rate = round(1_000_000 / (sum(samples) / len(samples)))
            table.rows.append((size / 1024, viewers, round(cost.median, 1), round(cost.p95, 1), rate))
    return [table]


def _messages(size: int, count: int) -> list[bytes]:
    body = os.urandom(size - HEADER_BYTES)
    return [
        Header(MessageType.MEDIA, Flags.DROPPABLE | Flags.KEYFRAME, DST_ALL, number + 1, 1, number).pack()
        + body
        for number in range(count)
    ]


def _passed_us(room: Room, message: bytes) -> float:
    started = time.perf_counter()
    deliver(room.agent, room.agent_line, message)
    taken = sum(_drain(line) for line in room.viewers)
    elapsed = (time.perf_counter() - started) * 1_000_000
    if taken != len(room.viewers):
        raise RuntimeError(f"{taken} of {len(room.viewers)} viewers got the message")
    return elapsed
