"""Writes down what the relay records: into the database, or while that is away into the spool (C26, C28).

What is committed and what is in the spool both outlive the process. A record may be written twice, where the
answer to a commit was lost or came late: each is an overwriting one or carries the id of its event, so the
second time changes nothing.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from relevo_server.clock import Clock
from relevo_server.edge import books
from relevo_server.edge.packing import UnknownRecord, pack, unpack
from relevo_server.logs import logger
from relevo_server.relay.records import Audited, Record
from relevo_server.store.database import ITS_OWN, UNFIT, Unavailable
from relevo_server.store.relay_sessions import RelaySessionStore, RelaySessionWriter
from relevo_server.store.spool import Spool, SpoolFull

T = TypeVar("T")
_BATCH: Final = 256
_BATCHES: Final = 16
_PATIENCE_S: Final = 1.5
"""How long a transaction may take before its records go to the spool as well."""
_DOOR_PATIENCE_S: Final = 5.0
"""How long whoever is at the door waits for that."""
_RETRY_S: Final = 2.0
_log = logger(__name__)


class _NeverTaken(Exception):
    """There is something wrong with this record: the database will not take it at any later time."""


@dataclass(frozen=True)
class BookParts:
    """What the bookkeeper works with; ``kept`` is told of each act that outlives the process from now on."""

    records: deque[Record]
    store: RelaySessionStore
    clock: Clock
    kept: Callable[[Audited], None]
    lost: Callable[[int], None]


@dataclass(frozen=True)
class _Waiter:
    target: int
    lost: int
    future: asyncio.Future[bool]


class Bookkeeper:
    """One for each server; :meth:`keep` and :meth:`keep_replaying` run as its tasks."""

    def __init__(self, parts: BookParts) -> None:
        self._parts = parts
        self._settling = asyncio.Lock()
        self._spooling = asyncio.Lock()
        self._unwritten = asyncio.Event()
        self._behind = asyncio.Event()
        self._late: asyncio.Task[None] | None = None
        self._told_fault = False
        self._done = 0
        self._lost = 0
        self._waiters: deque[_Waiter] = deque()
        self._spool: Spool | None = None

    def open(self, spool: Spool) -> None:
        """Take up the spool, with what an earlier run has left in it."""
        self._spool = spool
        if spool.cut_bytes:
            # A write that nobody was told of, most likely: the machine lost its power in the middle of it.
            _log.warning("the end of the spool was torn; it is kept in cut.bin", bytes=spool.cut_bytes)
        if spool.pending() or spool.gap:
            self._behind.set()

    @property
    def behind(self) -> bool:
        """Whether records wait for the database elsewhere than in a queue that is being written."""
        return self._behind.is_set()

    def touch(self) -> None:
        """Something may have to be written."""
        if self._parts.records:
            self._unwritten.set()

    async def settled(self) -> bool:
        """Return once all that is recorded so far is committed or in the spool; False where that failed."""
        if not self._parts.records:
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(_Waiter(self._done + len(self._parts.records), self._lost, future))
        self._unwritten.set()
        try:
            async with asyncio.timeout(_DOOR_PATIENCE_S):
                return await future
        except TimeoutError:
            return False

    async def settle(self) -> None:
        """Write everything that is recorded, many records in one transaction."""
        async with self._settling:
            records = self._parts.records
            while records:
                batch = list(itertools.islice(records, _BATCH))
                lost = self._lost
                safe = await self._commit(batch) or await self._put_by(batch)
                for _ in batch:
                    records.popleft()
                self._settled(batch, safe=safe and lost == self._lost)

    async def keep(self) -> None:
        """Write whatever comes, until cancelled."""
        while True:
            await self._unwritten.wait()
            self._unwritten.clear()
            try:
                # A transaction that is cut after its commit would be written again.
                await asyncio.shield(self.settle())
            except Exception:  # noqa: BLE001 - told below; what comes later must still be stored
                _log.exception("the books were not kept")

    async def keep_replaying(self) -> None:
        """Bring what is in the spool to the database whenever that answers again, until cancelled."""
        while True:
            await self._behind.wait()
            await asyncio.sleep(_RETRY_S)
            try:
                await asyncio.shield(self.replay())
            except Exception:  # noqa: BLE001 - told below; the next round must come
                _log.exception("the spool was not replayed")

    async def replay(self) -> bool:
        """Write what is in the spool to the database, in order; whether nothing is left."""
        if self._late is not None and not self._late.done():
            return False
        self._late = None
        while waiting := await self._waiting():
            count = await self._write_again(waiting)
            await self._with_spool(partial(Spool.done, count=count))
            if count < sum(map(len, waiting)):
                return False
            _log.info("records came from the spool to the database", records=count)
        return await self._tell_gap()

    async def close(self) -> None:
        """Write what is left; nothing may be added afterwards."""
        await self.settle()
        if self._late is not None:
            await asyncio.gather(self._late, return_exceptions=True)

    # --- inside

    async def _commit(self, batch: Sequence[Record]) -> bool:
        """Write to the database; False when it does not answer, not in time, or others wait before these."""
        if self._behind.is_set():
            return False
        writing = asyncio.create_task(self._write_down(batch))
        done, _ = await asyncio.wait({writing}, timeout=_PATIENCE_S)
        if not done:
            writing.add_done_callback(_look_at)
            self._late = writing
            _log.error("the database is slow; records go to the spool", records=len(batch))
            return False
        try:
            writing.result()
        except Unavailable as error:
            _log.error("the database does not answer; records go to the spool", reason=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - told; a table or a right may come back, the records would not
            self._fault(error)
            return False
        self._told_fault = False
        return True

    def _fault(self, error: Exception) -> None:
        """Tell what is wrong with the database or with what is said to it, once until a write succeeds."""
        if not self._told_fault:
            self._told_fault = True
            _log.error("the database refuses to be written; records go to the spool", exc_info=error)

    async def _put_by(self, batch: Sequence[Record]) -> bool:
        self._behind.set()
        packed = [pack(record) for record in batch]
        try:
            await self._with_spool(lambda spool: spool.append(packed))
        except (SpoolFull, OSError) as error:
            _log.error("records are lost: no room in the spool", records=len(batch), reason=str(error))
            self._lost += 1
            self._parts.lost(len(batch))
            await self._note_lost(len(batch))
            return False
        finally:
            # A replay that found the spool empty just before has taken the mark away.
            self._behind.set()
        return True

    def _settled(self, batch: Sequence[Record], *, safe: bool) -> None:
        self._done += len(batch)
        if safe:
            for record in batch:
                if isinstance(record, Audited):
                    self._parts.kept(record)
        while self._waiters and self._waiters[0].target <= self._done:
            waiter = self._waiters.popleft()
            if not waiter.future.done():
                waiter.future.set_result(waiter.lost == self._lost)

    async def _write_down(self, batch: Sequence[Record]) -> None:
        try:
            async with self._parts.store.writing() as writer:
                for record in batch:
                    await self._write(writer, record)
        except (*UNFIT, _NeverTaken):
            # One of them is at fault. Each in a savepoint of its own takes several times as long.
            await self._write_apart(batch)

    async def _write_apart(self, batch: Sequence[Record]) -> None:
        refused: list[bytes] = []
        async with self._parts.store.writing() as writer:
            refused.extend([pack(one) for one in batch if not await self._write_one(writer, one)])
        await self._set_aside(refused)

    async def _write_one(self, writer: RelaySessionWriter, record: Record) -> bool:
        try:
            async with writer.apart():
                await self._write(writer, record)
        except (*UNFIT, _NeverTaken) as error:  # those after it must not wait
            reason = str(error).partition("\n")[0]
            _log.error("a record cannot be stored", record=type(record).__name__, reason=reason)
            return False
        return True

    async def _write(self, writer: RelaySessionWriter, record: Record) -> None:
        try:
            await books.write(writer, record, self._parts.clock.wall_s())
        except ITS_OWN:
            raise  # what it is about, the store has told by the kind of error
        except Exception as error:
            raise _NeverTaken(f"{type(error).__name__}: {error}") from error

    async def _set_aside(self, refused: Sequence[bytes]) -> None:
        """Keep what the database will never take where a person finds it (`relevo-server check`)."""
        if not refused:
            return
        try:
            await self._with_spool(lambda spool: spool.refuse(refused))
        except (SpoolFull, OSError) as error:
            _log.error("refused records are lost", records=len(refused), reason=str(error))
            self._lost += 1
            self._parts.lost(len(refused))

    async def _write_again(self, waiting: Sequence[Sequence[bytes]]) -> int:
        """Write transactions' worth of packed records in order; how many were, before the database failed."""
        count = 0
        for packed in waiting:
            readable = [(one, _unpacked(one)) for one in packed]
            try:
                await self._write_down([record for _, record in readable if record is not None])
                await self._set_aside([one for one, record in readable if record is None])
            except Unavailable:
                break
            except Exception as error:  # noqa: BLE001 - told; they stay in the spool
                self._fault(error)
                break
            self._told_fault = False
            count += len(packed)
        return count

    async def _waiting(self) -> list[list[bytes]]:
        """What is in the spool; where that is nothing, records may go straight to the database again."""
        spool = self._there()
        # One step for whoever wants to append: before it, and is found here, or after it, and marks it again.
        async with self._spooling:
            # So many at a time: all of a spool may be more than the memory has room for.
            waiting = await asyncio.to_thread(lambda: list(itertools.islice(spool.replay(_BATCH), _BATCHES)))
            if not waiting:
                self._behind.clear()
                if left := spool.pending():
                    _log.error("the spool cannot be read; a restart puts its rest aside", records=left)
            return waiting

    async def _with_spool(self, work: Callable[[Spool], T]) -> T:
        """Do something with the spool in a thread, one thing at a time: it waits for the disk."""
        spool = self._there()
        async with self._spooling:
            return await asyncio.to_thread(work, spool)

    def _there(self) -> Spool:
        if self._spool is None:
            raise SpoolFull("there is no spool yet")
        return self._spool

    async def _note_lost(self, count: int) -> None:
        try:
            await self._with_spool(lambda spool: spool.lose(count))
        except (SpoolFull, OSError) as error:
            _log.error("that records are lost is known to this process alone", reason=str(error))

    async def _tell_gap(self) -> bool:
        """Let the record itself tell what was lost, once there is one again; False: not yet."""
        spool = self._there()
        gap = spool.gap
        if gap is None:
            return True
        entry = Audited(
            b"",
            "relay",
            "record.gap",
            {"count": gap.count},
            event_id=gap.event_id,
            at_s=self._parts.clock.wall_s(),
            cause="clock",
        )
        try:
            await self._write_down([entry])
            await self._with_spool(lambda spool: spool.told(gap))
        except (Unavailable, OSError) as error:
            _log.error("that records are lost could not be told yet", reason=str(error))
            self._behind.set()
            return False
        return True


def _look_at(task: asyncio.Task[None]) -> None:
    """Take notice of how a late transaction ended; its records are in the spool."""
    if not task.cancelled() and task.exception() is not None:
        _log.info("a late transaction failed", reason=type(task.exception()).__name__)


def _unpacked(packed: bytes) -> Record | None:
    try:
        return unpack(packed)
    except UnknownRecord as error:
        _log.error("a record in the spool could not be read", reason=str(error))
        return None
