"""What the edge is asked to keep: each change that a killed relay must find again, and the audit."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from relevo_protocol.modes import Role
from relevo_server.relay.seat import Identity
from relevo_server.relay.traits import HOME, Traits


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
    invited: Mapping[str, float] = field(default_factory=dict[str, float])
    """Which accounts may ask to come in, until when (wall time; SPEC C20)."""
    furthest_mode: str = ""
    """The mode of most rights that was given in it so far: a report is read by this."""


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
    """A line for the record: who did what; never a secret.

    ``details`` are ids, codes and numbers; what says who somebody is goes into ``personal``, which can be
    erased. ``number`` above 0 is the act's own: the host is told once the record has it (SPEC C26). ``at_s``
    is wall time.
    """

    session_id: bytes
    """Empty for what belongs to no session."""
    actor: str
    action: str
    details: Mapping[str, str | int | float | bool]
    personal: Mapping[str, str] = field(default_factory=dict[str, str])
    event_id: bytes = field(default_factory=lambda: os.urandom(16), compare=False)
    """The same again is the same act: it is kept once, however often it is written."""
    organisation: str = HOME
    number: int = 0
    at_s: float = field(default=0.0, compare=False)
    cause: str = ""


Record = SessionKept | SeatKept | SeatDropped | SessionOver | Audited
