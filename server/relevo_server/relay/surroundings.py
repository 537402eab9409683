"""What the relay's core is given: clocks, randomness, routing numbers, token books, and where records go."""

import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from relevo_server.access.throttle import Allowance, Throttle
from relevo_server.relay.invitations import Invitations
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import Audited, Record
from relevo_server.relay.tokens import TokenBook

AGENT_REQUESTS = Allowance(60, 0.5)
"""Control messages of one session's agent: each may leave a line in the record, which is everybody's."""
AGENT_RECORDS = Allowance(300, 2)
"""Lines for the record of one session (``RecordNotice``): people in it can cause them by clicking."""
STRANGER_ACTS = Allowance(240, 1 / 4)
"""What the sessions of one address may leave together while nobody with an account has come to them."""
WHISPERS = Allowance(60, 10)
"""Whispers of one seat, each receiver counted; more are dropped."""

FAILURES = Allowance(60, 1 / 10)
"""Lines for the record of one session about who failed at its door, or to come back; more are counted.

Of one address, too, about agents that came back to sessions opened from there."""

SeatKey = tuple[bytes, int]
"""Session id and slot."""


class Numbers(Protocol):
    """Routing numbers, as the core needs them."""

    def take(self, session_id: bytes) -> str | None:
        """Return a fresh number that leads to this session, or None when none is free."""
        ...

    def claim(self, routing: str, session_id: bytes) -> str | None:
        """Return this number, leading to this session, if it was reserved and is unclaimed (SPEC C16)."""
        ...

    def restore(self, routing: str, session_id: bytes) -> None:
        """Take up a number after a restart."""
        ...

    def joinable(self, routing: str) -> bytes | None:
        """Return the session that may be joined by this number now."""
        ...

    def release(self, routing: str) -> None:
        """Forget a number."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Clocks and randomness are parameters, so that tests can turn the hands."""

    origin: str
    numbers: Numbers
    left_out: Callable[[str, Audited], None] = field(kw_only=True)
    """Takes a line that would be one too many, with the name of its like: what tells their number later."""
    policies: Policies = field(default_factory=Policies)
    wall_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
    token_bytes: Callable[[int], bytes] = secrets.token_bytes
    records: deque[Record] = field(default_factory=deque[Record])
    agent_requests: Throttle = field(default_factory=lambda: Throttle(AGENT_REQUESTS, time.monotonic))
    agent_tokens: TokenBook[bytes] = field(default_factory=lambda: TokenBook[bytes](secrets.token_bytes))
    seat_tokens: TokenBook[SeatKey] = field(default_factory=lambda: TokenBook[SeatKey](secrets.token_bytes))
    invitations: Invitations = field(default_factory=lambda: Invitations(time.monotonic))
    agent_records: Throttle = field(default_factory=lambda: Throttle(AGENT_RECORDS, time.monotonic))
    stranger_acts: Throttle = field(default_factory=lambda: Throttle(STRANGER_ACTS, time.monotonic))
    whispers: Throttle = field(default_factory=lambda: Throttle(WHISPERS, time.monotonic))
    failures: Throttle = field(default_factory=lambda: Throttle(FAILURES, time.monotonic))

    def fresh_link(self, last: int) -> int:
        """Return a link above ``last`` that no earlier run of the relay gave: the wall clock's ms or more."""
        return max(last + 1, int(self.wall_s() * 1000))
