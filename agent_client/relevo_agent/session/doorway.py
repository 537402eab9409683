"""How a viewer comes in: announced, verified, asked about, let in; and how they go (SPEC C8, P1-P7)."""

from typing import Final

from relevo_agent.session.actions import Notice, Question, Send, Tell
from relevo_agent.session.code import draw_secret
from relevo_agent.session.codes import Codes
from relevo_agent.session.control import Control
from relevo_agent.session.desk import Desk
from relevo_agent.session.questions import Questions
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import SEATED, Seat
from relevo_protocol.crypto.errors import CryptoError, FailureKind
from relevo_protocol.crypto.flights import CredentialKind, ViewerIdentity
from relevo_protocol.crypto.handshake import HostHandshake
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import Header, MessageType
from relevo_protocol.lifecycle import SeatEvent, SeatState
from relevo_protocol.messages.relay import CodeSpent, SeatAdmitted, ViewerGone, ViewerJoining
from relevo_protocol.messages.session import ConsentResult, HostGoodbye
from relevo_protocol.modes import Mode, Role

_SEAT_STAYS: Final = frozenset(
    {ErrorCode.TAMPERED, ErrorCode.MALFORMED, ErrorCode.UNEXPECTED, ErrorCode.UNSUPPORTED_VERSION}
)
"""A resume that failed so leaves the seat away, here as on the relay."""


class Doorway:
    """Lets viewers in and out; the only place where a seat comes to life or ends."""

    def __init__(
        self, desk: Desk, codes: Codes, questions: Questions, screen: Screen, control: Control
    ) -> None:
        self._desk = desk
        self._codes = codes
        self._questions = questions
        self._screen = screen
        self._control = control

    # --- announced ---

    def joining(self, message: ViewerJoining) -> None:
        """The relay announces a viewer, or one of ours on a new link."""
        known = self._desk.seats.get(message.slot)
        if known is not None and self._is_return(known, message):
            self.cut(known)
            known.attach(message)
            return
        if known is not None:
            self.end(known, SeatEvent.LEFT)
        self._desk.seats[message.slot] = Seat(message, message.link, self._desk.now_ms)

    @staticmethod
    def _is_return(known: Seat, message: ViewerJoining) -> bool:
        who, back = known.vouched, message
        same = (who.account_id, who.display_name, who.organisation) == (
            back.account_id,
            back.display_name,
            back.organisation,
        )
        return back.resumed and known.state in SEATED and same

    def gone(self, message: ViewerGone) -> None:
        """The relay says that a link is down."""
        seat = self._desk.seat_of(message.link)
        if seat is None:
            return
        if message.left:
            self._tell_lost(seat)
            self.end(seat, SeatEvent.LEFT)
        else:
            self.cut(seat)

    # --- verified ---

    def flight(self, link: int, body: bytes) -> None:
        """A handshake message of a viewer: flight 1, or flight 3 of the run that is open."""
        seat = self._desk.seat_of(link)
        if seat is None:
            return
        try:
            if seat.handshake is None:
                self._offer(seat, body)
            else:
                self._accept(seat, seat.handshake, body)
        except ProtocolError as error:
            self._fail(seat, error)

    def _offer(self, seat: Seat, body: bytes) -> None:
        context = self._desk.context
        if context is None or seat.state in {SeatState.VERIFYING, SeatState.ASKING}:
            raise ProtocolError("a second handshake on one link", ErrorCode.UNEXPECTED)
        handshake = HostHandshake(
            context,
            self._desk.settings.identity,
            lambda kind, ref: self._secret(seat, kind, ref),
            self._desk.settings.entropy,
        )
        flight = handshake.offer(body)
        credential = handshake.credential
        resuming = credential is not None and credential.kind == "resume"
        if seat.state is SeatState.LIVE:
            self.cut(seat)
        seat.follow(SeatEvent.RESUME_FLIGHT1 if resuming else SeatEvent.FLIGHT1, self._desk.now_ms)
        seat.drop_keys()
        seat.handshake = handshake
        if not resuming:
            seat.code = self._codes.charge()
        self._send_flight(seat, flight)

    def _secret(self, seat: Seat, kind: CredentialKind, ref: bytes) -> bytes | None:
        match kind:
            case "code":
                if seat.state is not SeatState.JOINING:
                    return None
                # Without a code the run uses a secret that nobody has, and fails like a wrong code.
                return (self._codes.secret() or draw_secret(self._desk.settings.draw)).encode()
            case "resume":
                return seat.resume_secret(ref) if seat.state in SEATED else None
            case "invite":
                return None

    def _accept(self, seat: Seat, handshake: HostHandshake, body: bytes) -> None:
        result = handshake.accept(body)
        resuming = seat.state is SeatState.RESUMING
        if not resuming and not self._codes.is_current(seat.code):
            raise CryptoError(FailureKind.WRONG_CODE, "the code of this run is no longer valid")
        mode = self._checked_identity(seat, result.viewer)
        self._send_flight(seat, result.flight)
        seat.take_keys(result.keys, self._desk.now_ms)
        seat.follow(SeatEvent.VERIFIED, self._desk.now_ms)
        if resuming:
            self._admit(seat)
            return
        seat.code = None
        self._codes.spend()
        self._desk.tell_relay(CodeSpent())
        self._questions.ask(seat, self._mode_on_entry(mode), step_up=False)

    def _mode_on_entry(self, asked: Mode) -> Mode:
        """With a lead present another person may only look, whatever they asked for."""
        return Mode.OBSERVER if self._desk.lead is not None else self._desk.settings.start_mode or asked

    def _checked_identity(self, seat: Seat, viewer: ViewerIdentity) -> Mode:
        vouched = seat.vouched
        claimed = (viewer.account_id, viewer.display_name, viewer.organisation)
        if claimed != (vouched.account_id, vouched.display_name, vouched.organisation):
            self._desk.act(Tell(Notice.IDENTITY_MISMATCH))
            raise ProtocolError(
                "the relay vouches for another person than the one who joins", ErrorCode.TAMPERED
            )
        mode = next((mode for mode in self._desk.settings.modes if mode == viewer.mode), None)
        if mode is None:
            raise ProtocolError(f"the mode {viewer.mode} is not in this version", ErrorCode.NOT_PERMITTED)
        return mode

    def _send_flight(self, seat: Seat, flight: bytes) -> None:
        header = Header(MessageType.HANDSHAKE, dst=seat.slot, key_id=seat.link).pack()
        self._desk.act(Send(header + flight))

    def _fail(self, seat: Seat, error: ProtocolError) -> None:
        """A run that failed: what the viewer is told, and what it costs."""
        code = error.code
        resuming = seat.state in SEATED
        if resuming and isinstance(error, CryptoError) and error.kind is FailureKind.WRONG_CODE:
            code = ErrorCode.TAMPERED
        if (
            not resuming
            and seat.handshake is None
            and code is ErrorCode.RESUME_INVALID
            and not seat.vouched.resumed
        ):
            code = ErrorCode.CODE_WRONG
        if self._code_run_failed(seat):
            code = ErrorCode.CODE_DEAD
        self._desk.remove(seat, code)
        if resuming and code in _SEAT_STAYS:
            # Who lacks the secret must not be able to end the seat of the one who has it.
            self.cut(seat)
        else:
            self.end(seat, SeatEvent.REFUSED)

    def _code_run_failed(self, seat: Seat) -> bool:
        """Settle the run's charge; tell whether it was the last try."""
        run, seat.code = seat.code, None
        killed = self._codes.failed(run)
        if killed:
            self._desk.tell_relay(CodeSpent())
            self._desk.act(Tell(Notice.CODE_KILLED))
        return killed

    # --- asked about ---

    def answered(self, seat: Seat, question: Question, granted: bool, code: ErrorCode | None) -> None:
        """The customer, or the clock, has decided about somebody at the door."""
        self._desk.tell(seat, ConsentResult(granted=granted, mode=question.mode, code=code))
        if not granted:
            self._desk.tell(seat, HostGoodbye(code=code or ErrorCode.CONSENT_DENIED))
            self._desk.remove(seat, code or ErrorCode.CONSENT_DENIED)
            self.end(seat, SeatEvent.REFUSED)
            return
        seat.follow(SeatEvent.CONSENTED, self._desk.now_ms)
        if not any(other.role is Role.LEAD for other in self._desk.seated if other is not seat):
            seat.role = Role.LEAD
            self._control.enter_mode(question.mode)
        self._admit(seat)

    def _admit(self, seat: Seat) -> None:
        """The seat is live: relay, keys, rights, layout, picture, in this order (SPEC P2)."""
        self._desk.tell_relay(SeatAdmitted(link=seat.link))
        self._screen.renew_epoch()
        self._control.tell_mode()
        self._screen.welcome(seat)
        self._screen.start()

    # --- gone ---

    def cut(self, seat: Seat) -> None:
        """The connection is down and may come back; nothing stays pressed and the others get a new key."""
        if seat.state is SeatState.AWAY:
            seat.drop_keys()
            return
        was_live = seat.state is SeatState.LIVE
        self._tell_lost(seat)
        self._questions.withdraw(seat)
        self._code_run_failed(seat)
        seat.drop_keys()
        seat.follow(SeatEvent.CUT, self._desk.now_ms)
        self._let_go(seat, was_live=was_live)

    def _tell_lost(self, seat: Seat) -> None:
        """The question vanishes with the one it was about: the customer is told why."""
        if seat.state is SeatState.ASKING:
            self._desk.act(Tell(Notice.VISITOR_LOST, seat.vouched.display_name))

    def end(self, seat: Seat, event: SeatEvent) -> None:
        """The seat is gone for good; ``event`` is why."""
        was_live = seat.state is SeatState.LIVE
        self._questions.withdraw(seat)
        self._code_run_failed(seat)
        seat.drop_keys()
        if seat.state is SeatState.RESUMING and event is SeatEvent.REFUSED:
            seat.follow(event, self._desk.now_ms)  # through away, as the table has it
        if seat.state is SeatState.JOINING and event is SeatEvent.REFUSED:
            event = SeatEvent.EXPIRED
        seat.follow(event, self._desk.now_ms)
        self._let_go(seat, was_live=was_live)

    def _let_go(self, seat: Seat, *, was_live: bool) -> None:
        if was_live and seat.role is Role.LEAD:
            self._desk.release_held()
        if seat.state is SeatState.GONE:
            self._desk.seats.pop(seat.slot, None)
        if was_live:
            self._screen.renew_epoch()
            self._screen.start_if_live()
        if seat.state is SeatState.GONE and seat.role is Role.LEAD:
            self._control.lead_left()
