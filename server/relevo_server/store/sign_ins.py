"""Signed-in browsers and one-time sign-in links; the database knows tokens only as SHA-256."""

from dataclasses import dataclass, field, replace

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.revocations import revoke
from relevo_server.store.tables import AccountRow, SignInLinkRow, WebSessionRow


@dataclass(frozen=True)
class NewSignIn:
    """A sign-in to be stored; `id` is its public name, `method` how it came (`password`, `link`, ...).

    `authenticated`: by it somebody has just shown who they are; a one-time link alone does too. `under` is
    the password hash of the account when its first step was right; None where that does not matter.
    """

    token_hash: bytes = field(repr=False)
    id: str
    account_id: str
    address: str = ""
    agent: str = ""
    method: str = ""
    authenticated: bool = True
    under: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Renewal:
    """The token that a sign-in has, and the one that it gets, as SHA-256."""

    old: bytes = field(repr=False)
    new: bytes = field(repr=False)


@dataclass(frozen=True)
class WebSession:
    """A signed-in browser; times in seconds since the epoch."""

    account_id: str
    created_at_s: float
    seen_at_s: float
    id: str = ""
    authenticated_at_s: float = 0.0
    method: str = ""
    address: str = ""
    agent: str = ""


class SignInStore:
    """Opens, finds and closes sign-ins; saves links and takes them once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, new: NewSignIn, event: AuditEvent) -> bool:
        """Store a new sign-in together with its line in the record.

        False: the password is another one by now, or the account closed.
        """
        async with self._database.write() as session:
            if new.under is not None and new.under != await _password_hash(session, new.account_id):
                return False
            session.add(
                WebSessionRow(
                    token_hash=new.token_hash,
                    account_id=new.account_id,
                    created_at_s=event.at_s,
                    seen_at_s=event.at_s,
                    id=new.id,
                    address=new.address[:64],
                    agent=new.agent.replace("\x00", "")[:200],
                    method=new.method,
                    authenticated_at_s=event.at_s if new.authenticated else 0.0,
                )
            )
            await append_audit(session, event)
        return True

    async def find(self, token_hash: bytes) -> WebSession | None:
        """The sign-in of a token, however old."""
        async with self._database.read() as session:
            row = await session.get(WebSessionRow, token_hash)
        return _web_session(row) if row is not None else None

    async def of_account(self, account_id: str) -> list[WebSession]:
        """The account's sign-ins, the newest first, those that have run out but are not swept included."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(WebSessionRow)
                .where(WebSessionRow.account_id == account_id)
                .order_by(WebSessionRow.created_at_s.desc(), WebSessionRow.id)
            )
            return [_web_session(row) for row in rows]

    async def touch(self, token_hash: bytes, seen_at_s: float) -> None:
        """Note that the browser was seen."""
        async with self._database.write() as session:
            await session.execute(
                update(WebSessionRow)
                .where(WebSessionRow.token_hash == token_hash)
                .values(seen_at_s=seen_at_s)
            )

    async def mark_authenticated(
        self, sign_in: str, at_s: float, event: AuditEvent, renewal: Renewal | None = None
    ) -> bool:
        """Note that whoever uses the sign-in has shown again who they are, and give it its new token.

        False: it is gone, or has another token by now than the one that was to be renewed.
        """
        marked = update(WebSessionRow).where(WebSessionRow.id == sign_in).values(authenticated_at_s=at_s)
        if renewal is not None:
            marked = marked.where(WebSessionRow.token_hash == renewal.old).values(token_hash=renewal.new)
        async with self._database.write() as session:
            found = await session.scalar(marked.returning(WebSessionRow.id))
            if found is not None:
                await append_audit(session, event)
        return found is not None

    async def close(self, sign_in: str, event: AuditEvent | None = None) -> None:
        """End one sign-in by its public name, whatever its token is by now; none is no error.

        With an event it is a sign-out: recorded, and every connection of the account is to be cut.
        """
        async with self._database.write() as session:
            account_id = await session.scalar(
                delete(WebSessionRow).where(WebSessionRow.id == sign_in).returning(WebSessionRow.account_id)
            )
            if account_id is not None and event is not None:
                revoke(session, account_id, event.at_s)
                await append_audit(session, event)

    async def revoke(self, account_id: str, sign_in: str, event: AuditEvent) -> bool:
        """End one of the account's sign-ins by its public name, with its connections; False: none such."""
        async with self._database.write() as session:
            found = await session.scalar(
                delete(WebSessionRow)
                .where(WebSessionRow.account_id == account_id, WebSessionRow.id == sign_in)
                .returning(WebSessionRow.id)
            )
            if found is None:
                return False
            revoke(session, account_id, event.at_s, sign_in)
            await append_audit(session, event)
        return True

    async def revoke_all(self, account_id: str, but: str, event: AuditEvent) -> list[str]:
        """End the account's sign-ins with their connections, all but `but` ('' spares none); their names.

        The record gets its line also where there was none to end: somebody asked.
        """
        async with self._database.write() as session:
            ended = await session.scalars(
                delete(WebSessionRow)
                .where(WebSessionRow.account_id == account_id, WebSessionRow.id != but)
                .returning(WebSessionRow.id)
            )
            names = list(ended)
            for name in names if but else [""]:
                revoke(session, account_id, event.at_s, name)
            await append_audit(session, event)
        return names

    async def save_link(self, token_hash: bytes, name: str, expires_at_s: float, event: AuditEvent) -> bool:
        """Store a link for the account of this name; False when there is none or it is disabled.

        The line goes to the record of the account's organisation, with the account's id.
        """
        async with self._database.write() as session:
            row = await session.scalar(
                select(AccountRow).where(AccountRow.name == name, AccountRow.disabled.is_(False))
            )
            if row is None:
                return False
            session.add(SignInLinkRow(token_hash=token_hash, account_id=row.id, expires_at_s=expires_at_s))
            details = {**event.details, "account": row.id}
            await append_audit(session, replace(event, organisation=row.organisation_id, details=details))
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


async def still_stands(session: AsyncSession, account_id: str, sign_in: str) -> bool:
    """Whether a sign-in, by its public name, was not ended meanwhile.

    What ends all of an account's has to wait until the transaction is over.
    """
    await session.execute(select(AccountRow.id).where(AccountRow.id == account_id).with_for_update())
    wanted = select(WebSessionRow.id).where(
        WebSessionRow.account_id == account_id, WebSessionRow.id == sign_in
    )
    return await session.scalar(wanted) is not None


async def _password_hash(session: AsyncSession, account_id: str) -> str | None:
    # Held until the sign-in is there: a new password after it ends it with all others.
    return await session.scalar(
        select(AccountRow.password_hash)
        .where(AccountRow.id == account_id, AccountRow.disabled.is_(False))
        .with_for_update()
    )


def _web_session(row: WebSessionRow) -> WebSession:
    return WebSession(
        account_id=row.account_id,
        created_at_s=row.created_at_s,
        seen_at_s=row.seen_at_s,
        id=row.id,
        authenticated_at_s=row.authenticated_at_s,
        method=row.method,
        address=row.address,
        agent=row.agent,
    )
