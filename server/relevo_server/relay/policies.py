"""The relay's numbers and its one table of who may send what (SPEC W8, C); a new kind is a row here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from relevo_protocol import limits
from relevo_protocol.header import MessageType
from relevo_protocol.lifecycle import SeatState


class Side(StrEnum):
    """Who is at the other end of a socket."""

    AGENT = "agent"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Row:
    """In which states of its seat a message passes; ``None`` for messages that concern no single seat."""

    states: frozenset[SeatState] | None


_HANDSHAKING: Final = frozenset({SeatState.JOINING, SeatState.VERIFYING, SeatState.RESUMING})
_SEALED: Final = frozenset({SeatState.ASKING, SeatState.LIVE})

PASSES: Final[Mapping[tuple[Side, MessageType], Row]] = {
    (Side.AGENT, MessageType.RELAY): Row(None),
    (Side.AGENT, MessageType.MEDIA): Row(None),
    (Side.AGENT, MessageType.PAIRWISE): Row(_SEALED),
    (Side.AGENT, MessageType.HANDSHAKE): Row(_HANDSHAKING),
    (Side.VIEWER, MessageType.RELAY): Row(None),
    (Side.VIEWER, MessageType.PAIRWISE): Row(_SEALED),
    (Side.VIEWER, MessageType.HANDSHAKE): Row(_HANDSHAKING),
    (Side.VIEWER, MessageType.TEAM): Row(None),  # between whom is in ``whispers``; any other is dropped there
}
"""What is not in the table does not pass: a viewer has no media to send."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The relay's bounds; the defaults are the wire's. Times in seconds, sizes in bytes."""

    max_sessions: int = 10_000
    max_decoys: int = 10_000
    control_bytes: int = limits.OUTBOX_PAIRWISE_BYTES
    media_bytes: int = limits.OUTBOX_MEDIA_BYTES
    keyframe_interval_s: float = 1.0
    handshake_deadline_s: float = limits.HANDSHAKE_DEADLINE_S
    consent_deadline_s: float = limits.CONSENT_DEADLINE_S + 15.0
    resume_life_s: float = limits.RESUME_LIFE_S
    code_life_s: int = limits.CODE_LIFE_S
    revocation_check_s: float = 4.0
    """How often it is looked whether another process has revoked something (SPEC C25)."""
    account_check_rounds: int = 12
    """Every so many of these looks, it is looked as well whose right has run out: every 48 s, as that ends
    within 60 (SPEC C25)."""
    sessions_per_address: int = 50
    """Sessions that one address may have open at once; of IPv6 a /64, and its shares of wider networks."""
    code_requests: int = 40
    """Routing numbers that one session may take in the time a code lives."""
    decoy_delay_s: tuple[float, float] = (0.020, 0.120)
    decoy_modes: tuple[str, ...] = ("observer", "shared", "full", "demo")
    decoy_agent_version: str = "0.1.0"
    """What this release's agent says of itself: nobody who connects an agent chooses how decoys look."""
