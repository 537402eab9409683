"""Looks for what was changed in a record behind the server's back.

Found: changed, removed, added lines; a cut end, as far as a head tells where the end was; personal data that
went without a record of their erasure; a beginning that went without a record of its pruning. Not found: what
was changed after the newest head that is out of the changer's reach, by somebody who recomputed the chain.
"""

import hashlib
import struct
from asyncio import to_thread
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store import audit_chain
from relevo_server.store.audit_chain import GENESIS, NOTHING_PERSONAL, ChainedFields
from relevo_server.store.audit_line import Detail
from relevo_server.store.checkpoints import Head, Keys, head_of, verify_head
from relevo_server.store.database import Database
from relevo_server.store.tables import HOME, AuditRow
from relevo_server.store.tables_trust import AuditHeadRow, AuditRecordRow, CheckpointRow

T = TypeVar("T")
_CHUNK_ROWS: Final = 500
"""Read at once, and judged at once in a thread: others want to be served meanwhile."""


class FlawKind(StrEnum):
    """What is wrong at a line of the record."""

    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"
    CUT_OFF = "cut off"
    BAD_HEAD = "bad head"
    ERASED_WITHOUT_RECORD = "erased without record"
    OLD_RECORD = "old record"


@dataclass(frozen=True)
class Flaw:
    """Something wrong, and where."""

    organisation: str
    seq: int
    kind: FlawKind


@dataclass(frozen=True)
class Verdict:
    """What the check found; lines after `signed_seq` are not yet pinned by a signed head."""

    organisation: str
    flaws: Sequence[Flaw]
    lines: int
    last_seq: int
    signed_seq: int


async def check_record(
    database: Database,
    organisation: str,
    heads: Iterable[Head] = (),
    keys: Keys | None = None,
) -> Verdict:
    """Read the whole record of an organisation and judge it.

    `heads` are copies kept elsewhere; without `keys` signatures are not looked at.
    """
    # Between two statements the server may add a line, and its head would not be the one that was read.
    async with database.read(snapshot=True) as session:
        stored = await session.get(AuditHeadRow, organisation)
        known = [head for head in heads if head.organisation == organisation]
        signed = select(CheckpointRow).where(CheckpointRow.organisation_id == organisation)
        async for rows in await _in_chunks(session, signed):
            known += map(head_of, rows)
        # A year's signatures take a minute, in which others want to be served.
        walk = await to_thread(_Walk, organisation, stored, known, keys)
        if organisation == HOME:
            walk.old = await _old_record(session)
        lines = select(AuditRecordRow).where(AuditRecordRow.organisation_id == organisation)
        try:
            async for chunk in await _in_chunks(session, lines.order_by(AuditRecordRow.seq)):
                await to_thread(walk.lines, chunk)
        except (TypeError, ValueError):
            walk.unreadable()
    return await to_thread(walk.verdict)


async def organisations_with_record(database: Database) -> list[str]:
    """Those of whom there is anything: lines, a head or a signed head."""
    async with database.read() as session:
        found: set[str] = {HOME}
        for table in (AuditHeadRow, AuditRecordRow, CheckpointRow):
            found.update(await session.scalars(select(table.organisation_id).distinct()))
    return sorted(found)


async def _in_chunks(session: AsyncSession, wanted: Select[T]) -> AsyncIterator[Sequence[T]]:
    rows = await session.stream_scalars(wanted.execution_options(yield_per=_CHUNK_ROWS))
    return rows.partitions()


@dataclass
class _OldRecord:
    """The record of the first versions, as far as it was read."""

    lines: int = 0
    chain: bytes = GENESIS
    broken: int | None = None
    erased: set[int] = field(default_factory=set[int])

    def judge(self, rows: Sequence[AuditRow]) -> None:
        """Go along the next lines."""
        for row in rows:
            self.lines += 1
            if row.actor == row.details == "":
                self.erased.add(row.number)  # details were never less than {}
            elif not self._follows(row):
                self.break_at(row.number)
            self.chain = row.chain

    def break_at(self, number: int) -> None:
        """This line is not what was written."""
        self.broken = number if self.broken is None else self.broken

    def _follows(self, row: AuditRow) -> bool:
        fields = (row.at_s, row.actor, row.action, row.session_id or b"", row.details)
        try:
            return audit_chain.old_link(self.chain, fields) == row.chain
        except (AttributeError, TypeError, ValueError, struct.error):
            return False


@dataclass
class _Erased:
    """Lines whose personal data are gone and not yet accounted for: seq -> who and where."""

    waiting: dict[int, tuple[str, str, str]] = field(default_factory=dict[int, tuple[str, str, str]])

    def note(self, row: AuditRecordRow, details: dict[str, Detail]) -> None:
        session = row.session_id.hex() if row.session_id is not None else ""
        self.waiting[row.seq] = (session, row.actor, str(details.get("account", "")))

    def account_for(self, details: dict[str, Detail]) -> list[int]:
        """Take out what an `erased` record covers."""
        session, account = details.get("session"), details.get("account")
        covered = [
            seq
            for seq, (in_session, actor, about) in self.waiting.items()
            if (session and in_session == session) or (account and account in {actor, about})
        ]
        for seq in covered:
            del self.waiting[seq]
        return sorted(covered)


class _Walk:
    """Goes along the lines in order."""

    def __init__(
        self,
        organisation: str,
        stored: AuditHeadRow | None,
        known: Sequence[Head],
        keys: Keys | None,
    ) -> None:
        self.old = _OldRecord()
        self._organisation = organisation
        self._flaws: list[Flaw] = []
        if stored is not None and not (_is_number(stored.seq) and _is_number(stored.pruned_seq)):
            self._flaw(0, FlawKind.BAD_HEAD)
            stored = None
        self._stored = stored
        self._pruned = stored.pruned_seq if stored is not None else 0
        self._seq = self._pruned
        self._chain = stored.pruned_chain if stored is not None else GENESIS
        self._lines = 0
        self._erased = _Erased()
        self._old_erased: set[int] = set()
        self._pruned_told = self._pruned == 0
        self._heads: dict[int, list[Head]] = {}
        self._signed_seq = 0
        for head in known:
            key = keys.get(head.key_id) if keys is not None else None
            if not _is_number(head.seq):
                self._flaw(0, FlawKind.BAD_HEAD)
                continue
            if keys is not None and (key is None or not verify_head(head, key)):
                self._flaw(head.seq, FlawKind.BAD_HEAD)
                continue
            self._heads.setdefault(head.seq, []).append(head)
        if self._pruned and not any(one.chain == self._chain for one in self._heads.get(self._pruned, ())):
            self._flaw(self._pruned, FlawKind.BAD_HEAD)

    def unreadable(self) -> None:
        """The next line cannot even be fetched: SQLite keeps anything in any column."""
        self._flaw(self._seq + 1, FlawKind.CHANGED)

    def lines(self, rows: Sequence[AuditRecordRow]) -> None:
        """Judge the next lines."""
        for row in rows:
            try:
                self._line(row)
            except (AttributeError, TypeError, ValueError, struct.error):
                # A cell holds something of another kind; whatever follows is judged from its own chain on.
                self._seq += 1
                self._flaw(self._seq, FlawKind.CHANGED)

    def _line(self, row: AuditRecordRow) -> None:
        if row.seq <= self._pruned:
            self._flaw(row.seq, FlawKind.ADDED)
            return
        self._lines += 1
        gap = row.seq != self._seq + 1
        if gap:
            self._flaw(self._seq + 1, FlawKind.REMOVED)
        elif audit_chain.link(self._chain, _fields(row)) != row.chain:
            self._flaw(row.seq, FlawKind.CHANGED)
        details = self._content(row)
        if row.seq == 1:
            self._check_continued(row, details)
        self._check_heads(row)
        self._seq, self._chain = row.seq, row.chain

    def verdict(self) -> Verdict:
        if not self._lines and self.old.lines and self._stored is not None and self._stored.seq:
            self._flaw(0, FlawKind.OLD_RECORD)
        if self.old.broken is not None:
            self._flaw(self.old.broken, FlawKind.OLD_RECORD)
        if self.old.lines:
            for number in self.old.erased ^ self._old_erased:
                self._flaw(number, FlawKind.OLD_RECORD)
        if not self._pruned_told:
            self._flaw(self._pruned, FlawKind.REMOVED)
        for seq in self._erased.waiting:
            self._flaw(seq, FlawKind.ERASED_WITHOUT_RECORD)
        self._check_end()
        flaws = sorted(set(self._flaws), key=lambda flaw: (flaw.seq, flaw.kind))
        return Verdict(self._organisation, flaws, self._lines, self._seq, self._signed_seq)

    def _content(self, row: AuditRecordRow) -> dict[str, Detail]:
        try:
            details = msgspec.json.decode(row.details, type=dict[str, Detail])
        except msgspec.DecodeError:
            self._flaw(row.seq, FlawKind.CHANGED)
            details = dict[str, Detail]()
        if row.personal is not None:
            if row.salt is None or audit_chain.personal_hash(row.salt, row.personal) != row.personal_hash:
                self._flaw(row.seq, FlawKind.CHANGED)
        elif row.salt is not None:
            self._flaw(row.seq, FlawKind.CHANGED)
        elif row.personal_hash != NOTHING_PERSONAL:
            self._erased.note(row, details)
        if row.action == "erased":
            self._check_erasure(row, details)
        if row.action == "pruned" and details.get("through") == self._pruned:
            self._pruned_told = True
        return details

    def _check_erasure(self, row: AuditRecordRow, details: dict[str, Detail]) -> None:
        self._old_erased.update(int(number) for number in str(details.get("old", "")).split())
        covered = self._erased.account_for(details)
        first = details.get("first", 0)
        # Of what was pruned meanwhile nobody can count the lines any more.
        whole = not self._pruned or (isinstance(first, int) and first > self._pruned)
        if whole and details.get("rows") != seqs_hash(covered):
            self._flaw(row.seq, FlawKind.ERASED_WITHOUT_RECORD)

    def _check_continued(self, row: AuditRecordRow, details: dict[str, Detail]) -> None:
        told = (details.get("lines"), details.get("chain")) if row.action == "record.continued" else None
        there = (self.old.lines, self.old.chain.hex()) if self.old.lines else None
        if told != there:
            self._flaw(row.seq, FlawKind.OLD_RECORD)

    def _check_heads(self, row: AuditRecordRow) -> None:
        for head in self._heads.get(row.seq, ()):
            if head.chain != row.chain:
                self._flaw(row.seq, FlawKind.CHANGED)
            else:
                self._signed_seq = row.seq

    def _check_end(self) -> None:
        stored = self._stored
        if any(seq > self._seq for seq in self._heads) or (stored is not None and stored.seq > self._seq):
            self._flaw(self._seq + 1, FlawKind.CUT_OFF)
        elif stored is None and self._lines:
            self._flaw(self._seq, FlawKind.BAD_HEAD)
        elif stored is not None and stored.seq < self._seq:
            self._flaw(stored.seq + 1, FlawKind.ADDED)
        elif stored is not None and stored.chain != self._chain:
            self._flaw(self._seq, FlawKind.CHANGED)

    def _flaw(self, seq: int, kind: FlawKind) -> None:
        self._flaws.append(Flaw(self._organisation, seq, kind))


def _is_number(value: object) -> bool:
    """Whether a column of numbers has one: SQLite keeps anything in any column."""
    return isinstance(value, int)


def seqs_hash(seqs: Iterable[int]) -> str:
    """What an `erased` record says of the lines that it made impersonal: SHA-256 of their numbers, hex."""
    return hashlib.sha256(" ".join(str(seq) for seq in sorted(seqs)).encode()).hexdigest()


def _fields(row: AuditRecordRow) -> ChainedFields:
    return ChainedFields(
        organisation=row.organisation_id,
        seq=row.seq,
        event_id=row.event_id,
        at_s=row.at_s,
        actor=row.actor,
        action=row.action,
        session_id=row.session_id or b"",
        cause=row.cause,
        details=row.details,
        personal_hash=row.personal_hash,
    )


async def _old_record(session: AsyncSession) -> _OldRecord:
    old = _OldRecord()
    async for rows in await _in_chunks(session, select(AuditRow).order_by(AuditRow.number)):
        await to_thread(old.judge, rows)
    return old
