"""Who finds a place in a session, and whose place is given on (SPEC L8, C23)."""

from collections.abc import Mapping
from typing import Final

from relevo_protocol.lifecycle import SeatState
from relevo_protocol.limits import MAX_VIEWERS
from relevo_protocol.modes import SessionKind
from relevo_server.relay.seat import Identity, Seat

_YIELDS_AFTER_S: Final = 20.0
"""In a presentation that is full, who is away for so long makes room: a page that was closed says nothing."""


def free_slot(seats: Mapping[int, Seat]) -> int | None:
    """The lowest slot that nobody has."""
    return next((slot for slot in range(1, MAX_VIEWERS + 1) if slot not in seats), None)


def yielding_seat(
    seats: Mapping[int, Seat], kind: SessionKind, identity: Identity, now_s: float
) -> Seat | None:
    """The seat that makes room for this person: their own, left behind; in a presentation a stale one."""
    away = [seat for seat in seats.values() if seat.state is SeatState.AWAY and seat.line is None]
    own = _own(away, identity)
    if own or kind is not SessionKind.PRESENTATION:
        return own[0] if own else None
    stale = [seat for seat in away if now_s - seat.away_since_s >= _YIELDS_AFTER_S]
    return min(stale, key=lambda seat: seat.away_since_s, default=None)


def left_behind(seats: Mapping[int, Seat], seat: Seat) -> list[Seat]:
    """The seats that the person on ``seat`` has elsewhere in the session and will not come back to."""
    away = [one for one in seats.values() if one.state is SeatState.AWAY and one.line is None]
    return [one for one in _own(away, seat.identity) if one is not seat]


def _own(seats: list[Seat], identity: Identity) -> list[Seat]:
    if identity.guest:
        return []
    return [seat for seat in seats if seat.identity.account_id == identity.account_id]
