"""Lifecycles as tables: which state follows which event (SPEC S1-S4).

An unknown pair changes nothing and is an error.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from relevo_protocol.errors import UnknownTransition


class SeatState(StrEnum):
    """How far one viewer has come, as the agent, the relay and the viewer all see it."""

    JOINING = "joining"
    VERIFYING = "verifying"
    ASKING = "asking"
    LIVE = "live"
    AWAY = "away"
    RESUMING = "resuming"
    GONE = "gone"


class SeatEvent(StrEnum):
    """What happens to one viewer."""

    FLIGHT1 = "flight1"
    RESUME_FLIGHT1 = "resume_flight1"
    VERIFIED = "verified"
    REFUSED = "refused"
    CONSENTED = "consented"
    CUT = "cut"
    LEFT = "left"
    EXPIRED = "expired"


SEAT_TABLE: Final[Mapping[SeatState, Mapping[SeatEvent, SeatState]]] = {
    SeatState.JOINING: {
        SeatEvent.FLIGHT1: SeatState.VERIFYING,
        SeatEvent.RESUME_FLIGHT1: SeatState.RESUMING,
        SeatEvent.CUT: SeatState.GONE,
        SeatEvent.LEFT: SeatState.GONE,
        SeatEvent.EXPIRED: SeatState.GONE,
    },
    SeatState.VERIFYING: {
        SeatEvent.VERIFIED: SeatState.ASKING,
        SeatEvent.REFUSED: SeatState.GONE,
        SeatEvent.CUT: SeatState.GONE,
        SeatEvent.LEFT: SeatState.GONE,
        SeatEvent.EXPIRED: SeatState.GONE,
    },
    SeatState.ASKING: {
        SeatEvent.CONSENTED: SeatState.LIVE,
        SeatEvent.REFUSED: SeatState.GONE,
        SeatEvent.CUT: SeatState.GONE,
        SeatEvent.LEFT: SeatState.GONE,
        SeatEvent.EXPIRED: SeatState.GONE,
    },
    SeatState.LIVE: {
        SeatEvent.CUT: SeatState.AWAY,
        SeatEvent.RESUME_FLIGHT1: SeatState.RESUMING,
        SeatEvent.LEFT: SeatState.GONE,
        SeatEvent.REFUSED: SeatState.GONE,
    },
    SeatState.AWAY: {
        SeatEvent.RESUME_FLIGHT1: SeatState.RESUMING,
        SeatEvent.LEFT: SeatState.GONE,
        SeatEvent.EXPIRED: SeatState.GONE,
        SeatEvent.REFUSED: SeatState.GONE,
    },
    SeatState.RESUMING: {
        SeatEvent.VERIFIED: SeatState.LIVE,
        SeatEvent.RESUME_FLIGHT1: SeatState.RESUMING,
        SeatEvent.REFUSED: SeatState.AWAY,
        SeatEvent.CUT: SeatState.AWAY,
        SeatEvent.LEFT: SeatState.GONE,
        SeatEvent.EXPIRED: SeatState.GONE,
    },
    SeatState.GONE: {},
}


class SessionState(StrEnum):
    """What the whole session is, on the agent and the relay."""

    WAITING = "waiting"
    ACTIVE = "active"
    HOST_AWAY = "host_away"
    ENDED = "ended"


class SessionEvent(StrEnum):
    """What happens to the whole session."""

    SEAT_LIVE = "seat_live"
    LAST_SEAT_GONE = "last_seat_gone"
    HOST_CUT = "host_cut"
    HOST_BACK = "host_back"
    ENDED = "ended"
    EXPIRED = "expired"


SESSION_TABLE: Final[Mapping[SessionState, Mapping[SessionEvent, SessionState]]] = {
    SessionState.WAITING: {
        SessionEvent.SEAT_LIVE: SessionState.ACTIVE,
        SessionEvent.LAST_SEAT_GONE: SessionState.WAITING,
        SessionEvent.HOST_CUT: SessionState.HOST_AWAY,
        SessionEvent.ENDED: SessionState.ENDED,
        SessionEvent.EXPIRED: SessionState.ENDED,
    },
    SessionState.ACTIVE: {
        SessionEvent.SEAT_LIVE: SessionState.ACTIVE,
        SessionEvent.LAST_SEAT_GONE: SessionState.WAITING,
        SessionEvent.HOST_CUT: SessionState.HOST_AWAY,
        SessionEvent.ENDED: SessionState.ENDED,
    },
    SessionState.HOST_AWAY: {
        SessionEvent.HOST_BACK: SessionState.WAITING,
        SessionEvent.LAST_SEAT_GONE: SessionState.HOST_AWAY,
        SessionEvent.ENDED: SessionState.ENDED,
        SessionEvent.EXPIRED: SessionState.ENDED,
    },
    SessionState.ENDED: {},
}


def next_seat_state(state: SeatState, event: SeatEvent) -> SeatState:
    """Follow the seat table.

    Raises:
        UnknownTransition: the table has no such pair; the caller's state stays as it is (SPEC S2).
    """
    following = SEAT_TABLE[state].get(event)
    if following is None:
        raise UnknownTransition(f"a seat that is {state} does not know the event {event}")
    return following


def next_session_state(state: SessionState, event: SessionEvent) -> SessionState:
    """Follow the session table.

    Raises:
        UnknownTransition: the table has no such pair; the caller's state stays as it is (SPEC S2).
    """
    following = SESSION_TABLE[state].get(event)
    if following is None:
        raise UnknownTransition(f"a session that is {state} does not know the event {event}")
    return following
