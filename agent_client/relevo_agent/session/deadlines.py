"""What runs out for one viewer: the handshake, the way back, the heartbeat (SPEC P4, C10, C21, S4)."""

from typing import Final

from relevo_agent.session.desk import Desk
from relevo_agent.session.doorway import Doorway
from relevo_agent.session.seat import Seat
from relevo_protocol.errors import ErrorCode
from relevo_protocol.lifecycle import SeatEvent, SeatState
from relevo_protocol.limits import HANDSHAKE_DEADLINE_S, HEARTBEAT_DEADLINE_S, RESUME_LIFE_S

HELD_SILENCE_MS: Final = 3000
"""Who drives and was not heard for so long holds nothing down any more (who does, says so every 2 s)."""


class Deadlines:
    """Looks at every seat some four times a second."""

    def __init__(self, desk: Desk, doorway: Doorway) -> None:
        self._desk = desk
        self._doorway = doorway

    def check(self) -> None:
        """Let deadlines pass."""
        for seat in list(self._desk.seats.values()):
            self._check(seat)

    def _check(self, seat: Seat) -> None:
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
            case SeatState.AWAY if since_s > RESUME_LIFE_S and now_ms >= self._desk.kept_until_ms:
                self._doorway.end(seat, SeatEvent.EXPIRED)
            case SeatState.LIVE if silent_ms > HEARTBEAT_DEADLINE_S * 1000:
                self._desk.remove(seat, ErrorCode.DESYNC)
                self._doorway.cut(seat)
            case SeatState.LIVE:
                self._watch_silence(seat, silent_ms)
            case _:
                pass

    def _watch_silence(self, seat: Seat, silent_ms: float) -> None:
        if silent_ms > HELD_SILENCE_MS and seat.may_hold:
            seat.may_hold = False
            if self._desk.token.holder == seat.slot:
                self._desk.release_held()
