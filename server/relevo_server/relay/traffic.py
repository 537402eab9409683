"""What passes through a session: headers checked, bytes passed on as they came (SPEC W7, W8, C9-C14)."""

from typing import Final

from relevo_protocol.codec import agent_to_relay, viewer_to_relay
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import Flags, Header, MessageType, body_of
from relevo_protocol.lifecycle import SeatEvent, SeatState
from relevo_protocol.messages.relay import Leave, ViewerHello
from relevo_server.relay.gate import check_agent, check_viewer, reaches_seat
from relevo_server.relay.line import Line
from relevo_server.relay.orders import obey
from relevo_server.relay.outbox import Kind
from relevo_server.relay.seat import FLIGHTS_EACH_WAY, Seat
from relevo_server.relay.session import Session
from relevo_server.relay.whispers import pass_whisper

_KEYFRAME: Final = int(Flags.KEYFRAME)
_DROPPABLE: Final = int(Flags.DROPPABLE)


def from_agent(session: Session, line: Line, message: bytes, header: Header) -> None:
    """Pass on what the agent sent.

    Raises:
        ProtocolError: the agent sent what no agent may.
    """
    check_agent(header)
    if session.host is not line:
        return
    if line.unconfirmed:
        line.unconfirmed = False
        session.keeping.confirm_agent()
    match header.type:
        case MessageType.MEDIA:
            _fan_out(session, message, header)
        case MessageType.PAIRWISE | MessageType.HANDSHAKE:
            _to_viewer(session, message, header)
        case MessageType.RELAY:
            obey(session, agent_to_relay.decode(body_of(message)))
        case MessageType.TEAM:
            raise ProtocolError("a host has no whispers", ErrorCode.UNEXPECTED)  # the table has no row for it


def from_viewer(session: Session, line: Line, message: bytes, header: Header) -> None:
    """Pass on what a viewer sent.

    Raises:
        ProtocolError: the viewer sent what no viewer may, or at a moment when it may not.
    """
    seat = session.seat_of(line)
    if seat is None or _is_late(session, seat, header):
        return
    check_viewer(header, seat.link, seat.state)
    match header.type:
        case MessageType.RELAY:
            _obey_viewer(session, line, message)
        case MessageType.HANDSHAKE:
            _count_viewer_flight(session, seat)
            _to_host(session, line, message)
        case MessageType.TEAM:
            pass_whisper(session, seat, message, header)
        case MessageType.PAIRWISE | MessageType.MEDIA:
            _to_host(session, line, message)


def _is_late(session: Session, seat: Seat, header: Header) -> bool:
    """Said on an earlier link, or into the absence of the host: lost, never replayed, and nobody's fault."""
    if header.type is MessageType.RELAY or seat.line is None:
        return False
    if seat.line.first_link <= header.key_id < seat.link:
        return True
    return session.host is None and header.key_id == seat.link


def _obey_viewer(session: Session, line: Line, message: bytes) -> None:
    said = viewer_to_relay.decode(body_of(message))
    match said:
        case Leave():
            session.viewer_gone(line, ErrorCode.SESSION_ENDED, left=True)
            line.end(ErrorCode.SESSION_ENDED, "the viewer left")
        case ViewerHello():
            raise ProtocolError("a second hello", ErrorCode.UNEXPECTED)


def _fan_out(session: Session, message: bytes, header: Header) -> None:
    if not session.shows:
        return  # SPEC C22: a picture that was underway when the mode changed, or that nobody may show
    flags = int(header.flags)  # an IntFlag's own operators make a new one each time
    kind = Kind(bool(flags & _KEYFRAME), bool(flags & _DROPPABLE), header.key_id)
    for seat in session.seats.values():
        if seat.admitted and seat.line is not None:
            seat.line.show(message, kind)


def _to_viewer(session: Session, message: bytes, header: Header) -> None:
    seat = session.seats.get(header.dst)
    if seat is None or seat.line is None or not reaches_seat(header, seat.link, seat.state):
        return  # the agent has not heard yet that this link is down
    if header.type is MessageType.PAIRWISE or _count_host_flight(session, seat):
        seat.line.forward(message)


def _to_host(session: Session, line: Line, message: bytes) -> None:
    host = session.host
    if host is None:
        return
    if host.outbox.control_bytes + len(message) > session.around.policies.control_bytes // 2:
        # The other half is for the relay's own words: no viewer can crowd the agent out of its session.
        line.abort(ErrorCode.SLOW, "the customer's line does not keep up with what this viewer sends")
        return
    host.forward(message)


def _count_viewer_flight(session: Session, seat: Seat) -> None:
    if seat.viewer_flights >= FLIGHTS_EACH_WAY or seat.viewer_flights > seat.host_flights:
        raise ProtocolError("a handshake flight out of turn", ErrorCode.UNEXPECTED)
    seat.viewer_flights += 1
    if seat.state is SeatState.JOINING:
        seat.follow(SeatEvent.FLIGHT1)
    session.set_deadline(seat, session.around.policies.handshake_deadline_s)


def _count_host_flight(session: Session, seat: Seat) -> bool:
    if seat.host_flights >= seat.viewer_flights:
        return False
    seat.host_flights += 1
    if seat.host_flights == FLIGHTS_EACH_WAY:
        seat.follow(SeatEvent.VERIFIED)
        policies = session.around.policies
        resumed = seat.state is SeatState.LIVE
        session.set_deadline(seat, policies.handshake_deadline_s if resumed else policies.consent_deadline_s)
        if seat.line is not None:
            seat.line.verified()
            if not seat.line.proven:
                seat.line.proven = True
                session.keeping.confirm_seat(seat)
    return True
