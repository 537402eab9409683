"""The record of who did what: append-only, each line hashing the one before.

Triggers refuse UPDATE and DELETE; the chain shows when somebody went round them.
"""

import hashlib
import struct
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store.database import Database
from relevo_server.store.tables import AuditRow

_GENESIS = bytes(32)


@dataclass(frozen=True)
class AuditEvent:
    """Who (account name, `agent`, `relay` or `command line`), what, when, in which session."""

    at_s: float
    actor: str
    action: str
    session_id: bytes | None = None
    details: dict[str, str | int | float | bool] = field(default_factory=dict[str, str | int | float | bool])


class AuditLog:
    """Appends to the record and checks its chain."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, event: AuditEvent) -> None:
        """Write one line; returns after the commit."""
        async with self._database.write() as session:
            await append_audit(session, event)

    async def newest(self, limit: int) -> list[AuditEvent]:
        """The newest lines first, at most `limit`."""
        async with self._database.read() as session:
            rows = await session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(limit))
            return [_event(row) for row in rows]

    async def first_broken(self) -> int | None:
        """The number of the first line that does not fit its predecessor, or None when all do."""
        chain = _GENESIS
        async with self._database.read() as session:
            rows = await session.stream_scalars(select(AuditRow).order_by(AuditRow.number))
            async for row in rows:
                chain = _link(chain, row)
                if chain != row.chain:
                    return row.number
        return None


async def append_audit(session: AsyncSession, event: AuditEvent) -> None:
    """Add one line inside a writing transaction, so that the deed and its record are committed together."""
    previous = await session.scalar(select(AuditRow.chain).order_by(AuditRow.number.desc()).limit(1))
    row = AuditRow(
        at_s=event.at_s,
        actor=event.actor[:120],
        action=event.action[:64],
        session_id=event.session_id,
        details=msgspec.json.encode(event.details, order="deterministic").decode(),
    )
    row.chain = _link(previous or _GENESIS, row)
    session.add(row)
    await session.flush()


def _link(previous: bytes, row: AuditRow) -> bytes:
    digest = hashlib.sha256(previous)
    for part in (
        struct.pack(">d", row.at_s),
        row.actor.encode(),
        row.action.encode(),
        row.session_id or b"",
        row.details.encode(),
    ):
        digest.update(struct.pack(">I", len(part)))
        digest.update(part)
    return digest.digest()


def _event(row: AuditRow) -> AuditEvent:
    details = msgspec.json.decode(row.details, type=dict[str, str | int | float | bool])
    return AuditEvent(row.at_s, row.actor, row.action, row.session_id, details)
