"""The record of who did what: append-only, a chain for each organisation, each line hashing the one before.

Triggers refuse UPDATE (but for the erasure of personal data) and DELETE (but of what was pruned); the chain
and the signed heads (`checkpoints`) show when somebody went round them. Checked by `audit_check`.
"""

import os
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store import audit_chain
from relevo_server.store.audit_chain import ChainedFields
from relevo_server.store.audit_check import Flaw, check_record
from relevo_server.store.checkpoints import Head, Keys
from relevo_server.store.database import HEADS_HELD, Database
from relevo_server.store.tables import HOME, AuditRow
from relevo_server.store.tables_trust import AuditHeadRow, AuditRecordRow

Detail = str | int | float | bool
_SALT_BYTES: Final = 16
_PAGE: Final = 500
_HeadNow = tuple[int, bytes]
_LINES: Final = AuditRecordRow.__table__
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
class AuditLine:
    """A line as it is stored; `personal` is None where there is none or where it was erased."""

    organisation: str
    seq: int
    at_s: float
    actor: str
    action: str
    session_id: bytes | None
    cause: str
    details: Mapping[str, Detail]
    personal: Mapping[str, str] | None = field(repr=False)
    salt: bytes | None = field(repr=False)
    personal_hash: bytes
    event_id: bytes
    chain: bytes

    @property
    def erased(self) -> bool:
        """Whether there were personal data that are gone."""
        return self.personal is None and self.personal_hash != audit_chain.NOTHING_PERSONAL


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
        wanted = select(AuditRecordRow).where(AuditRecordRow.organisation_id == organisation)
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

    async def verify(
        self,
        organisation: str = HOME,
        heads: Iterable[Head] = (),
        keys: Keys | None = None,
    ) -> list[Flaw]:
        """What is wrong with an organisation's record; `audit_check.check_record` tells more."""
        found = await check_record(self._database, organisation, heads, keys)
        return list(found.flaws)

    async def organisations(self) -> list[str]:
        """Those that have a record."""
        async with self._database.read() as session:
            found = await session.scalars(
                select(AuditHeadRow.organisation_id).order_by(AuditHeadRow.organisation_id)
            )
            return list(found)


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


def line_of(row: AuditRecordRow) -> AuditLine:
    """A stored row as others see it."""
    return AuditLine(
        organisation=row.organisation_id,
        seq=row.seq,
        at_s=row.at_s,
        actor=row.actor,
        action=row.action,
        session_id=row.session_id,
        cause=row.cause,
        details=msgspec.json.decode(row.details, type=dict[str, Detail]),
        personal=None if row.personal is None else msgspec.json.decode(row.personal, type=dict[str, str]),
        salt=row.salt,
        personal_hash=row.personal_hash,
        event_id=row.event_id,
        chain=row.chain,
    )


async def _page(session: AsyncSession, organisation: str, from_seq: int) -> Sequence[AuditRecordRow]:
    found = await session.scalars(
        select(AuditRecordRow)
        .where(AuditRecordRow.organisation_id == organisation, AuditRecordRow.seq >= from_seq)
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
