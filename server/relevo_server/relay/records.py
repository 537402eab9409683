"""What the edge is asked to keep: each change that a killed relay must find again, and the audit."""

from dataclasses import dataclass, field

from relevo_protocol.modes import Role
from relevo_server.relay.seat import Identity
from relevo_server.relay.traits import Traits


@dataclass(frozen=True, slots=True)
class SessionKept:
    """A session is new or has changed. ``routing`` is empty while nobody can join.

    ``agent_token_hash`` is what :meth:`relevo_server.relay.tokens.TokenBook.hashes` gives.
    """

    session_id: bytes
    routing: str
    agent_token_hash: bytes = field(repr=False)
    created_at_s: float
    mode: str
    traits: Traits = field(default_factory=Traits)


@dataclass(frozen=True, slots=True)
class SeatKept:
    """A seat may be resumed by the tokens of these hashes until ``expires_at_s`` (wall time)."""

    session_id: bytes
    slot: int
    identity: Identity
    role: Role
    token_hash: bytes = field(repr=False)
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class SeatDropped:
    """A seat is gone for good."""

    session_id: bytes
    slot: int


@dataclass(frozen=True, slots=True)
class SessionOver:
    """A session has ended."""

    session_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Audited:
    """A line for the record: who did what; names and codes only, never a secret."""

    session_id: bytes
    actor: str
    action: str
    details: dict[str, str | int | float | bool]


Record = SessionKept | SeatKept | SeatDropped | SessionOver | Audited
