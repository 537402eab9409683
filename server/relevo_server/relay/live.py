"""The sessions that somebody may know of: who is in them, nothing of any screen (SPEC C20)."""

from dataclasses import dataclass

from relevo_protocol.lifecycle import SessionState
from relevo_protocol.modes import Mode, Role, SessionKind, Standing
from relevo_server.relay.seat import Identity, Seat
from relevo_server.relay.session import Session
from relevo_server.relay.traits import Traits


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a session, as everybody in it sees them."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class LiveSession:
    """One session in somebody's list. ``why_not`` says why they cannot come in now."""

    id: str
    kind: SessionKind
    mode: Mode
    since_s: int
    lead: str
    people: list[Person]
    host_present: bool
    held: bool
    mine: bool
    invited: bool
    joinable: bool
    why_not: str | None


def may_see(session: Session, who: Identity) -> bool:
    """Tell whether this person may know that the session exists.

    A supervisor sees those of the team, everybody the own held ones and those that they are invited to; all
    of it within their organisation (SPEC C29).
    """
    traits = session.keeping.traits
    if who.guest or traits.lead is None or not _goes_on(session):
        return False
    if traits.lead.organisation != who.organisation_id:
        return False
    of_team = who.standing is Standing.SUPERVISOR and traits.lead.team == who.team
    return of_team or who.account_id in session.keeping.invited or _own(session, who)


def listed(session: Session, who: Identity) -> LiveSession:
    """The session as somebody sees it who may."""
    traits, wall_s = session.keeping.traits, session.around.wall_s()
    reason = why_not(session, who)
    return LiveSession(
        id=session.session_id.hex(),
        kind=traits.kind,
        mode=Mode(session.keeping.mode),
        since_s=max(0, int(wall_s - session.created_at_s)),
        lead=traits.lead.display_name if traits.lead is not None else "",
        people=[Person(seat.identity.display_name, seat.role) for seat in _present(session)],
        host_present=session.host is not None,
        held=traits.held(wall_s),
        mine=traits.lead is not None and traits.lead.account_id == who.account_id,
        invited=who.account_id in session.keeping.invited,
        joinable=reason is None,
        why_not=reason,
    )


def why_not(session: Session, who: Identity) -> str | None:
    """Why this person cannot ask to come in now; None when they can."""
    traits = session.keeping.traits
    if traits.kind is SessionKind.PRESENTATION:
        return "presentation"
    if session.host is None:
        return "restarting" if traits.restarting_s(session.around.wall_s()) else "host_away"
    if any(seat.identity.account_id == who.account_id for seat in _present(session)):
        return "already_in"
    return None if session.has_room(who) else "full"


def _own(session: Session, who: Identity) -> bool:
    traits = session.keeping.traits
    if traits.lead is None or traits.lead.account_id != who.account_id:
        return False
    return traits.kind is SessionKind.PRESENTATION or _kept(traits, session.around.wall_s())


def _kept(traits: Traits, wall_s: float) -> bool:
    return traits.held(wall_s) or traits.restarting_s(wall_s) > 0


def _goes_on(session: Session) -> bool:
    """Whether anybody was let in and may still be there, or come back."""
    if session.state is SessionState.ENDED:
        return False
    traits = session.keeping.traits
    if traits.kind is SessionKind.PRESENTATION or _kept(traits, session.around.wall_s()):
        return True
    return any(seat.established for seat in session.seats.values())


def _present(session: Session) -> list[Seat]:
    """Who was let in and is there now."""
    return [seat for seat in session.seats.values() if seat.established and seat.line is not None]
