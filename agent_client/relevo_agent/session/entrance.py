"""As what somebody comes in, and how the customer is asked about them (SPEC G1, G11)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from relevo_agent.session.actions import QuestionKind
from relevo_agent.session.invite import Invite
from relevo_agent.session.seat import Seat
from relevo_protocol.messages.relay import ViewerJoining
from relevo_protocol.modes import Capability, Role, SessionKind, Standing
from relevo_protocol.rights import Act, may_act

EXTERNAL_GRANTS: Final = frozenset(
    {Capability.SCREEN_VIEW, Capability.POINT_LASER, Capability.POINT_ANNOTATE, Capability.SNAPSHOT}
)
"""What the invitation itself grants to somebody from outside."""
_LEADS: Final = frozenset({Role.COLLABORATOR, Role.EXPERT})
"""Who comes as one of these leads where nobody does: the first technician is the lead."""
_HEIRS: Final = (Role.LEAD, Role.COLLABORATOR, Role.EXPERT, Role.SUPERVISOR)


@dataclass(frozen=True, slots=True)
class Entrance:
    """As what they come; ``kind`` is how the customer is asked, ``None`` if not at all."""

    role: Role
    kind: QuestionKind | None
    granted: frozenset[Capability] = frozenset()


def entrance(kind: SessionKind, who: ViewerJoining, invite: Invite | None, lead: Seat | None) -> Entrance:
    """Decide about somebody who has proven that they know a secret: that of ``invite``, or the code's.

    ``lead`` is who leads now. The lead of a held session comes back without a question; the caller has looked
    whether the hold still counts.
    """
    if kind is SessionKind.PRESENTATION:
        return Entrance(Role.DEMO_VIEWER, None)
    outside = who.standing is Standing.GUEST
    if invite is not None and invite.returning and not outside and _leads_for(who, lead):
        return Entrance(Role.LEAD, None)
    role = role_on_entry(who.standing, invite, lead is not None)
    granted = EXTERNAL_GRANTS if role is Role.EXTERNAL else frozenset[Capability]()
    return Entrance(role, _question(who, role, lead), granted)


def role_on_entry(standing: Standing, invite: Invite | None, has_lead: bool) -> Role:
    """Return the role: by code the lead or a collaborator, by invitation the invitation's own."""
    if standing is Standing.GUEST:
        return Role.EXTERNAL
    role = Role.COLLABORATOR if invite is None or invite.role is Role.LEAD else invite.role
    by_relay = invite is not None and invite.account_id is not None
    if role is Role.SUPERVISOR and not (by_relay and standing is Standing.SUPERVISOR):
        role = Role.COLLABORATOR
    return Role.LEAD if role in _LEADS and not has_lead else role


def _question(who: ViewerJoining, role: Role, lead: Seat | None) -> QuestionKind:
    """A further person of the lead's own organisation is announced, everybody else is asked about in full."""
    if lead is None or role is Role.LEAD or who.standing is Standing.GUEST or not who.organisation:
        return QuestionKind.ENTRY
    same = who.organisation == lead.vouched.organisation
    return QuestionKind.VETO if same else QuestionKind.ENTRY


def _leads_for(who: ViewerJoining, lead: Seat | None) -> bool:
    return lead is None or lead.vouched.account_id == who.account_id


def role_when_let_in(role: Role, has_lead: bool) -> Role:
    """Return the role at the moment of the yes: meanwhile somebody else may lead, or nobody any more."""
    if role is Role.LEAD and has_lead:
        return Role.COLLABORATOR
    return Role.LEAD if role in _LEADS and not has_lead else role


def heir(seated: Iterable[Seat]) -> Seat | None:
    """Who leads when the lead is gone: nobody from outside, a supervisor only if nobody else is here."""
    able = [seat for seat in seated if may_act(Act.BECOME_LEAD, seat.role)]
    return min(able, key=lambda seat: (_HEIRS.index(seat.role), seat.slot), default=None)
