"""Who is what in the session: lead, grants, removal, keys for whispers (SPEC G5-G10, T2)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from relevo_agent.session.actions import Notice, Tell
from relevo_agent.session.desk import Desk
from relevo_agent.session.doorway import Doorway
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.questions import Questions
from relevo_agent.session.refusals import refuse, refuse_haste, refuse_role
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import SEATED, Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.limits import MAX_NAME_CHARS
from relevo_protocol.messages.relay import RecordedAct, RoleNotice
from relevo_protocol.messages.team import (
    GrantChange,
    HandOver,
    LeadChanged,
    RemoveMember,
    TakeOver,
    TeamKey,
)
from relevo_protocol.modes import Capability, Role
from relevo_protocol.rights import NEEDS_GRANT, Act, Factor, may_act

MARKING: Final = frozenset({Capability.POINT_LASER, Capability.POINT_ANNOTATE})
_DRIVING: Final = frozenset(
    {Capability.INPUT_POINTER, Capability.INPUT_TEXT, Capability.INPUT_KEYS, Capability.INPUT_SPECIAL}
)
_STAYS_AS: Final = frozenset({Role.SUPERVISOR, Role.EXPERT})
"""Who came as one of these is it again after having led."""

TeamMessage = TeamKey | TakeOver | HandOver | GrantChange | RemoveMember


@dataclass(frozen=True, slots=True)
class _Change:
    """Somebody becomes the lead: who is on record for it, and with which reason."""

    new: Seat
    old_role: Role
    act: RecordedAct
    notice: Notice
    by: Seat
    reason: str | None = None


class Team:
    """Carries out what the gate has admitted, and checks whom it is about.

    What follows for the token, and for everybody's rights, follows at the end of the event.
    """

    def __init__(self, desk: Desk, screen: Screen, questions: Questions, doorway: Doorway) -> None:
        self._desk = desk
        self._screen = screen
        self._questions = questions
        self._doorway = doorway

    def heard(self, seat: Seat, message: TeamMessage) -> None:
        """A viewer's word about who is what."""
        if isinstance(message, TeamKey):
            self._team_key(seat, message)
            return
        pace = self._desk.relay_acts if isinstance(message, TakeOver | HandOver) else seat.acts
        if not pace.spend(self._desk.now_ms):
            refuse_haste(self._desk, seat)
            return
        match message:
            case TakeOver():
                self._take_over(seat, message)
            case HandOver():
                self._hand_over(seat, message)
            case GrantChange():
                self._grant(seat, message)
            case RemoveMember():
                self._remove(seat, message)

    def _team_key(self, seat: Seat, message: TeamKey) -> None:
        """One key for each link: a second one would cost everybody a keyframe (SPEC T2)."""
        if seat.team_key is None and may_act(Act.WHISPER, seat.role):
            seat.team_key = message.public
            self._screen.renew_epoch()
            self._screen.start_if_live()

    # --- the lead ---

    def _take_over(self, seat: Seat, message: TakeOver) -> None:
        self._change_lead(
            _Change(seat, Role.COLLABORATOR, RecordedAct.TAKE_OVER, Notice.TAKEN_OVER, seat, message.reason)
        )

    def _hand_over(self, seat: Seat, message: HandOver) -> None:
        new = self._desk.seats.get(message.slot)
        if new is None or new is seat or new.state is not SeatState.LIVE:
            return
        if not may_act(Act.BECOME_LEAD, new.role):
            refuse_role(self._desk, seat)
            return
        old_role = seat.entered_as if seat.entered_as in _STAYS_AS else Role.COLLABORATOR
        self._change_lead(_Change(new, old_role, RecordedAct.HAND_OVER, Notice.LEAD_CHANGED, seat))

    def _change_lead(self, change: _Change) -> None:
        """One leads, the other no longer; the mode stays as far as the new lead may have it (SPEC G8)."""
        old, new = self._desk.lead, change.new
        self._desk.release_held()
        self._questions.call_off_control()
        if old is not None:
            self._become(old, change.old_role)
        self._become(new, Role.LEAD)
        self._screen.renew_epoch()
        self._desk.tell_grants()
        for seat in self._desk.live:
            self._desk.tell(seat, LeadChanged(slot=new.slot, reason=change.reason))
        self._screen.start_if_live()
        self._put_on_record(change)

    def _become(self, seat: Seat, role: Role) -> None:
        """Another role: what was granted for the old one, and what was asked in it, is over."""
        self._questions.call_off(seat)
        seat.role = role
        seat.granted = seat.lent = frozenset()
        if seat.state is SeatState.LIVE:
            self._desk.tell_relay(RoleNotice(link=seat.link, role=role))

    def _put_on_record(self, change: _Change) -> None:
        vouched, reason = change.new.vouched, change.reason or ""
        self._desk.act(Tell(change.notice, vouched.display_name, reason))
        detail = reason[:MAX_NAME_CHARS] if change.reason else vouched.display_name
        self._desk.note(change.act, change.by.slot, detail)
        self._desk.keep(
            Entry(
                EntryKind.LEAD,
                self._desk.now_ms,
                who=vouched.display_name,
                organisation=vouched.organisation,
                role=Role.LEAD,
                mode=self._desk.mode,
                detail=reason,
            )
        )

    # --- grants ---

    def _grant(self, seat: Seat, change: GrantChange) -> None:
        member = self._desk.seats.get(change.slot)
        if member is None or member.state not in SEATED:
            return
        if change.capability not in NEEDS_GRANT[member.role]:
            refuse(self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, change.capability, Factor.ROLE))
        elif self._is_for_the_customer(member, change):
            refuse(self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, change.capability, Factor.CONSENT))
        else:
            self._set_grants(
                member, frozenset({change.capability}), granted=change.granted, by_slot=seat.slot
            )

    @staticmethod
    def _is_for_the_customer(member: Seat, change: GrantChange) -> bool:
        """Whether somebody from outside is to drive, which the customer is asked about first (SPEC G6)."""
        drives = change.granted and change.capability in _DRIVING
        return drives and member.role is Role.EXTERNAL and not member.control_agreed

    def allow_marks(self, slot: int, allowed: bool) -> None:
        """The presenter lets a demo viewer point and draw, or no longer."""
        member = self._desk.seats.get(slot)
        if member is not None and member.state in SEATED and member.role is Role.DEMO_VIEWER:
            self._set_grants(member, MARKING, granted=allowed, by_slot=0)

    def _set_grants(
        self, member: Seat, capabilities: AbstractSet[Capability], *, granted: bool, by_slot: int
    ) -> None:
        before = member.granted
        member.granted = before | capabilities if granted else before - capabilities
        member.lent -= capabilities
        if member.granted == before:
            return
        self._desk.tell_grants()
        for capability in sorted(capabilities):
            sign = "+" if granted else "-"
            self._desk.note(RecordedAct.GRANT_CHANGED, by_slot, f"{member.slot} {sign}{capability}")

    # --- removal ---

    def _remove(self, seat: Seat, message: RemoveMember) -> None:
        """The lead goes by nobody's word but a take-over's, which has a reason."""
        member = self._desk.seats.get(message.slot)
        if member is None or member is seat or member.state not in SEATED:
            return
        if member.role is Role.LEAD:
            refuse_role(self._desk, seat)
            return
        self._desk.note(RecordedAct.MEMBER_REMOVED, seat.slot, member.vouched.display_name)
        self._doorway.dismiss(member, ErrorCode.REMOVED)
