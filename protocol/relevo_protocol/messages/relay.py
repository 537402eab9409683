"""Relay control: the only bodies that the relay reads (SPEC C1-C29). They say nothing about the desktop."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import STEP_UP_LIFE_S
from relevo_protocol.messages.base import (
    AccountId,
    ActNumber,
    InviteId,
    Link,
    Message,
    Name,
    Origin,
    Reason,
    Routing,
    Seconds,
    Secret32,
    SessionId,
    Slot,
    SlotOrHost,
    Token,
    VersionText,
)
from relevo_protocol.modes import Mode, Role, SessionKind, Standing

WireVersion = Annotated[int, Meta(ge=0, le=2**31 - 1)]
RequestNumber = Annotated[int, Meta(ge=1, le=2**53 - 1)]
StepUpLife = Annotated[int, Meta(ge=1, le=STEP_UP_LIFE_S)]
SealedInvite = Annotated[bytes, Meta(max_length=256)]


class RecordedAct(StrEnum):
    """What the relay's record has of a session beside joins, modes and its end."""

    CONSENT_GIVEN = "consent_given"
    CONSENT_REFUSED = "consent_refused"
    TAKE_OVER = "take_over"
    MICRO_HANDOVER = "micro_handover"
    HAND_OVER = "hand_over"
    GRANT_CHANGED = "grant_changed"
    MEMBER_REMOVED = "member_removed"
    INVITED = "invited"
    TERMINAL_OPENED = "terminal_opened"
    PROCESS_ENDED = "process_ended"
    SERVICE_CHANGED = "service_changed"
    RESTART = "restart"
    HELD = "held"
    GRANT_REVOKED = "grant_revoked"
    REPORTED = "reported"
    """The customer reports who is in: ``slot`` is whom, 0 everybody (SPEC N8)."""
    STEP_UP_REFUSED = "step_up_refused"
    """Administrator mode was asked for without a fresh proof (SPEC V10)."""


class AgentHello(Message, frozen=True):
    """Agent's first message; with ``token`` it takes its session up again.

    ``join`` is the routing number that a technician has reserved for a new session (SPEC C16).
    """

    version: WireVersion
    agent_version: VersionText
    token: Token | None = None
    join: Routing | None = None
    kind: SessionKind = SessionKind.SUPPORT
    ticket: Token | None = None


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
    standing: Standing = Standing.TECHNICIAN
    admin_tools: bool = False


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
    role: Role = Role.COLLABORATOR


class RoleNotice(Message, frozen=True):
    """Agent says that a live viewer has another role from now on."""

    link: Link
    role: Role


class InviteOpened(Message, frozen=True):
    """Agent says that whoever names this invitation is to be seated; again after every resume (SPEC C19).

    ``guests``: also people without an account, under a name of their own choice.
    """

    invite: InviteId
    guests: bool
    life_s: Seconds


class InviteClosed(Message, frozen=True):
    """Agent says that the invitation leads nowhere any more."""

    invite: InviteId


class JoinAsked(Message, frozen=True):
    """Relay says that somebody of the organisation wants to come in without a code (SPEC C20).

    ``key`` is their browser's X25519 key, made for this request.
    """

    request: RequestNumber
    account_id: AccountId
    display_name: Name
    organisation: Name
    standing: Standing
    admin_tools: bool
    key: Secret32


class JoinAnswered(Message, frozen=True):
    """Agent's answer: an invitation whose secret is sealed to ``key`` by HPKE, or why not."""

    request: RequestNumber
    invite: InviteId | None = None
    sealed: SealedInvite = b""
    code: ErrorCode | None = None


class HoldNotice(Message, frozen=True):
    """Agent says for how long session and seats are to be kept with nobody there; 0 ends it (SPEC V7)."""

    hold_s: Seconds


class RestartNotice(Message, frozen=True):
    """Agent says that its PC goes down now and will be back within so long (SPEC V5)."""

    back_in_s: Seconds


class RecordNotice(Message, frozen=True):
    """Agent tells the record what was done, by whom (slot, 0 the customer), names and codes only.

    ``number`` is the act's own in the session: the relay answers it by ``Recorded`` and keeps it once.
    """

    act: RecordedAct
    slot: SlotOrHost
    detail: Name = ""
    number: ActNumber = 0


class Recorded(Message, frozen=True):
    """Relay says that the act of this number outlives its own death (SPEC C26)."""

    number: RequestNumber


class StepUp(Message, frozen=True):
    """Relay vouches that the account behind this link has just proved again who it is (SPEC V10)."""

    link: Link
    life_s: StepUpLife = STEP_UP_LIFE_S


class ModeNotice(Message, frozen=True):
    """Agent tells the relay the session's mode, for its second gate and the record."""

    mode: Mode


class EndSession(Message, frozen=True):
    """Agent ends the session for everybody."""

    reason: Reason = ""


class ViewerHello(Message, frozen=True):
    """Viewer's first message: exactly one of a one-time ticket and the one-time token for coming back."""

    version: WireVersion
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
    kind: SessionKind = SessionKind.SUPPORT
    host_name: Name = ""
    """In a presentation the presenter's name, as the relay knows the account."""


class HostGone(Message, frozen=True):
    """The agent's socket is down; the viewer waits. ``restarting_s``: its PC restarts and has so long."""

    restarting_s: Seconds = 0


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
