"""Signed-in browsers and one-time sign-in links; the database knows tokens only as SHA-256."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.tables import AccountRow, SignInLinkRow, WebSessionRow


@dataclass(frozen=True)
class WebSession:
    """A signed-in browser; times in seconds since the epoch."""

    account_id: str
    created_at_s: float
    seen_at_s: float


class SignInStore:
    """Opens, finds and closes sign-ins; saves links and takes them once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, token_hash: bytes, account_id: str, event: AuditEvent) -> None:
        """Store a new sign-in together with its line in the record."""
        async with self._database.write() as session:
            session.add(
                WebSessionRow(
                    token_hash=token_hash,
                    account_id=account_id,
                    created_at_s=event.at_s,
                    seen_at_s=event.at_s,
                )
            )
            await append_audit(session, event)

    async def find(self, token_hash: bytes) -> WebSession | None:
        """The sign-in of a token, however old."""
        async with self._database.read() as session:
            row = await session.get(WebSessionRow, token_hash)
        return WebSession(row.account_id, row.created_at_s, row.seen_at_s) if row is not None else None

    async def touch(self, token_hash: bytes, seen_at_s: float) -> None:
        """Note that the browser was seen."""
        async with self._database.write() as session:
            await session.execute(
                update(WebSessionRow)
                .where(WebSessionRow.token_hash == token_hash)
                .values(seen_at_s=seen_at_s)
            )

    async def close(self, token_hash: bytes) -> None:
        """End one sign-in; nothing happens when there is none."""
        async with self._database.write() as session:
            await session.execute(delete(WebSessionRow).where(WebSessionRow.token_hash == token_hash))

    async def save_link(self, token_hash: bytes, name: str, expires_at_s: float, event: AuditEvent) -> bool:
        """Store a link for the account of this name; False when there is none or it is disabled."""
        async with self._database.write() as session:
            account_id = await session.scalar(
                select(AccountRow.id).where(AccountRow.name == name, AccountRow.disabled.is_(False))
            )
            if account_id is None:
                return False
            session.add(
                SignInLinkRow(token_hash=token_hash, account_id=account_id, expires_at_s=expires_at_s)
            )
            await append_audit(session, event)
        return True

    async def take_link(self, token_hash: bytes, now_s: float) -> str | None:
        """The account a living link signs in; the link is gone afterwards, whoever asked first."""
        async with self._database.write() as session:
            taken = await session.execute(
                delete(SignInLinkRow)
                .where(SignInLinkRow.token_hash == token_hash)
                .returning(SignInLinkRow.account_id, SignInLinkRow.expires_at_s)
            )
            row = taken.one_or_none()
        return row.account_id if row is not None and row.expires_at_s > now_s else None

    async def sweep(self, now_s: float, idle_s: float, absolute_s: float) -> None:
        """Delete what has expired."""
        async with self._database.write() as session:
            await session.execute(
                delete(WebSessionRow).where(
                    (WebSessionRow.seen_at_s <= now_s - idle_s)
                    | (WebSessionRow.created_at_s <= now_s - absolute_s)
                )
            )
            await session.execute(delete(SignInLinkRow).where(SignInLinkRow.expires_at_s <= now_s))
