"""What the host decides and the relay carries out: an agent's control messages (SPEC C9, C19-C22, V5, V7)."""

from dataclasses import replace
from typing import Final

from relevo_protocol.errors import ErrorCode, ProtocolError, UnknownTransition
from relevo_protocol.lifecycle import SeatEvent, SeatState, SessionEvent
from relevo_protocol.limits import MAX_HOLD_HOURS, RESTART_LIFE_S
from relevo_protocol.messages import AgentToRelay
from relevo_protocol.messages.relay import (
    AgentHello,
    CodeIssued,
    CodeRequest,
    CodeSpent,
    EndSession,
    HoldNotice,
    InviteClosed,
    InviteOpened,
    JoinAnswered,
    ModeNotice,
    RecordNotice,
    RemoveViewer,
    RestartNotice,
    RoleNotice,
    SeatAdmitted,
)
from relevo_protocol.modes import Mode, Role, SessionKind
from relevo_protocol.rights import Act, may_act, may_show
from relevo_server.access.throttle import Key
from relevo_server.relay.asking import Answer
from relevo_server.relay.records import Audited
from relevo_server.relay.room import left_behind
from relevo_server.relay.seat import Seat
from relevo_server.relay.session import Details, Session
from relevo_server.relay.traits import Lead
from relevo_server.relay.vouching import is_kept, note_act, organisation_of

_REFUSED_RESUME: Final = frozenset(
    {
        ErrorCode.CODE_WRONG,
        ErrorCode.TAMPERED,
        ErrorCode.MALFORMED,
        ErrorCode.UNEXPECTED,
        ErrorCode.DEADLINE,
        ErrorCode.UNSUPPORTED_VERSION,
    }
)
"""A resume that failed so leaves the seat away: who lacks the secret cannot kill another's seat."""
_SEAT_STAYS: Final = _REFUSED_RESUME | {ErrorCode.DESYNC}


def obey(session: Session, said: AgentToRelay) -> None:
    """Carry out what the host of this session says.

    Raises:
        ProtocolError: no host may say it now, or it says too much.
    """
    _charge(session, said)
    match said:
        case SeatAdmitted():
            _admit(session, said)
        case RoleNotice():
            _change_role(session, said)
        case RemoveViewer():
            _remove_viewer(session, said)
        case CodeRequest():
            _issue_code(session)
        case CodeSpent():
            session.keeping.drop_number()
            session.keeping.save()
        case InviteOpened():
            session.around.invitations.open(session.session_id, said.invite, said.life_s, guests=said.guests)
        case InviteClosed():
            session.around.invitations.close(session.session_id, said.invite)
        case JoinAnswered():
            _answer(session, said)
        case _:
            _note(session, said)


def _note(
    session: Session, said: ModeNotice | HoldNotice | RestartNotice | RecordNotice | EndSession | AgentHello
) -> None:
    match said:
        case ModeNotice():
            _change_mode(session, said.mode)
        case HoldNotice():
            _hold(session, said.hold_s)
        case RestartNotice():
            back_by_s = session.around.wall_s() + min(said.back_in_s, RESTART_LIFE_S)
            session.keeping.traits = replace(session.keeping.traits, back_by_s=back_by_s)
            session.stay_changed()
        case RecordNotice():
            note_act(session, said)
        case EndSession():
            session.end(ErrorCode.SESSION_ENDED, said.reason, "agent")
        case AgentHello():
            raise ProtocolError("a second hello", ErrorCode.UNEXPECTED)


def _charge(session: Session, said: AgentToRelay) -> None:
    if _is_an_answer(session, said):
        return
    around = session.around
    throttle = around.agent_records if isinstance(said, RecordNotice) else around.agent_requests
    wait_s = throttle.charge(Key(session.session_id.hex()))
    if session.opened_from and not session.visited:
        # Anybody opens sessions, one after the other: what these leave in the record is their address's.
        wait_s = max(wait_s, around.stranger_acts.charge(*session.opened_from))
    if wait_s > 0.0:
        what = "acts" if isinstance(said, RecordNotice) else "requests"
        session.keeping.leave_out("throttled", session.opened_from, what)
        raise ProtocolError("too many control messages", ErrorCode.THROTTLED)


def _is_an_answer(session: Session, said: AgentToRelay) -> bool:
    """Whether others cause it, who are bounded by what they may ask: nobody gets an agent ended so.

    Each link is admitted once, and removed once; each invitation said again once after a cut; a session ends
    once. What is said of a link that is past changes nothing, however often a host whose line comes and goes
    says it again.
    """
    match said:
        case JoinAnswered():
            return said.request in session.asks
        case RemoveViewer() | EndSession():
            return True
        case SeatAdmitted():
            seat = session.seat_on(said.link)
            return seat is None or not seat.admitted
        case RecordNotice():
            return is_kept(session, said.number)  # said again, because the answer was lost
        case InviteOpened():
            return session.around.invitations.is_awaited(session.session_id, said.invite)
        case _:
            return False


# --- who is in


def _admit(session: Session, said: SeatAdmitted) -> None:
    """A viewer is live: media may pass to it from now on (SPEC C9)."""
    seat = session.seat_on(said.link)
    if seat is None or seat.line is None:
        return  # its line went down meanwhile
    role = _checked_role(session, seat, said.role)
    first = seat.state is SeatState.ASKING
    if first:
        seat.follow(SeatEvent.CONSENTED)
    if seat.state is not SeatState.LIVE:
        raise UnknownTransition(f"the agent admits a seat that is {seat.state}")
    seat.admitted = True
    seat.deadline_s = None
    session.follow(SessionEvent.SEAT_LIVE)
    changed = role is not seat.role
    _take_role(session, seat, role)
    if first:
        session.keeping.save_seat(seat)
        _record_admission(session, seat)
        for one in left_behind(session.seats, seat):
            session.retire(one)
    elif changed:
        _record_role(session, seat)


def _change_role(session: Session, said: RoleNotice) -> None:
    seat = session.seat_on(said.link)
    if seat is None:
        return  # it has left meanwhile
    role = _checked_role(session, seat, said.role)
    if not seat.established:
        raise ProtocolError(f"a role for a seat that is {seat.state}", ErrorCode.UNEXPECTED)
    if role is not seat.role:
        _take_role(session, seat, role)
        _record_role(session, seat)


def _checked_role(session: Session, seat: Seat, role: Role) -> Role:
    """The role that the host gives, as far as any host may give it (SPEC G1, G12)."""
    if session.kind is SessionKind.PRESENTATION:
        return Role.DEMO_VIEWER
    if role is Role.CUSTOMER or (seat.identity.guest and may_act(Act.BECOME_LEAD, role)):
        raise ProtocolError(f"{seat.identity.standing} cannot be {role}", ErrorCode.NOT_PERMITTED)
    return role


def _take_role(session: Session, seat: Seat, role: Role) -> None:
    seat.role = role
    who = seat.identity
    lead = Lead(who.account_id, who.display_name, who.team, who.organisation_id, who.sign_in)
    if role is Role.LEAD and session.keeping.traits.lead != lead:
        session.keeping.traits = replace(session.keeping.traits, lead=lead)
        session.keeping.save()


def _record_admission(session: Session, seat: Seat) -> None:
    who = seat.identity
    details: Details = {"slot": seat.slot, "mode": session.keeping.mode, "role": seat.role.value}
    personal = {"name": who.display_name} if who.guest else {}
    entry = Audited(session.session_id, who.account_id, "viewer.admitted", details, personal)
    session.keeping.keep(entry, organisation_of(who))


def _record_role(session: Session, seat: Seat) -> None:
    session.keeping.save_seat(seat)
    who = seat.identity
    details: Details = {"slot": seat.slot, "role": seat.role.value}
    session.keeping.audit(who.account_id, "viewer.role", details, organisation_of(who))


def _remove_viewer(session: Session, said: RemoveViewer) -> None:
    """The agent removes a viewer; for ``desync`` and a failed resume only its line goes, not its seat."""
    seat = session.seat_on(said.link)
    if seat is None or (seat.line is None and said.code in _SEAT_STAYS):
        return  # the cut that the agent noticed was seen here first
    # A dead code is told as a wrong one: what leads nowhere at all must look the same.
    code = ErrorCode.CODE_WRONG if said.code is ErrorCode.CODE_DEAD else said.code
    line, was_in = seat.line, seat.established
    if code is ErrorCode.DESYNC and line is not None:
        session.viewer_gone(line, code)
    elif seat.state is SeatState.RESUMING and code in _REFUSED_RESUME:
        session.vacate(seat, SeatEvent.REFUSED)
    else:
        session.remove(seat, SeatEvent.LEFT)
        session.keeping.uninvite(seat.identity.account_id)
    if line is not None:
        line.refuse(code, said.reason)
    if (was_in and seat.state is SeatState.GONE) or _may_record_failure(session):
        session.keeping.audit("agent", "viewer.removed", {"slot": seat.slot, "code": said.code.value})
    else:
        session.keeping.leave_out("viewer.removed")


def _may_record_failure(session: Session) -> bool:
    """Whoever fails at the door, or to come back, does not fill the record by trying again."""
    return session.around.failures.charge(Key(session.session_id.hex())) <= 0.0


def _answer(session: Session, said: JoinAnswered) -> None:
    if said.invite is not None and said.code is None and said.sealed:
        answer = Answer(said.invite, said.sealed)
    else:
        answer = Answer(code=said.code or ErrorCode.NOT_PERMITTED)
    account_id = session.asks.settle(said.request, answer)
    if account_id is not None:
        outcome = "let in" if answer.code is None else answer.code.value
        session.keeping.audit("agent", "join.answered", {"account": account_id, "outcome": outcome})


# --- what holds for the whole session


def _issue_code(session: Session) -> None:
    """The agent wants a routing number; any earlier one dies."""
    if session.kind is SessionKind.PRESENTATION:
        raise ProtocolError("a presentation is entered by invitation", ErrorCode.NOT_PERMITTED)
    routing = session.keeping.take_number()
    if session.host is None:
        return
    if routing is None:
        session.host.refuse(ErrorCode.THROTTLED, "too many routing numbers were asked for")
        return
    session.host.send(CodeIssued(routing=routing, code_life_s=session.around.policies.code_life_s))
    session.keeping.save()


def _change_mode(session: Session, mode: Mode) -> None:
    if session.keeping.mode == mode.value:
        return  # said again after a resume
    session.keeping.change_mode(mode)
    session.keeping.audit("agent", "mode.changed", {"mode": mode.value})
    session.show_or_hide(shows=may_show(session.kind, mode))


def _hold(session: Session, hold_s: int) -> None:
    traits = session.keeping.traits
    if hold_s and (traits.lead is None or session.kind is SessionKind.PRESENTATION):
        raise ProtocolError("a hold of a session that nobody leads", ErrorCode.NOT_PERMITTED)
    until_s = session.around.wall_s() + min(hold_s, MAX_HOLD_HOURS * 3600) if hold_s else 0.0
    session.keeping.traits = replace(traits, held_until_s=until_s)
    session.stay_changed()
