"""What the WebSocket endpoints share: the registry, its clockwork, the store, throttles and meters."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import assert_never

from prometheus_client import Counter, Gauge
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_server.access.codes import NumbersExhausted, RoutingNumbers
from relevo_server.access.throttle import Allowance, Throttle
from relevo_server.logs import logger
from relevo_server.relay.line import Line
from relevo_server.relay.policies import Policies
from relevo_server.relay.records import Audited, Record, SeatDropped, SeatKept, SessionKept, SessionOver
from relevo_server.relay.registry import Registry
from relevo_server.relay.surroundings import AGENT_REQUESTS, Surroundings
from relevo_server.services import Services
from relevo_server.store.audit import AuditEvent
from relevo_server.store.relay_sessions import RelaySessionWriter, SeatRecord, SessionRecord

_TICK_S = 1.0
_PATIENCE_S = 2.0
_BATCH = 256
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
        self.policies = policies or Policies()
        numbers = NumbersDesk(services.routing_numbers, self.policies.code_life_s, services)
        self.around = Surroundings(
            origin=services.settings.relay_origin,
            numbers=numbers,
            policies=self.policies,
            wall_s=services.clock.wall_s,
            monotonic_s=services.clock.monotonic_s,
            agent_requests=Throttle(AGENT_REQUESTS, services.clock.monotonic_s),
        )
        self.registry = Registry(self.around)
        self.meters = Meters(services)
        self.room: dict[Line, asyncio.Event] = {}
        """Rung by an agent's writer when its queue has got shorter."""
        clock = services.clock.monotonic_s
        self.wrong_by_account = Throttle(Allowance(12, 1 / 60), clock)
        self.wrong_by_address = Throttle(Allowance(30, 1 / 20), clock)
        self._books = asyncio.Lock()
        self._unwritten = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """Take up stored sessions, then keep time and books until the server stops."""
        await self._restore()
        work = (self._keep_time(), self._keep_books(), self._keep_watch())
        tasks = [asyncio.create_task(one) for one in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.settle()

    def touch(self) -> None:
        """Something may have to be stored."""
        if self.around.records:
            self._unwritten.set()

    async def stands(self, account_id: str) -> bool:
        """Whether this account may be here: it exists and is not disabled.

        Raises:
            ProtocolError: ``internal``: the database does not answer.
        """
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
                        await _store(writer, record, now_s)
                except IntegrityError:
                    _log.exception("a record was not stored", record=type(record).__name__)

    async def _keep_books(self) -> None:
        while True:
            await self._unwritten.wait()
            self._unwritten.clear()
            try:
                await self.settle()
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
        while True:
            await asyncio.sleep(self.policies.account_check_s)
            for account_id in self.registry.accounts():
                with contextlib.suppress(ProtocolError):
                    if not await self.stands(account_id):
                        self.services.tickets.revoke(account_id)
                        self.registry.dismiss(account_id)
            self.touch()

    async def _restore(self) -> None:
        found = await self.services.relay_sessions.load_open()
        for session, seats in found:
            self.registry.restore(_kept_session(session), [_kept_seat(seat) for seat in seats])
        if found:
            _log.info("sessions taken up again", sessions=len(found))


async def _store(store: RelaySessionWriter, record: Record, now_s: float) -> None:
    match record:
        case SessionKept():
            await store.save_session(
                SessionRecord(
                    record.session_id,
                    record.routing,
                    record.agent_token_hash,
                    record.created_at_s,
                    record.mode,
                    ended=False,
                )
            )
        case SeatKept():
            await store.save_seat(
                SeatRecord(
                    record.session_id,
                    record.slot,
                    record.account_id,
                    record.display_name,
                    record.organisation,
                    record.token_hash,
                    record.expires_at_s,
                )
            )
        case SeatDropped():
            await store.drop_seat(record.session_id, record.slot)
        case SessionOver():
            await store.end_session(record.session_id, record.reason)
        case Audited():
            event = AuditEvent(now_s, record.actor, record.action, record.session_id, record.details)
            await store.append_audit(event)
        case _:
            assert_never(record)


def _kept_session(row: SessionRecord) -> SessionKept:
    return SessionKept(row.session_id, row.routing, row.agent_token_hash, row.created_at_s, row.mode)


def _kept_seat(row: SeatRecord) -> SeatKept:
    return SeatKept(
        row.session_id,
        row.slot,
        row.account_id,
        row.display_name,
        row.organisation,
        row.token_hash,
        row.expires_at_s,
    )
