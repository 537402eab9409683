"""What a killed relay needs to find its sessions again; tokens only as SHA-256."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.reports import NewReport, add_report
from relevo_server.store.tables import RelaySeatRow, RelaySessionRow
from relevo_server.store.tables_trust import AuditRecordRow


@dataclass(frozen=True)
class SessionRecord:
    """A support session: 16-byte id, routing number, hashes of the agent's resume tokens, 32 bytes each.

    Up to three tokens are good while nobody knows whether the newest one has arrived.
    """

    session_id: bytes
    routing: str
    agent_token_hash: bytes
    created_at_s: float
    mode: str
    ended: bool
    kind: str = "support"
    lead_account_id: str = ""
    lead_name: str = ""
    lead_team: str = ""
    lead_organisation: str = ""
    held_until_s: float = 0.0
    back_by_s: float = 0.0
    invited: str = ""
    """Account ids with until when (wall time), as JSON; empty for nobody."""
    furthest_mode: str = ""


@dataclass(frozen=True)
class SeatRecord:
    """A viewer's place in a session, slot 1..5, resumable until `expires_at_s` (wall time).

    `token_hash` is up to three hashes, as with the session.
    """

    session_id: bytes
    slot: int
    account_id: str
    display_name: str
    organisation: str
    token_hash: bytes
    expires_at_s: float
    standing: str = "technician"
    team: str = ""
    admin_tools: bool = False
    role: str = "collaborator"
    organisation_id: str = ""
    sign_in: str = ""


class RelaySessionWriter:
    """Changes what is known of the relay's sessions, inside one transaction."""

    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    @asynccontextmanager
    async def apart(self) -> AsyncGenerator[None]:
        """What is written inside is undone alone when an exception leaves it (a savepoint).

        Raises what `database.UNFIT` names for a record that the database will never take.
        """
        async with self._session.begin_nested():
            yield

    async def save_session(self, record: SessionRecord) -> None:
        """Insert the session or overwrite what is known of it."""
        await self._session.merge(RelaySessionRow(**vars(record)))

    async def save_seat(self, record: SeatRecord) -> None:
        """Insert the seat or overwrite it; its session must exist (IntegrityError else)."""
        await self._session.merge(RelaySeatRow(**vars(record)))

    async def drop_seat(self, session_id: bytes, slot: int) -> None:
        """Forget a seat; nothing happens when there is none."""
        await self._session.execute(
            delete(RelaySeatRow).where(RelaySeatRow.session_id == session_id, RelaySeatRow.slot == slot)
        )

    async def end_session(self, session_id: bytes, reason: str) -> None:
        """Mark the session as over and forget its seats and its agent's token."""
        await self._session.execute(delete(RelaySeatRow).where(RelaySeatRow.session_id == session_id))
        await self._session.execute(
            update(RelaySessionRow)
            .where(RelaySessionRow.session_id == session_id, RelaySessionRow.ended.is_(False))
            .values(
                ended=True,
                ended_at_s=self._clock.wall_s(),
                end_reason=reason[:64],
                agent_token_hash=bytes(32),
                invited="",
            )
        )

    async def has_act(self, session_id: bytes, event_id: bytes) -> bool:
        """Whether this act of a session is in the record already, whichever organisation's."""
        found = select(AuditRecordRow.seq).where(
            AuditRecordRow.session_id == session_id, AuditRecordRow.event_id == event_id
        )
        return await self._session.scalar(found.limit(1)) is not None

    async def append_audit(self, event: AuditEvent) -> bool:
        """Add a line to the record; False: this event is there already."""
        return await append_audit(self._session, event)

    async def add_report(self, report: NewReport) -> None:
        """Add a report, once."""
        await add_report(self._session, report)


class RelaySessionStore:
    """Saves and loads the relay's sessions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[RelaySessionWriter]:
        """A transaction for any number of changes, committed at the end."""
        async with self._database.write() as session:
            yield RelaySessionWriter(session, self._clock)

    async def sweep(self, before_s: float) -> None:
        """Forget sessions that were over before then: the record tells of them, as long as it is kept."""
        old = RelaySessionRow.ended.is_(True), RelaySessionRow.ended_at_s < before_s
        async with self._database.read() as session:
            if await session.scalar(select(RelaySessionRow.session_id).where(*old).limit(1)) is None:
                return  # mostly: nobody is kept from writing for nothing
        async with self._database.write() as session:
            await session.execute(delete(RelaySessionRow).where(*old))

    async def load_open(self) -> list[tuple[SessionRecord, list[SeatRecord]]]:
        """Every session that is not over, with its seats that have not expired, oldest first."""
        async with self._database.read() as session:
            open_rows = await session.scalars(
                select(RelaySessionRow)
                .where(RelaySessionRow.ended.is_(False))
                .order_by(RelaySessionRow.created_at_s)
            )
            found = {row.session_id: (_session(row), list[SeatRecord]()) for row in open_rows}
            seats = await session.scalars(
                select(RelaySeatRow)
                .join(RelaySessionRow, RelaySessionRow.session_id == RelaySeatRow.session_id)
                .where(RelaySessionRow.ended.is_(False), RelaySeatRow.expires_at_s > self._clock.wall_s())
                .order_by(RelaySeatRow.slot)
            )
            for seat in seats:
                found[seat.session_id][1].append(_seat(seat))
        return list(found.values())


def _session(row: RelaySessionRow) -> SessionRecord:
    return SessionRecord(
        session_id=row.session_id,
        routing=row.routing,
        agent_token_hash=row.agent_token_hash,
        created_at_s=row.created_at_s,
        mode=row.mode,
        ended=row.ended,
        kind=row.kind,
        lead_account_id=row.lead_account_id,
        lead_name=row.lead_name,
        lead_team=row.lead_team,
        lead_organisation=row.lead_organisation,
        held_until_s=row.held_until_s,
        back_by_s=row.back_by_s,
        invited=row.invited,
        furthest_mode=row.furthest_mode,
    )


def _seat(row: RelaySeatRow) -> SeatRecord:
    return SeatRecord(
        session_id=row.session_id,
        slot=row.slot,
        account_id=row.account_id,
        display_name=row.display_name,
        organisation=row.organisation,
        token_hash=row.token_hash,
        expires_at_s=row.expires_at_s,
        standing=row.standing,
        team=row.team,
        admin_tools=row.admin_tools,
        role=row.role,
        organisation_id=row.organisation_id,
        sign_in=row.sign_in,
    )
