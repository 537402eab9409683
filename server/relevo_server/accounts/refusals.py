"""What was refused, for the record: each attempt, but the same flood only once in ten minutes."""

from collections import OrderedDict
from dataclasses import dataclass, replace

from relevo_server.logs import logger
from relevo_server.services import Services
from relevo_server.store.audit import AuditEvent
from relevo_server.store.database import Unavailable

_WINDOW_S = 600.0
_CAPACITY = 4096
_log = logger(__name__)


@dataclass
class _Flood:
    since_s: float
    count: int = 0


class RefusalBook:
    """Writes refusals down; a database that is away changes no answer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._floods: OrderedDict[str, _Flood] = OrderedDict()

    async def note(self, event: AuditEvent) -> None:
        """One line for one refusal."""
        try:
            await self._services.audit.append(event)
        except Unavailable as error:
            _log.error("a refusal was not recorded", action=event.action, reason=type(error).__name__)

    async def flood(self, key: str, event: AuditEvent) -> None:
        """One line for the first refusal of this key, then one in ten minutes that counts the others."""
        now_s = self._services.clock.monotonic_s()
        found = self._floods.pop(key, None)
        if found is not None and now_s - found.since_s < _WINDOW_S:
            found.count += 1
            self._floods[key] = found
            return
        self._floods[key] = _Flood(now_s)
        while len(self._floods) > _CAPACITY:
            self._floods.popitem(last=False)
        unrecorded = {"unrecorded": found.count} if found is not None and found.count else {}
        details = {**event.details, **unrecorded}
        await self.note(replace(event, details=details))
