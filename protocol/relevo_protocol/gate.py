"""The one gate: may this message from this viewer be obeyed now? (SPEC R6-R9, G5)."""

from dataclasses import dataclass
from typing import Final

from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.messages import administration as admin
from relevo_protocol.messages import chat, input, marks, screen, session, team  # noqa: A004 - the message group's name
from relevo_protocol.messages.base import Message
from relevo_protocol.modes import Capability, Permit
from relevo_protocol.rights import Act, Circumstances, Factor, effective_right, may_act

NEEDS: Final[dict[type[Message], Capability | Act | None]] = {
    session.Heartbeat: None,
    session.Goodbye: None,
    session.ModeRequest: None,  # up and down differ: the session asks RAISE_MODE or LOWER_MODE
    input.ReleaseAll: None,
    team.TeamKey: None,
    team.ControlRelease: None,
    team.CapabilityRequest: None,
    team.InviteRevoke: Act.INVITE,
    screen.FrameAck: None,
    screen.Decoders: None,
    screen.KeyframeRequest: None,
    screen.QualityChoice: None,
    input.PointerMove: Capability.INPUT_POINTER,
    input.PointerButton: Capability.INPUT_POINTER,
    input.PointerWheel: Capability.INPUT_POINTER,
    input.KeyPress: Capability.INPUT_KEYS,
    input.TextInput: Capability.INPUT_TEXT,
    input.SpecialKeys: Capability.INPUT_SPECIAL,
    team.ControlRequest: Act.TAKE_CONTROL,
    team.ControlGive: Act.GIVE_CONTROL,
    team.MicroHandover: Act.MICRO_HANDOVER,
    team.TakeOver: Act.TAKE_OVER,
    team.HandOver: Act.HAND_OVER,
    team.GrantChange: Act.CHANGE_GRANTS,
    team.RemoveMember: Act.REMOVE,
    team.InviteRequest: Act.INVITE,
    chat.ChatSend: Capability.CHAT,
    marks.Laser: Capability.POINT_LASER,
    marks.LaserOff: None,
    marks.Stroke: Capability.POINT_ANNOTATE,
    marks.ClearMarks: None,
    admin.SystemInfoRequest: Capability.SYSTEM_INFO,
    admin.ProcessesRequest: Capability.SYSTEM_PROCESSES_LIST,
    admin.ProcessEnd: Capability.SYSTEM_PROCESSES_END,
    admin.ServicesRequest: Capability.SYSTEM_SERVICES,
    admin.ServiceChange: Capability.SYSTEM_SERVICES,
    admin.TerminalOpen: Capability.TERMINAL_USER,
    admin.AdminTerminalOpen: Capability.TERMINAL_ADMIN,
    admin.TerminalInput: None,  # a terminal belongs to the link that opened it
    admin.TerminalSize: None,
    admin.TerminalClose: None,
    admin.RestartRequest: Capability.POWER_REBOOT,
    admin.RestartCancel: Act.CALL_RESTART_OFF,
    admin.HoldRequest: Capability.SESSION_HOLD,
    admin.HoldEnd: Act.LOWER_MODE,
}
"""What each message of a viewer needs; total over ``ViewerToHost``. ``None`` needs no right, only a seat."""

_BEFORE_CONSENT: Final = frozenset({session.Heartbeat, session.Goodbye, screen.Decoders})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is not obeyed."""

    code: ErrorCode
    capability: Capability | None = None
    removed_by: Factor | None = None
    ask: Permit | None = None
    """Set when the customer could be asked for it (``ASK``, ``ASK_EACH``, ``ELEVATED``)."""


def admit(kind: type[Message], seat: SeatState, given: Circumstances) -> Refusal | None:  # noqa: PLR0911 - guards
    """Decide on a message of this kind; ``None`` means that it may be obeyed.

    A kind that the table does not know is refused: a new message is shut out until it has a row.
    """
    if kind not in NEEDS:
        return Refusal(ErrorCode.UNEXPECTED)
    if seat is not SeatState.LIVE and not (seat is SeatState.ASKING and kind in _BEFORE_CONSENT):
        return Refusal(ErrorCode.UNEXPECTED)
    needed = NEEDS[kind]
    if needed is None:
        return None
    if isinstance(needed, Act):
        allowed = may_act(needed, given.role)
        return None if allowed else Refusal(ErrorCode.NOT_PERMITTED, None, Factor.ROLE)
    right = effective_right(needed, given)
    match right.permit:
        case Permit.ALLOW:
            return None
        case Permit.NEVER:
            return Refusal(ErrorCode.NOT_PERMITTED, needed, right.removed_by)
        case Permit.ASK | Permit.ASK_EACH | Permit.ELEVATED:
            return Refusal(ErrorCode.NOT_PERMITTED, needed, right.removed_by, right.permit)
