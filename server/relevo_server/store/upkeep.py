"""What the record needs from time to time: its heads signed, old lines pruned, old revocations swept."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from relevo_server.clock import Clock
from relevo_server.logs import logger
from relevo_server.store.audit import AuditEvent
from relevo_server.store.checkpoints import BadKey, HeadKeeper
from relevo_server.store.database import Database, Unavailable
from relevo_server.store.erasure import prune
from relevo_server.store.organisations import OrganisationStore
from relevo_server.store.revocations import RevocationStore

_EVERY_S: Final = 60.0
_DAY_S: Final = 86_400.0
_HOUR_S: Final = 3600.0
_log = logger(__name__)


@dataclass(frozen=True)
class UpkeepParts:
    """What the upkeep works with; `keeper` is asked for when the data folder is there."""

    database: Database
    keeper: Callable[[], HeadKeeper]
    organisations: OrganisationStore
    revocations: RevocationStore
    clock: Clock


class Upkeep:
    """One for each server; `keep` runs as a task beside it."""

    def __init__(self, parts: UpkeepParts) -> None:
        self._parts = parts
        self._next_sweep_s = 0.0

    async def keep(self, stopping: asyncio.Event) -> None:
        """Tend the record every minute until `stopping` is set, and once more then."""
        while not stopping.is_set():
            await self.tend()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY_S):
                    await stopping.wait()
        await self.tend(at_once=True)

    async def tend(self, *, at_once: bool = False) -> None:
        """Do what is due; what fails is logged and tried again in the next round.

        Nothing waits for what fails: a record that cannot be pruned is signed all the same.
        """
        now_s = self._parts.clock.wall_s()
        await self._tried("signing", lambda: self._parts.keeper().sign_due(now_s, at_once=at_once))
        # By the clock that nobody sets: one that was ahead for a while must not put the next sweep off.
        passed_s = self._parts.clock.monotonic_s()
        if passed_s >= self._next_sweep_s and not at_once:
            swept = await self._tried("sweeping", lambda: self._parts.revocations.sweep(now_s - _HOUR_S))
            if await self._tried("pruning", lambda: self._prune(now_s)) and swept:
                self._next_sweep_s = passed_s + _HOUR_S

    async def _tried(self, what: str, work: Callable[[], Awaitable[object]]) -> bool:
        try:
            await work()
        except (BadKey, OSError, Unavailable) as error:
            _log.error("the record was not tended", what=what, reason=str(error))
            return False
        except Exception:  # noqa: BLE001 - told with its traceback; the next round must come
            _log.exception("the record was not tended", what=what)
            return False
        return True

    async def _prune(self, now_s: float) -> None:
        for organisation in await self._parts.organisations.every():
            days = organisation.policy.retention_days
            if days > 0:
                event = AuditEvent(now_s, "relay", "pruned", cause="clock")
                before_s = now_s - days * _DAY_S
                keeper = self._parts.keeper()
                count = await prune(self._parts.database, keeper, organisation.id, before_s, event)
                if count:
                    _log.info("record pruned", organisation=organisation.id, lines=count, days=days)
