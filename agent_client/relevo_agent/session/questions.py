"""Questions to the customer: asked once, answered once; silence is No, but for a veto (SPEC N1-N3, G11)."""

from dataclasses import dataclass, replace
from typing import Final

from relevo_agent.session.actions import Ask, Question, QuestionKind, Withdraw
from relevo_agent.session.desk import Desk
from relevo_agent.session.entries import DecidedBy, Entry, EntryKind
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatState
from relevo_protocol.limits import CONSENT_DEADLINE_S, VETO_DEADLINE_S
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.relay import RecordedAct
from relevo_protocol.messages.session import ConsentPending, ConsentResult
from relevo_protocol.modes import Capability, Mode, Permit, Role
from relevo_protocol.rights import effective_right

ASK_AGAIN_MS: Final = 10_000
"""After a No, or a question taken back, nobody is asked again for so long: a question is not a crowbar."""
EACH_TIME: Final = frozenset({Capability.TERMINAL_USER, Capability.TERMINAL_ADMIN})
"""Asked about at every use, whatever the mode says: each opening of a terminal is consented to (SPEC V4)."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a question is about. ``role`` is the one that the person has, or is to have.

    ``message`` waits for the answer, and is carried out on a yes.
    """

    kind: QuestionKind
    mode: Mode
    role: Role
    capability: Capability | None = None
    detail: str = ""
    message: ViewerToHost | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """How a question was decided; ``ticked`` are among its offers."""

    granted: bool
    by: DecidedBy
    ticked: frozenset[Capability] = frozenset()


class Questions:
    """What is being asked now: at most one question about each viewer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[int, tuple[Question, Matter]] = {}
        self._count = 0

    def ask(self, seat: Seat, matter: Matter) -> None:
        """Ask the customer, and tell the viewer that they are being asked."""
        self._count += 1
        deadline_s = VETO_DEADLINE_S if matter.kind is QuestionKind.VETO else CONSENT_DEADLINE_S
        offers, each_time = self._offers(seat, matter)
        question = Question(
            id=self._count,
            link=seat.link,
            display_name=seat.vouched.display_name,
            organisation=seat.vouched.organisation,
            kind=matter.kind,
            mode=matter.mode,
            role=matter.role,
            deadline_ms=self._desk.now_ms + deadline_s * 1000,
            offers=offers,
            each_time=each_time,
            capability=matter.capability,
            detail=matter.detail,
        )
        self._open[question.id] = (question, matter)
        self._desk.asking = True
        self._desk.release_held()
        self._desk.tell(
            seat, ConsentPending(mode=matter.mode, deadline_s=deadline_s, capability=matter.capability)
        )
        self._desk.act(Ask(question))

    def _offers(self, seat: Seat, matter: Matter) -> tuple[tuple[Capability, ...], tuple[Capability, ...]]:
        """What the mode asks for at first use, and what every time, as far as it can be had here."""
        if matter.kind not in {QuestionKind.ENTRY, QuestionKind.MODE}:
            return (), ()
        given = replace(
            self._desk.circumstances(seat),
            mode=matter.mode,
            role=matter.role,
            refused=frozenset[Capability](),
            token=True,
        )
        offers: list[Capability] = []
        each_time: list[Capability] = []
        for capability in Capability:
            match effective_right(capability, given).permit:
                case Permit.ASK if capability not in EACH_TIME:
                    offers.append(capability)
                case Permit.ASK | Permit.ASK_EACH | Permit.ELEVATED:
                    each_time.append(capability)
                case Permit.ALLOW | Permit.NEVER:
                    pass
        return tuple(offers), tuple(each_time)

    def take(self, question_id: int) -> tuple[Question, Matter] | None:
        """Settle a question; ``None`` if it has been settled already."""
        found = self._open.pop(question_id, None)
        self._desk.asking = bool(self._open)
        return found

    def pending(self, seat: Seat) -> Question | None:
        """The question that is open about this viewer."""
        return next((question for question, _ in self._open.values() if question.link == seat.link), None)

    def withdraw(self, seat: Seat) -> None:
        """Take away what is being asked about this viewer."""
        question = self.pending(seat)
        if question is not None:
            self.take(question.id)
            self.rest(seat, question.capability)
            self._desk.act(Withdraw(question.id))
            self.record(seat, question, Decision(granted=False, by=DecidedBy.WITHDRAWN))

    def call_off(self, seat: Seat) -> None:
        """Others have changed what the question was about: take it away, and say so to who waits."""
        question = self.pending(seat)
        self.withdraw(seat)
        if question is not None and seat.state is SeatState.LIVE:
            over = ConsentResult(
                granted=False,
                mode=question.mode,
                code=ErrorCode.NOT_PERMITTED,
                capability=question.capability,
            )
            self._desk.tell(seat, over)

    def call_off_capabilities(self, seat: Seat) -> None:
        """A mode begins: what was asked about in the one before is asked about no longer."""
        question = self.pending(seat)
        if question is not None and question.capability is not None:
            self.call_off(seat)

    def call_off_control(self) -> None:
        """Another person leads: whom the one before wanted to drive is asked about no longer."""
        for seat in self._desk.live:
            question = self.pending(seat)
            if question is not None and question.kind is QuestionKind.CONTROL:
                self.call_off(seat)

    def rest(self, seat: Seat, capability: Capability | None) -> None:
        """This viewer has asked in vain: nothing more about this from them for a while."""
        seat.rest_until_ms[capability] = self._desk.now_ms + ASK_AGAIN_MS

    def rests(self, seat: Seat, capability: Capability | None) -> bool:
        """Tell whether this viewer has asked about this in vain a moment ago."""
        return self._desk.now_ms < seat.rest_until_ms.get(capability, float("-inf"))

    def expired(self) -> list[Question]:
        """Questions whose time has run out."""
        return [question for question, _ in self._open.values() if question.deadline_ms <= self._desk.now_ms]

    def record(self, seat: Seat, question: Question, decision: Decision) -> None:
        """Keep what was decided, and by whom (SPEC N5)."""
        capabilities = sorted(decision.ticked)
        if question.capability is not None:
            capabilities = [question.capability, *capabilities]
        self._desk.keep(
            Entry(
                EntryKind.CONSENT,
                self._desk.now_ms,
                who=question.display_name,
                organisation=question.organisation,
                role=question.role,
                mode=question.mode,
                capabilities=tuple(capabilities),
                granted=decision.granted,
                by=decision.by,
                detail=question.detail or question.kind.value,
                present=tuple(person.display_name for person in self._desk.people()),
            )
        )
        act = RecordedAct.CONSENT_GIVEN if decision.granted else RecordedAct.CONSENT_REFUSED
        self._desk.note(act, seat.slot, question.capability or question.mode)
