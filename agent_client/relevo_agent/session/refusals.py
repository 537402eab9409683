"""Telling a viewer that something was not carried out, and why, now and then (SPEC R6)."""

from typing import Final

from relevo_agent.session.desk import Desk
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.messages.session import InputRefused
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Factor

REFUSAL_GAP_MS: Final = 1000
"""A refusal for the same reason is told at most this often."""


def refuse(desk: Desk, seat: Seat, refusal: Refusal) -> bool:
    """Tell this viewer why not; true if they were told, and had not been a moment ago.

    What may not come at all before they are live is not answered.
    """
    if refusal.code is ErrorCode.UNEXPECTED:
        return False
    reason = (refusal.code, refusal.capability, refusal.removed_by)
    if desk.now_ms - seat.refused_ms.get(reason, -REFUSAL_GAP_MS) < REFUSAL_GAP_MS:
        return False
    seat.refused_ms[reason] = desk.now_ms
    told = InputRefused(code=refusal.code, capability=refusal.capability, removed_by=refusal.removed_by)
    desk.tell(seat, told)
    return True


def refuse_role(desk: Desk, seat: Seat) -> None:
    """This viewer's role, or that of the one it is about, forbids the act (SPEC G5)."""
    refuse(desk, seat, Refusal(ErrorCode.NOT_PERMITTED, None, Factor.ROLE))


def refuse_haste(desk: Desk, seat: Seat, capability: Capability | None = None) -> None:
    """Too much of it in too short a time."""
    refuse(desk, seat, Refusal(ErrorCode.THROTTLED, capability))
