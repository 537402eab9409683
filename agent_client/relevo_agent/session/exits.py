"""How viewers go: cut, gone, sent away; and what must not stay behind (SPEC S4, P3, G10)."""

from dataclasses import dataclass

from relevo_agent.session.actions import CloseFeatures, Notice, Send, Tell
from relevo_agent.session.chat import Chat
from relevo_agent.session.codes import Codes
from relevo_agent.session.desk import Desk
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.session.invites import Invites
from relevo_agent.session.joins import Joins
from relevo_agent.session.marks import Marks
from relevo_agent.session.modes import Modes
from relevo_agent.session.questions import Questions
from relevo_agent.session.screen import Screen
from relevo_agent.session.seat import SEATED, Seat
from relevo_protocol.codec import encode
from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatEvent, SeatState
from relevo_protocol.messages.relay import CodeSpent
from relevo_protocol.messages.session import HostGoodbye
from relevo_protocol.modes import Role


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the doorway leads to, and what it keeps its keys in."""

    codes: Codes
    invites: Invites
    joins: Joins
    questions: Questions
    screen: Screen
    modes: Modes
    chat: Chat
    marks: Marks


class Exits:
    """Lets viewers out."""

    def __init__(self, desk: Desk, rooms: Rooms) -> None:
        self._desk = desk
        self._codes = rooms.codes
        self._invites = rooms.invites
        self._joins = rooms.joins
        self._questions = rooms.questions
        self._screen = rooms.screen
        self._modes = rooms.modes
        self._chat = rooms.chat
        self._marks = rooms.marks

    def cut(self, seat: Seat) -> None:
        """The connection is down and may come back; nothing stays pressed and the others get a new key."""
        self._desk.removed.pop(seat.slot, None)
        if seat.state is SeatState.AWAY:
            seat.drop_keys()
            return
        was_live = seat.state is SeatState.LIVE
        self._tell_lost(seat)
        self._questions.withdraw(seat)
        self._code_run_failed(seat)
        seat.drop_keys()
        seat.follow(SeatEvent.CUT, self._desk.now_ms)
        self._let_go(seat, was_live=was_live, was_in=was_live)

    def _tell_lost(self, seat: Seat) -> None:
        """The question vanishes with the one it was about: the customer is told why."""
        if seat.state is SeatState.ASKING:
            self._desk.act(Tell(Notice.VISITOR_LOST, seat.vouched.display_name))

    def dismiss(self, seat: Seat, code: ErrorCode) -> None:
        """Somebody is sent away: first the key that they lack, then the seat goes (SPEC G10)."""
        self._joins.turn_away(seat.vouched.account_id)
        self._modes.void_return(seat.vouched.account_id)
        farewell = None if seat.channel is None else Send(seat.seal(encode(HostGoodbye(code=code))))
        self.end(seat, SeatEvent.REFUSED, EntryKind.REMOVED)
        if farewell is not None:
            self._desk.act(farewell)
        self._desk.remove(seat, code)
        self._invites.change_presentation()

    def end(self, seat: Seat, event: SeatEvent, kind: EntryKind = EntryKind.LEFT) -> None:
        """The seat is gone for good; ``event`` is why, ``kind`` what the record says of it."""
        was_live, was_in = seat.state is SeatState.LIVE, seat.state in SEATED
        self._questions.withdraw(seat)
        self._code_run_failed(seat)
        seat.drop_keys()
        if seat.state is SeatState.RESUMING and event is SeatEvent.REFUSED:
            seat.follow(event, self._desk.now_ms)  # through away, as the table has it
        if seat.state is SeatState.JOINING and event is SeatEvent.REFUSED:
            event = SeatEvent.EXPIRED
        seat.follow(event, self._desk.now_ms)
        if was_in:
            self._keep(kind, seat)
        self._let_go(seat, was_live=was_live, was_in=was_in)

    def _let_go(self, seat: Seat, *, was_live: bool, was_in: bool) -> None:
        """What a seat leaves behind: nothing held down or open, no key, in the end nothing drawn."""
        if was_live and (seat.role is Role.LEAD or self._desk.token.holder == seat.slot):
            self._desk.release_held()
        if was_live:
            self._desk.act(CloseFeatures(seat.link))
            self._marks.cut(seat.slot)
        if seat.state is SeatState.GONE:
            self._desk.seats.pop(seat.slot, None)
            self._marks.leave(seat.slot)
        if was_live:
            self._screen.renew_epoch()
            self._screen.start_if_live()
        if seat.state is SeatState.GONE and was_in and seat.role is Role.LEAD:
            self._modes.lead_left()

    def _code_run_failed(self, seat: Seat) -> bool:
        """Settle the run's charge; tell whether it was the last try."""
        run, seat.code = seat.code, None
        killed = self._codes.failed(run)
        if killed:
            self._desk.tell_relay(CodeSpent())
            self._desk.act(Tell(Notice.CODE_KILLED))
        return killed

    def _keep(self, kind: EntryKind, seat: Seat) -> None:
        vouched = seat.vouched
        self._desk.keep(
            Entry(
                kind,
                self._desk.now_ms,
                who=vouched.display_name,
                organisation=vouched.organisation,
                role=seat.role,
            )
        )
