"""A session's standing outside itself: tokens, routing number, and what of it must survive the relay."""

from relevo_server.relay.records import Audited, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.seat import Seat
from relevo_server.relay.surroundings import Surroundings


class Keeping:
    """Keeps one session findable: in the token books, by its number, and in the records."""

    def __init__(self, session_id: bytes, created_at_s: float, around: Surroundings) -> None:
        self.routing: str | None = None
        self.mode = ""
        self._session_id = session_id
        self._created_at_s = created_at_s
        self._around = around
        self._agent_hash = b""
        self._seat_hashes: dict[int, bytes] = {}
        self._code_times_s: list[float] = []

    def issue_agent_token(self) -> str:
        """Return the agent's next token; to be followed by :meth:`save`."""
        token, self._agent_hash = self._around.agent_tokens.issue(self._session_id)
        return token

    def restore(self, agent_hash: bytes, mode: str, routing: str) -> None:
        """Take up what was stored."""
        self._agent_hash = agent_hash
        self.mode = mode
        self._around.agent_tokens.restore(self._session_id, agent_hash)
        if routing:
            self.routing = routing
            self._around.numbers.restore(routing, self._session_id)

    def save(self) -> None:
        """Record the session as it is now."""
        self._around.records.append(
            SessionKept(
                session_id=self._session_id,
                routing=self.routing or "",
                agent_token_hash=self._agent_hash,
                created_at_s=self._created_at_s,
                mode=self.mode,
            )
        )

    def issue_seat_token(self, slot: int) -> str:
        """Return the seat's next token."""
        token, self._seat_hashes[slot] = self._around.seat_tokens.issue((self._session_id, slot))
        return token

    def restore_seat(self, slot: int, token_hash: bytes) -> None:
        """Take up a stored token."""
        self._seat_hashes[slot] = token_hash
        self._around.seat_tokens.restore((self._session_id, slot), token_hash)

    def save_seat(self, seat: Seat) -> None:
        """Record that the seat may be resumed, for a full resume life from now."""
        seat.expires_at_s = self._around.wall_s() + self._around.policies.resume_life_s
        self._around.records.append(
            SeatKept(
                session_id=self._session_id,
                slot=seat.slot,
                account_id=seat.identity.account_id,
                display_name=seat.identity.display_name,
                organisation=seat.identity.organisation,
                token_hash=self._seat_hashes[seat.slot],
                expires_at_s=seat.expires_at_s,
            )
        )

    def prolong(self, seat: Seat) -> None:
        """Record the seat anew when half of its stored life is over while its viewer is present."""
        half_s = self._around.policies.resume_life_s / 2
        if seat.established and self._around.wall_s() > seat.expires_at_s - half_s:
            self.save_seat(seat)

    def confirm_seat(self, slot: int) -> None:
        """The viewer has its newest token: the one before is dead."""
        self._around.seat_tokens.confirm((self._session_id, slot))

    def confirm_agent(self) -> None:
        """The agent has its newest token: the one before is dead."""
        self._around.agent_tokens.confirm(self._session_id)

    def drop_seat(self, seat: Seat) -> None:
        """Forget a seat for good."""
        self._around.seat_tokens.revoke((self._session_id, seat.slot))
        if self._seat_hashes.pop(seat.slot, None) is not None and seat.expires_at_s > 0:
            self._around.records.append(SeatDropped(self._session_id, seat.slot))

    def take_number(self) -> str | None:
        """Return a fresh number, the earlier one dies; None when none is free or too many were asked for."""
        now_s = self._around.monotonic_s()
        policies = self._around.policies
        self._code_times_s = [at_s for at_s in self._code_times_s if at_s > now_s - policies.code_life_s]
        if len(self._code_times_s) >= policies.code_requests:
            return None
        self._code_times_s.append(now_s)
        self.drop_number()
        self.routing = self._around.numbers.take(self._session_id)
        return self.routing

    def drop_number(self) -> None:
        """Nobody finds the session by a number any more."""
        if self.routing is not None:
            self._around.numbers.release(self.routing)
            self.routing = None

    def close(self, code: str) -> None:
        """The session is over: nothing leads to it any more."""
        for slot in self._seat_hashes:
            self._around.seat_tokens.revoke((self._session_id, slot))
        self._seat_hashes.clear()
        self.drop_number()
        self._around.agent_tokens.revoke(self._session_id)
        self._around.records.append(SessionOver(self._session_id, code))

    def audit(self, actor: str, action: str, details: dict[str, str | int | float | bool]) -> None:
        """Add a line to the record."""
        self._around.records.append(Audited(self._session_id, actor, action, details))
