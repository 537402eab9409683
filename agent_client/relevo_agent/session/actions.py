"""What the session wants done, and what it shows. ``app`` carries these out; nothing here does anything."""

from dataclasses import dataclass
from enum import StrEnum

from relevo_agent.features.base import FeatureMessage
from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.screen import Quality, ScreenLayout
from relevo_protocol.modes import Mode, Role


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


@dataclass(frozen=True, slots=True)
class Person:
    """One participant as the customer sees them; ``present`` is false while their connection is cut."""

    slot: int
    display_name: str
    organisation: str
    role: Role
    present: bool


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The twelve digits and when they stop working (ms on the session's clock).

    ``reserved``: the technician has the first six already.
    """

    digits: str
    expires_ms: float
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that windows and terminals show; they are a function of this and of nothing else."""

    phase: Phase = Phase.CONNECTING
    mode: Mode = Mode.OBSERVER
    code: ShownCode | None = None
    people: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What the customer is asked. ``step_up`` tells a change of mode from a new person."""

    id: int
    link: int
    display_name: str
    organisation: str
    mode: Mode
    step_up: bool
    deadline_ms: float


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
    """The next frame must need nothing before it; ``urgent`` after a new key, when no rate limit holds."""

    urgent: bool


@dataclass(frozen=True, slots=True)
class Acked:
    """A viewer has drawn this frame of the running capture."""

    link: int
    frame_id: int


@dataclass(frozen=True, slots=True)
class Watching:
    """The links of those who see the screen; pacing forgets all others."""

    links: frozenset[int]


@dataclass(frozen=True, slots=True)
class SetQuality:
    """The most modest preference of all viewers."""

    quality: Quality


@dataclass(frozen=True, slots=True)
class Perform:
    """An admitted message for the feature that carries it out, and the screen that the viewer saw."""

    link: int
    message: FeatureMessage
    layout: ScreenLayout


@dataclass(frozen=True, slots=True)
class ReleaseHeld:
    """Every key and button that we hold goes up (SPEC S4)."""


@dataclass(frozen=True, slots=True)
class Show:
    """The snapshot has changed."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Tell:
    """A notice for the customer; ``who`` is a name where one belongs to it."""

    notice: Notice
    who: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over for good."""

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
    | Perform
    | ReleaseHeld
    | Show
    | Tell
    | Ended
)
