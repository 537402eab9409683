"""Every message, by who says it to whom. A message from the wrong side does not even parse (SPEC M2)."""

from typing import Final, get_args

from relevo_protocol.messages.administration import (
    ActDone,
    AdministratorState,
    AdminTerminalOpen,
    HoldEnd,
    HoldRequest,
    ProcessEnd,
    ProcessesRequest,
    ProcessList,
    RestartCancel,
    RestartRequest,
    RestartState,
    ServiceChange,
    ServiceList,
    ServicesRequest,
    SystemInfo,
    SystemInfoRequest,
    TerminalClose,
    TerminalClosed,
    TerminalInput,
    TerminalOpen,
    TerminalOpened,
    TerminalOutput,
    TerminalSize,
)
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.chat import ChatLine, ChatSend, Whisper, WhisperHeard
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.marks import (
    ClearMarks,
    Laser,
    LaserOff,
    MarksCleared,
    MemberLaser,
    MemberLaserOff,
    MemberStroke,
    Stroke,
)
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    EndSession,
    HoldNotice,
    HostBack,
    HostGone,
    InviteClosed,
    InviteOpened,
    JoinAnswered,
    JoinAsked,
    KeyframeWanted,
    Leave,
    ModeNotice,
    Recorded,
    RecordNotice,
    RelayError,
    RemoveViewer,
    RestartNotice,
    RoleNotice,
    SeatAdmitted,
    SessionEnded,
    StepUp,
    ViewerGone,
    ViewerHello,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.messages.screen import (
    CaptureState,
    Decoders,
    FrameAck,
    KeyframeRequest,
    PictureState,
    QualityChoice,
    ScreenLayout,
)
from relevo_protocol.messages.session import (
    ConsentPending,
    ConsentResult,
    Epoch,
    Goodbye,
    Heartbeat,
    HeartbeatEcho,
    HostGoodbye,
    InputRefused,
    ModeRequest,
    ModeState,
)
from relevo_protocol.messages.team import (
    CapabilityRequest,
    ControlGive,
    ControlRelease,
    ControlRequest,
    GrantChange,
    GrantsState,
    HandOver,
    InviteIssued,
    InviteOver,
    InviteRequest,
    InviteRevoke,
    LeadChanged,
    MicroHandover,
    RemoveMember,
    TakeOver,
    TeamKey,
    TokenState,
)

AgentToRelay = (
    AgentHello
    | CodeRequest
    | CodeSpent
    | RemoveViewer
    | SeatAdmitted
    | RoleNotice
    | ModeNotice
    | InviteOpened
    | InviteClosed
    | JoinAnswered
    | HoldNotice
    | RestartNotice
    | RecordNotice
    | EndSession
)
RelayToAgent = (
    AgentWelcome
    | CodeIssued
    | ViewerJoining
    | ViewerGone
    | JoinAsked
    | KeyframeWanted
    | Recorded
    | StepUp
    | RelayError
)
ViewerToRelay = ViewerHello | Leave
RelayToViewer = ViewerWelcome | HostGone | HostBack | SessionEnded | RelayError
ViewerToHost = (
    Heartbeat
    | ModeRequest
    | Goodbye
    | FrameAck
    | Decoders
    | KeyframeRequest
    | QualityChoice
    | PointerMove
    | PointerButton
    | PointerWheel
    | KeyPress
    | TextInput
    | SpecialKeys
    | ReleaseAll
    | TeamKey
    | ControlRequest
    | ControlRelease
    | ControlGive
    | MicroHandover
    | TakeOver
    | HandOver
    | GrantChange
    | RemoveMember
    | InviteRequest
    | InviteRevoke
    | CapabilityRequest
    | ChatSend
    | Laser
    | LaserOff
    | Stroke
    | ClearMarks
    | SystemInfoRequest
    | ProcessesRequest
    | ProcessEnd
    | ServicesRequest
    | ServiceChange
    | TerminalOpen
    | AdminTerminalOpen
    | TerminalInput
    | TerminalSize
    | TerminalClose
    | RestartRequest
    | RestartCancel
    | HoldRequest
    | HoldEnd
)
HostToViewer = (
    ConsentPending
    | ConsentResult
    | ModeState
    | Epoch
    | InputRefused
    | HeartbeatEcho
    | HostGoodbye
    | ScreenLayout
    | CaptureState
    | PictureState
    | TokenState
    | GrantsState
    | InviteIssued
    | InviteOver
    | LeadChanged
    | ChatLine
    | MemberLaser
    | MemberLaserOff
    | MemberStroke
    | MarksCleared
    | SystemInfo
    | ProcessList
    | ServiceList
    | ActDone
    | TerminalOpened
    | TerminalOutput
    | TerminalClosed
    | RestartState
    | AdministratorState
)
ViewerToViewer = Whisper | WhisperHeard

DIRECTIONS: Final = {
    "AgentToRelay": AgentToRelay,
    "RelayToAgent": RelayToAgent,
    "ViewerToRelay": ViewerToRelay,
    "RelayToViewer": RelayToViewer,
    "ViewerToHost": ViewerToHost,
    "HostToViewer": HostToViewer,
    "ViewerToViewer": ViewerToViewer,
}
"""The unions by name, for the code generator."""


def kinds_of(union: object) -> tuple[type[Message], ...]:
    """The messages of a direction."""
    return get_args(union)


__all__ = [
    "DIRECTIONS",
    "AgentToRelay",
    "HostToViewer",
    "Message",
    "RelayToAgent",
    "RelayToViewer",
    "ViewerToHost",
    "ViewerToRelay",
    "ViewerToViewer",
    "kinds_of",
]
