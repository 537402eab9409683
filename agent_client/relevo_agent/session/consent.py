"""Asking the customer about one capability, and what a yes is worth (SPEC N2, N3, V4)."""

from dataclasses import replace
from typing import Final

from relevo_agent.session.actions import QuestionKind
from relevo_agent.session.desk import Desk
from relevo_agent.session.questions import EACH_TIME, Decision, Matter, Questions
from relevo_agent.session.refusals import refuse
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.gate import Refusal, admit
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.administration import ProcessEnd, ServiceChange
from relevo_protocol.messages.input import KeyPress, PointerButton, PointerMove, PointerWheel, TextInput
from relevo_protocol.messages.session import ConsentResult
from relevo_protocol.messages.team import CapabilityRequest
from relevo_protocol.modes import Capability, Permit
from relevo_protocol.rights import Right, effective_right

_OUTDATED: Final = (KeyPress, PointerButton, PointerMove, PointerWheel, TextInput)
"""Meant for the screen of that moment: they do not wait for the answer (SPEC S3)."""


class Consent:
    """Turns a refusal that the customer could lift into a question, and its yes into a right."""

    def __init__(self, desk: Desk, questions: Questions) -> None:
        self._desk = desk
        self._questions = questions

    def ask(self, seat: Seat, capability: Capability, message: ViewerToHost) -> None:
        """Ask the customer about a capability; the message waits, if it is one that can."""
        questions = self._questions
        open_question = questions.pending(seat)
        if questions.rests(seat, capability):
            refuse(self._desk, seat, Refusal(ErrorCode.THROTTLED, capability, None))
        elif open_question is not None:
            if open_question.capability is not capability:
                refuse(self._desk, seat, Refusal(ErrorCode.THROTTLED, capability, None))
        else:
            waits = None if isinstance(message, (*_OUTDATED, CapabilityRequest)) else message
            questions.ask(
                seat,
                Matter(
                    QuestionKind.CAPABILITY,
                    self._desk.mode,
                    seat.role,
                    capability=capability,
                    detail=self._detail(message),
                    message=waits,
                ),
            )

    def requested(self, seat: Seat, request: CapabilityRequest) -> None:
        """A viewer asks ahead. What is asked about every time cannot be had ahead."""
        capability = request.capability
        right = self._right(seat, capability)
        remembered = capability not in EACH_TIME and right.permit in {Permit.ASK, Permit.ELEVATED}
        if remembered:
            self.ask(seat, capability, request)
        elif right.permit is Permit.ALLOW:
            self._desk.answer(seat, ConsentResult(granted=True, mode=self._desk.mode, capability=capability))
        else:
            refuse(self._desk, seat, Refusal(ErrorCode.NOT_PERMITTED, capability, right.removed_by))

    def answered(
        self, seat: Seat, matter: Matter, decision: Decision, code: ErrorCode | None
    ) -> ViewerToHost | None:
        """The customer has decided; what waited, and may be carried out now, comes back."""
        capability = matter.capability
        self._desk.tell(
            seat,
            ConsentResult(granted=decision.granted, mode=self._desk.mode, code=code, capability=capability),
        )
        if capability is None or not decision.granted:
            self._questions.rest(seat, capability)
            return None
        permit = self._right(seat, capability).permit
        if permit in {Permit.ASK, Permit.ELEVATED} and capability not in EACH_TIME:
            self._desk.consented |= {capability}
        if matter.message is None:
            return None
        # Mode, role or grant may have changed while the customer was thinking.
        refusal = admit(type(matter.message), seat.state, self._desk.circumstances(seat))
        if refusal is None or (refusal.ask is not None and refusal.capability is capability):
            return matter.message
        refuse(self._desk, seat, refusal)
        return None

    def _right(self, seat: Seat, capability: Capability) -> Right:
        """The right as the customer is asked about it: token and open questions come and go."""
        given = replace(self._desk.circumstances(seat), refused=frozenset(), token=True)
        return effective_right(capability, given)

    def _detail(self, message: ViewerToHost) -> str:
        """What the question is about, in one inert line."""
        match message:
            case ProcessEnd():
                return self._desk.process(message.pid, message.started_ms)
            case ServiceChange():
                return f"{message.act.value} {message.name}"
            case _:
                return ""
