"""How a viewer comes in: announced, verified, asked about, let in; and how they go (SPEC C8, P1-P7)."""

from dataclasses import replace
from typing import Final

from relevo_agent.session.actions import Notice, Question, QuestionKind, Send, Tell
from relevo_agent.session.code import draw_secret
from relevo_agent.session.entrance import Entrance, entrance, role_when_let_in
from relevo_agent.session.entries import EntryKind
from relevo_agent.session.exits import Exits
from relevo_agent.session.invite import Invite
from relevo_agent.session.questions import Matter
from relevo_agent.session.seat import SEATED, Seat
from relevo_protocol.crypto.errors import CryptoError, FailureKind
from relevo_protocol.crypto.flights import CredentialKind, ViewerIdentity
from relevo_protocol.crypto.handshake import HostHandshake
from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import Header, MessageType
from relevo_protocol.lifecycle import SeatEvent, SeatState
from relevo_protocol.messages.relay import CodeSpent, SeatAdmitted, ViewerGone, ViewerJoining
from relevo_protocol.messages.session import ConsentResult, HostGoodbye
from relevo_protocol.modes import Mode, Role, Standing

_SEAT_STAYS: Final = frozenset(
    {ErrorCode.TAMPERED, ErrorCode.MALFORMED, ErrorCode.UNEXPECTED, ErrorCode.UNSUPPORTED_VERSION}
)
"""A resume that failed so leaves the seat away, here as on the relay."""
_NO_SECRET: Final = frozenset({FailureKind.WRONG_CODE, FailureKind.UNKNOWN_REFERENCE})


def _identity(who: ViewerJoining) -> tuple[str, str, str, bool]:
    """What cannot change while somebody is away: a guest does not come back as an account."""
    return who.account_id, who.display_name, who.organisation, who.standing is Standing.GUEST


class Doorway(Exits):
    """Lets viewers in and out; the only place where a seat comes to life or ends."""

    # --- announced ---

    def joining(self, message: ViewerJoining) -> None:
        """The relay announces a viewer, or one of ours on a new link."""
        known = self._desk.seats.get(message.slot)
        if known is None and message.resumed:
            self._desk.turn_away(message)
            return
        self._desk.removed.pop(message.slot, None)
        if known is not None and self._is_return(known, message):
            self.cut(known)
            known.attach(message)
            return
        if known is not None:
            self.end(known, SeatEvent.LEFT)
        self._desk.seats[message.slot] = Seat(message, message.link, self._desk.now_ms)

    @staticmethod
    def _is_return(known: Seat, message: ViewerJoining) -> bool:
        return message.resumed and known.state in SEATED and _identity(known.vouched) == _identity(message)

    def gone(self, message: ViewerGone) -> None:
        """The relay says that a link is down, or that nobody comes back to a seat any more.

        Who came back, and left, while we were away, had another link there than here.
        """
        seat = self._desk.seat_of(message.link)
        if seat is None and message.left:
            there = self._desk.seats.get(message.slot)
            seat = there if there is not None and there.state is SeatState.AWAY else None
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
        kind = handshake.credential.kind if handshake.credential is not None else None
        resuming = kind == "resume"
        if seat.state is SeatState.LIVE:
            self.cut(seat)
        seat.follow(SeatEvent.RESUME_FLIGHT1 if resuming else SeatEvent.FLIGHT1, self._desk.now_ms)
        seat.drop_keys()
        seat.handshake = handshake
        if kind == "code":
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
                if seat.state is not SeatState.JOINING:
                    return None
                seat.invite = self._invites.find(seat, ref)
                return seat.invite.secret if seat.invite is not None else None

    def _accept(self, seat: Seat, handshake: HostHandshake, body: bytes) -> None:
        result = handshake.accept(body)
        resuming = seat.state is SeatState.RESUMING
        invite, seat.invite = seat.invite, None
        if not resuming and invite is None and not self._codes.is_current(seat.code):
            raise CryptoError(FailureKind.WRONG_CODE, "the code of this run is no longer valid")
        mode = self._checked_identity(seat, result.viewer)
        if invite is not None and not self._invites.use(invite):
            raise CryptoError(FailureKind.WRONG_CODE, "the invitation of this run is used up")
        self._send_flight(seat, result.flight)
        seat.take_keys(result.keys, self._desk.now_ms)
        seat.follow(SeatEvent.VERIFIED, self._desk.now_ms)
        if resuming:
            self._admit(seat)
            self._chat.resume(seat)
            self._marks.resume(seat)
            return
        if invite is None:
            seat.code = None
            self._codes.spend()
            self._desk.tell_relay(CodeSpent())
        self._receive(seat, invite, mode)

    def _receive(self, seat: Seat, invite: Invite | None, asked: Mode) -> None:
        """Somebody has proven to know the secret: as what they come, and what the customer is asked."""
        found = self._entrance(seat, invite)
        seat.role = seat.entered_as = found.role
        seat.granted = found.granted
        if found.kind is None:
            self._let_in(seat)
            return
        mode = self._modes.entry_mode(seat, asked) if found.role is Role.LEAD else Mode.OBSERVER
        kind = QuestionKind.ENTRY if self._must_say_yes(seat) else found.kind
        self._questions.ask(seat, Matter(kind, mode, found.role))

    def _must_say_yes(self, seat: Seat) -> bool:
        """Whether silence would not do, whoever it is: with no lead here, or after a No (SPEC G11, N4)."""
        turned_away = self._joins.is_turned_away(seat.vouched.account_id)
        return turned_away or not self._desk.lead_is_here or self._desk.asks_to_show()

    def _entrance(self, seat: Seat, invite: Invite | None) -> Entrance:
        if invite is not None and invite.returning:
            still = self._desk.mode_for_return(seat.vouched.account_id) is not None
            invite = invite if still else replace(invite, returning=False)
        return entrance(self._desk.settings.kind, seat.vouched, invite, self._desk.lead)

    def _checked_identity(self, seat: Seat, viewer: ViewerIdentity) -> Mode:
        vouched = seat.vouched
        claimed = (viewer.account_id, viewer.display_name, viewer.organisation)
        if claimed != (vouched.account_id, vouched.display_name, vouched.organisation):
            self._desk.act(Tell(Notice.IDENTITY_MISMATCH))
            raise ProtocolError(
                "the relay vouches for another person than the one who joins", ErrorCode.TAMPERED
            )
        mode = next((mode for mode in Mode if mode == viewer.mode), None)
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
        if resuming and isinstance(error, CryptoError) and error.kind in _NO_SECRET:
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

    # --- asked about ---

    def answered(self, seat: Seat, question: Question, granted: bool, code: ErrorCode | None) -> None:
        """The customer, or the clock, has decided about somebody at the door."""
        self._desk.tell(seat, ConsentResult(granted=granted, mode=question.mode, code=code))
        if granted:
            self._let_in(seat, question.mode)
            return
        if code is ErrorCode.CONSENT_DENIED:
            self._joins.turn_away(seat.vouched.account_id)
            self._modes.void_return(seat.vouched.account_id)
        self._desk.tell(seat, HostGoodbye(code=code or ErrorCode.CONSENT_DENIED))
        self._desk.remove(seat, code or ErrorCode.CONSENT_DENIED)
        self.end(seat, SeatEvent.REFUSED)

    def _let_in(self, seat: Seat, mode: Mode | None = None) -> None:
        """A new seat comes to life. ``mode`` is what a lead was allowed; ``None`` where nobody was asked."""
        self._give_up_earlier(seat)
        seat.follow(SeatEvent.CONSENTED, self._desk.now_ms)
        others_lead = any(other.role is Role.LEAD for other in self._desk.seated if other is not seat)
        seat.role = role_when_let_in(seat.role, others_lead)
        if seat.role is Role.LEAD and mode is not None:
            self._modes.enter(mode)
        elif seat.role is Role.LEAD:
            self._modes.enter_returned(seat.vouched.account_id)
            self._desk.act(Tell(Notice.JOINED, seat.vouched.display_name))
        if mode is None:
            self._desk.tell(seat, ConsentResult(granted=True, mode=self._desk.mode))
        self._keep(EntryKind.JOINED, seat)
        self._admit(seat)
        self._chat.come(seat)
        self._marks.come(seat)

    def _give_up_earlier(self, seat: Seat) -> None:
        """Whoever comes in anew is nowhere else: their seat that waits for a lost browser ends.

        The lead of a held session takes the lead along.
        """
        for earlier in self._desk.seated:
            same = earlier.vouched.account_id == seat.vouched.account_id
            if same and (seat.role is Role.LEAD or earlier.state is not SeatState.LIVE):
                if seat.role is Role.LEAD:
                    earlier.role = Role.COLLABORATOR
                self._desk.remove(earlier, ErrorCode.REPLACED)
                self.end(earlier, SeatEvent.LEFT)

    def _admit(self, seat: Seat) -> None:
        """The seat is live: relay, keys, rights, layout, picture, in this order (SPEC P2)."""
        self._desk.tell_relay(SeatAdmitted(link=seat.link, role=seat.role))
        self._screen.renew_epoch()
        self._modes.tell_all()
        if len(self._desk.seated) > 1 or seat.granted:
            self._desk.tell_grants()
        self._screen.welcome(seat)
        self._screen.start_if_live()
