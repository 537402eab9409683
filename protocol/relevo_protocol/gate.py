"""The one gate: may this message from this viewer be obeyed now? (SPEC R6-R9)."""

from dataclasses import dataclass
from typing import Final

from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatState
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
from relevo_protocol.messages.screen import FrameAck, KeyframeRequest, QualityChoice
from relevo_protocol.messages.session import Goodbye, Heartbeat, ModeRequest
from relevo_protocol.modes import Capability, Permit
from relevo_protocol.rights import Circumstances, Factor, effective_right

NEEDS: Final[dict[type[Message], Capability | None]] = {
    Heartbeat: None,
    Goodbye: None,
    ModeRequest: None,
    ReleaseAll: None,
    FrameAck: Capability.SCREEN_VIEW,
    KeyframeRequest: Capability.SCREEN_VIEW,
    QualityChoice: Capability.SCREEN_VIEW,
    PointerMove: Capability.INPUT_POINTER,
    PointerButton: Capability.INPUT_POINTER,
    PointerWheel: Capability.INPUT_POINTER,
    KeyPress: Capability.INPUT_KEYS,
    TextInput: Capability.INPUT_TEXT,
    SpecialKeys: Capability.INPUT_SPECIAL,
}
"""What each message of a viewer needs; total over ``ViewerToHost``. ``None`` needs no right, only a seat."""

_BEFORE_CONSENT: Final = frozenset({Heartbeat, Goodbye})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is not obeyed."""

    code: ErrorCode
    capability: Capability | None = None
    removed_by: Factor | None = None
    ask: Permit | None = None
    """Set when the customer could be asked for it (``ASK``, ``ASK_EACH``, ``ELEVATED``)."""


def admit(kind: type[Message], seat: SeatState, given: Circumstances) -> Refusal | None:
    """Decide on a message of this kind; ``None`` means that it may be obeyed.

    A kind that the table does not know is refused: a new message is shut out until it has a row.
    """
    if kind not in NEEDS:
        return Refusal(ErrorCode.UNEXPECTED)
    if seat is not SeatState.LIVE and not (seat is SeatState.ASKING and kind in _BEFORE_CONSENT):
        return Refusal(ErrorCode.UNEXPECTED)
    capability = NEEDS[kind]
    if capability is None:
        return None
    right = effective_right(capability, given)
    match right.permit:
        case Permit.ALLOW:
            return None
        case Permit.NEVER:
            return Refusal(ErrorCode.NOT_PERMITTED, capability, right.removed_by)
        case Permit.ASK | Permit.ASK_EACH | Permit.ELEVATED:
            return Refusal(ErrorCode.NOT_PERMITTED, capability, right.removed_by, right.permit)
