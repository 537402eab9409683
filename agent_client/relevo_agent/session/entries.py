"""What happened in a session, as the customer's own record and receipt have it (SPEC N5, N6).

Names, codes and times only: no secret, no whisper, nothing of the screen.
"""

from dataclasses import dataclass
from enum import StrEnum

from relevo_protocol.modes import Capability, Mode, Role


class EntryKind(StrEnum):
    """What kind of thing happened."""

    SESSION_STARTED = "session_started"
    SESSION_ENDED = "session_ended"
    CONSENT = "consent"
    JOINED = "joined"
    LEFT = "left"
    MODE = "mode"
    PICTURE_STARTED = "picture_started"
    PICTURE_STOPPED = "picture_stopped"
    CONTROL = "control"
    """Somebody held the control token and used it for the first time since."""
    LEAD = "lead"
    REMOVED = "removed"
    REFUSED = "refused"
    """Something was asked of this PC that the customer or the floor did not allow."""
    REPORTED = "reported"
    """The customer has reported who was in; ``granted`` is whether the relay could be told (SPEC N8)."""
    ACT = "act"
    """Something was done: ``detail`` names it (a process ended, a terminal opened, a restart)."""


class DecidedBy(StrEnum):
    """How a question was decided."""

    CLICK = "click"
    CLOCK = "clock"
    POLICY = "policy"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. ``at_ms`` is the session's clock; who writes it down adds the time of day.

    For ``CONSENT``: ``granted``, ``by``, ``capabilities`` (ticked or asked for), ``present`` (names).
    """

    kind: EntryKind
    at_ms: float
    who: str = ""
    organisation: str = ""
    role: Role | None = None
    mode: Mode | None = None
    capabilities: tuple[Capability, ...] = ()
    granted: bool | None = None
    by: DecidedBy | None = None
    detail: str = ""
    present: tuple[str, ...] = ()
