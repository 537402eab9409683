"""Who was let into which session, and when: what activity is counted from."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from relevo_server.store.audit_line import LAST_MOMENT_S
from relevo_server.store.database import Database
from relevo_server.store.tables_trust import AuditRecordRow

ADMITTED: Final = "viewer.admitted"
MAX_VISITS: Final = 50_000


@dataclass(frozen=True)
class Visit:
    """That a host let somebody in."""

    account_id: str
    session_id: bytes
    at_s: float


class ActivityStore:
    """Reads visits from the record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visits(self, organisation: str, from_s: float) -> list[Visit]:
        """Those since `from_s`, the newest first, at most 50,000."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(AuditRecordRow.actor, AuditRecordRow.session_id, AuditRecordRow.at_s)
                .where(
                    AuditRecordRow.organisation_id == organisation,
                    AuditRecordRow.action == ADMITTED,
                    AuditRecordRow.at_s >= from_s,
                    AuditRecordRow.at_s < LAST_MOMENT_S,
                )
                .order_by(AuditRecordRow.seq.desc())
                .limit(MAX_VISITS)
            )
            return [Visit(row.actor, row.session_id, row.at_s) for row in rows if row.session_id is not None]
