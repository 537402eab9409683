"""What a viewer who is in may do: every message passes the gate, then goes on (SPEC R2-R9, S3)."""

from dataclasses import replace
from typing import Final, assert_never

from relevo_agent.features.base import FeatureMessage
from relevo_agent.session.actions import Perform, Question
from relevo_agent.session.desk import Desk
from relevo_agent.session.questions import Questions
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import Seat
from relevo_protocol.codec import viewer_to_host
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.gate import Refusal, admit
from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.relay import ModeNotice
from relevo_protocol.messages.screen import FrameAck, KeyframeRequest, QualityChoice
from relevo_protocol.messages.session import (
    ConsentResult,
    Goodbye,
    Heartbeat,
    HeartbeatEcho,
    InputRefused,
    ModeRequest,
    ModeState,
    RightView,
)
from relevo_protocol.modes import Capability, Mode, Role, is_step_up
from relevo_protocol.rights import Factor, effective_right

REFUSAL_GAP_MS: Final = 1000
"""A refusal for the same reason is told at most this often (SPEC R6)."""
MODE_AGAIN_MS: Final = 500
"""Who asks for the mode that holds is told so at most this often."""
_GAINS: Final = {
    Mode.OBSERVER: Capability.SCREEN_VIEW,
    Mode.SHARED: Capability.INPUT_POINTER,
    Mode.FULL: Capability.INPUT_POINTER,
    Mode.ADMINISTRATOR: Capability.ELEVATE,
    Mode.DEMO: Capability.SCREEN_PRESENT,
}
"""What a refused mode would have brought, as the refusal names it."""


class Control:
    """Judges and answers the opened messages of viewers, and holds the mode."""

    def __init__(self, desk: Desk, questions: Questions, screen: Screen) -> None:
        self._desk = desk
        self._questions = questions
        self._screen = screen

    def heard(self, seat: Seat, body: bytes) -> bool:
        """Judge one opened message; true if the viewer takes leave.

        Raises:
            ProtocolError: the body does not parse, or too many messages come.
        """
        if not seat.allowance.spend(self._desk.now_ms):
            raise ProtocolError("more messages than anybody can mean", ErrorCode.THROTTLED)
        message = viewer_to_host.decode(body)
        seat.heard_ms = self._desk.now_ms
        refusal = admit(type(message), seat.state, self._desk.circumstances(seat))
        if refusal is not None:
            self._refuse(seat, refusal)
            return False
        return self._obey(seat, message)

    def _obey(self, seat: Seat, message: ViewerToHost) -> bool:
        match message:
            case Heartbeat():
                self._desk.tell(seat, HeartbeatEcho(t_ms=message.t_ms))
            case Goodbye():
                return True
            case ModeRequest():
                self._mode_requested(seat, message.mode)
            case FrameAck():
                self._screen.ack(seat, message)
            case KeyframeRequest():
                self._screen.want_keyframe()
            case QualityChoice():
                seat.quality = message.quality
                self._screen.choose_quality()
            case PointerMove() | PointerButton() | PointerWheel():
                self._pointer(seat, message)
            case KeyPress() | TextInput() | SpecialKeys() | ReleaseAll():
                # ReleaseAll in its turn: text that was sent before a blur is still typed.
                self._perform(seat, message)
            case _:
                assert_never(message)
        return False

    def _pointer(self, seat: Seat, message: PointerMove | PointerButton | PointerWheel) -> None:
        # Letting go is never refused for age: a button that stays down does more harm.
        lets_go = isinstance(message, PointerButton) and not message.down
        if not lets_go and self._screen.is_stale(message.seen):
            self._refuse(seat, Refusal(ErrorCode.STALE_INPUT, Capability.INPUT_POINTER))
            return
        self._perform(seat, message)

    def _perform(self, seat: Seat, message: FeatureMessage) -> None:
        """Hand a message to its feature; before there was a picture nobody can mean anything by it.

        Only the lead holds keys, so only the lead's ReleaseAll lets any go.
        """
        idle = isinstance(message, ReleaseAll) and seat is not self._desk.lead
        if self._desk.layout is not None and not idle:
            self._desk.act(Perform(seat.link, message, self._desk.layout))

    def refused_by_feature(self, link: int, refusal: Refusal) -> None:
        """A feature could not carry a message out."""
        seat = self._desk.seat_of(link)
        if seat is not None:
            self._refuse(seat, refusal)

    def _refuse(self, seat: Seat, refusal: Refusal) -> None:
        if refusal.capability is None:
            return
        reason = (refusal.code, refusal.capability, refusal.removed_by)
        if self._desk.now_ms - seat.refused_ms.get(reason, -REFUSAL_GAP_MS) < REFUSAL_GAP_MS:
            return
        seat.refused_ms[reason] = self._desk.now_ms
        self._desk.tell(
            seat,
            InputRefused(code=refusal.code, capability=refusal.capability, removed_by=refusal.removed_by),
        )

    # --- modes ---

    def enter_mode(self, mode: Mode) -> None:
        """A mode holds from now on; whatever it may lack is let go first."""
        self._desk.release_held()
        self._desk.mode = mode
        self._desk.tell_relay(ModeNotice(mode=mode))

    def tell_mode(self) -> None:
        """Tell everybody the mode and their own rights in it."""
        for seat in self._desk.live:
            self._tell_mode_to(seat)

    def _tell_mode_to(self, seat: Seat) -> None:
        given = replace(self._desk.circumstances(seat), refused=frozenset())
        rights = {capability: effective_right(capability, given) for capability in Capability}
        views = {c: RightView(permit=r.permit, removed_by=r.removed_by) for c, r in rights.items()}
        seat.mode_told_ms = self._desk.now_ms
        self._desk.tell(seat, ModeState(mode=self._desk.mode, rights=views))

    def step_down(self, mode: Mode) -> None:
        """Go down at once and ask nobody, whoever wants it (SPEC R3)."""
        lead = self._desk.lead
        if lead is not None:
            self._questions.withdraw(lead)
        if mode is not self._desk.mode:
            self.enter_mode(mode)
            self.tell_mode()

    def lead_left(self) -> None:
        """The mode was granted to the one who left: go down, and let the next person ask anew."""
        if self._desk.mode is not Mode.OBSERVER:
            self.enter_mode(Mode.OBSERVER)
        heir = next(iter(self._desk.seated), None)
        if heir is not None:
            heir.role = Role.LEAD
            self._screen.renew_epoch()
            self._screen.start_if_live()
        self.tell_mode()

    def _mode_requested(self, seat: Seat, mode: Mode) -> None:
        if seat.role is not Role.LEAD:
            self._refuse_mode(seat, mode, ErrorCode.NOT_PERMITTED, Factor.ROLE)
        elif mode not in self._desk.settings.modes:
            self._refuse_mode(seat, mode, ErrorCode.NOT_PERMITTED, Factor.PLATFORM)
        elif mode is self._desk.mode:
            self._questions.withdraw(seat)
            if self._desk.now_ms - seat.mode_told_ms >= MODE_AGAIN_MS:
                self._tell_mode_to(seat)
        elif not is_step_up(self._desk.mode, mode):
            self.step_down(mode)
        elif self._desk.now_ms < seat.step_up_after_ms:
            self._refuse_mode(seat, mode, ErrorCode.THROTTLED, Factor.CONSENT)
        elif self._questions.pending(seat) is None:
            self._questions.ask(seat, mode, step_up=True)

    def _refuse_mode(self, seat: Seat, mode: Mode, code: ErrorCode, factor: Factor) -> None:
        self._desk.tell(seat, ConsentResult(granted=False, mode=mode, code=code))
        self._refuse(seat, Refusal(code, _GAINS[mode], factor))

    def answered(self, seat: Seat, question: Question, granted: bool, code: ErrorCode | None) -> None:
        """The customer, or the clock, has decided about a step up."""
        self._desk.tell(seat, ConsentResult(granted=granted, mode=question.mode, code=code))
        if granted:
            self.enter_mode(question.mode)
            self.tell_mode()
        else:
            self._questions.rest(seat)
