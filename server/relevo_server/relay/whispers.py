"""Whispers from viewer to viewer, sealed; the host never gets one (SPEC W9, T4, T6)."""

from relevo_protocol.header import Header
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.rights import may_whisper
from relevo_server.access.throttle import Key
from relevo_server.relay.seat import Seat
from relevo_server.relay.session import Session


def pass_whisper(session: Session, sender: Seat, message: bytes, header: Header) -> None:
    """Pass a whisper on, or drop it silently: to nobody there, between such roles, too many, no room.

    The header's key id is the sender's own link: ``gate.check_viewer`` has seen to it.
    """
    receiver = session.seats.get(header.dst)
    if receiver is None or receiver is sender or not (_is_in(sender) and _is_in(receiver)):
        return
    line = receiver.line
    if line is None or not may_whisper(sender.role, receiver.role):
        return
    if session.around.whispers.charge(Key(f"{session.session_id.hex()} {sender.slot}")) > 0.0:
        return
    if line.outbox.control_bytes + len(message) > session.around.policies.control_bytes // 2:
        return  # whoever whispers much cannot make a colleague's line overflow
    line.forward(message)


def _is_in(seat: Seat) -> bool:
    return seat.state is SeatState.LIVE and seat.admitted
