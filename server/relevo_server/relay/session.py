"""One support session on the relay: who is there, who comes back, who has gone (SPEC C3-C14, S1, S2).

What passes between them is in :mod:`relevo_server.relay.traffic`.
"""

from relevo_protocol.errors import ErrorCode, UnknownTransition
from relevo_protocol.lifecycle import SeatEvent, SeatState, SessionEvent, SessionState, next_session_state
from relevo_protocol.limits import MAX_VIEWERS
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import (
    AgentWelcome,
    CodeIssued,
    HostBack,
    HostGone,
    KeyframeWanted,
    RelayError,
    RemoveViewer,
    SessionEnded,
    ViewerGone,
    ViewerJoining,
    ViewerWelcome,
)
from relevo_protocol.modes import Mode
from relevo_server.relay.keeping import Keeping
from relevo_server.relay.line import Line
from relevo_server.relay.seat import Identity, Seat
from relevo_server.relay.surroundings import Surroundings

_REFUSED_RESUME = frozenset(
    {
        ErrorCode.CODE_WRONG,
        ErrorCode.TAMPERED,
        ErrorCode.MALFORMED,
        ErrorCode.UNEXPECTED,
        ErrorCode.DEADLINE,
        ErrorCode.UNSUPPORTED_VERSION,
    }
)
"""A resume that failed so leaves the seat away: who lacks the secret cannot kill another's seat."""

_MISSED_LIMIT = 4 * MAX_VIEWERS


class Session:
    """Events in by method calls; what follows lies in the lines' outboxes and among the records."""

    def __init__(self, session_id: bytes, around: Surroundings, created_at_s: float) -> None:
        self.session_id = session_id
        self.state = SessionState.WAITING
        self.host: Line | None = None
        self.seats: dict[int, Seat] = {}
        self.around = around
        self.keeping = Keeping(session_id, created_at_s, around)
        self.keeping.mode = Mode.OBSERVER.value
        self._last_link = 0
        self._host_due_s: float | None = None
        self._missed: list[ViewerGone] = []

    # --- the host comes and goes

    def open_host(self, line: Line, reserved: str | None = None) -> None:
        """The session's first connection of its agent, perhaps with a reserved number (SPEC C16)."""
        self.host = line
        routing = self.keeping.take_number() if reserved is None else self.keeping.claim_number(reserved)
        if routing is None:
            code = ErrorCode.THROTTLED if reserved is None else ErrorCode.TICKET_INVALID
            why = (
                "no routing number is free" if reserved is None else "this number is not reserved (any more)"
            )
            line.refuse(code, why)
            self.end(code, why, "relay")
            return
        line.send(self._agent_welcome(resumed=False, routing=routing))
        self.keeping.save()
        self.keeping.audit("agent", "session.opened", {})

    def resume_host(self, line: Line) -> None:
        """The agent is back: every viewer that is present gets a new link and resumes on it."""
        if self.host is not None:
            old = self.host
            self.host_gone(old)
            old.refuse(ErrorCode.REPLACED, "the agent connected anew")
        self._follow(SessionEvent.HOST_BACK)
        self._host_due_s = None
        self.host = line
        line.send(self._agent_welcome(resumed=True))
        self.keeping.save()
        self.keeping.audit("agent", "session.resumed", {})
        missed, self._missed = self._missed, []
        for gone in missed:
            line.send(gone)
        for seat in self.seats.values():
            if seat.line is not None:
                seat.relink(self._next_link())
                seat.line.send(HostBack(link=seat.link))
                self._begin_resuming(seat)

    def restore(self, agent_hash: bytes, mode: str, routing: str) -> None:
        """Stand where a killed relay left off: the host away, to be back before its time is up."""
        self.keeping.restore(agent_hash, mode, routing)
        self._await_host()

    def restore_seat(self, seat: Seat, token_hash: bytes) -> None:
        """Take up a stored seat as away."""
        self.seats[seat.slot] = seat
        seat.state = SeatState.AWAY
        self.set_deadline(seat, seat.expires_at_s - self.around.wall_s())
        self.keeping.restore_seat(seat.slot, token_hash)

    def host_gone(self, line: Line) -> None:
        """The agent's socket is down; nothing happens if it was replaced already."""
        if self.host is not line or self.state is SessionState.ENDED:
            return
        self._await_host()
        for seat in list(self.seats.values()):
            if not seat.established:
                self._close_line(seat, RelayError(code=ErrorCode.HOST_GONE), ErrorCode.HOST_GONE)
                self._remove(seat, SeatEvent.CUT)
                continue
            if seat.state is not SeatState.AWAY:
                seat.follow(SeatEvent.CUT)
            seat.unadmit()
            if seat.line is not None:
                seat.deadline_s = None
                seat.line.send(HostGone())

    def end(self, code: ErrorCode, reason: str, actor: str) -> None:
        """End the session for everybody."""
        if self.state is SessionState.ENDED:
            return
        self._follow(SessionEvent.ENDED)
        for seat in self.seats.values():
            self._close_line(seat, SessionEnded(code=code, reason=reason), code)
        self.seats.clear()
        if self.host is not None:
            self.host.end(ErrorCode.SESSION_ENDED, reason)
            self.host = None
        self.keeping.close(code.value)
        self.keeping.audit(actor, "session.ended", {"code": code.value})

    # --- viewers come and go

    def join(self, line: Line, identity: Identity) -> Seat | None:
        """A viewer with a ticket for this session's routing number; None when there is no seat for it."""
        slot = next((n for n in range(1, MAX_VIEWERS + 1) if n not in self.seats), None)
        if slot is None or self.host is None:
            line.refuse(ErrorCode.SESSION_FULL, "no seat is free")
            return None
        seat = Seat(slot, identity, self._next_link(), line=line)
        line.first_link = seat.link
        self.seats[slot] = seat
        self.set_deadline(seat, self.around.policies.handshake_deadline_s)
        self._welcome_viewer(seat, line)
        self.host.send(_joining(seat, resumed=False))
        return seat

    def resume_seat(self, line: Line, slot: int) -> Seat | None:
        """A viewer with its token is back; None when there is nothing to come back to."""
        seat = self.seats.get(slot)
        if seat is not None and seat.line is not None:
            old = seat.line
            self.viewer_gone(old, ErrorCode.REPLACED)
            old.refuse(ErrorCode.REPLACED, "the seat was taken up from another window")
        if seat is None or slot not in self.seats:
            line.refuse(ErrorCode.RESUME_INVALID, "the seat is gone")
            return None
        seat.line = line
        seat.relink(self._next_link())
        line.first_link = seat.link
        seat.deadline_s = None
        self._welcome_viewer(seat, line)
        self.keeping.save_seat(seat)
        if self.host is not None:
            self._begin_resuming(seat)
        return seat

    def viewer_gone(self, line: Line, code: ErrorCode, *, left: bool = False) -> None:
        """A viewer's socket is down, or it leaves; nothing happens if no seat is on this line any more."""
        seat = self.seat_of(line)
        if seat is None:
            return
        if left or not seat.established:
            self._remove(seat, SeatEvent.LEFT if left else SeatEvent.CUT)
        else:
            self._vacate(seat, SeatEvent.CUT)
        gone = ViewerGone(link=seat.link, slot=seat.slot, left=seat.state is SeatState.GONE, code=code)
        self._tell_host(gone)

    def dismiss(self, seat: Seat) -> None:
        """The relay vouches for this viewer no more."""
        line = seat.line
        self._remove(seat, SeatEvent.LEFT)
        self._tell_host(ViewerGone(link=seat.link, slot=seat.slot, left=True, code=ErrorCode.REMOVED))
        if line is not None:
            line.refuse(ErrorCode.REMOVED, "the account is disabled")
        self.keeping.audit("relay", "viewer.removed", {"slot": seat.slot, "code": ErrorCode.REMOVED.value})

    def seat_of(self, line: Line) -> Seat | None:
        """The seat that is on this line."""
        return next((seat for seat in self.seats.values() if seat.line is line), None)

    def seat_on(self, link: int) -> Seat | None:
        """The seat whose present link this is."""
        return next((seat for seat in self.seats.values() if seat.link == link), None)

    # --- the agent decides

    def admit(self, link: int) -> None:
        """The agent says that a viewer is live: media may pass to it from now on (SPEC C9).

        Raises:
            UnknownTransition: the seat has not come that far.
        """
        seat = self.seat_on(link)
        if seat is None or seat.line is None:
            return  # its line went down meanwhile
        first = seat.state is SeatState.ASKING
        if first:
            seat.follow(SeatEvent.CONSENTED)
        if seat.state is not SeatState.LIVE:
            raise UnknownTransition(f"the agent admits a seat that is {seat.state}")
        seat.admitted = True
        seat.deadline_s = None
        self._follow(SessionEvent.SEAT_LIVE)
        if first:
            self.keeping.save_seat(seat)
            details: dict[str, str | int | float | bool] = {"slot": seat.slot, "mode": self.keeping.mode}
            self.keeping.audit(seat.identity.account_id, "viewer.admitted", details)

    def remove_viewer(self, said: RemoveViewer) -> None:
        """The agent removes a viewer; for ``desync`` and a failed resume only its line goes, not its seat."""
        seat = self.seat_on(said.link)
        if seat is None:
            return
        # A dead code is told as a wrong one: what leads nowhere at all must look the same.
        code = ErrorCode.CODE_WRONG if said.code is ErrorCode.CODE_DEAD else said.code
        line = seat.line
        if code is ErrorCode.DESYNC:
            if line is None:
                return  # the cut that the agent noticed was seen here first
            self.viewer_gone(line, code)
        elif seat.state in {SeatState.RESUMING, SeatState.AWAY} and code in _REFUSED_RESUME:
            self._vacate(seat, SeatEvent.REFUSED)
        else:
            self._remove(seat, SeatEvent.LEFT)
        if line is not None:
            line.refuse(code, said.reason)
        details: dict[str, str | int | float | bool] = {"slot": seat.slot, "code": said.code.value}
        self.keeping.audit("agent", "viewer.removed", details)

    def issue_code(self) -> None:
        """The agent wants a routing number; any earlier one dies."""
        routing = self.keeping.take_number()
        if self.host is None:
            return
        if routing is None:
            self.host.refuse(ErrorCode.THROTTLED, "too many routing numbers were asked for")
            return
        self.host.send(CodeIssued(routing=routing, code_life_s=self.around.policies.code_life_s))
        self.keeping.save()

    # --- time passes

    def set_deadline(self, seat: Seat, in_s: float) -> None:
        """Give the seat so many seconds from now."""
        seat.deadline_s = self.around.monotonic_s() + in_s

    def want_keyframe(self, seat: Seat) -> None:
        """The viewer has caught up and lacks what was dropped: ask for a keyframe, at a limited rate."""
        if not seat.admitted or self.host is None:
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
            self._remove(seat, SeatEvent.EXPIRED)
            self._tell_host(ViewerGone(link=seat.link, slot=seat.slot, left=True, code=ErrorCode.DEADLINE))
            return
        self.viewer_gone(line, ErrorCode.DEADLINE)
        line.refuse(ErrorCode.DEADLINE, "the handshake or its consent took too long")

    # --- inside

    def _follow(self, event: SessionEvent) -> None:
        self.state = next_session_state(self.state, event)

    def _await_host(self) -> None:
        self._follow(SessionEvent.HOST_CUT)
        self.host = None
        self._host_due_s = self.around.monotonic_s() + self.around.policies.resume_life_s

    def _vacate(self, seat: Seat, event: SeatEvent) -> None:
        """The viewer's line goes, the seat stays."""
        if seat.state is not SeatState.AWAY:
            seat.follow(event)
        seat.unadmit()
        seat.line = None
        self.set_deadline(seat, self.around.policies.resume_life_s)

    def _remove(self, seat: Seat, event: SeatEvent) -> None:
        seat.follow(event)
        seat.unadmit()
        seat.line = None
        del self.seats[seat.slot]
        self.keeping.drop_seat(seat)
        if not self.seats:
            self._follow(SessionEvent.LAST_SEAT_GONE)

    def _close_line(self, seat: Seat, last_word: Message, code: ErrorCode) -> None:
        if seat.line is not None:
            seat.line.send(last_word)
            seat.line.end(code)

    def _tell_host(self, gone: ViewerGone) -> None:
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
            self.host.send(_joining(seat, resumed=True))

    def _agent_welcome(self, *, resumed: bool, routing: str | None = None) -> AgentWelcome:
        return AgentWelcome(
            session_id=self.session_id,
            origin=self.around.origin,
            token=self.keeping.issue_agent_token(),
            resumed=resumed,
            routing=routing,
            code_life_s=self.around.policies.code_life_s if routing else 0,
        )

    def _welcome_viewer(self, seat: Seat, line: Line) -> None:
        line.send(
            ViewerWelcome(
                session_id=self.session_id,
                origin=self.around.origin,
                link=seat.link,
                slot=seat.slot,
                resume=self.keeping.issue_seat_token(seat.slot),
                resume_life_s=int(self.around.policies.resume_life_s),
                account_id=seat.identity.account_id,
                display_name=seat.identity.display_name,
                organisation=seat.identity.organisation,
                host_present=self.host is not None,
            )
        )


def _joining(seat: Seat, *, resumed: bool) -> ViewerJoining:
    return ViewerJoining(
        link=seat.link,
        slot=seat.slot,
        account_id=seat.identity.account_id,
        display_name=seat.identity.display_name,
        organisation=seat.identity.organisation,
        resumed=resumed,
    )
