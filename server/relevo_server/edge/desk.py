"""What the WebSocket endpoints share: the registry, its clockwork, the store, throttles and meters."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from prometheus_client import Counter, Gauge

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_server.access.codes import NumbersExhausted, RoutingNumbers
from relevo_server.access.throttle import Allowance, Throttle
from relevo_server.accounts.asker import network_of
from relevo_server.accounts.view import AccountView
from relevo_server.edge import books
from relevo_server.edge.admission import Connections
from relevo_server.edge.bookkeeper import Bookkeeper, BookParts
from relevo_server.edge.identity import identity_of
from relevo_server.edge.refusals import Refusals
from relevo_server.edge.rounds import next_round_s
from relevo_server.edge.vigil import LOOK_BACK_S, Vigil
from relevo_server.logs import logger
from relevo_server.relay import vouching
from relevo_server.relay.invitations import Invitations
from relevo_server.relay.line import Line
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import Audited
from relevo_server.relay.registry import Registry
from relevo_server.relay.seat import Identity
from relevo_server.relay.session import Session
from relevo_server.relay.surroundings import AGENT_RECORDS, AGENT_REQUESTS, FAILURES, WHISPERS, Surroundings
from relevo_server.relay.traits import HOME
from relevo_server.services import Services
from relevo_server.store.audit import AuditEvent
from relevo_server.store.spool import Spool

_TICK_S = 4.0
_ASKED_AGAIN = 12
"""A database that seems unchanged since all were looked up is asked once in so many rounds, ten minutes.

In the others only time can have ended what it said."""
_log = logger(__name__)


class NumbersDesk:
    """The server's routing numbers as the relay's core needs them."""

    def __init__(self, numbers: RoutingNumbers, code_life_s: float, services: Services) -> None:
        self._numbers = numbers
        self._code_life_s = code_life_s
        self._clock = services.clock

    def take(self, session_id: bytes) -> str | None:
        """A fresh number, or None when all are in use."""
        try:
            return self._numbers.allocate(session_id).routing
        except NumbersExhausted as error:
            _log.error("no routing number is free", reason=str(error))
            return None

    def claim(self, routing: str, session_id: bytes) -> str | None:
        """A number that a technician reserved."""
        found = self._numbers.claim(routing, session_id)
        return found.routing if found is not None else None

    def restore(self, routing: str, session_id: bytes) -> None:
        """A number that was alive when the relay stopped; the agent lets its code die in time by itself."""
        self._numbers.restore(routing, session_id, self._clock.wall_s() + self._code_life_s)

    def joinable(self, routing: str) -> bytes | None:
        """The session it leads to now."""
        return self._numbers.joinable(routing)

    def release(self, routing: str) -> None:
        """Let it rest, then be drawn again."""
        self._numbers.release(routing)


class Meters:
    """What Prometheus may ask about the relay beyond the server's common metrics."""

    def __init__(self, services: Services) -> None:
        common = services.metrics
        self.bytes_in = common.bytes.labels("in")
        self.bytes_out = common.bytes.labels("out")
        self.sessions = common.sessions
        self.viewers = common.viewers
        self.closed = common.closed
        self.dropped_frames = common.dropped_frames
        self.throttled = common.throttled
        self.queued_bytes = Gauge(
            "relevo_outbox_bytes", "Bytes that wait for receivers", registry=common.registry
        )
        self.failures = Counter(
            "relevo_handshake_failures", "Viewers that did not get in", ["reason"], registry=common.registry
        )
        self.lost_records = Counter(
            "relevo_records_lost",
            "Records for which neither database nor spool had room",
            registry=common.registry,
        )


class Desk:
    """One for each server; :meth:`open` runs it for as long as the server does."""

    def __init__(self, services: Services, policies: Policies | None = None) -> None:
        self.services = services
        self.policies = policies or Policies(sessions_per_address=services.settings.sessions_per_address)
        numbers = NumbersDesk(services.routing_numbers, self.policies.code_life_s, services)
        self.around = Surroundings(
            origin=services.settings.relay_origin,
            numbers=numbers,
            left_out=self._left_out,
            policies=self.policies,
            wall_s=services.clock.wall_s,
            monotonic_s=services.clock.monotonic_s,
            agent_requests=Throttle(AGENT_REQUESTS, services.clock.monotonic_s),
            agent_records=Throttle(AGENT_RECORDS, services.clock.monotonic_s),
            whispers=Throttle(WHISPERS, services.clock.monotonic_s),
            failures=Throttle(FAILURES, services.clock.monotonic_s),
            invitations=Invitations(services.clock.monotonic_s),
        )
        self.registry = Registry(self.around)
        self.meters = Meters(services)
        self.room: dict[Line, asyncio.Event] = {}
        """Rung by an agent's writer when its queue has got shorter."""
        clock = services.clock.monotonic_s
        self.wrong_by_account = Throttle(Allowance(12, 1 / 60), clock)
        self.wrong_by_address = Throttle(Allowance(30, 1 / 20), clock)
        self.vigil = Vigil(services, self.registry)
        self.books = Bookkeeper(
            BookParts(
                self.around.records,
                services.relay_sessions,
                services.clock,
                kept=self._kept,
                lost=self.meters.lost_records.inc,
            )
        )
        self.connections = Connections(services.settings.connections_per_address)
        self.refusals = Refusals(self._note, services.clock)
        self._stopping = asyncio.Event()
        services.switchboard.revoke = self.revoke
        services.switchboard.note = self._note
        services.switchboard.refused = self.refusals.note
        services.switchboard.settled = self.settled
        services.switchboard.strict = self._is_strict

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Take up stored sessions, then keep time and books until the server stops."""
        settings = self.services.settings
        self.books.open(Spool(settings.data / "spool", settings.spool_mib * 1024 * 1024))
        await self._restore()
        watch = asyncio.create_task(self._keep_watch())
        works = (self._keep_time(), self.books.keep(), self.books.keep_replaying())
        tasks = [asyncio.create_task(one) for one in works]
        try:
            yield
        finally:
            self._stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, watch, return_exceptions=True)
            self.refusals.close()
            await self.books.close()

    def touch(self) -> None:
        """Something may have to be stored."""
        self.books.touch()

    def revoke(self, account_id: str, sign_in: str = "") -> None:
        """Cut off what an account, or one sign-in of it, has open here, and its tickets (SPEC C25)."""
        self.services.tickets.revoke(account_id, sign_in)
        self.services.presentations.revoke(account_id, sign_in)
        self.registry.dismiss(account_id, sign_in)
        self.touch()

    def turned_away(self, what: str, address: str, who: Identity | None = None) -> None:
        """Count and record that somebody tried something too often."""
        self.meters.throttled.labels(what).inc()
        self._refused(what, AuditEvent(self.services.clock.wall_s(), "", "throttled"), address, who)

    def foreign(self, side: str, address: str, origins: str) -> None:
        """Record that a page of another site knocked."""
        now_s = self.services.clock.wall_s()
        event = AuditEvent(now_s, "", "origin.refused", personal={"origin": origins})
        self._refused(side, event, address)

    def step_up(self, account: AccountView, session: Session) -> bool:
        """Tell the host that this account has just proved who it is; False when it is not live there."""
        done = vouching.step_up(session, identity_of(account))
        self.touch()
        return done

    def report(self, account: AccountView, session: Session) -> bool:
        """Keep that somebody in the session reports it; False when they are not in it."""
        done = vouching.report(session, identity_of(account))
        self.touch()
        return done

    def end(self, session: Session, actor: str) -> None:
        """End a session for everybody; ``actor`` is the account that wants it so."""
        session.end(ErrorCode.SESSION_ENDED, "ended by the organisation's administration", actor)
        self.touch()

    async def stands(self, who: Identity) -> bool:
        """Whether this person may be here; see :meth:`Vigil.stands`."""
        return await self.vigil.stands(who)

    async def settled(self) -> bool:
        """Return once all that is recorded so far outlives the process; False where it does not."""
        return await self.books.settled()

    def _kept(self, entry: Audited) -> None:
        if entry.number:
            session = self.registry.find(entry.session_id)
            if session is not None:
                vouching.acknowledge(session, entry.number)

    def _note(self, event: AuditEvent) -> None:
        self.around.records.append(books.audited(event))
        self.books.touch()

    def _left_out(self, key: str, entry: Audited) -> None:
        self.refusals.note(key, books.event_of(entry, self.services.clock.wall_s()))

    def _refused(self, what: str, event: AuditEvent, address: str, who: Identity | None = None) -> None:
        actor, organisation = (who.account_id, who.organisation_id) if who is not None else ("", HOME)
        told = replace(
            event,
            actor=actor,
            organisation=organisation,
            details={"what": what},
            personal={"address": address, **event.personal},
        )
        self.refusals.note(f"{event.action}:{what}:{network_of(address)}:{actor}", told)

    def _is_strict(self) -> bool:
        """Whether what is new is refused now: it could not be recorded where everybody looks (SPEC C28)."""
        return self.services.settings.audit_strict and self.books.behind

    async def _keep_time(self) -> None:
        while True:
            now_s = asyncio.get_running_loop().time()
            await asyncio.sleep(next_round_s(now_s, _TICK_S) - now_s)
            try:
                self.registry.tick()
            except Exception:  # noqa: BLE001 - told below; the next tick must come
                # One session that is out of joint must not stop the deadlines of all others.
                _log.exception("a tick failed")
            self.refusals.tick()
            census = self.registry.census()
            self.meters.sessions.set(census.sessions)
            self.meters.viewers.set(census.viewers)
            self.meters.queued_bytes.set(census.queued_bytes)
            self.touch()

    async def _keep_watch(self) -> None:
        """Cut off whom another process, or the command line, has taken the right from (SPEC C25)."""
        applied: set[int] = set()
        looked_s = self.services.clock.wall_s()
        # The database's trace when it was last asked what was revoked, and when all were looked up.
        seen = remembered = None
        looks = itertools.count(1)
        while not await self._stops_within(self.policies.revocation_check_s):
            if not self.registry.vouched():
                continue  # an idle relay rests
            trace, now_s = self.services.trace(), self.services.clock.wall_s()
            rounds, within = divmod(next(looks), self.policies.account_check_rounds)
            asked_again = within == 0 and rounds % _ASKED_AGAIN == 0
            try:
                if trace is None or trace != seen or asked_again:
                    self._cut(await self.vigil.fallen(looked_s - LOOK_BACK_S, applied))
                    looked_s, seen = now_s, trace
                if within:
                    continue
                if trace is None or trace != remembered or asked_again:
                    self._cut(await self.vigil.unfit())
                    remembered = trace
                else:
                    self._cut(self.vigil.run_out())
            except ProtocolError:
                seen = remembered = None  # told by the vigil; those who are in go on, and it is asked again
            except Exception:  # noqa: BLE001 - a watch that ends would leave in whoever is sent away later
                _log.exception("a look for revocations failed")

    def _cut(self, fallen: set[Identity]) -> None:
        for who in fallen:
            self.revoke(who.account_id, who.sign_in)
        if fallen:
            _log.info("cut off after a revocation", people=len(fallen))

    async def _stops_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(next_round_s(asyncio.get_running_loop().time(), seconds)):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _restore(self) -> None:
        await self.books.replay()
        found = await self.services.relay_sessions.load_open()
        for session, seats in found:
            self.registry.restore(books.kept_session(session), [books.kept_seat(seat) for seat in seats])
        if found:
            _log.info("sessions taken up again", sessions=len(found))
            # What was revoked while the relay was down.
            self._cut({who for who in self.registry.vouched() if not await self.stands(who)})
