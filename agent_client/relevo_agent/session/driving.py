"""The control token among people: who may take it, who loses it, what everybody is told (SPEC G2-G7)."""

from dataclasses import replace
from typing import Final

from relevo_agent.session.actions import Notice, QuestionKind, Tell, Token, WatchLocalInput
from relevo_agent.session.desk import Desk
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.questions import Decision, Matter, Questions
from relevo_agent.session.refusals import refuse, refuse_role
from relevo_agent.session.seat import Seat
from relevo_agent.session.token import CUSTOMER
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.limits import LOCAL_PAUSE_MS, LOCAL_QUIET_MS
from relevo_protocol.messages.relay import RecordedAct
from relevo_protocol.messages.session import ConsentResult
from relevo_protocol.messages.team import ControlGive, ControlRequest, TokenCause, TokenState
from relevo_protocol.modes import Capability, Mode, Permit, Role
from relevo_protocol.rights import Act, Factor, Right, effective_right, may_act

DRIVEN: Final = frozenset({Mode.SHARED, Mode.FULL, Mode.ADMINISTRATOR})
"""Modes in which somebody drives."""
GIVEN_TO_DRIVE: Final = frozenset({Capability.INPUT_POINTER, Capability.INPUT_TEXT, Capability.INPUT_KEYS})
"""What the lead grants by handing the token over (SPEC G6)."""
AT_WORK_MS: Final = 300
"""Shared desktop: who moved the mouse so recently is at work, and nobody takes it out of their hand."""
TOLD_AGAIN_MS: Final = 500
"""While the customer goes on moving, the end of their turn is told anew this often."""
PAUSE_TOLD_MS: Final = 5000
"""The notice that the technician pauses comes at most this often."""


class Driving:
    """Moves the token by the rules and tells of it; what it is at the end of an event is what counts."""

    def __init__(self, desk: Desk, questions: Questions) -> None:
        self._desk = desk
        self._questions = questions
        self._told = Token()
        self._told_cause = TokenCause.MODE
        self._told_ms = float("-inf")
        self._held_by: int | None = None
        self._used_by: int | None = None
        self._watching = False
        self._pause_told_ms = float("-inf")
        self._pause_shown = False

    @property
    def shown(self) -> Token:
        """The token as windows show it: as it was told last."""
        return self._told

    # --- what the mode says ---

    def enter_mode(self) -> None:
        """A mode begins: the lead drives, or nobody."""
        token = self._desk.token
        if self._desk.mode not in DRIVEN:
            token.enter(None)
            return
        lead = self._desk.lead
        token.enter(lead.slot if lead is not None and self._may_hold(lead) else CUSTOMER)
        if lead is not None and token.owner == CUSTOMER:
            token.await_return(lead.slot)

    # --- what viewers want ---

    def requested(self, seat: Seat, request: ControlRequest) -> None:
        """A member wants to drive; somebody from outside only once the customer has agreed (SPEC G4, G6)."""
        token = self._desk.token
        right = self._pointing(seat)
        if right.permit is not Permit.ALLOW:
            refuse(
                self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, Capability.INPUT_POINTER, right.removed_by)
            )
        elif self._needs_agreement(seat):
            self._ask_agreement(seat, request)
        elif self._customer_at_work:
            refuse(self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, Capability.INPUT_POINTER, Factor.TOKEN))
        elif token.is_local and self._desk.mode is not Mode.SHARED:
            # The second of pause stays; who drives after it changes all the same.
            token.micro, token.owner = None, seat.slot
        else:
            token.give(seat.slot, TokenCause.TAKEN)

    def must_ask(self, seat: Seat) -> bool:
        """Whether this PC wants the customer asked before anybody points at all (SPEC N4)."""
        return self._pointing(seat).permit is Permit.ASK

    def released(self, seat: Seat) -> None:
        """Who drives gives it up: a lead to the customer, anybody else to the lead."""
        token = self._desk.token
        if token.micro == seat.slot:
            token.unlend()
        elif token.owner == seat.slot:
            token.give(CUSTOMER if seat.role is Role.LEAD else self._heir(seat.slot), TokenCause.RELEASED)

    def given(self, seat: Seat, give: ControlGive) -> None:
        """The lead hands it to a member, with the rights that it takes."""
        receiver = self._desk.seats.get(give.slot)
        if receiver is None or receiver.state is not SeatState.LIVE:
            return
        if self._desk.mode not in DRIVEN:
            refuse(self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, Capability.INPUT_POINTER, Factor.MODE))
        elif not may_act(Act.TAKE_CONTROL, receiver.role):
            refuse_role(self._desk, seat)
        elif self._needs_agreement(receiver):
            self._ask_agreement(receiver, give)
        else:
            self._hand_to(receiver)

    def _hand_to(self, receiver: Seat) -> None:
        lacking = GIVEN_TO_DRIVE - receiver.granted
        if receiver.role is not Role.LEAD and lacking:
            receiver.granted |= lacking
            if receiver.role is Role.EXTERNAL:
                receiver.lent |= lacking
            self._desk.tell_grants()
            lead = self._desk.lead
            by_slot = receiver.slot if lead is None else lead.slot
            self._desk.note(RecordedAct.GRANT_CHANGED, by_slot, f"{receiver.slot} +control")
        if self._pointing(receiver).permit is Permit.ALLOW:
            self._desk.token.give(receiver.slot, TokenCause.GIVEN)

    def borrowed(self, seat: Seat) -> None:
        """A supervisor takes it for a minute (SPEC G7)."""
        token = self._desk.token
        if token.micro == seat.slot:
            return
        lent = self._desk.circumstances(seat)
        lent = replace(lent, granted=lent.granted | GIVEN_TO_DRIVE, refused=frozenset(), token=True)
        right = effective_right(Capability.INPUT_POINTER, lent)
        if right.permit is not Permit.ALLOW:
            refuse(
                self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, Capability.INPUT_POINTER, right.removed_by)
            )
        elif self._customer_at_work:
            refuse(self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, Capability.INPUT_POINTER, Factor.TOKEN))
        else:
            token.local_over(TokenCause.TAKEN)
            token.lend(seat.slot, self._desk.now_ms)
            self._desk.act(Tell(Notice.MICRO_HANDOVER, seat.vouched.display_name))
            self._desk.note(RecordedAct.MICRO_HANDOVER, seat.slot)

    # --- somebody from outside ---

    def _needs_agreement(self, seat: Seat) -> bool:
        return seat.role is Role.EXTERNAL and not seat.control_agreed

    def _ask_agreement(self, seat: Seat, message: ControlGive | ControlRequest) -> None:
        if self._questions.rests(seat, Capability.INPUT_POINTER):
            refuse(self._desk, seat, Refusal(ErrorCode.THROTTLED, Capability.INPUT_POINTER, Factor.CONSENT))
        elif self._questions.pending(seat) is None:
            self._questions.ask(
                seat,
                Matter(
                    QuestionKind.CONTROL,
                    self._desk.mode,
                    seat.role,
                    capability=Capability.INPUT_POINTER,
                    message=message,
                ),
            )

    def agreed(self, seat: Seat, matter: Matter, decision: Decision, code: ErrorCode | None) -> None:
        """The customer has decided whether this person from outside drives."""
        told = ConsentResult(
            granted=decision.granted, mode=self._desk.mode, code=code, capability=matter.capability
        )
        self._desk.tell(seat, told)
        if not decision.granted:
            self._questions.rest(seat, matter.capability)
            return
        if self._desk.mode not in DRIVEN or seat.state is not SeatState.LIVE:
            return
        seat.control_agreed = True
        if isinstance(matter.message, ControlGive):
            self._hand_to(seat)
        elif self._pointing(seat).permit is Permit.ALLOW:
            self._desk.token.give(seat.slot, TokenCause.TAKEN)

    # --- the person at this PC ---

    def local_input(self) -> None:
        """The real mouse or keyboard of this PC moves (SPEC G3)."""
        shared = self._desk.mode is Mode.SHARED
        began = self._desk.token.local_input(self._desk.now_ms, LOCAL_QUIET_MS if shared else LOCAL_PAUSE_MS)
        if began and not shared and self._desk.now_ms - self._pause_told_ms >= PAUSE_TOLD_MS:
            self._pause_told_ms = self._desk.now_ms
            self._pause_shown = True
            self._desk.act(Tell(Notice.PAUSED_BY_YOU))

    def take(self) -> None:
        """The customer takes it, until somebody asks for it again."""
        token = self._desk.token
        if token.owner is not None and (token.owner != CUSTOMER or token.micro is not None):
            token.give(CUSTOMER, TokenCause.TAKEN)

    def give_back(self) -> None:
        """The customer gives it back to who had it, else to the lead."""
        token = self._desk.token
        token.local_over(TokenCause.GIVEN)
        if token.owner != CUSTOMER or token.micro is not None:
            return
        owed = self._desk.seats.get(token.owed) if token.owed is not None else None
        receiver = owed if owed is not None and self._may_hold(owed) else self._desk.lead
        if receiver is not None and self._may_hold(receiver):
            token.give(receiver.slot, TokenCause.GIVEN)

    @property
    def _customer_at_work(self) -> bool:
        token, shared = self._desk.token, self._desk.mode is Mode.SHARED
        return shared and token.is_local and self._desk.now_ms - token.local_at_ms < AT_WORK_MS

    # --- who may have it ---

    def _pointing(self, seat: Seat) -> Right:
        """This viewer's right to point, but for the token itself and for an open question."""
        given = replace(self._desk.circumstances(seat), refused=frozenset(), token=True)
        return effective_right(Capability.INPUT_POINTER, given)

    def _may_hold(self, seat: Seat) -> bool:
        """Tell whether the token may stay with, or go back to, this viewer."""
        if seat.state is not SeatState.LIVE or self._needs_agreement(seat):
            return False
        return self._pointing(seat).permit is Permit.ALLOW

    def _heir(self, slot: int) -> int:
        lead = self._desk.lead
        return lead.slot if lead is not None and lead.slot != slot and self._may_hold(lead) else CUSTOMER

    # --- at the end of each event ---

    def expire(self) -> None:
        """Let turns end whose time is over; before anything is judged, so that nobody drives too long."""
        self._desk.token.expire(self._desk.now_ms)

    def settle(self) -> None:
        """Take the token from who may not have it any more, and tell everybody where it is (SPEC G2)."""
        token = self._desk.token
        for slot in {token.micro, token.owner} - {None, CUSTOMER}:
            seat = self._desk.seats.get(slot) if slot is not None else None
            if slot is not None and (seat is None or not self._may_hold(seat)):
                token.lost(slot, self._heir(slot))
        owed = self._desk.seats.get(token.owed) if token.owed is not None else None
        if owed is not None and self._may_hold(owed):
            token.back(owed.slot)
        self._end_loans()
        self._release_if_lost()
        self._tell()
        self._watch()

    def _end_loans(self) -> None:
        """What a guest was granted with the token goes with it, whoever took it back (SPEC G6)."""
        token = self._desk.token
        over = [s for s in self._desk.seats.values() if s.lent and not token.belongs_to(s.slot)]
        for seat in over:
            seat.granted, seat.lent = seat.granted - seat.lent, frozenset()
            self._desk.note(RecordedAct.GRANT_CHANGED, 0, f"{seat.slot} -control")
        if over:
            self._desk.tell_grants()

    def _release_if_lost(self) -> None:
        holder = self._desk.token.holder
        if holder == self._held_by:
            return
        if self._held_by not in (None, CUSTOMER):
            self._desk.release_held()
        if self._pause_shown and holder not in (None, CUSTOMER):
            self._pause_shown = False
            self._desk.act(Tell(Notice.CONTROL_BACK, self._name(holder)))
        self._held_by = holder
        self._used_by = None

    def _tell(self) -> None:
        token, now_ms = self._desk.token, self._desk.now_ms
        now = Token(token.holder, token.next_slot, token.returns_at_ms)
        same_hands = (now.holder, now.next_slot) == (self._told.holder, self._told.next_slot)
        if now != self._told and not (same_hands and now_ms - self._told_ms < TOLD_AGAIN_MS):
            self._told, self._told_cause, self._told_ms = now, token.cause, now_ms
            for seat in self._desk.seats.values():
                seat.token_told_link = None
        state = TokenState(
            holder=self._told.holder,
            cause=self._told_cause,
            returns_ms=0.0
            if self._told.returns_at_ms is None
            else max(0.0, self._told.returns_at_ms - now_ms),
            next_slot=self._told.next_slot,
        )
        for seat in self._desk.live:
            if seat.token_told_link != seat.link:
                seat.token_told_link = seat.link
                self._desk.tell(seat, state)

    def _watch(self) -> None:
        wanted = self._desk.token.owner is not None and bool(self._desk.live)
        if wanted is not self._watching:
            self._watching = wanted
            self._desk.act(WatchLocalInput(wanted))

    def used(self, seat: Seat) -> None:
        """Input of the holder is carried out: the first time is kept in the record."""
        if self._used_by != seat.slot:
            self._used_by = seat.slot
            vouched = seat.vouched
            self._desk.keep(
                Entry(
                    EntryKind.CONTROL,
                    self._desk.now_ms,
                    who=vouched.display_name,
                    organisation=vouched.organisation,
                    role=seat.role,
                    mode=self._desk.mode,
                )
            )

    def _name(self, slot: int | None) -> str:
        seat = self._desk.seats.get(slot) if slot is not None else None
        return seat.vouched.display_name if seat is not None else ""
