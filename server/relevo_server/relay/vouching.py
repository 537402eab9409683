"""What the relay vouches for beyond a seat: a fresh proof of who somebody is, reports, the host's acts.

SPEC C26, N8, V10.
"""

from typing import Final

from relevo_protocol.messages.relay import Recorded, RecordedAct, RecordNotice, StepUp
from relevo_protocol.modes import SessionKind
from relevo_server.relay.records import Audited
from relevo_server.relay.seat import Identity, Seat
from relevo_server.relay.session import Session
from relevo_server.relay.traits import Lead

REPORTED: Final = f"act.{RecordedAct.REPORTED.value}"
"""The action that also opens a report for who runs the organisation."""
_CUSTOMER: Final = "customer"


def is_live(session: Session, who: Identity) -> bool:
    """Whether this person is in the session by this sign-in, let in and present."""
    return any(_same_sign_in(seat.identity, who) for seat in _live(session))


def step_up(session: Session, who: Identity) -> bool:
    """Tell the host that this person has just proved who they are; False when they are not live there.

    A proof in one browser says nothing about another one: only seats of the same sign-in are meant.
    """
    host = session.host
    found = [seat for seat in _live(session) if _same_sign_in(seat.identity, who)]
    if host is None or not found or not who.admin_tools:
        return False
    for seat in found:
        host.send(StepUp(link=seat.link))
        entry = Audited(session.session_id, who.account_id, "step_up", {"slot": seat.slot})
        session.keeping.keep(entry, who.organisation_id)
    return True


def report(session: Session, who: Identity) -> bool:
    """Somebody in the session reports it; False when they are not in it."""
    seats = [seat for seat in _live(session) if seat.identity.account_id == who.account_id]
    if not seats:
        return False
    entry = Audited(
        session.session_id,
        who.account_id,
        REPORTED,
        {"slot": 0, "by": "viewer", "accused": ""},
        _people(session),
    )
    session.keeping.keep(entry, organisation_of(who))
    return True


def note_act(session: Session, said: RecordNotice) -> None:
    """Keep what the host tells for the record; with a number it is the same act however often told."""
    if is_kept(session, said.number):
        if session.host is not None:
            session.host.send(Recorded(number=said.number))
        return
    details: dict[str, str | int | bool] = {"slot": said.slot}
    personal = {"detail": said.detail} if said.detail else {}
    actor, organisation = _actor(session, said.slot)
    if said.act is RecordedAct.REPORTED:
        details |= {"by": _CUSTOMER, "accused": _accused(session, said.slot)}
        if not _opens_report(session, said.slot):
            details["report"] = False
        personal |= _people(session)
        actor = _actor(session, 0)[0]
    cause = f"act:{said.number}" if said.number else ""
    entry = Audited(session.session_id, actor, f"act.{said.act.value}", details, personal, cause=cause)
    session.keeping.keep(entry, organisation, said.number)


def acknowledge(session: Session, number: int) -> None:
    """Tell the host that the act of this number outlives the relay from now on (SPEC C26)."""
    session.acts.append(number)
    if session.host is not None:
        session.host.send(Recorded(number=number))


def is_kept(session: Session, number: int) -> bool:
    """Whether this act is in the record for sure; the host says again what it has not been told of."""
    return number in session.acts


def _actor(session: Session, slot: int) -> tuple[str, str]:
    """The account that acts and its organisation; the host's own person has none, unless they present."""
    if slot == 0:
        lead = session.keeping.traits.lead
        return (lead.account_id if lead and session.kind is SessionKind.PRESENTATION else _CUSTOMER), ""
    seat = session.seats.get(slot)
    if seat is None:
        return "agent", ""
    return seat.identity.account_id, organisation_of(seat.identity)


def _accused(session: Session, slot: int) -> str:
    """Whom a report is about: everybody's is about the lead; who has left meanwhile is not guessed."""
    seat, lead = session.seats.get(slot), session.keeping.traits.lead
    if seat is not None:
        return seat.identity.account_id
    return lead.account_id if slot == 0 and lead is not None else ""


def _opens_report(session: Session, slot: int) -> bool:
    """Whether a report is one for people to look at: anybody may open sessions, and say this without end.

    It needs somebody with an account who came, and of each slot the first one is enough.
    """
    is_first = slot not in session.reported
    session.reported.add(slot)
    return is_first and session.visited


def _people(session: Session) -> dict[str, str]:
    """Names by slot: for whoever looks into the report, who may not find the people there any more."""
    return {str(seat.slot): seat.identity.display_name for seat in session.seats.values() if seat.established}


def organisation_of(who: Identity) -> str:
    """Whose record their acts belong to; empty for a guest, whose acts are the session's."""
    return "" if who.guest else who.organisation_id


def _live(session: Session) -> list[Seat]:
    return [seat for seat in session.seats.values() if seat.admitted and seat.line is not None]


def _same_sign_in(one: Identity, other: Identity) -> bool:
    return one.account_id == other.account_id and one.sign_in == other.sign_in


def presenting(lead: Lead) -> Identity:
    """A presenter as the relay vouches for them."""
    return Identity(
        lead.account_id,
        lead.display_name,
        "",
        team=lead.team,
        organisation_id=lead.organisation,
        sign_in=lead.sign_in,
    )
