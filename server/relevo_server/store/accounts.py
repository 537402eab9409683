"""Accounts in the database, with the record of what was done to them."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from relevo_protocol.modes import Standing
from relevo_server.accounts.view import AccountView
from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.tables import AccountRow, SignInLinkRow, WebSessionRow


class NameTaken(Exception):
    """An account of this name exists already; the caller's to choose another."""


@dataclass(frozen=True)
class NewAccount:
    """What an account is made of; `name` is normalised and `password_hash` an argon2 string."""

    name: str
    display_name: str
    language: str
    is_admin: bool
    password_hash: str
    standing: Standing = Standing.TECHNICIAN
    team: str = ""
    admin_tools: bool = False


@dataclass(frozen=True)
class AccountChange:
    """What of an account is to be otherwise; None leaves it as it is."""

    display_name: str | None = None
    standing: Standing | None = None
    team: str | None = None
    admin_tools: bool | None = None


@dataclass(frozen=True)
class StoredAccount:
    """An account with what only the sign-in may see."""

    view: AccountView
    password_hash: str
    disabled: bool


class AccountStore:
    """Reads and changes accounts; `organisation` is what this server's technicians work for."""

    def __init__(self, database: Database, clock: Clock, organisation: str) -> None:
        self._database = database
        self._clock = clock
        self._organisation = organisation

    async def create(self, new: NewAccount, actor: str) -> AccountView:
        """Add an account. Raises NameTaken."""
        row = AccountRow(
            id=uuid.uuid4().hex,
            name=new.name,
            display_name=new.display_name,
            language=new.language,
            is_admin=new.is_admin,
            password_hash=new.password_hash,
            disabled=False,
            created_at_s=self._clock.wall_s(),
            standing=new.standing.value,
            team=new.team,
            admin_tools=new.admin_tools,
        )
        try:
            async with self._database.write() as session:
                session.add(row)
                await session.flush()
                await append_audit(session, self._event(actor, "account.create", new.name))
        except IntegrityError as error:
            raise NameTaken(new.name) from error
        return self._view(row)

    async def by_name(self, name: str) -> StoredAccount | None:
        """The account of a normalised name, disabled or not."""
        async with self._database.read() as session:
            row = await session.scalar(select(AccountRow).where(AccountRow.name == name))
        return self._stored(row) if row is not None else None

    async def view(self, account_id: str) -> AccountView | None:
        """The account of an id; None when there is none or it is disabled."""
        async with self._database.read() as session:
            row = await session.get(AccountRow, account_id)
        return self._view(row) if row is not None and not row.disabled else None

    async def every(self) -> list[StoredAccount]:
        """All accounts by name."""
        async with self._database.read() as session:
            rows = await session.scalars(select(AccountRow).order_by(AccountRow.name))
            return [self._stored(row) for row in rows]

    async def in_good_standing(self) -> list[AccountView]:
        """The accounts that are not disabled, by the name that people read."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AccountRow).where(AccountRow.disabled.is_(False)).order_by(AccountRow.display_name)
            )
            return [self._view(row) for row in rows]

    async def count(self) -> int:
        """How many accounts there are."""
        async with self._database.read() as session:
            return await session.scalar(select(func.count()).select_from(AccountRow)) or 0

    async def set_password(self, name: str, password_hash: str, actor: str) -> bool:
        """Change the password and end every sign-in of the account; False when there is no such account."""
        return await self._change(name, {"password_hash": password_hash}, actor, "account.password")

    async def set_disabled(self, name: str, disabled: bool, actor: str) -> bool:
        """Close or reopen the account; closing ends every sign-in. False when there is no such account."""
        action = "account.disable" if disabled else "account.enable"
        return await self._change(name, {"disabled": disabled}, actor, action)

    async def change(self, name: str, change: AccountChange, actor: str) -> bool:
        """Change what is given; sign-ins stay. False when there is no such account."""
        given = {field: value for field, value in vars(change).items() if value is not None}
        if change.standing is not None:
            given["standing"] = change.standing.value
        async with self._database.write() as session:
            found = await session.scalar(
                update(AccountRow).where(AccountRow.name == name).values(given).returning(AccountRow.id)
            )
            if found is None:
                return False
            event = AuditEvent(
                self._clock.wall_s(), actor, "account.change", details={"account": name, **given}
            )
            await append_audit(session, event)
        return True

    async def rehash(self, account_id: str, password_hash: str) -> None:
        """Store the same password under stronger parameters; sign-ins stay."""
        async with self._database.write() as session:
            await session.execute(
                update(AccountRow).where(AccountRow.id == account_id).values(password_hash=password_hash)
            )

    async def _change(self, name: str, values: dict[str, object], actor: str, action: str) -> bool:
        async with self._database.write() as session:
            account_id = await session.scalar(
                update(AccountRow).where(AccountRow.name == name).values(values).returning(AccountRow.id)
            )
            if account_id is None:
                return False
            await session.execute(delete(WebSessionRow).where(WebSessionRow.account_id == account_id))
            await session.execute(delete(SignInLinkRow).where(SignInLinkRow.account_id == account_id))
            await append_audit(session, self._event(actor, action, name))
        return True

    def _event(self, actor: str, action: str, name: str) -> AuditEvent:
        return AuditEvent(self._clock.wall_s(), actor, action, details={"account": name})

    def _view(self, row: AccountRow) -> AccountView:
        return AccountView(
            id=row.id,
            name=row.name,
            display_name=row.display_name,
            organisation=self._organisation,
            language=row.language,
            is_admin=row.is_admin,
            standing=Standing(row.standing),
            team=row.team,
            admin_tools=row.admin_tools,
        )

    def _stored(self, row: AccountRow) -> StoredAccount:
        return StoredAccount(self._view(row), row.password_hash, row.disabled)
