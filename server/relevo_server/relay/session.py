"""One session on the relay: who is there, who comes back, who has gone (SPEC C3-C14, C21-C23, S1, S2).

What passes between them is in :mod:`relevo_server.relay.traffic`, what the host decides in ``orders``.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatEvent, SeatState, SessionEvent, SessionState, next_session_state
from relevo_protocol.limits import MAX_UNRECORDED, MAX_VIEWERS
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    HostBack,
    HostGone,
    KeyframeWanted,
    RelayError,
    SessionEnded,
    ViewerGone,
)
from relevo_protocol.modes import Mode, SessionKind
from relevo_protocol.rights import may_show
from relevo_server.access.throttle import Key
from relevo_server.relay.asking import Answer, Asks
from relevo_server.relay.keeping import Keeping
from relevo_server.relay.line import Line
from relevo_server.relay.records import SessionKept
from relevo_server.relay.room import free_slot, yielding_seat
from relevo_server.relay.seat import Identity, Seat
from relevo_server.relay.surroundings import Surroundings
from relevo_server.relay.traits import Traits
from relevo_server.relay.welcomes import agent_welcome, join_asked, viewer_joining, viewer_welcome

_MISSED_LIMIT = 4 * MAX_VIEWERS
_LEFT_S = 60.0
Details = dict[str, str | int | float | bool]


class Session:
    """Events in by method calls; what follows lies in the lines' outboxes and among the records."""

    def __init__(
        self, session_id: bytes, around: Surroundings, created_at_s: float, traits: Traits | None = None
    ) -> None:
        self.session_id = session_id
        self.state = SessionState.WAITING
        self.host: Line | None = None
        self.seats: dict[int, Seat] = {}
        self.around = around
        self.keeping = Keeping(session_id, created_at_s, around)
        self.keeping.traits = traits or Traits()
        self.created_at_s = created_at_s
        self.opened_from: tuple[Key, ...] = ()
        """Whose sessions it counts among; nobody's once the relay was restarted."""
        self.asks = Asks(around.monotonic_s)
        self.acts: deque[int] = deque(maxlen=MAX_UNRECORDED)
        """Numbers of the host's latest acts that are in the record for sure (SPEC C26)."""
        self.reported: set[int] = set()
        """Slots of whom the host has reported, 0 for everybody (SPEC N8)."""
        self.visited = traits is not None and traits.lead is not None
        """Whether anybody with an account has come, let in or not; a presenter was there first."""
        presents = self.kind is SessionKind.PRESENTATION
        self.keeping.begin_in(Mode.DEMO if presents else Mode.OBSERVER)
        self.shows = may_show(self.kind, Mode(self.keeping.mode))
        """Whether media may pass at all in this kind of session and this mode (SPEC C22)."""
        self._last_link = 0
        self._host_due_s: float | None = None
        self._missed: list[ViewerGone] = []

    @property
    def kind(self) -> SessionKind:
        """Whose screen it is about."""
        return self.keeping.traits.kind

    # --- the host comes and goes

    def open_host(self, line: Line, reserved: str | None = None) -> None:
        """The session's first connection of its agent, perhaps with a reserved number (SPEC C16)."""
        self.host = line
        if self.kind is SessionKind.PRESENTATION:
            routing = None  # its viewers come by invitation only
        else:
            routing = self.keeping.take_number() if reserved is None else self.keeping.claim_number(reserved)
        if routing is None and self.kind is SessionKind.SUPPORT:
            code = ErrorCode.THROTTLED if reserved is None else ErrorCode.TICKET_INVALID
            why = (
                "no routing number is free" if reserved is None else "this number is not reserved (any more)"
            )
            line.refuse(code, why)
            self.end(code, why, "relay")
            return
        line.send(agent_welcome(self.keeping, self.around, resumed=False, routing=routing))
        self.keeping.save()
        lead = self.keeping.traits.lead
        self.keeping.audit(lead.account_id if lead else "agent", "session.opened", {"kind": self.kind.value})

    def resume_host(self, line: Line) -> None:
        """The agent is back: every viewer that is present gets a new link and resumes on it."""
        if self.host is not None:
            old = self.host
            self.host_gone(old)
            old.refuse(ErrorCode.REPLACED, "the agent connected anew")
        self.follow(SessionEvent.HOST_BACK)
        self._host_due_s = None
        self.host = line
        self.keeping.traits = replace(self.keeping.traits, back_by_s=0.0)
        line.send(agent_welcome(self.keeping, self.around, resumed=True))
        self.keeping.save()
        # Whoever comes back without end does not fill the record: their address's lines are bounded.
        if self.around.failures.charge(*(self.opened_from or (Key(self.session_id.hex()),))) <= 0.0:
            self.keeping.audit("agent", "session.resumed", {})
        else:
            self.keeping.leave_out("session.resumed", self.opened_from)
        missed, self._missed = self._missed, []
        for gone in missed:
            line.send(gone)
        for seat in self.seats.values():
            if seat.line is not None:
                seat.relink(self._next_link())
                seat.line.send(HostBack(link=seat.link))
                self._begin_resuming(seat)

    def restore(self, kept: SessionKept) -> None:
        """Stand where a killed relay left off: the host away, to be back before its time is up."""
        self.keeping.restore(kept)
        self.visited = self.visited or kept.traits.lead is not None
        self.shows = may_show(self.kind, Mode(kept.mode))
        self._await_host()

    def restore_seat(self, seat: Seat, token_hash: bytes) -> None:
        """Take up a stored seat as away."""
        self.seats[seat.slot] = seat
        self.visited = self.visited or not seat.identity.guest
        seat.state = SeatState.AWAY
        seat.link = self._next_link()
        self.set_deadline(seat, seat.expires_at_s - self.around.wall_s())
        self.keeping.restore_seat(seat.slot, token_hash)

    def host_gone(self, line: Line) -> None:
        """The agent's socket is down; nothing happens if it was replaced already."""
        if self.host is not line or self.state is SessionState.ENDED:
            return
        self._await_host()
        self.around.invitations.suspend(self.session_id)
        self.asks.fail_all(ErrorCode.HOST_GONE)
        for seat in list(self.seats.values()):
            if not seat.established:
                self._close_line(seat, RelayError(code=ErrorCode.HOST_GONE), ErrorCode.HOST_GONE)
                self.remove(seat, SeatEvent.CUT)
                continue
            if seat.state is not SeatState.AWAY:
                seat.follow(SeatEvent.CUT)
            seat.unadmit()
            if seat.line is not None:
                seat.deadline_s = None
                seat.line.send(self._host_gone_notice())
            else:
                self.set_deadline(seat, self.keeping.stay_s())

    def end(self, code: ErrorCode, reason: str, actor: str) -> None:
        """End the session for everybody."""
        if self.state is SessionState.ENDED:
            return
        self.follow(SessionEvent.ENDED)
        for seat in self.seats.values():
            self._close_line(seat, SessionEnded(code=code, reason=reason), code)
        self.seats.clear()
        self.asks.fail_all(ErrorCode.SESSION_ENDED)
        if self.host is not None:
            self.host.end(ErrorCode.SESSION_ENDED, reason)
            self.host = None
        self.keeping.close(code.value)
        self.keeping.audit(actor, "session.ended", {"code": code.value})

    # --- viewers come and go

    def join(self, line: Line, identity: Identity) -> Seat | None:
        """A viewer whose ticket leads here; None when there is no seat for it (SPEC L8, C23)."""
        slot = self._make_room(identity) if self.host is not None else None
        if slot is None or self.host is None:
            line.refuse(ErrorCode.SESSION_FULL, "no seat is free")
            return None
        self.visited = self.visited or not identity.guest
        seat = Seat(slot, identity, self._next_link(), line=line)
        line.first_link = seat.link
        self.seats[slot] = seat
        self.set_deadline(seat, self.around.policies.handshake_deadline_s)
        line.send(viewer_welcome(self.keeping, self.around, seat, host_present=True))
        self.host.send(viewer_joining(seat, resumed=False))
        return seat

    def has_room(self, identity: Identity) -> bool:
        """Whether :meth:`join` would find a seat for this person."""
        now_s = self.around.monotonic_s()
        return free_slot(self.seats) is not None or bool(
            yielding_seat(self.seats, self.kind, identity, now_s)
        )

    def resume_seat(self, line: Line, slot: int) -> Seat | None:
        """Somebody with its token is back; None when there is nothing to come back to.

        That proves nothing: whoever was there is cut, and may come back as well (SPEC C4, C10).
        """
        seat = self.seats.get(slot)
        if seat is None or not seat.established:
            line.refuse(ErrorCode.RESUME_INVALID, "the seat is gone")
            return None
        if seat.line is not None:
            old = seat.line
            self.viewer_gone(old, ErrorCode.DESYNC)
            old.refuse(ErrorCode.DESYNC, "the seat was taken up by another connection")
        seat.line = line
        seat.relink(self._next_link())
        line.first_link = seat.link
        seat.deadline_s = None
        line.send(viewer_welcome(self.keeping, self.around, seat, host_present=self.host is not None))
        self.keeping.save_seat(seat)
        if self.host is not None:
            self._begin_resuming(seat)
        elif self.keeping.traits.restarting_s(self.around.wall_s()):
            line.send(self._host_gone_notice())
        return seat

    def viewer_gone(self, line: Line, code: ErrorCode, *, left: bool = False) -> None:
        """A viewer's socket is down, or it leaves; nothing happens if no seat is on this line any more.

        A token alone leaves nothing: whose it is may come back, within a minute where no host is there.
        """
        seat = self.seat_of(line)
        if seat is None:
            return
        if (left and line.proven) or not seat.established:
            self.remove(seat, SeatEvent.LEFT if left else SeatEvent.CUT)
        else:
            self.vacate(seat, SeatEvent.CUT)
            if left and self.host is None:
                self.set_deadline(seat, _LEFT_S)
        gone = ViewerGone(link=seat.link, slot=seat.slot, left=seat.state is SeatState.GONE, code=code)
        self.tell_host(gone)

    def dismiss(self, seat: Seat) -> None:
        """The relay vouches for this viewer no more."""
        line, who = seat.line, seat.identity
        self.remove(seat, SeatEvent.LEFT)
        self.tell_host(ViewerGone(link=seat.link, slot=seat.slot, left=True, code=ErrorCode.REMOVED))
        if line is not None:
            line.refuse(ErrorCode.REMOVED, "this sign-in has ended")
        details: Details = {"slot": seat.slot, "code": ErrorCode.REMOVED.value, "account": who.account_id}
        self.keeping.audit("relay", "viewer.removed", details, who.organisation_id)

    def retire(self, seat: Seat) -> None:
        """Nobody comes back to this seat: its person came anew, or others need the room."""
        self.remove(seat, SeatEvent.LEFT)
        self.tell_host(ViewerGone(link=seat.link, slot=seat.slot, left=True, code=ErrorCode.REPLACED))

    def seat_of(self, line: Line) -> Seat | None:
        """The seat that is on this line."""
        return next((seat for seat in self.seats.values() if seat.line is line), None)

    def seat_on(self, link: int) -> Seat | None:
        """The seat whose present link this is."""
        return next((seat for seat in self.seats.values() if seat.link == link), None)

    def ask(self, who: Identity, key: bytes, tell: Callable[[Answer], None]) -> ErrorCode | None:
        """Bring the host a request to come in (SPEC C20); why not, or None: then ``tell`` is called once."""
        if self.host is None:
            return ErrorCode.HOST_GONE
        request = self.asks.open(who.account_id, tell)
        if request is None:
            return ErrorCode.THROTTLED
        self.keeping.audit(who.account_id, "join.asked", {}, who.organisation_id)
        self.host.send(join_asked(request, who, key))
        return None

    # --- time passes

    def set_deadline(self, seat: Seat, in_s: float) -> None:
        """Give the seat so many seconds from now."""
        seat.deadline_s = self.around.monotonic_s() + in_s

    def stay_changed(self) -> None:
        """Hold or restart has changed how long whoever is away may still come back."""
        self.keeping.save()
        if self.host is None:
            self._host_due_s = self.around.monotonic_s() + self.keeping.stay_s()
        for seat in self.seats.values():
            if seat.established:
                self.keeping.save_seat(seat)
            if seat.state is SeatState.AWAY and seat.line is None:
                self.set_deadline(seat, self.keeping.stay_s())

    def show_or_hide(self, *, shows: bool) -> None:
        """Let media pass in the mode that holds from now on, or not (SPEC C22)."""
        before, self.shows = self.shows, shows
        for seat in self.seats.values():
            if seat.line is not None and not shows:
                seat.line.outbox.restart_media()
            elif not before:
                self.want_keyframe(seat)

    def want_keyframe(self, seat: Seat) -> None:
        """The viewer has caught up and lacks what was dropped: ask for a keyframe, at a limited rate."""
        if not seat.admitted or self.host is None or not self.shows:
            return
        now_s = self.around.monotonic_s()
        if now_s - seat.keyframe_wanted_s >= self.around.policies.keyframe_interval_s:
            seat.keyframe_wanted_s = now_s
            self.host.send(KeyframeWanted(slot=seat.slot))

    def tick(self) -> None:
        """Act on deadlines that have passed, and keep the stored ones ahead of those who are present."""
        now_s = self.around.monotonic_s()
        if self._host_due_s is not None and now_s >= self._host_due_s:
            self.end(ErrorCode.HOST_GONE, "the customer's PC did not come back", "relay")
            return
        self.asks.tick()
        for seat in list(self.seats.values()):
            if seat.deadline_s is not None and now_s >= seat.deadline_s:
                self._expire(seat)
            elif seat.line is not None:
                if seat.line.outbox.starving:
                    self.want_keyframe(seat)
                self.keeping.prolong(seat)

    def _expire(self, seat: Seat) -> None:
        line = seat.line
        if line is None:
            self.remove(seat, SeatEvent.EXPIRED)
            self.tell_host(ViewerGone(link=seat.link, slot=seat.slot, left=True, code=ErrorCode.DEADLINE))
            return
        self.viewer_gone(line, ErrorCode.DEADLINE)
        line.refuse(ErrorCode.DEADLINE, "the handshake or its consent took too long")

    # --- inside

    def follow(self, event: SessionEvent) -> None:
        """Take a step of the session's lifecycle."""
        self.state = next_session_state(self.state, event)

    def _await_host(self) -> None:
        self.follow(SessionEvent.HOST_CUT)
        self.host = None
        self._host_due_s = self.around.monotonic_s() + self.keeping.stay_s()

    def vacate(self, seat: Seat, event: SeatEvent) -> None:
        """The viewer's line goes, the seat stays."""
        if seat.state is not SeatState.AWAY:
            seat.follow(event)
        self._part(seat)
        seat.away_since_s = self.around.monotonic_s()
        self.set_deadline(seat, self.keeping.stay_s())

    def remove(self, seat: Seat, event: SeatEvent) -> None:
        """The seat is gone for good."""
        seat.follow(event)
        self._part(seat)
        del self.seats[seat.slot]
        self.keeping.drop_seat(seat)
        if not self.seats:
            self.follow(SessionEvent.LAST_SEAT_GONE)

    def _part(self, seat: Seat) -> None:
        seat.unadmit()
        seat.line = None

    def _close_line(self, seat: Seat, last_word: Message, code: ErrorCode) -> None:
        if seat.line is not None:
            seat.line.send(last_word)
            seat.line.end(code)

    def tell_host(self, gone: ViewerGone) -> None:
        """Say it now, or once the host is back."""
        if self.host is not None:
            self.host.send(gone)
        elif gone.left and len(self._missed) < _MISSED_LIMIT:
            self._missed.append(gone)

    def _next_link(self) -> int:
        self._last_link = self.around.fresh_link(self._last_link)
        return self._last_link

    def _begin_resuming(self, seat: Seat) -> None:
        seat.follow(SeatEvent.RESUME_FLIGHT1)
        self.set_deadline(seat, self.around.policies.handshake_deadline_s)
        if self.host is not None:
            self.host.send(viewer_joining(seat, resumed=True))

    def _host_gone_notice(self) -> HostGone:
        return HostGone(restarting_s=self.keeping.traits.restarting_s(self.around.wall_s()))

    def _make_room(self, identity: Identity) -> int | None:
        slot = free_slot(self.seats)
        if slot is None:
            seat = yielding_seat(self.seats, self.kind, identity, self.around.monotonic_s())
            if seat is not None:
                self.retire(seat)
                slot = seat.slot
        return slot
