"""Questions to the customer: asked once, answered once, and No when the clock runs out (SPEC P1, P8)."""

from typing import Final

from relevo_agent.session.actions import Ask, Question, Withdraw
from relevo_agent.session.desk import Desk
from relevo_agent.session.seat import Seat
from relevo_protocol.limits import CONSENT_DEADLINE_S
from relevo_protocol.messages.session import ConsentPending
from relevo_protocol.modes import Mode

ASK_AGAIN_MS: Final = 10_000
"""After a No, or a question taken back, nobody is asked again for so long: a question is not a crowbar."""


class Questions:
    """What is being asked now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[int, Question] = {}
        self._count = 0

    def ask(self, seat: Seat, mode: Mode, *, step_up: bool) -> None:
        """Ask the customer, and tell the viewer that they are being asked."""
        self._count += 1
        question = Question(
            id=self._count,
            link=seat.link,
            display_name=seat.vouched.display_name,
            organisation=seat.vouched.organisation,
            mode=mode,
            step_up=step_up,
            deadline_ms=self._desk.now_ms + CONSENT_DEADLINE_S * 1000,
        )
        self._open[question.id] = question
        self._desk.asking = True
        self._desk.release_held()
        self._desk.tell(seat, ConsentPending(mode=mode, deadline_s=CONSENT_DEADLINE_S))
        self._desk.act(Ask(question))

    def take(self, question_id: int) -> Question | None:
        """Settle a question; ``None`` if it has been settled already."""
        question = self._open.pop(question_id, None)
        self._desk.asking = bool(self._open)
        return question

    def pending(self, seat: Seat) -> Question | None:
        """The question that is open about this viewer."""
        return next((question for question in self._open.values() if question.link == seat.link), None)

    def withdraw(self, seat: Seat) -> None:
        """Take away what is being asked about this viewer."""
        question = self.pending(seat)
        if question is not None:
            self.take(question.id)
            self.rest(seat)
            self._desk.act(Withdraw(question.id))

    def rest(self, seat: Seat) -> None:
        """This viewer has asked in vain: nothing more from them for a while."""
        seat.step_up_after_ms = self._desk.now_ms + ASK_AGAIN_MS

    def expired(self) -> list[Question]:
        """Questions whose time has run out."""
        return [question for question in self._open.values() if question.deadline_ms <= self._desk.now_ms]
