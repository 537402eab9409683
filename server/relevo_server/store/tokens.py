"""API tokens: what a program presents instead of a person; kept as SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, select, update

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.sign_ins import still_stands
from relevo_server.store.tables_trust import ApiTokenRow

MAX_TOKEN_DAYS: Final = 365


@dataclass(frozen=True)
class NewToken:
    """A token to be stored; `scopes` are names of permissions."""

    id: str
    token_hash: bytes = field(repr=False)
    organisation: str
    account_id: str
    name: str
    scopes: tuple[str, ...]
    created_at_s: float
    expires_at_s: float


@dataclass(frozen=True)
class StoredToken:
    """A token without what it is made of; times in seconds since the epoch."""

    id: str
    organisation: str
    account_id: str
    name: str
    scopes: tuple[str, ...]
    created_at_s: float
    expires_at_s: float
    used_at_s: float | None


class TokenStore:
    """Makes, finds and revokes tokens; a revoked one is gone, its record stays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, new: NewToken, event: AuditEvent, by: str = "") -> bool:
        """Store a token; its account and organisation must exist (IntegrityError else).

        False: the sign-in that asks, `by`, has ended, and with it what a new password was to end.
        """
        async with self._database.write() as session:
            if by and not await still_stands(session, new.account_id, by):
                return False
            session.add(
                ApiTokenRow(
                    id=new.id,
                    token_hash=new.token_hash,
                    organisation_id=new.organisation,
                    account_id=new.account_id,
                    name=new.name,
                    scopes=" ".join(new.scopes),
                    created_at_s=new.created_at_s,
                    expires_at_s=new.expires_at_s,
                    used_at_s=None,
                )
            )
            await session.flush()
            await append_audit(session, event)
        return True

    async def by_hash(self, token_hash: bytes) -> StoredToken | None:
        """The token of a hash, expired or not."""
        found = await self._where(ApiTokenRow.token_hash == token_hash)
        return found[0] if found else None

    async def of_account(self, account_id: str) -> list[StoredToken]:
        """The account's tokens, the oldest first."""
        return await self._where(ApiTokenRow.account_id == account_id)

    async def of_organisation(self, organisation: str) -> list[StoredToken]:
        """The organisation's tokens, the oldest first."""
        return await self._where(ApiTokenRow.organisation_id == organisation)

    async def revoke(self, organisation: str, token_id: str, event: AuditEvent) -> bool:
        """Delete a token of the organisation; False: there is none such."""
        async with self._database.write() as session:
            row = await session.get(ApiTokenRow, token_id, with_for_update=True)
            if row is None or row.organisation_id != organisation:
                return False
            await session.delete(row)
            await append_audit(session, event)
        return True

    async def touch(self, token_id: str, at_s: float, event: AuditEvent | None = None) -> None:
        """Note a use, with a line in the record where the caller wants one (the first of a day)."""
        async with self._database.write() as session:
            await session.execute(
                update(ApiTokenRow).where(ApiTokenRow.id == token_id).values(used_at_s=at_s)
            )
            if event is not None:
                await append_audit(session, event)

    async def _where(self, condition: ColumnElement[bool]) -> list[StoredToken]:
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ApiTokenRow).where(condition).order_by(ApiTokenRow.created_at_s, ApiTokenRow.id)
            )
            return _stored(rows.all())


def _stored(rows: Sequence[ApiTokenRow]) -> list[StoredToken]:
    return [
        StoredToken(
            id=row.id,
            organisation=row.organisation_id,
            account_id=row.account_id,
            name=row.name,
            scopes=tuple(row.scopes.split()),
            created_at_s=row.created_at_s,
            expires_at_s=row.expires_at_s,
            used_at_s=row.used_at_s,
        )
        for row in rows
    ]
