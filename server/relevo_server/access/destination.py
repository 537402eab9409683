"""Where somebody at the relay's door wants to go."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """A routing number of six digits or an invitation of 16 bytes (SPEC C3, C19, C20).

    ``session_id`` stands beside an invitation that the session's agent made for whoever holds this ticket.
    """

    routing: str = ""
    invite: bytes = b""
    session_id: bytes = b""
