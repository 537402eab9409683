"""Every message, by who says it to whom. A message from the wrong side does not even parse (SPEC M2)."""

from typing import Final

from relevo_protocol.messages.base import Message
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    EndSession,
    HostBack,
    HostGone,
    KeyframeWanted,
    Leave,
    ModeNotice,
    RelayError,
    RemoveViewer,
    SeatAdmitted,
    SessionEnded,
    ViewerGone,
    ViewerHello,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.messages.screen import (
    CaptureState,
    FrameAck,
    KeyframeRequest,
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

AgentToRelay = AgentHello | CodeRequest | CodeSpent | RemoveViewer | SeatAdmitted | ModeNotice | EndSession
RelayToAgent = AgentWelcome | CodeIssued | ViewerJoining | ViewerGone | KeyframeWanted | RelayError
ViewerToRelay = ViewerHello | Leave
RelayToViewer = ViewerWelcome | HostGone | HostBack | SessionEnded | RelayError
ViewerToHost = (
    Heartbeat
    | ModeRequest
    | Goodbye
    | FrameAck
    | KeyframeRequest
    | QualityChoice
    | PointerMove
    | PointerButton
    | PointerWheel
    | KeyPress
    | TextInput
    | SpecialKeys
    | ReleaseAll
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
)

DIRECTIONS: Final = {
    "AgentToRelay": AgentToRelay,
    "RelayToAgent": RelayToAgent,
    "ViewerToRelay": ViewerToRelay,
    "RelayToViewer": RelayToViewer,
    "ViewerToHost": ViewerToHost,
    "HostToViewer": HostToViewer,
}
"""The unions by name, for the code generator."""

__all__ = [
    "DIRECTIONS",
    "AgentToRelay",
    "HostToViewer",
    "Message",
    "RelayToAgent",
    "RelayToViewer",
    "ViewerToHost",
    "ViewerToRelay",
]
