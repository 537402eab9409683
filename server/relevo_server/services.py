"""What the edges of the server share: made once in `app.create_app` and passed along."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from relevo_server.access.codes import RoutingNumbers
from relevo_server.access.throttle import Allowance, Throttle
from relevo_server.access.tickets import TicketOffice
from relevo_server.accounts.view import AccountView
from relevo_server.clock import Clock
from relevo_server.metrics import Metrics
from relevo_server.settings import Settings
from relevo_server.store.audit import AuditEvent
from relevo_server.store.relay_sessions import RelaySessionStore
from relevo_server.store.revocations import RevocationStore
from relevo_server.store.sign_ins import SignInStore, WebSession


@dataclass(frozen=True)
class Throttles:
    """One throttle for each thing that can be tried too often; keys by `address_keys` and `account_key`."""

    # Of passwords: an account's from one network or one known browser, and four such shares of all of them.
    sign_in_account: Throttle
    sign_in_address: Throttle
    ticket_account: Throttle
    ticket_address: Throttle
    reserve_account: Throttle
    present_account: Throttle
    guest_address: Throttle
    # Second steps, by account or known browser, and proofs, by sign-in; tokens nobody has, by address.
    step_account: Throttle
    token_address: Throttle
    join_account: Throttle
    invite_account: Throttle
    # For the WebSocket edge: connections opened by an address, support sessions registered by one.
    connect_address: Throttle
    register_address: Throttle
    # Whole checks of an organisation's record.
    verify_organisation: Throttle


def make_throttles(clock: Clock, sessions_per_address: int) -> Throttles:
    """The throttles with the server's allowances: attempts at once, and attempts recovered each second."""

    def throttle(burst: float, per_s: float) -> Throttle:
        return Throttle(Allowance(burst, per_s), clock.monotonic_s)

    return Throttles(
        sign_in_account=throttle(8, 1 / 30),
        sign_in_address=throttle(20, 1 / 10),
        ticket_account=throttle(20, 1 / 3),
        ticket_address=throttle(40, 1),
        reserve_account=throttle(10, 1 / 30),
        present_account=throttle(10, 1 / 30),
        # Each is a line of the record, and two more where the guest is let in. A class comes at once.
        guest_address=throttle(120, 1 / 10),
        step_account=throttle(8, 1 / 30),
        token_address=throttle(20, 1 / 10),
        join_account=throttle(6, 1 / 10),  # each puts a question before somebody
        invite_account=throttle(20, 1 / 10),
        connect_address=throttle(60, 4),
        # All that an address may have at once, and as many anew in ten minutes: each leaves two lines.
        register_address=throttle(sessions_per_address, sessions_per_address / 600),
        verify_organisation=throttle(3, 1 / 60),
    )


def _nobody(_account_id: str, _sign_in: str) -> None:
    """There is no relay yet, and so nobody to cut off."""


def _forgets(_event: AuditEvent) -> None:
    """There is no relay yet, and so nobody who keeps books."""


def _forgets_refused(_key: str, _event: AuditEvent) -> None:
    """As above."""


async def _has_nothing() -> bool:
    return True


def _takes_all() -> bool:
    return False


@dataclass
class Switchboard:
    """What the running relay does for the routes; the desk plugs itself in when it is made."""

    revoke: Callable[[str, str], None] = _nobody
    """Cut off an account's sockets and tickets: of one sign-in, or all where that is empty (SPEC C25)."""
    note: Callable[[AuditEvent], None] = _forgets
    """Put a line into the record soon, by way of the spool if need be, without waiting for it."""
    refused: Callable[[str, AuditEvent], None] = _forgets_refused
    """The same for a refusal: of each key the first one, and how many there were in ten minutes."""
    settled: Callable[[], Awaitable[bool]] = _has_nothing
    """Return once all lines so far outlive the process; False where they may not."""
    strict: Callable[[], bool] = _takes_all
    """Whether what is new is to be refused, because it could not be recorded (SPEC C28)."""


@dataclass(frozen=True)
class Services:
    """The server's parts as the edges see them.

    `account` answers None for an account that does not exist or is disabled, `colleagues` gives those of
    an organisation in good standing. `trace` differs once anything was stored, None where that has to be
    asked. `origins` are the values of `Origin` that are this server's own.
    """

    settings: Settings
    clock: Clock
    origins: frozenset[str]
    tickets: TicketOffice
    guest_tickets: TicketOffice
    """Apart, so that a flood of guests leaves everybody else's tickets alone."""
    presentations: TicketOffice
    """Of those who are about to present: the ticket leads nowhere, it opens a session (SPEC C24)."""
    throttles: Throttles
    routing_numbers: RoutingNumbers
    relay_sessions: RelaySessionStore
    sign_ins: SignInStore
    revocations: RevocationStore
    account: Callable[[str], Awaitable[AccountView | None]]
    colleagues: Callable[[str], Awaitable[list[AccountView]]]
    trace: Callable[[], object | None]
    metrics: Metrics
    switchboard: Switchboard = field(default_factory=Switchboard)

    def lives(self, sign_in: WebSession) -> bool:
        """Whether a sign-in has not run out yet."""
        now_s, settings = self.clock.wall_s(), self.settings
        idle_s, age_s = now_s - sign_in.seen_at_s, now_s - sign_in.created_at_s
        return idle_s < settings.sign_in_idle_s and age_s < settings.sign_in_absolute_s

    def revoke(self, account_id: str, sign_in: str = "") -> None:
        """Cut off what an account, or one sign-in of it, has open here; to be called after the commit."""
        self.switchboard.revoke(account_id, sign_in)

    def refused(self, key: str, event: AuditEvent) -> None:
        """Put a refusal into the record soon; of a flood under one key the first, and later its count."""
        self.switchboard.refused(key, event)

    async def record(self, event: AuditEvent) -> None:
        """Put a line into the record that no act's own transaction writes, and wait until it is safe."""
        self.switchboard.note(event)
        await self.switchboard.settled()

    def strict(self) -> bool:
        """Whether what is new is to be refused for want of a record."""
        return self.switchboard.strict()
