"""The rooms of one session, put together once; every event passes through some of them."""

from dataclasses import replace
from typing import Final

from relevo_agent.session.actions import Question, QuestionKind, Withdraw
from relevo_agent.session.chat import Chat
from relevo_agent.session.chronicle import Chronicle
from relevo_agent.session.codes import Codes
from relevo_agent.session.control import Control
from relevo_agent.session.deadlines import Deadlines
from relevo_agent.session.desk import Desk, Settings
from relevo_agent.session.doorway import Doorway
from relevo_agent.session.entries import DecidedBy
from relevo_agent.session.exits import Rooms
from relevo_agent.session.invites import Invites
from relevo_agent.session.joins import Joins
from relevo_agent.session.marks import Marks
from relevo_agent.session.people import People
from relevo_agent.session.questions import Decision, Questions
from relevo_agent.session.screen import Screen
from relevo_protocol.errors import ErrorCode
from relevo_protocol.modes import Capability

SETTLED_AFTER: Final = 4
"""What follows from what followed: after so many rounds the next event goes on with it."""


class House:
    """Everything that the session consists of."""

    def __init__(self, settings: Settings, *, restored: bool) -> None:
        desk = self.desk = Desk(settings)
        self.questions: Final = Questions(desk)
        self.screen: Final = Screen(desk)
        self.control: Final = Control(desk, self.questions, self.screen)
        invites = Invites(desk)
        self.rooms: Final = Rooms(
            codes=Codes(desk),
            invites=invites,
            joins=Joins(desk, invites),
            questions=self.questions,
            screen=self.screen,
            modes=self.control.modes,
            chat=Chat(desk),
            marks=Marks(desk),
        )
        self.doorway: Final = Doorway(desk, self.rooms)
        self.people: Final = People(desk, self.rooms, self.doorway)
        self.control.people = self.people.heard
        self._deadlines: Final = Deadlines(desk, self.doorway)
        self._chronicle: Final = Chronicle(desk, started=restored)
        self._settled: tuple[object, ...] = ()

    def decide(self, question_id: int, decision: Decision) -> None:
        """The customer, or the clock, has decided; about somebody who is gone it changes nothing."""
        found = self.questions.take(question_id)
        seat = self.desk.seat_of(found[0].link) if found is not None else None
        if found is None or seat is None:
            return
        question, matter = found
        self.desk.act(Withdraw(question.id))
        decision = self._worth(_in_time(question, decision, self.desk.now_ms))
        code = ErrorCode.CONSENT_TIMEOUT if decision.by is DecidedBy.CLOCK else ErrorCode.CONSENT_DENIED
        told = None if decision.granted else code
        self.questions.record(seat, question, decision)
        match question.kind:
            case QuestionKind.ENTRY | QuestionKind.VETO:
                self.desk.consented |= decision.ticked
                self.doorway.answered(seat, question, decision.granted, told)
            case QuestionKind.MODE:
                self.control.modes.answered(seat, matter, decision, told)
            case QuestionKind.CAPABILITY | QuestionKind.CONTROL:
                self.control.answered(seat, matter, decision, told)

    def _worth(self, decision: Decision) -> Decision:
        """Silence lets in who comes to a lead that is here, and nobody else (SPEC G11)."""
        if decision.by is DecidedBy.CLOCK and decision.granted and not self.desk.lead_is_here:
            return replace(decision, granted=False)
        return decision

    def pass_time(self) -> None:
        """Let every deadline pass but those of questions, which the session settles."""
        self.control.pass_time()
        self.people.pass_time()
        self._deadlines.check()

    def settle(self) -> None:
        """After each event: what follows from it for everybody, told and recorded.

        Most events are input, from which nothing follows; that is seen first, as it may come by the thousand.
        """
        for _ in range(SETTLED_AFTER):
            standing = self._standing()
            if standing == self._settled:
                break
            self._settled = standing
            self.control.modes.settle()
            self.people.settle()
            self.control.driving.settle()
            self.control.power.settle()
        self._chronicle.settle()

    def _standing(self) -> tuple[object, ...]:
        """Everything that rights, token and notices depend on."""
        desk, token = self.desk, self.desk.token
        return (
            desk.mode,
            desk.asking,
            desk.consented,
            desk.grant_ends_ms,
            desk.hold,
            self.control.power.restart_at_ms,
            (token.owner, token.micro, token.local_until_ms),
            [(s.link, s.state, s.role, s.granted, s.vouched, s.control_agreed) for s in desk.seats.values()],
        )


def _in_time(question: Question, decision: Decision, now_ms: float) -> Decision:
    """After the deadline a yes is none, but where silence is one; ticks count only with a yes."""
    if now_ms >= question.deadline_ms and not question.yes_by_silence:
        return Decision(granted=False, by=DecidedBy.CLOCK)
    if not decision.granted:
        return replace(decision, ticked=frozenset[Capability]())
    return replace(decision, ticked=decision.ticked & frozenset(question.offers))
