"""Reports: somebody says that a session was not what it should have been."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.tables import RelaySessionRow
from relevo_server.store.tables_trust import ReportRow


class ReportState(StrEnum):
    """What became of a report: nobody has looked, somebody keeps it in view, it is done."""

    OPEN = "open"
    KEPT = "kept"
    CLOSED = "closed"


@dataclass(frozen=True)
class NewReport:
    """A report as it comes; `by` is `customer` or `viewer`, `accused` an account's or guest's id or empty.

    `people` are the names that were in the session, by slot.
    """

    organisation: str
    session_id: bytes
    at_s: float
    by: str
    accused: str = ""
    people: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Report:
    """A report and what was done about it; of its session what is still known.

    `mode` is the one of most rights that was given in it; `mode` and `kind` are empty and `began_at_s` is 0
    where the session is kept no longer; `lead` is the name of who led it, empty where nobody did or it was
    erased.
    """

    id: str
    organisation: str
    session_id: bytes
    at_s: float
    by: str
    accused: str
    people: Mapping[str, str] = field(repr=False)
    state: ReportState
    handled_by: str
    note: str = field(repr=False)
    lead: str = field(default="", repr=False)
    mode: str = ""
    kind: str = ""
    began_at_s: float = 0.0


class ReportStore:
    """Lists reports and keeps what was done about them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, organisation: str, state: ReportState | None = None, limit: int = 200
    ) -> list[Report]:
        """The organisation's reports, the newest first."""
        same = RelaySessionRow.session_id == ReportRow.session_id
        wanted = select(ReportRow, RelaySessionRow).outerjoin(RelaySessionRow, same)
        wanted = wanted.where(ReportRow.organisation_id == organisation)
        if state is not None:
            wanted = wanted.where(ReportRow.state == state.value)
        async with self._database.read() as session:
            rows = await session.execute(wanted.order_by(ReportRow.at_s.desc(), ReportRow.id).limit(limit))
            return [_report(row, of) for row, of in rows]

    async def handle(
        self, organisation: str, report_id: str, *, state: ReportState, note: str, event: AuditEvent
    ) -> bool:
        """Keep what was done about a report, by `event.actor`; False: the organisation has none such."""
        async with self._database.write() as session:
            found = await session.scalar(
                update(ReportRow)
                .where(ReportRow.id == report_id, ReportRow.organisation_id == organisation)
                .values(state=state.value, note=note.replace("\x00", "")[:500], handled_by=event.actor[:64])
                .returning(ReportRow.id)
            )
            if found is not None:
                await append_audit(session, event)
        return found is not None


async def add_report(session: AsyncSession, report: NewReport) -> None:
    """Add a report inside a writing transaction; once, however often its id comes."""
    if await session.get(ReportRow, report.id) is not None:
        return
    session.add(
        ReportRow(
            id=report.id,
            organisation_id=report.organisation,
            session_id=report.session_id,
            at_s=report.at_s,
            by=report.by,
            accused=report.accused[:64],
            people=msgspec.json.encode(dict(report.people), order="deterministic").decode(),
            state=ReportState.OPEN.value,
        )
    )
    await session.flush()


def _report(row: ReportRow, of: RelaySessionRow | None) -> Report:
    report = Report(
        id=row.id,
        organisation=row.organisation_id,
        session_id=row.session_id,
        at_s=row.at_s,
        by=row.by,
        accused=row.accused,
        people=msgspec.json.decode(row.people, type=dict[str, str]),
        state=ReportState(row.state),
        handled_by=row.handled_by,
        note=row.note,
    )
    if of is None:
        return report
    mode = of.furthest_mode or of.mode
    return replace(report, lead=of.lead_name, mode=mode, kind=of.kind, began_at_s=of.created_at_s)
