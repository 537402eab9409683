"""What tests ask of the record, and what they put into the store."""

from sqlalchemy import select

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.audit_check import Flaw, check_record
from relevo_server.store.checkpoints import Head, head_of
from relevo_server.store.database import Database
from relevo_server.store.reports import NewReport, add_report
from relevo_server.store.tables_trust import CheckpointRow


async def flaws_of(database: Database, organisation: str = "home") -> list[Flaw]:
    """What is wrong with an organisation's record, signatures aside."""
    return list((await check_record(database, organisation)).flaws)


async def heads_of(database: Database, organisation: str = "home") -> list[Head]:
    """The organisation's signed heads in the database, in order."""
    wanted = select(CheckpointRow).where(CheckpointRow.organisation_id == organisation)
    async with database.read() as session:
        return [head_of(row) for row in await session.scalars(wanted.order_by(CheckpointRow.seq))]


async def reported(database: Database, report: NewReport, event: AuditEvent) -> None:
    """Store a report together with its line in the record, each once."""
    async with database.write() as session:
        await append_audit(session, event)
        await add_report(session, report)
