"""The session core: one method for each event, each returning the actions that it leads to (SPEC S, C, P).

No I/O, no clock, no threads: the time comes with every event in ms of a monotonic clock.
"""

from typing import Final, assert_never

from relevo_agent.session.actions import (
    Action,
    CloseLink,
    Ended,
    Notice,
    Phase,
    Show,
    Snapshot,
    Tell,
    Withdraw,
)
from relevo_agent.session.codes import Codes
from relevo_agent.session.control import Control
from relevo_agent.session.desk import Desk, Settings
from relevo_agent.session.doorway import Doorway
from relevo_agent.session.questions import Questions
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import Seat
from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import relay_to_agent
from relevo_protocol.crypto.errors import DesyncError
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode, MalformedError, ProtocolError
from relevo_protocol.gate import Refusal
from relevo_protocol.header import DST_HOST, MessageType, body_of, parse_header
from relevo_protocol.lifecycle import SeatEvent, SeatState
from relevo_protocol.limits import HANDSHAKE_DEADLINE_S, HEARTBEAT_DEADLINE_S, RESUME_LIFE_S
from relevo_protocol.messages import RelayToAgent
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    EndSession,
    KeyframeWanted,
    RelayError,
    ViewerGone,
    ViewerJoining,
)
from relevo_protocol.messages.screen import CaptureState, ScreenLayout
from relevo_protocol.messages.session import HostGoodbye
from relevo_protocol.modes import Mode

HELD_SILENCE_MS: Final = 3000
"""A lead from whom nothing was heard for so long holds nothing down any more (heartbeats come every 2 s)."""
_FATAL: Final = frozenset({ErrorCode.UNSUPPORTED_VERSION, ErrorCode.REPLACED, ErrorCode.ORIGIN_REFUSED})
_SESSION_OVER: Final = frozenset({ErrorCode.RESUME_INVALID, ErrorCode.SESSION_ENDED})
_BEFORE_WELCOME: Final = (AgentWelcome, RelayError)


class Session:
    """One session on the customer's PC, from the first connection to its end."""

    def __init__(self, settings: Settings) -> None:
        self._desk = Desk(settings)
        self._codes = Codes(self._desk)
        self._questions = Questions(self._desk)
        self._screen = Screen(self._desk)
        self._control = Control(self._desk, self._questions, self._screen)
        self._doorway = Doorway(self._desk, self._codes, self._questions, self._screen, self._control)
        self._token: str | None = None
        self._join = settings.join
        self._link_up = False
        self._ended = False
        self._silent: set[int] = set()
        self._snapshot = Snapshot()

    @property
    def ended(self) -> bool:
        """Nothing comes back from here."""
        return self._ended

    @property
    def snapshot(self) -> Snapshot:
        """What was shown last."""
        return self._snapshot

    # --- the link ---

    def link_opened(self, now_ms: float) -> list[Action]:
        """The socket to the relay is open: say hello."""
        self._desk.now_ms = now_ms
        if not self._ended:
            hello = AgentHello(
                version=PROTOCOL_VERSION,
                agent_version=self._desk.settings.agent_version,
                token=self._token,
                join=self._join,
            )
            self._desk.tell_relay(hello)
        return self._done()

    def link_lost(self, now_ms: float) -> list[Action]:
        """The socket is down: nothing stays pressed or captured, everybody may come back (SPEC C11)."""
        self._desk.now_ms = now_ms
        self._link_up = False
        self._codes.link_lost()
        seats = list(self._desk.seats.values())
        for seat in seats:
            seat.drop_keys()
        for seat in seats:
            self._doorway.cut(seat)
        return self._done()

    def message(self, message: bytes, now_ms: float) -> list[Action]:
        """A whole WebSocket message from the relay.

        What the relay itself gets wrong closes the link, what a viewer gets wrong closes that viewer.
        """
        self._desk.now_ms = now_ms
        if self._ended:
            return []
        try:
            self._route(message)
        except ProtocolError as error:
            self._desk.act(CloseLink(error.code))
        return self._done()

    def _route(self, message: bytes) -> None:
        header = parse_header(message)
        if header.type is MessageType.RELAY:
            self._relay(relay_to_agent.decode(body_of(message)))
            return
        if header.dst != DST_HOST or header.type is MessageType.MEDIA:
            raise MalformedError(f"a {header.type.name.lower()} message for {header.dst} reached the host")
        if header.type is MessageType.HANDSHAKE:
            self._doorway.flight(header.key_id, bytes(body_of(message)))
            return
        seat = self._desk.seat_of(header.key_id)
        if seat is not None and seat.channel is not None:
            self._pairwise(seat, message)

    def _pairwise(self, seat: Seat, message: bytes) -> None:
        try:
            body = seat.open(parse_header(message), message)
            leaves = self._control.heard(seat, body)
        except DesyncError:
            self._desk.remove(seat, ErrorCode.DESYNC)
            self._doorway.cut(seat)
            return
        except ProtocolError as error:
            if error.code is ErrorCode.TAMPERED:
                self._desk.act(Tell(Notice.TAMPERED, seat.vouched.display_name))
            self._desk.remove(seat, error.code)
            self._doorway.end(seat, SeatEvent.REFUSED)
            return
        if leaves:
            self._doorway.end(seat, SeatEvent.LEFT)

    def _relay(self, message: RelayToAgent) -> None:
        if isinstance(message, AgentWelcome) if self._link_up else not isinstance(message, _BEFORE_WELCOME):
            raise ProtocolError("the relay's welcome comes first, and once", ErrorCode.UNEXPECTED)
        match message:
            case AgentWelcome():
                self._welcomed(message)
            case CodeIssued():
                self._codes.issue(message.routing, message.code_life_s)
            case ViewerJoining():
                self._doorway.joining(message)
            case ViewerGone():
                self._doorway.gone(message)
            case KeyframeWanted():
                self._screen.want_keyframe()
            case RelayError():
                self._relay_failed(message.code)
            case _:
                assert_never(message)

    def _welcomed(self, welcome: AgentWelcome) -> None:
        context = ChannelContext(welcome.origin, welcome.session_id)
        if not welcome.resumed:
            self._start_over()
        elif self._token is None or context != self._desk.context:
            self._start_over()
            raise ProtocolError("the relay resumes another session than ours", ErrorCode.UNEXPECTED)
        self._token = welcome.token
        self._join = None
        self._link_up = True
        self._desk.context = context
        if welcome.routing is not None:
            self._codes.issue(welcome.routing, welcome.code_life_s)

    def _start_over(self) -> None:
        """The relay knows nothing of the session any more: nor do we."""
        if self._desk.seats:
            self._desk.act(Tell(Notice.SESSION_LOST))
        for seat in list(self._desk.seats.values()):
            self._doorway.end(seat, SeatEvent.LEFT)
        self._codes.spend()
        self._token = None

    def _relay_failed(self, code: ErrorCode) -> None:
        if code in _SESSION_OVER:
            self._start_over()
        elif code is ErrorCode.TICKET_INVALID and self._join is not None:
            self._join = None
            self._desk.act(Tell(Notice.NUMBER_GONE))
        elif code is ErrorCode.THROTTLED:
            self._codes.refused()
            self._desk.act(Tell(Notice.RELAY_BUSY))
        fatal = code in _FATAL
        self._desk.act(CloseLink(code, fatal=fatal))
        if fatal:
            self._finish(code)

    # --- the customer ---

    def answered(self, question_id: int, granted: bool, now_ms: float) -> list[Action]:
        """The customer has answered; an answer that comes too late changes nothing."""
        self._desk.now_ms = now_ms
        self._settle(question_id, granted, None if granted else ErrorCode.CONSENT_DENIED)
        return self._done()

    def _settle(self, question_id: int, granted: bool, code: ErrorCode | None) -> None:
        question = self._questions.take(question_id)
        seat = self._desk.seat_of(question.link) if question is not None else None
        if question is None or seat is None:
            return
        self._desk.act(Withdraw(question.id))
        if granted and question.deadline_ms <= self._desk.now_ms:
            granted, code = False, ErrorCode.CONSENT_TIMEOUT
        settle = self._control.answered if question.step_up else self._doorway.answered
        settle(seat, question, granted, code)

    def step_down(self, now_ms: float) -> list[Action]:
        """The customer takes control back; the others may go on looking."""
        self._desk.now_ms = now_ms
        self._control.step_down(Mode.OBSERVER)
        return self._done()

    def new_code(self, now_ms: float) -> list[Action]:
        """The customer wants a new code, for the first or for another technician."""
        self._desk.now_ms = now_ms
        if self._link_up and not self._ended:
            self._codes.request()
        return self._done()

    def dismiss(self, slot: int, now_ms: float) -> list[Action]:
        """The customer sends one person away."""
        self._desk.now_ms = now_ms
        seat = self._desk.seats.get(slot)
        if seat is not None:
            self._desk.tell(seat, HostGoodbye(code=ErrorCode.REMOVED))
            self._desk.remove(seat, ErrorCode.REMOVED)
            self._doorway.end(seat, SeatEvent.REFUSED)
        return self._done()

    def stop(self, now_ms: float) -> list[Action]:
        """The customer ends the session for everybody."""
        self._desk.now_ms = now_ms
        if not self._ended:
            for seat in list(self._desk.seats.values()):
                self._desk.tell(seat, HostGoodbye(code=ErrorCode.SESSION_ENDED))
                seat.drop_keys()
            self._finish(ErrorCode.SESSION_ENDED, EndSession())
        return self._done()

    def _finish(self, code: ErrorCode, farewell: EndSession | None = None) -> None:
        self._ended = True
        for seat in list(self._desk.seats.values()):
            self._doorway.end(seat, SeatEvent.LEFT)
        self._codes.spend()
        if farewell is not None:
            self._desk.tell_relay(farewell)
        self._desk.act(Ended(code))

    # --- the capture and the features ---

    def frame(self, run: int, frame_id: int, keyframe: bool, data: bytes, now_ms: float) -> list[Action]:
        """One encoded frame of the capture of this run; ``frame_id`` counts from 1 within the run."""
        self._desk.now_ms = now_ms
        self._screen.frame(run, frame_id, keyframe, data)
        return self._taken()

    def layout(self, run: int, layout: ScreenLayout, now_ms: float) -> list[Action]:
        """The capture has found the screen's size and monitors."""
        self._desk.now_ms = now_ms
        self._screen.layout(run, layout)
        return self._taken()

    def condition(self, run: int, state: CaptureState, now_ms: float) -> list[Action]:
        """There is a picture again, or none, and why."""
        self._desk.now_ms = now_ms
        self._screen.condition(run, state)
        return self._taken()

    def feature_refused(self, link: int, refusal: Refusal, now_ms: float) -> list[Action]:
        """A feature could not carry an admitted message out."""
        self._desk.now_ms = now_ms
        self._control.refused_by_feature(link, refusal)
        return self._taken()

    # --- the clock ---

    def tick(self, now_ms: float) -> list[Action]:
        """Let deadlines pass; to be called some four times a second."""
        self._desk.now_ms = now_ms
        for question in self._questions.expired():
            self._settle(question.id, False, ErrorCode.CONSENT_TIMEOUT)
        for seat in list(self._desk.seats.values()):
            self._check_deadlines(seat)
        return self._done()

    def _check_deadlines(self, seat: Seat) -> None:
        now_ms = self._desk.now_ms
        since_s = (now_ms - seat.since_ms) / 1000
        silent_ms = now_ms - seat.heard_ms
        match seat.state:
            case SeatState.JOINING | SeatState.VERIFYING | SeatState.RESUMING if (
                since_s > HANDSHAKE_DEADLINE_S
            ):
                resuming = seat.state is SeatState.RESUMING
                self._desk.remove(seat, ErrorCode.DESYNC if resuming else ErrorCode.DEADLINE)
                if resuming:
                    self._doorway.cut(seat)
                else:
                    self._doorway.end(seat, SeatEvent.EXPIRED)
            case SeatState.AWAY if since_s > RESUME_LIFE_S:
                self._doorway.end(seat, SeatEvent.EXPIRED)
            case SeatState.LIVE if silent_ms > HEARTBEAT_DEADLINE_S * 1000:
                self._desk.remove(seat, ErrorCode.DESYNC)
                self._doorway.cut(seat)
            case SeatState.LIVE:
                self._watch_silence(seat, silent_ms)
            case _:
                pass

    def _watch_silence(self, seat: Seat, silent_ms: float) -> None:
        if silent_ms <= HELD_SILENCE_MS:
            self._silent.discard(seat.link)
        elif seat.link not in self._silent:
            self._silent.add(seat.link)
            if seat is self._desk.lead:
                self._desk.release_held()

    # --- what comes out ---

    def _taken(self) -> list[Action]:
        out, self._desk.out = self._desk.out, []
        return out

    def _done(self) -> list[Action]:
        """Collect the actions, and whatever is to be shown differently now."""
        if self._link_up and not self._ended:
            self._codes.renew_when_due()
        now = Snapshot(
            phase=self._phase(), mode=self._desk.mode, code=self._codes.shown, people=self._desk.people()
        )
        if now != self._snapshot:
            self._snapshot = now
            self._desk.act(Show(now))
        return self._taken()

    def _phase(self) -> Phase:
        if self._ended:
            return Phase.ENDED
        if not self._link_up:
            return Phase.RECONNECTING if self._token is not None else Phase.CONNECTING
        return Phase.LIVE if self._desk.seated else Phase.WAITING
