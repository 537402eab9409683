"""The record of who did what: append-only, a chain for each organisation, each line hashing the one before.

Triggers refuse UPDATE (but for the erasure of personal data) and DELETE (but of what was pruned); the chain
and the signed heads (`checkpoints`) show when somebody went round them. Checked by `audit_check`.
"""

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store import audit_chain
from relevo_server.store.audit_chain import ChainedFields
from relevo_server.store.audit_line import AuditLine, Detail, line_of
from relevo_server.store.database import HEADS_HELD, Database
from relevo_server.store.tables import HOME, AuditRow
from relevo_server.store.tables_trust import AuditHeadRow, AuditRecordRow

_SALT_BYTES: Final = 16
_PAGE: Final = 500
_HeadNow = tuple[int, bytes]
_LINES: Final = AuditRecordRow.__table__
# SQLite keeps anything in any column, and what is no number has no place among the lines.
_NUMBERED: Final = cast(AuditRecordRow.seq, BigInteger()) == AuditRecordRow.seq
# Built once: a batch of records should cost the database's time and not SQLAlchemy's.
_INSERT: Final = {
    name: kind.insert(_LINES)
    .on_conflict_do_nothing(index_elements=["organisation_id", "event_id"])
    .returning(_LINES.c.seq)
    for name, kind in (("sqlite", sqlite), ("postgresql", postgresql))
}


def _new_id() -> bytes:
    return os.urandom(16)


@dataclass(frozen=True)
class AuditEvent:
    """One act: when, who, what, in which session.

    `actor` is an account's or guest's id, `token:<id>`, `customer`, `agent`, `relay`, `command line`, or
    empty while nobody is known. `details` hold ids, codes and numbers, never a name, an address or free text:
    those belong into `personal`, which can be erased. `cause` is what set it off: `http:<request id>`,
    `ws:<link>`, `act:<number>`, `cli`, `clock` or `oidc`. An act is recorded once, however often its
    `event_id` comes.
    """

    at_s: float
    actor: str
    action: str
    session_id: bytes | None = None
    details: Mapping[str, Detail] = field(default_factory=dict[str, Detail])
    personal: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    cause: str = ""
    organisation: str = HOME
    event_id: bytes = field(default_factory=_new_id)


@dataclass(frozen=True)
class AuditFilter:
    """Which lines; None is any. `action` with a dot at its end means all that begin so."""

    action: str | None = None
    actor: str | None = None
    session_id: bytes | None = None


class AuditLog:
    """Appends to the record and reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, event: AuditEvent) -> bool:
        """Write one line; returns after the commit. False: it was recorded before. Raises Unavailable."""
        async with self._database.write() as session:
            return await append_audit(session, event)

    async def newest(
        self,
        organisation: str = HOME,
        before_seq: int | None = None,
        limit: int = 100,
        only: AuditFilter | None = None,
    ) -> list[AuditLine]:
        """The newest lines first, at most `limit`, older than line `before_seq`."""
        wanted = select(AuditRecordRow).where(AuditRecordRow.organisation_id == organisation, _NUMBERED)
        if before_seq is not None:
            wanted = wanted.where(AuditRecordRow.seq < before_seq)
        only = only or AuditFilter()
        if only.action is not None and only.action.endswith("."):
            wanted = wanted.where(AuditRecordRow.action.startswith(only.action, autoescape=True))
        elif only.action is not None:
            wanted = wanted.where(AuditRecordRow.action == only.action)
        if only.actor is not None:
            wanted = wanted.where(AuditRecordRow.actor == only.actor)
        if only.session_id is not None:
            wanted = wanted.where(AuditRecordRow.session_id == only.session_id)
        async with self._database.read() as session:
            rows = await session.scalars(wanted.order_by(AuditRecordRow.seq.desc()).limit(limit))
            return [line_of(row) for row in rows]

    async def records(self, organisation: str = HOME, from_seq: int = 1) -> AsyncGenerator[AuditLine]:
        """Every line from `from_seq` on, in order, read in pages: no transaction stays open in between."""
        while True:
            async with self._database.read() as session:
                page = await _page(session, organisation, from_seq)
            for row in page:
                yield line_of(row)
            if len(page) < _PAGE:
                return
            from_seq = page[-1].seq + 1

    async def ends(self) -> dict[str, int]:
        """The number of the last line of each organisation that has a record."""
        async with self._database.read() as session:
            found = await session.execute(
                select(AuditHeadRow.organisation_id, cast(AuditHeadRow.seq, BigInteger())).order_by(
                    AuditHeadRow.organisation_id
                )
            )
            return {organisation: int(seq) for organisation, seq in found}

    async def chain_before(self, organisation: str, seq: int) -> bytes | None:
        """The chain value that line `seq` follows; None where the line before it is missing.

        Where the lines before it were pruned, the head has kept it.
        """
        if seq == 1:
            return audit_chain.GENESIS
        async with self._database.read() as session:
            before = await session.get(AuditRecordRow, (organisation, seq - 1))
            if before is not None:
                return line_of(before).chain
            head = await session.get(AuditHeadRow, organisation)
        kept: object = head.pruned_chain if head is not None and head.pruned_seq == seq - 1 else None
        return kept if isinstance(kept, bytes) else None

    async def pruned_seq(self, organisation: str) -> int:
        """Up to which line the record's beginning is gone by its retention; 0 where nothing is."""
        async with self._database.read() as session:
            head = await session.get(AuditHeadRow, organisation)
        return head.pruned_seq if head is not None else 0


async def append_audit(session: AsyncSession, event: AuditEvent) -> bool:
    """Add a line inside a writing transaction, so that the act and its record are committed together.

    False: this `event_id` is there already, and nothing was done.
    """
    held: dict[str, _HeadNow] = session.info.setdefault(HEADS_HELD, {})
    if event.organisation not in held:
        held[event.organisation] = await _locked_head(session, event)
    moved = await _add(session, event, held[event.organisation])
    if moved is not None:
        held[event.organisation] = moved
    return moved is not None


async def _page(session: AsyncSession, organisation: str, from_seq: int) -> Sequence[AuditRecordRow]:
    found = await session.scalars(
        select(AuditRecordRow)
        .where(AuditRecordRow.organisation_id == organisation, AuditRecordRow.seq >= from_seq, _NUMBERED)
        .order_by(AuditRecordRow.seq)
        .limit(_PAGE)
    )
    return found.all()


async def _locked_head(session: AsyncSession, event: AuditEvent) -> _HeadNow:
    """The head of the organisation's chain, held until the transaction ends: two writers cannot fork it."""
    wanted = (
        select(AuditHeadRow.seq, AuditHeadRow.chain)
        .where(AuditHeadRow.organisation_id == event.organisation)
        .with_for_update()
    )
    found = (await session.execute(wanted)).one_or_none()
    if found is None:
        is_first = await _begin_head(session, event.organisation)
        found = (await session.execute(wanted)).one()
        if is_first and event.organisation == HOME:
            return await _continued(session, event)
    return found.seq, found.chain


async def _begin_head(session: AsyncSession, organisation: str) -> bool:
    """Begin the organisation's chain; False: another writer did meanwhile."""
    values = {
        "organisation_id": organisation,
        "seq": 0,
        "chain": audit_chain.GENESIS,
        "pruned_seq": 0,
        "pruned_chain": audit_chain.GENESIS,
    }
    kind = postgresql if _dialect(session) == "postgresql" else sqlite
    made = kind.insert(AuditHeadRow).values(values).on_conflict_do_nothing()
    return await session.scalar(made.returning(AuditHeadRow.organisation_id)) is not None


async def _continued(session: AsyncSession, event: AuditEvent) -> _HeadNow:
    """Tie the record of the first versions, if there is one, to the new one's first line."""
    empty = (0, audit_chain.GENESIS)
    last = await session.scalar(select(AuditRow.chain).order_by(AuditRow.number.desc()).limit(1))
    if last is None:
        return empty
    count = await session.scalar(select(func.count()).select_from(AuditRow)) or 0
    first = AuditEvent(
        event.at_s, "relay", "record.continued", details={"lines": count, "chain": last.hex()}, cause="clock"
    )
    return await _add(session, first, empty) or empty


async def _add(session: AsyncSession, event: AuditEvent, head: _HeadNow) -> _HeadNow | None:
    """Add the line after `head`, which the database moves with it; None: the event is there already."""
    personal = _json(event.personal) if event.personal else None
    salt = os.urandom(_SALT_BYTES) if personal is not None else None
    line = ChainedFields(
        organisation=event.organisation,
        seq=head[0] + 1,
        event_id=event.event_id,
        at_s=event.at_s,
        actor=_plain(event.actor)[:64],
        action=_plain(event.action)[:64],
        session_id=event.session_id or b"",
        cause=_plain(event.cause)[:64],
        details=_json(event.details),
        personal_hash=audit_chain.NOTHING_PERSONAL
        if personal is None or salt is None
        else audit_chain.personal_hash(salt, personal),
    )
    chain = audit_chain.link(head[1], line)
    values = {**vars(line), "personal": personal, "salt": salt, "chain": chain}
    values |= {"organisation_id": values.pop("organisation"), "session_id": event.session_id}
    added = await session.execute(_INSERT[_dialect(session)], values)
    return (line.seq, chain) if added.scalar_one_or_none() is not None else None


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


def _json(values: Mapping[str, Detail]) -> str:
    clean = {_plain(key): _plain(value) if isinstance(value, str) else value for key, value in values.items()}
    return msgspec.json.encode(clean, order="deterministic").decode()


def _plain(text: str) -> str:
    """The text as every database takes it: PostgreSQL refuses NUL, UTF-8 half a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()
