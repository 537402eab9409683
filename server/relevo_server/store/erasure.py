"""Takes personal data out of the record (erasure) and takes its beginning away (pruning); the chain holds.

The record of the first versions has no salted hashes: of a line of theirs that tells of somebody, actor and
details go, its chain value stays, and the line `erased` says which those were. All of it is pruned together
with the first line that came after it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.audit_check import seqs_hash
from relevo_server.store.audit_line import Detail
from relevo_server.store.checkpoints import HeadKeeper
from relevo_server.store.database import Database
from relevo_server.store.tables import HOME, AccountRow, AuditRow, RelaySeatRow, RelaySessionRow
from relevo_server.store.tables_trust import AuditHeadRow, AuditRecordRow, CheckpointRow, ReportRow

_BATCH: Final = 1000
_PIECE: Final = 20_000
"""About how many lines one transaction prunes, and one statement searches."""
_LAST_SEQ: Final = 2**63 - 1

_NOBODY: Final = frozenset({"customer", "agent", "relay", "command line"})
"""Actors of the old record that are words: an account may have had such a name."""


@dataclass(frozen=True)
class Erasure:
    """Whose data go: of a session (16 bytes), or of an account or guest (its id). One of them is given."""

    session_id: bytes | None = None
    person: str = ""


async def erase(database: Database, organisation: str, what: Erasure, event: AuditEvent) -> int:
    """Erase personal data from the organisation's record, seats and reports; how many lines had some.

    The line `erased` that says so is made of `event`, whatever its details. Backups stay as they are.

    Raises Unavailable, and ValueError when not exactly one of session and person is given.
    """
    if (what.session_id is None) == (not what.person):
        raise ValueError("name either a session or a person")
    async with database.write() as session:
        await _lock(session, organisation)
        seqs = await _forget_lines(session, organisation, what)
        old = await _forget_old_lines(session, what) if organisation == HOME else []
        await _forget_beside(session, organisation, what)
        whose = (
            {"session": what.session_id.hex()} if what.session_id is not None else {"account": what.person}
        )
        details: dict[str, Detail] = {
            "count": len(seqs),
            "first": min(seqs, default=0),
            "rows": seqs_hash(seqs),
            **whose,
        }
        if old:
            details["old"] = " ".join(map(str, old))
        await append_audit(
            session, replace(event, action="erased", organisation=organisation, details=details, personal={})
        )
    await database.forget()
    return len(seqs) + len(old)


async def prune(
    database: Database, keeper: HeadKeeper, organisation: str, before_s: float, event: AuditEvent
) -> int:
    """Delete the lines up to the newest signed head older than `before_s`; how many.

    The lines `pruned` that say so are made of `event`; the head after them is signed at once.
    """
    total = 0
    # Piece by piece: nobody else can write meanwhile.
    while count := await _prune_piece(database, organisation, before_s, event):
        total += count
        event = replace(event, event_id=os.urandom(16))
    if total:
        await keeper.sign_due(event.at_s, at_once=True)
    return total


async def _prune_piece(database: Database, organisation: str, before_s: float, event: AuditEvent) -> int:
    async with database.write() as session:
        head = await _lock(session, organisation)
        ages = before_s, event.at_s
        point = await _pruning_point(session, head, ages) if head is not None else None
        if head is None or point is None:
            return 0
        head.pruned_seq, head.pruned_chain = point.seq, point.chain
        await session.flush()
        count = await _delete_through(session, organisation, point.seq)
        details: dict[str, Detail] = {"count": count, "through": point.seq, "chain": point.chain.hex()}
        await append_audit(
            session, replace(event, action="pruned", organisation=organisation, details=details, personal={})
        )
    return count


async def _pruning_point(
    session: AsyncSession, head: AuditHeadRow, ages: tuple[float, float]
) -> CheckpointRow | None:
    """The farthest signed head within one piece; where heads are farther apart than that, the next one.

    `ages`: before when lines are too old, and now. Nothing that was written in between goes, whatever a head
    says that was signed while the clock was wrong.
    """
    before_s, now_s = ages
    of_it = AuditRecordRow.organisation_id == head.organisation_id
    young = await session.scalar(
        select(AuditRecordRow.seq)
        .where(of_it, AuditRecordRow.at_s >= before_s, AuditRecordRow.at_s <= now_s)
        .order_by(AuditRecordRow.seq)
        .limit(1)
    )
    wanted = (
        select(CheckpointRow)
        .where(
            CheckpointRow.organisation_id == head.organisation_id,
            CheckpointRow.at_s < before_s,
            CheckpointRow.seq > head.pruned_seq,
        )
        .limit(1)
    )
    if young is not None:
        wanted = wanted.where(CheckpointRow.seq < young)
    within = wanted.where(CheckpointRow.seq <= head.pruned_seq + _PIECE).order_by(CheckpointRow.seq.desc())
    found = await session.scalar(within)
    return found or await session.scalar(wanted.order_by(CheckpointRow.seq))


async def _lock(session: AsyncSession, organisation: str) -> AuditHeadRow | None:
    found = await session.scalars(
        select(AuditHeadRow).where(AuditHeadRow.organisation_id == organisation).with_for_update()
    )
    return found.one_or_none()


async def _forget_lines(session: AsyncSession, organisation: str, what: Erasure) -> list[int]:
    its = select(AuditRecordRow.seq).where(
        AuditRecordRow.organisation_id == organisation, AuditRecordRow.seq <= _LAST_SEQ
    )
    theirs = its.where(AuditRecordRow.personal.is_not(None), _concerns(what))
    seqs, after = list[int](), 0
    # Piece by piece: no statement may take longer than the database is waited for.
    while True:
        piece = its.where(AuditRecordRow.seq > after).order_by(AuditRecordRow.seq).limit(_PIECE).subquery()
        through = await session.scalar(select(func.max(piece.c.seq)))
        if through is None:
            break
        seqs += await session.scalars(theirs.where(AuditRecordRow.seq.between(after + 1, through)))
        after = through
    for batch in _batches(seqs):
        await session.execute(
            update(AuditRecordRow)
            .where(AuditRecordRow.organisation_id == organisation, AuditRecordRow.seq.in_(batch))
            .values(personal=None, salt=None)
        )
    return seqs


def _concerns(what: Erasure) -> ColumnElement[bool]:
    if what.session_id is not None:
        return AuditRecordRow.session_id == what.session_id
    # Details are JSON with sorted keys and no spaces; ids need no escaping in it.
    about = AuditRecordRow.details.contains(f'"account":"{what.person}"', autoescape=True)
    return or_(AuditRecordRow.actor == what.person, about)


async def _forget_old_lines(session: AsyncSession, what: Erasure) -> list[int]:
    if what.session_id is not None:
        concerned = AuditRow.session_id == what.session_id
    else:
        # The first versions wrote accounts' names where there are ids now.
        name = await session.scalar(select(AccountRow.name).where(AccountRow.id == what.person))
        names = {what.person, name or what.person} - _NOBODY
        about = [AuditRow.details.contains(f'"account":"{one}"', autoescape=True) for one in names]
        concerned = or_(AuditRow.actor.in_(names), *about)
    emptied = update(AuditRow).where(concerned, AuditRow.details != "").values(actor="", details="")
    return sorted(await session.scalars(emptied.returning(AuditRow.number)))


async def _forget_beside(session: AsyncSession, organisation: str, what: Erasure) -> None:
    if what.session_id is not None:
        seats, reports = RelaySeatRow.session_id == what.session_id, ReportRow.session_id == what.session_id
        await session.execute(
            update(RelaySessionRow)
            .where(RelaySessionRow.session_id == what.session_id, RelaySessionRow.ended.is_(True))
            .values(lead_name="")
        )
    else:
        seats, reports = RelaySeatRow.account_id == what.person, ReportRow.accused == what.person
        await session.execute(
            update(RelaySessionRow)
            .where(RelaySessionRow.lead_account_id == what.person, RelaySessionRow.ended.is_(True))
            .values(lead_name="")
        )
    await session.execute(update(RelaySeatRow).where(seats).values(display_name=""))
    await session.execute(
        update(ReportRow)
        .where(reports, ReportRow.organisation_id == organisation)
        .values(people="{}", note="")
    )


async def _delete_through(session: AsyncSession, organisation: str, seq: int) -> int:
    found = await session.scalars(
        select(AuditRecordRow.seq).where(
            AuditRecordRow.organisation_id == organisation, AuditRecordRow.seq <= seq
        )
    )
    seqs = list(found)
    for batch in _batches(seqs):
        await session.execute(
            delete(AuditRecordRow).where(
                AuditRecordRow.organisation_id == organisation, AuditRecordRow.seq.in_(batch)
            )
        )
    # What they prove is gone; the last of them proves where the rest begins.
    await session.execute(
        delete(CheckpointRow).where(CheckpointRow.organisation_id == organisation, CheckpointRow.seq < seq)
    )
    if organisation == HOME:
        await session.execute(delete(AuditRow))
    return len(seqs)


def _batches(seqs: Sequence[int]) -> list[Sequence[int]]:
    return [seqs[at : at + _BATCH] for at in range(0, len(seqs), _BATCH)]
