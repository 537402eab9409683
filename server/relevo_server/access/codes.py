"""Routing numbers: the six public digits of a join code (SPEC C5, C16).

They lead to a session and prove nothing; the six secret digits never come here.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from relevo_protocol.limits import CODE_DIGITS, CODE_LIFE_S

MAX_RESERVED_PER_ACCOUNT = 5
_NUMBERS = 10**CODE_DIGITS


class NumbersExhausted(Exception):
    """So many sessions are open that no routing number can be given; ours to fix, not the caller's."""


class TooManyReserved(Exception):
    """An account holds as many unclaimed numbers as it may; `wait_s` until the oldest expires."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"{MAX_RESERVED_PER_ACCOUNT} reserved numbers wait for their customers")
        self.wait_s = wait_s


@dataclass(frozen=True)
class Allocation:
    """A number, the session it leads to, and until when somebody may join by it (clock's seconds)."""

    routing: str
    session_id: bytes
    joinable_until_s: float


@dataclass(frozen=True)
class Reservation:
    """A number that an account handed to its customer before there was a session (clock's seconds)."""

    account_id: str
    until_s: float


class RoutingNumbers:
    """Gives each open session a number drawn by a CSPRNG; none is used twice while alive or just released.

    `now_s` is wall time, so that expiry survives a restart. A released number rests for `rest_s`: a code read
    aloud a moment ago must not lead to somebody else's desktop.
    """

    def __init__(
        self,
        now_s: Callable[[], float],
        *,
        capacity: int = 100_000,
        rest_s: float = CODE_LIFE_S,
        draw: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._now_s = now_s
        self._capacity = capacity
        self._rest_s = rest_s
        self._draw = draw
        self._alive: dict[str, Allocation] = {}
        self._resting: OrderedDict[str, float] = OrderedDict()
        # Every reservation lives equally long, so the order of making is the order of expiry.
        self._reserved: OrderedDict[str, Reservation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._alive)

    def allocate(self, session_id: bytes) -> Allocation:
        """A free number for the session, joinable for ten minutes.

        Raises NumbersExhausted when `capacity` numbers are alive.
        """
        return self._remember(self._draw_free(), session_id, self._now_s() + CODE_LIFE_S)

    def reserve(self, account_id: str) -> str:
        """A free number kept for this account's customer for ten minutes; it leads nowhere until claimed.

        Raises TooManyReserved when the account holds five, NumbersExhausted when none is free.
        """
        self._drop_expired()
        own = [kept.until_s for kept in self._reserved.values() if kept.account_id == account_id]
        if len(own) >= MAX_RESERVED_PER_ACCOUNT:
            raise TooManyReserved(own[0] - self._now_s())
        routing = self._draw_free()
        self._reserved[routing] = Reservation(account_id, self._now_s() + CODE_LIFE_S)
        return routing

    def claim(self, routing: str, session_id: bytes) -> Allocation | None:
        """The reserved number, for the session that asks; None when nobody reserved it, or no longer."""
        self._drop_expired()
        if self._reserved.pop(routing, None) is None:
            return None
        return self._remember(routing, session_id, self._now_s() + CODE_LIFE_S)

    def restore(self, routing: str, session_id: bytes, joinable_until_s: float) -> Allocation:
        """Take up a number again after a restart; never joinable for longer than a fresh one."""
        until_s = min(joinable_until_s, self._now_s() + CODE_LIFE_S)
        return self._remember(routing, session_id, until_s)

    def joinable(self, routing: str) -> bytes | None:
        """The session that may be joined by this number now, or None: unknown, expired or closed alike."""
        found = self._alive.get(routing)
        if found is None or found.joinable_until_s <= self._now_s():
            return None
        return found.session_id

    def release(self, routing: str) -> None:
        """The session is over; its number rests, then may be drawn again."""
        if self._alive.pop(routing, None) is not None:
            self._resting[routing] = self._now_s() + self._rest_s

    def _remember(self, routing: str, session_id: bytes, until_s: float) -> Allocation:
        allocation = Allocation(routing, session_id, until_s)
        self._alive[routing] = allocation
        return allocation

    def _draw_free(self) -> str:
        self._wake_rested()
        self._drop_expired()
        if len(self._alive) + len(self._resting) + len(self._reserved) >= self._capacity:
            raise NumbersExhausted(f"{len(self._alive)} routing numbers are in use")
        while True:
            routing = f"{self._draw(_NUMBERS):0{CODE_DIGITS}d}"
            if not any(routing in taken for taken in (self._alive, self._resting, self._reserved)):
                return routing

    def _drop_expired(self) -> None:
        now_s = self._now_s()
        while self._reserved:
            routing, kept = next(iter(self._reserved.items()))
            if kept.until_s > now_s:
                return
            del self._reserved[routing]

    def _wake_rested(self) -> None:
        now_s = self._now_s()
        while self._resting:
            routing, until_s = next(iter(self._resting.items()))
            if until_s > now_s:
                return
            del self._resting[routing]
