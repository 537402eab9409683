"""The session core: one method for each event, each returning the actions that it leads to (SPEC S, C, P).

No I/O, no clock, no threads: the time comes with every event in ms of a monotonic clock.
"""

from typing import Final, Self, assert_never

from relevo_agent.session.actions import Action, CloseLink, Notice, Tell
from relevo_agent.session.control import Heard
from relevo_agent.session.desk import Settings
from relevo_agent.session.entries import DecidedBy
from relevo_agent.session.local_side import LocalSide
from relevo_agent.session.questions import Decision
from relevo_agent.session.restart import read, restore, saved
from relevo_agent.session.seat import Seat
from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.codec import relay_to_agent
from relevo_protocol.crypto.errors import DesyncError
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.errors import ErrorCode, MalformedError, ProtocolError
from relevo_protocol.header import DST_HOST, Header, MessageType, body_of, parse_header
from relevo_protocol.lifecycle import SeatEvent
from relevo_protocol.messages import RelayToAgent
from relevo_protocol.messages.relay import (
    AgentHello,
    AgentWelcome,
    CodeIssued,
    JoinAsked,
    KeyframeWanted,
    Recorded,
    RelayError,
    StepUp,
    ViewerGone,
    ViewerJoining,
)

_FATAL: Final = frozenset({ErrorCode.UNSUPPORTED_VERSION, ErrorCode.REPLACED, ErrorCode.ORIGIN_REFUSED})
_SESSION_OVER: Final = frozenset({ErrorCode.RESUME_INVALID, ErrorCode.SESSION_ENDED})
_PRESENTATION_OVER: Final = _SESSION_OVER | {ErrorCode.TICKET_INVALID}
"""A presentation's ticket is good once: there is no starting over."""
_BEFORE_WELCOME: Final = (AgentWelcome, RelayError)


class Session(LocalSide):
    """One session on the customer's PC, from the first connection to its end."""

    def __init__(self, settings: Settings, *, restored: bool = False) -> None:
        super().__init__(settings, restored=restored)
        self._join = settings.join

    @classmethod
    def restored(cls, settings: Settings, state: bytes, now_ms: float) -> Self:
        """Return the session that left this state before a restart (SPEC V6).

        Raises:
            ProtocolError: the state is none, too old, or of another device; a new session is due then.
        """
        session = cls(settings, restored=True)
        state_read = read(state, settings.wall_ms())
        restore(session._house, state_read, now_ms)
        session._token = state_read.token
        session._join = None
        return session

    # --- the link ---

    def link_opened(self, now_ms: float) -> list[Action]:
        """The socket to the relay is open: say hello."""
        self._desk.now_ms = now_ms
        if self._control.power.frozen:
            self._desk.act(CloseLink(ErrorCode.SHUTTING_DOWN))
        elif not self._ended or self._farewell.owed:
            settings = self._desk.settings
            hello = AgentHello(
                version=PROTOCOL_VERSION,
                agent_version=settings.agent_version,
                token=self._token,
                join=self._join,
                kind=settings.kind,
                ticket=settings.ticket if self._token is None else None,
            )
            self._desk.tell_relay(hello)
        return self._done()

    def link_lost(self, now_ms: float, *, heard_all: bool = False) -> list[Action]:
        """The socket is down: nothing stays pressed or captured, everybody may come back (SPEC C11).

        ``heard_all``: the relay closed it in return, and has what was said before.
        """
        self._desk.now_ms = now_ms
        was_up, self._link_up = self._link_up, False
        self._desk.notices.link_up = False
        if self._ended and was_up and heard_all:
            self._farewell.over()
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
        everyday = self._ended
        try:
            if self._ended:
                self._part(message)
            else:
                everyday = self._route(message)
        except ProtocolError as error:
            self._desk.act(CloseLink(error.code))
        return self._taken() if everyday else self._done()

    def _part(self, message: bytes) -> None:
        """After the end: the relay welcomes this PC back and is told, or knows of no session any more."""
        if not self._farewell.owed or self._link_up or parse_header(message).type is not MessageType.RELAY:
            return
        said = relay_to_agent.decode(body_of(message))
        if isinstance(said, AgentWelcome) and said.resumed and self._is_ours(said):
            self._token = said.token
            self._link_up = True
            self._desk.notices.welcomed()
            self._farewell.say()
        elif isinstance(said, RelayError) and said.code not in _FATAL | _SESSION_OVER:
            self._desk.act(CloseLink(said.code))
        else:
            self._farewell.over()

    def _is_ours(self, welcome: AgentWelcome) -> bool:
        return ChannelContext(welcome.origin, welcome.session_id) == self._desk.context

    def _route(self, message: bytes) -> bool:
        """Whether nothing follows of it but the actions that it left."""
        header = parse_header(message)
        if header.type is MessageType.RELAY:
            self._relay(relay_to_agent.decode(body_of(message)))
            return False
        if header.dst != DST_HOST or header.type is MessageType.MEDIA:
            raise MalformedError(f"a {header.type.name.lower()} message for {header.dst} reached the host")
        if header.type is MessageType.HANDSHAKE:
            if not self._control.power.frozen:
                self._doorway.flight(header.key_id, bytes(body_of(message)))
            return False
        seat = self._desk.seat_of(header.key_id)
        return seat is not None and seat.channel is not None and self._pairwise(seat, header, message)

    def _pairwise(self, seat: Seat, header: Header, message: bytes) -> bool:
        try:
            body = seat.open(header, message)
            heard = self._control.heard(seat, body)
        except DesyncError:
            self._desk.remove(seat, ErrorCode.DESYNC)
            self._doorway.cut(seat)
            return False
        except ProtocolError as error:
            if error.code is ErrorCode.TAMPERED:
                self._desk.act(Tell(Notice.TAMPERED, seat.vouched.display_name))
            self._desk.remove(seat, error.code)
            self._doorway.end(seat, SeatEvent.REFUSED)
            return False
        if heard is Heard.LEAVE:
            self._doorway.end(seat, SeatEvent.LEFT)
        return heard is Heard.EVERYDAY

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
            case JoinAsked():
                self._house.rooms.joins.asked(message)
            case KeyframeWanted():
                self._screen.want_keyframe()
            case Recorded() | StepUp():
                self._vouched(message)
            case RelayError():
                self._relay_failed(message.code)
            case _:
                assert_never(message)

    def _vouched(self, message: Recorded | StepUp) -> None:
        """The relay says that its record has something, or that somebody has proved who they are."""
        if isinstance(message, Recorded):
            self._desk.notices.recorded(message.number)
        else:
            self._control.modes.proved(message.link, message.life_s)

    def _welcomed(self, welcome: AgentWelcome) -> None:
        if not welcome.resumed:
            self._start_over()
        elif self._token is None or not self._is_ours(welcome):
            self._start_over()
            raise ProtocolError("the relay resumes another session than ours", ErrorCode.UNEXPECTED)
        self._token = welcome.token
        self._join = None
        self._link_up = True
        self._desk.context = ChannelContext(welcome.origin, welcome.session_id)
        self._house.people.welcomed(resumed=welcome.resumed)
        if welcome.resumed:
            self._control.power.link_back()
        self._desk.notices.welcomed()
        self._desk.send_notices()
        if welcome.routing is not None:
            self._codes.issue(welcome.routing, welcome.code_life_s)

    def _start_over(self) -> None:
        """The relay knows nothing of the session any more: nor do we."""
        if self._desk.seats:
            self._desk.act(Tell(Notice.SESSION_LOST))
        self._everybody_leaves()
        self._desk.notices.forget()
        self._token = None

    def _relay_failed(self, code: ErrorCode) -> None:
        if code in _SESSION_OVER:
            self._start_over()
        elif code is ErrorCode.TICKET_INVALID and self._join is not None:
            self._join = None
            self._desk.act(Tell(Notice.NUMBER_GONE))
        elif code is ErrorCode.THROTTLED:
            self._codes.refused()
            self._desk.act(Tell(Notice.RELAY_FULL if self._token is None else Notice.RELAY_BUSY))
        fatal = code in _FATAL or (self._desk.presents and code in _PRESENTATION_OVER)
        self._desk.act(CloseLink(code, fatal=fatal))
        if fatal:
            self._finish(code)

    # --- the clock ---

    @property
    def counts_down(self) -> bool:
        """Whether somebody sees seconds run out: of a question, or before the PC restarts."""
        return self._desk.asking or self._house.control.power.restart_at_ms is not None

    def tick(self, now_ms: float) -> list[Action]:
        """Let deadlines pass; to be called some four times a second."""
        self._desk.now_ms = now_ms
        self._farewell.pass_time()
        for question in self._house.questions.expired():
            self._house.decide(question.id, Decision(question.yes_by_silence, DecidedBy.CLOCK))
        self._house.pass_time()
        self._desk.send_notices()
        self._prepare_restart()
        return self._done()

    def _prepare_restart(self) -> None:
        power = self._control.power
        if not power.restart_due():
            return
        if self._link_up and self._token is not None:
            power.prepare(saved(self._house, self._token))
        else:
            power.cannot("no connection to the relay")
