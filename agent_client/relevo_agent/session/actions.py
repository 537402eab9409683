"""What the session wants done, and what it shows. ``app`` carries these out; nothing here does anything."""

from dataclasses import dataclass, field
from enum import StrEnum

from relevo_agent.features.base import FeatureMessage
from relevo_agent.session.entries import Entry
from relevo_protocol.errors import ErrorCode
from relevo_protocol.frame import CodecId
from relevo_protocol.messages.marks import Laser, Stroke
from relevo_protocol.messages.screen import Quality, ScreenLayout
from relevo_protocol.modes import Capability, Mode, Role, SessionKind


class Phase(StrEnum):
    """Where the session stands, for windows and terminals."""

    CONNECTING = "connecting"
    WAITING = "waiting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    ENDED = "ended"


class Notice(StrEnum):
    """Something the customer must be told at once, in words of ``ui.words``."""

    CODE_KILLED = "code_killed"
    IDENTITY_MISMATCH = "identity_mismatch"
    TAMPERED = "tampered"
    SESSION_LOST = "session_lost"
    VISITOR_LOST = "visitor_lost"
    NUMBER_GONE = "number_gone"
    RELAY_BUSY = "relay_busy"
    RELAY_FULL = "relay_full"
    """It takes no new session, or no more from this network."""
    LEAD_CHANGED = "lead_changed"
    TAKEN_OVER = "taken_over"
    JOINED = "joined"
    PAUSED_BY_YOU = "paused_by_you"
    CONTROL_BACK = "control_back"
    MICRO_HANDOVER = "micro_handover"
    RESTART_OFF = "restart_off"
    GRANT_ENDED = "grant_ended"
    REPORTED = "reported"
    REPORT_KEPT = "report_kept"
    """There was no line at that moment: the report is on this PC, and waits for one."""
    END_WAITS = "end_waits"
    """There was no line at that moment: the others hear of the end when it is back."""


@dataclass(frozen=True, slots=True)
class Person:
    """One participant as the customer sees them; ``present`` is false while their connection is cut.

    ``may_mark``: in a presentation, whether the presenter lets them point and draw.
    """

    slot: int
    display_name: str
    organisation: str
    role: Role
    present: bool
    may_mark: bool = False


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The twelve digits and when they stop working (ms on the session's clock).

    ``reserved``: the technician has the first six already.
    """

    digits: str
    expires_ms: float
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """Who drives: a slot, 0 for the person at this PC, ``None`` in a mode without input.

    ``returns_at_ms`` (the session's clock): when it goes by itself to ``next_slot``; ``None`` if it does not.
    """

    holder: int | None = None
    next_slot: int | None = None
    returns_at_ms: float | None = None


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """One line of the chat; ``slot`` 0 is the person at this PC. ``at_ms`` is time of day since 1970."""

    line: int
    slot: int
    name: str
    text: str
    at_ms: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that windows and terminals show; they are a function of this and of nothing else.

    Times ``..._at_ms`` are on the session's clock: ``restart_at_ms`` ends the countdown to a restart,
    ``grant_ends_at_ms`` administrator mode, ``hold_ends_at_ms`` a hold. ``link`` invites to a presentation.
    """

    phase: Phase = Phase.CONNECTING
    mode: Mode = Mode.OBSERVER
    code: ShownCode | None = None
    people: tuple[Person, ...] = ()
    kind: SessionKind = SessionKind.SUPPORT
    token: Token = Token()
    chat: tuple[ChatEntry, ...] = ()
    restart_at_ms: float | None = None
    grant_ends_at_ms: float | None = None
    hold_ends_at_ms: float | None = None
    marks: bool = False
    link: str | None = None


class QuestionKind(StrEnum):
    """What a question to the customer is about."""

    ENTRY = "entry"
    """A person at the door, in full (SPEC N1)."""
    VETO = "veto"
    """A further person of the same organisation: silence lets them in (SPEC G11)."""
    MODE = "mode"
    """A step up, or a demo."""
    CAPABILITY = "capability"
    """One capability of the mode that holds (SPEC N3)."""
    CONTROL = "control"
    """Somebody from outside the organisation is to drive (SPEC G6)."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the customer is asked.

    ``offers`` are the tick-boxes: what the mode asks for at first use and this PC can do. ``each_time`` are
    only told: they will be asked about every time. ``detail`` is one inert line about a capability
    ("restart", the name of a process). ``yes_by_silence`` is true for a veto alone.
    """

    id: int
    link: int
    display_name: str
    organisation: str
    kind: QuestionKind
    mode: Mode
    role: Role
    deadline_ms: float
    offers: tuple[Capability, ...] = ()
    each_time: tuple[Capability, ...] = ()
    capability: Capability | None = None
    detail: str = ""

    @property
    def yes_by_silence(self) -> bool:
        """Whether no answer is a yes."""
        return self.kind is QuestionKind.VETO


@dataclass(frozen=True, slots=True)
class Send:
    """A whole WebSocket message. Media may be dropped by the outbox, the rest may not."""

    message: bytes | bytearray
    media: bool = False


@dataclass(frozen=True, slots=True)
class CloseLink:
    """Close the socket; the link reconnects by itself unless ``fatal``."""

    code: ErrorCode
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Put a question to the customer."""

    question: Question


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The question has been settled without the customer: take it away."""

    question_id: int


@dataclass(frozen=True, slots=True)
class StartCapture:
    """Begin to capture; frames of this run carry its number."""

    run: int


@dataclass(frozen=True, slots=True)
class StopCapture:
    """Nobody may see the screen any more: stop before anything else."""


@dataclass(frozen=True, slots=True)
class NeedKeyframe:
    """The next frame must need nothing before it; ``urgent`` after a new key, when no rate limit holds.

    ``whole``: a viewer's picture is gone, so it leaves nothing out.
    """

    urgent: bool
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Acked:
    """A viewer has drawn this frame of the running capture; ``decode_ms`` from arrival to drawn."""

    link: int
    frame_id: int
    decode_ms: float


@dataclass(frozen=True, slots=True)
class Watching:
    """The links of those who see the screen; pacing forgets all others."""

    links: frozenset[int]


@dataclass(frozen=True, slots=True)
class SetQuality:
    """The most modest preference of all viewers."""

    quality: Quality


@dataclass(frozen=True, slots=True)
class SetDecoders:
    """Codecs beyond ``BASE_CODECS`` that all who see the screen can decode (SPEC D5)."""

    codecs: frozenset[CodecId]


@dataclass(frozen=True, slots=True)
class Perform:
    """An admitted message for the feature that carries it out, and the screen that the viewer saw.

    Input always has a ``layout``, administration needs none.
    """

    link: int
    message: FeatureMessage
    layout: ScreenLayout | None


@dataclass(frozen=True, slots=True)
class ReleaseHeld:
    """Every key and button that we hold goes up (SPEC S4)."""


@dataclass(frozen=True, slots=True)
class WatchLocalInput:
    """Report the real local input from now on, or no longer (SPEC G3)."""

    on: bool


@dataclass(frozen=True, slots=True)
class Pen:
    """Whose mark it is: ``slot`` chooses the colour, the name stands beside a laser."""

    slot: int
    name: str


@dataclass(frozen=True, slots=True)
class ShowMark:
    """Show a laser or a piece of a line on the real screen (SPEC A2)."""

    pen: Pen
    mark: Laser | Stroke
    layout: ScreenLayout


@dataclass(frozen=True, slots=True)
class HideMarks:
    """Take marks away: of one slot or of everybody; ``laser_only`` leaves the drawing."""

    slot: int | None = None
    laser_only: bool = False


@dataclass(frozen=True, slots=True)
class CloseFeatures:
    """This viewer is gone, or may not any more: its terminals end. ``link`` ``None``: everybody's."""

    link: int | None = None


@dataclass(frozen=True, slots=True)
class PrepareRestart:
    """Leave ``sealed_state`` (already msgpack, still to be sealed) with the service; it restarts the PC then.

    The answer is :meth:`Session.restart_prepared` with whether that worked.
    """

    state: bytes = field(repr=False)
    deadline_s: int = 0


@dataclass(frozen=True, slots=True)
class CallRestartOff:
    """The service forgets the state that it was left, and does not restart the PC after all."""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Open a page of our own relay in the customer's browser (SPEC G13)."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keep:
    """One entry for the customer's own record and receipt (SPEC N5, N6)."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Show:
    """The snapshot has changed."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Tell:
    """A notice for the customer; ``who`` is a name where one belongs to it, ``why`` that person's reason."""

    notice: Notice
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over for good, whatever the relay has still to be told."""

    code: ErrorCode


Action = (
    Send
    | CloseLink
    | Ask
    | Withdraw
    | StartCapture
    | StopCapture
    | NeedKeyframe
    | Acked
    | Watching
    | SetQuality
    | SetDecoders
    | Perform
    | ReleaseHeld
    | WatchLocalInput
    | ShowMark
    | HideMarks
    | CloseFeatures
    | PrepareRestart
    | CallRestartOff
    | OpenLink
    | Keep
    | Show
    | Tell
    | Ended
)
