"""Which mode holds: up by consent, down at once; and who has which rights in it (SPEC R3, P8, V1)."""

from dataclasses import replace
from typing import Final

from relevo_agent.session.actions import CloseFeatures, Notice, OpenLink, QuestionKind, Tell
from relevo_agent.session.administration import Administration
from relevo_agent.session.desk import Desk
from relevo_agent.session.driving import DRIVEN, Driving
from relevo_agent.session.entrance import heir
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.invite import demo_link
from relevo_agent.session.questions import Decision, Matter, Questions
from relevo_agent.session.refusals import refuse
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.limits import CONSENT_DEADLINE_S
from relevo_protocol.messages.relay import ModeNotice, RecordedAct, RoleNotice
from relevo_protocol.messages.session import ConsentResult, ModeRequest, ModeState, RightView
from relevo_protocol.messages.team import LeadChanged
from relevo_protocol.modes import MODE_TABLE, Capability, Mode, Permit, Role, is_step_up
from relevo_protocol.rights import Act, Circumstances, Factor, Policy, effective_right, may_act

MODE_AGAIN_MS: Final = 500
"""Who asks for the mode that holds is told so at most this often."""
CORE: Final = {
    Mode.OBSERVER: Capability.SCREEN_VIEW,
    Mode.SHARED: Capability.INPUT_POINTER,
    Mode.FULL: Capability.INPUT_POINTER,
    Mode.ADMINISTRATOR: Capability.ELEVATE,
    Mode.DEMO: Capability.SCREEN_PRESENT,
}
"""What a mode is for: without it there is no such mode here, and a refusal names it."""
_TERMINALS: Final = (Capability.TERMINAL_USER, Capability.TERMINAL_ADMIN)


class Modes:
    """Holds the mode, changes it by the rules, and tells everybody their own rights in it."""

    def __init__(
        self, desk: Desk, questions: Questions, screen: Screen, driving: Driving, power: Administration
    ) -> None:
        self._desk = desk
        self._questions = questions
        self._screen = screen
        self._driving = driving
        self._power = power

    def enter(self, mode: Mode, grant_ends_ms: float | None = None) -> None:
        """A mode holds from now on; whatever it may lack is let go first."""
        desk = self._desk
        desk.release_held()
        desk.mode = mode
        desk.consented = frozenset(c for c in desk.consented if MODE_TABLE[mode][c] is not Permit.NEVER)
        if mode is not Mode.DEMO:
            desk.demo = None
        for seat in desk.seated:
            self._questions.call_off_capabilities(seat)
            seat.control_agreed = seat.control_agreed and mode in DRIVEN
        self._grant_to(desk.lead if mode is Mode.ADMINISTRATOR else None)
        desk.tell_relay(ModeNotice(mode=mode))
        self._driving.enter_mode()
        self._power.mode_entered(grant_ends_ms)

    # --- rights told ---

    def tell_all(self) -> None:
        """Tell everybody the mode and their own rights in it."""
        for seat in self._desk.live:
            self._tell(seat, self._told_circumstances(seat))

    def settle(self) -> None:
        """At the end of each event: a mode that its lead may not hold goes down, changed rights are told."""
        lead, mode = self._desk.lead, self._desk.mode
        if lead is not None and mode is Mode.ADMINISTRATOR and self.barred(lead, mode) is None:
            self._grant_to(lead)
        if lead is not None and mode in DRIVEN and self.barred(lead, mode) is not None:
            self.step_down(self._best_below(lead, mode))
        for seat in self._desk.live:
            given = self._told_circumstances(seat)
            if seat.rights_told != given:
                self._tell(seat, given)

    def _best_below(self, lead: Seat, mode: Mode) -> Mode:
        lower = (m for m in (Mode.FULL, Mode.SHARED) if is_step_up(m, mode))
        return next((m for m in lower if self.barred(lead, m) is None), Mode.OBSERVER)

    def _told_circumstances(self, seat: Seat) -> Circumstances:
        # Token and open questions come and go: everybody is told of them by messages of their own.
        return replace(self._desk.circumstances(seat), refused=frozenset(), token=True)

    def _tell(self, seat: Seat, given: Circumstances) -> None:
        before, seat.rights_told = seat.rights_told, given
        seat.mode_told_ms = self._desk.now_ms
        rights = {capability: effective_right(capability, given) for capability in Capability}
        views = {c: RightView(permit=r.permit, removed_by=r.removed_by) for c, r in rights.items()}
        self._desk.tell(seat, ModeState(mode=self._desk.mode, rights=views))
        if before is not None and any(
            rights[c].permit is Permit.NEVER and effective_right(c, before).permit is not Permit.NEVER
            for c in _TERMINALS
        ):
            self._desk.act(CloseFeatures(seat.link))

    # --- down ---

    def step_down(self, mode: Mode) -> None:
        """Go down at once and ask nobody, whoever wants it (SPEC R3)."""
        lead = self._desk.lead
        if lead is not None:
            self._questions.call_off(lead)
        if mode is not self._desk.mode:
            self.enter(mode)
            self.tell_all()

    def lead_left(self) -> None:
        """The mode was granted to the one who left: go down, and let the next person ask anew.

        Who held the session may come back into the mode that they left (SPEC V7).
        """
        kept = self._desk.hold, self._desk.returning
        if self._desk.mode is not Mode.OBSERVER:
            self.enter(Mode.OBSERVER)
        self._desk.hold, self._desk.returning = kept
        self._desk.consented = frozenset()
        following = heir(self._desk.seated)
        if following is not None:
            self._inherit(following)
        self.tell_all()

    def _inherit(self, seat: Seat) -> None:
        seat.role, seat.granted = Role.LEAD, frozenset()
        self._desk.tell_relay(RoleNotice(link=seat.link, role=Role.LEAD))
        self._screen.renew_epoch()
        self._screen.start_if_live()
        for live in self._desk.live:
            self._desk.tell(live, LeadChanged(slot=seat.slot))
        self._desk.tell_grants()
        self._desk.act(Tell(Notice.LEAD_CHANGED, seat.vouched.display_name))
        self._desk.keep(
            Entry(
                EntryKind.LEAD,
                self._desk.now_ms,
                who=seat.vouched.display_name,
                organisation=seat.vouched.organisation,
                role=Role.LEAD,
                mode=self._desk.mode,
            )
        )

    def void_return(self, account_id: str) -> None:
        """This person was sent away: what was kept for their return is void."""
        desk = self._desk
        if desk.hold is not None and desk.hold.account_id == account_id:
            self._power.end_hold()
        if desk.returning is not None and desk.returning.account_id == account_id:
            desk.returning = None

    def enter_returned(self, account_id: str) -> None:
        """The lead of a held or restarted session is back, in the mode that was granted (SPEC V6, V7)."""
        desk = self._desk
        kept = next(
            (k for k in (desk.hold, desk.returning) if k is not None and k.account_id == account_id), None
        )
        mode = desk.mode_for_return(account_id)
        if kept is None or mode is None:
            return
        if mode is desk.mode:
            self._driving.enter_mode()
        else:
            self.enter(mode, kept.grant_ends_ms)

    # --- up ---

    def entry_mode(self, seat: Seat, asked: Mode) -> Mode:
        """The mode that the first technician comes in with; administrator comes later (SPEC V1)."""
        wanted = self._desk.settings.start_mode or asked
        if wanted is Mode.DEMO:
            return Mode.OBSERVER
        if wanted is Mode.ADMINISTRATOR and self._desk.settings.start_mode is None:
            wanted = Mode.FULL
        for mode in (wanted, Mode.FULL, Mode.SHARED):
            if self.barred(seat, mode) is None and (mode is wanted or is_step_up(mode, wanted)):
                return mode
        return Mode.OBSERVER

    def _grant_to(self, seat: Seat | None) -> None:
        """Administrator mode is this person's from now on: that uses their proof up (SPEC V10)."""
        self._desk.granted_to = None if seat is None else seat.vouched.account_id
        if seat is not None:
            seat.proved_until_ms = seat.asked_until_ms = float("-inf")

    def proved(self, link: int, life_s: int) -> None:
        """The relay vouches that who is on this link has just proved who they are (SPEC C27)."""
        seat = self._desk.seat_of(link)
        if seat is not None:
            seat.proved_until_ms = self._desk.now_ms + life_s * 1000

    def _keep_proof(self, seat: Seat) -> None:
        """What counted when it was asked counts when the customer answers, and for no later question."""
        if self._desk.now_ms < seat.proved_until_ms:
            seat.asked_until_ms = self._desk.now_ms + CONSENT_DEADLINE_S * 1000

    def _is_proved(self, seat: Seat, *, asked: bool) -> bool:
        """Whether who leads may have administrator mode now: it is theirs already, or they may begin it."""
        desk = self._desk
        if desk.settings.start_mode is Mode.ADMINISTRATOR or desk.granted_to == seat.vouched.account_id:
            return True
        return desk.now_ms < (seat.asked_until_ms if asked else seat.proved_until_ms)

    def barred(self, seat: Seat, mode: Mode, *, asked: bool = False) -> Factor | None:
        """What bars this lead from this mode, whatever the customer says (SPEC V1, V8, V10, N4).

        ``asked``: the customer has been asked, and a proof that held then holds for the answer.
        """
        settings, core = self._desk.settings, CORE[mode]
        if mode not in settings.modes or (mode is Mode.ADMINISTRATOR and not settings.service):
            return Factor.PLATFORM
        if mode is Mode.ADMINISTRATOR and not seat.vouched.admin_tools:
            return Factor.ROLE
        if settings.policy.get(core) is Policy.DENY:
            return Factor.POLICY
        if settings.floor.get(core) is Policy.DENY:
            return Factor.FLOOR
        if mode is Mode.ADMINISTRATOR and not self._is_proved(seat, asked=asked):
            return Factor.REAUTH
        return None

    def requested(self, seat: Seat, request: ModeRequest) -> None:
        """A viewer wants another mode (SPEC P8)."""
        mode = request.mode
        up = is_step_up(self._desk.mode, mode)
        if mode is self._desk.mode:
            self._questions.withdraw(seat)
            if self._desk.now_ms - seat.mode_told_ms >= MODE_AGAIN_MS:
                self._tell(seat, self._told_circumstances(seat))
        elif not may_act(Act.RAISE_MODE if up else Act.LOWER_MODE, seat.role):
            self._refuse(seat, mode, ErrorCode.NOT_PERMITTED, Factor.ROLE)
        elif not up:
            self.step_down(mode)
        elif (barred := self.barred(seat, mode)) is not None:
            self._refuse(seat, mode, ErrorCode.NOT_PERMITTED, barred)
        elif mode is Mode.DEMO and request.demo is None:
            self._refuse(seat, mode, ErrorCode.NOT_PERMITTED, Factor.MODE)
        elif self._questions.rests(seat, None):
            self._refuse(seat, mode, ErrorCode.THROTTLED, Factor.CONSENT)
        elif self._questions.pending(seat) is None:
            self._keep_proof(seat)
            self._questions.ask(seat, Matter(QuestionKind.MODE, mode, seat.role, message=request))

    def _refuse(self, seat: Seat, mode: Mode, code: ErrorCode, factor: Factor) -> None:
        if factor is Factor.REAUTH and seat.acts.spend(self._desk.now_ms):
            self._desk.note(RecordedAct.STEP_UP_REFUSED, seat.slot)
        self._desk.answer(seat, ConsentResult(granted=False, mode=mode, code=code))
        refuse(self._desk, seat, Refusal(code, CORE[mode], factor))

    def answered(self, seat: Seat, matter: Matter, decision: Decision, code: ErrorCode | None) -> None:
        """The customer, or the clock, has decided about a step up."""
        barred = self.barred(seat, matter.mode, asked=True) is not None or not may_act(
            Act.RAISE_MODE, seat.role
        )
        if decision.granted and barred:
            decision, code = replace(decision, granted=False), ErrorCode.NOT_PERMITTED
        self._desk.tell(seat, ConsentResult(granted=decision.granted, mode=matter.mode, code=code))
        if not decision.granted:
            self._questions.rest(seat, None)
            return
        self.enter(matter.mode)
        self._desk.consented |= decision.ticked
        if isinstance(matter.message, ModeRequest):
            self._open_demo(matter.message)
        self.tell_all()

    def _open_demo(self, request: ModeRequest) -> None:
        """The customer sees a presentation: in their own browser, at their own relay (SPEC G13)."""
        demo, context = request.demo, self._desk.context
        if request.mode is Mode.DEMO and demo is not None and context is not None:
            self._desk.demo = demo
            self._desk.act(OpenLink(demo_link(context.relay_origin, demo.invite, demo.secret)))
