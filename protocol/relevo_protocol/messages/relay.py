"""Relay control: the only bodies that the relay reads (SPEC C1-C18). They say nothing about the desktop."""

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.base import (
    AccountId,
    Link,
    Message,
    Name,
    Origin,
    Reason,
    Routing,
    Seconds,
    SessionId,
    Slot,
    Token,
    VersionText,
)
from relevo_protocol.modes import Mode


class AgentHello(Message, frozen=True):
    """Agent's first message; with ``token`` it takes its session up again.

    ``join`` is the routing number that a technician has reserved for a new session (SPEC C16).
    """

    version: int
    agent_version: VersionText
    token: Token | None = None
    join: Routing | None = None


class AgentWelcome(Message, frozen=True):
    """Relay's answer: the session, the token for coming back (good once), whether the session is an old one.

    ``routing`` is the number to be shown with the secret; it is ``None`` on a resumed session.
    """

    session_id: SessionId
    origin: Origin
    token: Token
    resumed: bool
    routing: Routing | None = None
    code_life_s: Seconds = 0


class CodeRequest(Message, frozen=True):
    """Agent asks for a routing number; any earlier one of this session dies."""


class CodeIssued(Message, frozen=True):
    """Relay's answer to ``CodeRequest``."""

    routing: Routing
    code_life_s: Seconds


class CodeSpent(Message, frozen=True):
    """Agent says that its code was used, killed or has expired: the relay forgets the routing number."""


class ViewerJoining(Message, frozen=True):
    """Relay announces a viewer and vouches for the account.

    The agent holds the handshake's identity against it.
    """

    link: Link
    slot: Slot
    account_id: AccountId
    display_name: Name
    organisation: Name
    resumed: bool


class ViewerGone(Message, frozen=True):
    """Relay says that a viewer's link is down; ``left`` tells leaving from a cut that may come back."""

    link: Link
    slot: Slot
    left: bool
    code: ErrorCode


class KeyframeWanted(Message, frozen=True):
    """Relay dropped media for a viewer, or a viewer is new: only a keyframe helps."""

    slot: Slot


class RemoveViewer(Message, frozen=True):
    """Agent removes a viewer: its socket is closed and its seat is gone."""

    link: Link
    code: ErrorCode
    reason: Reason = ""


class SeatAdmitted(Message, frozen=True):
    """Agent says that a viewer is live: only from now on the relay passes media to it (SPEC C9)."""

    link: Link


class ModeNotice(Message, frozen=True):
    """Agent tells the relay the session's mode, for its second gate and the record."""

    mode: Mode


class EndSession(Message, frozen=True):
    """Agent ends the session for everybody."""

    reason: Reason = ""


class ViewerHello(Message, frozen=True):
    """Viewer's first message: exactly one of a one-time ticket and the one-time token for coming back."""

    version: int
    ticket: Token | None = None
    resume: Token | None = None


class ViewerWelcome(Message, frozen=True):
    """Relay's answer: session, link and slot, identity as vouched for, token for coming back (good once)."""

    session_id: SessionId
    origin: Origin
    link: Link
    slot: Slot
    resume: Token
    resume_life_s: Seconds
    account_id: AccountId
    display_name: Name
    organisation: Name
    host_present: bool = True


class HostGone(Message, frozen=True):
    """The agent's socket is down; the viewer waits."""


class HostBack(Message, frozen=True):
    """The agent is back: the viewer resumes by a new handshake on the new link."""

    link: Link


class Leave(Message, frozen=True):
    """Viewer leaves for good: its seat and its token die."""


class SessionEnded(Message, frozen=True):
    """Relay ends the session for a viewer; the socket closes after it."""

    code: ErrorCode
    reason: Reason = ""


class RelayError(Message, frozen=True):
    """Fatal for this socket, which closes after it; ``detail`` is for logs, people read ``ERROR_TEXTS``."""

    code: ErrorCode
    detail: Reason = ""
