"""What the WebSocket endpoints share: the registry, its clockwork, the store, throttles and meters."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prometheus_client import Counter, Gauge
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_server.access.codes import NumbersExhausted, RoutingNumbers
from relevo_server.access.throttle import Allowance, Throttle
from relevo_server.accounts.view import is_guest
from relevo_server.edge import books
from relevo_server.logs import logger
from relevo_server.relay.invitations import Invitations
from relevo_server.relay.line import Line
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import Record
from relevo_server.relay.registry import Registry
from relevo_server.relay.surroundings import AGENT_RECORDS, AGENT_REQUESTS, FAILURES, WHISPERS, Surroundings
from relevo_server.services import Services

_TICK_S = 1.0
_PATIENCE_S = 2.0
_BATCH = 256
_LONGEST_TRUST = 12
"""So many looks in a row nobody asks a database that seems unchanged."""
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


class Desk:
    """One for each server; :meth:`open` runs it for as long as the server does."""

    def __init__(self, services: Services, policies: Policies | None = None) -> None:
        self.services = services
        self.policies = policies or Policies(sessions_per_address=services.settings.sessions_per_address)
        numbers = NumbersDesk(services.routing_numbers, self.policies.code_life_s, services)
        self.around = Surroundings(
            origin=services.settings.relay_origin,
            numbers=numbers,
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
        self._books = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._unwritten = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Take up stored sessions, then keep time and books until the server stops."""
        await self._restore()
        watch = asyncio.create_task(self._keep_watch())
        tasks = [asyncio.create_task(one) for one in (self._keep_time(), self._keep_books())]
        try:
            yield
        finally:
            self._stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, watch, return_exceptions=True)
            await self.settle()

    def touch(self) -> None:
        """Something may have to be stored."""
        if self.around.records:
            self._unwritten.set()

    async def stands(self, account_id: str) -> bool:
        """Whether this person may be here: a guest, or an account that exists and is not disabled.

        Raises:
            ProtocolError: ``internal``: the database does not answer.
        """
        if is_guest(account_id):
            return True  # let in by the host alone, who may send them away
        try:
            return await self.services.account(account_id) is not None
        except SQLAlchemyError as error:
            _log.error("an account could not be looked up", reason=type(error).__name__)
            raise ProtocolError("the database does not answer", ErrorCode.INTERNAL) from error

    async def settled(self) -> None:
        """Return once everything recorded so far is committed or reported as lost, or it takes too long.

        Whoever is at the door must not wait for a database that somebody else has locked.
        """
        if self.around.records:
            self._written.clear()
            self._unwritten.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._written.wait()

    async def settle(self) -> None:
        """Write everything that is recorded, many records in one transaction."""
        async with self._books:
            records = self.around.records
            while records:
                batch = list(itertools.islice(records, _BATCH))
                try:
                    await self._write_down(batch)
                except SQLAlchemyError:
                    # Those who are connected go on; only coming back after a restart of the relay may fail.
                    _log.exception("records were not stored", records=len(batch))
                for _ in batch:
                    records.popleft()
            self._written.set()

    async def _write_down(self, batch: list[Record]) -> None:
        now_s = self.services.clock.wall_s()
        async with self.services.relay_sessions.writing() as writer:
            for record in batch:
                try:
                    async with writer.apart():
                        await books.write(writer, record, now_s)
                except IntegrityError:
                    _log.exception("a record was not stored", record=type(record).__name__)

    async def _keep_books(self) -> None:
        while True:
            await self._unwritten.wait()
            self._unwritten.clear()
            try:
                # A transaction that is cut after its commit would be written again, and recorded twice.
                await asyncio.shield(self.settle())
            except Exception:  # noqa: BLE001 - told below; what comes later must still be stored
                _log.exception("the books were not kept")

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self.registry.tick()
            except Exception:  # noqa: BLE001 - told below; the next tick must come
                # One session that is out of joint must not stop the deadlines of all others.
                _log.exception("a tick failed")
            census = self.registry.census()
            self.meters.sessions.set(census.sessions)
            self.meters.viewers.set(census.viewers)
            self.meters.queued_bytes.set(census.queued_bytes)
            self.touch()

    async def _keep_watch(self) -> None:
        """Cut viewers whose account was disabled, by this process or by the command line."""
        seen, trusted = None, 0
        while not await self._stops_within(self.policies.account_check_s):
            trace = self.services.trace()
            trusted = trusted + 1 if trace is not None and trace == seen else 0
            if trusted % _LONGEST_TRUST == 0:
                seen = trace if await self._vouch() else None
                self.touch()

    async def _vouch(self) -> bool:
        """Look every account up that is here; whether all could be."""
        found = True
        for account_id in self.registry.accounts():
            try:
                stands = await self.stands(account_id)
            except ProtocolError:
                found = False
                continue
            if not stands:
                self.services.tickets.revoke(account_id)
                self.services.presentations.revoke(account_id)
                self.registry.dismiss(account_id)
        return found

    async def _stops_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        return self._stopping.is_set()

    async def _restore(self) -> None:
        found = await self.services.relay_sessions.load_open()
        for session, seats in found:
            self.registry.restore(books.kept_session(session), [books.kept_seat(seat) for seat in seats])
        if found:
            _log.info("sessions taken up again", sessions=len(found))
