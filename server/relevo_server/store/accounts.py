"""Accounts in the database, with the record of what was done to them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_protocol.modes import Standing
from relevo_server.accounts.view import AccountView
from relevo_server.clock import Clock
from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.audit_line import Detail
from relevo_server.store.database import Database
from relevo_server.store.revocations import revoke
from relevo_server.store.sign_ins import still_stands
from relevo_server.store.tables import HOME, AccountRow, SignInLinkRow, WebSessionRow
from relevo_server.store.tables_trust import ApiTokenRow, OrganisationRow

By = str | AuditEvent
"""Who does it: an actor, or an event that names actor, cause and address; the store says what was done."""

_ERASABLE: Final = frozenset({"display_name", "team"})


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
    organisation_id: str = HOME


@dataclass(frozen=True)
class AccountChange:
    """What of an account is to be otherwise; None leaves it as it is."""

    display_name: str | None = None
    standing: Standing | None = None
    team: str | None = None
    admin_tools: bool | None = None

    def lowers(self, view: AccountView) -> bool:
        """Whether it takes something away, so that the account's connections are to be cut."""
        ranked = self.standing is not None and self.standing is not view.standing
        moved = self.team is not None and self.team != view.team
        return ranked or moved or (self.admin_tools is False and view.admin_tools)


@dataclass(frozen=True)
class StoredAccount:
    """An account with what only the sign-in may see; an empty hash fits no password."""

    view: AccountView
    password_hash: str = field(repr=False)
    disabled: bool


@dataclass(frozen=True)
class _Deed:
    by: By
    row: AccountRow
    action: str
    details: Mapping[str, Detail] = field(default_factory=dict[str, Detail])
    personal: Mapping[str, str] = field(default_factory=dict[str, str])


class AccountStore:
    """Reads and changes accounts; `organisation` is the name of `home`."""

    def __init__(self, database: Database, clock: Clock, organisation: str) -> None:
        self._database = database
        self._clock = clock
        self._home_name = organisation

    async def create(self, new: NewAccount, actor: By) -> AccountView:
        """Add an account to an organisation that exists. Raises NameTaken."""
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
            organisation_id=new.organisation_id,
        )
        try:
            async with self._database.write() as session:
                session.add(row)
                await session.flush()
                await self._record(session, _Deed(actor, row, "account.create", {"is_admin": row.is_admin}))
                organisation = await session.get_one(OrganisationRow, new.organisation_id)
        except IntegrityError as error:
            raise NameTaken(new.name) from error
        return self._view(row, organisation.name)

    async def by_name(self, name: str) -> StoredAccount | None:
        """The account of a normalised name, disabled or not."""
        return await self._one(_accounts().where(AccountRow.name == name))

    async def by_id(self, account_id: str) -> StoredAccount | None:
        """The account of an id, disabled or not."""
        return await self._one(_accounts().where(AccountRow.id == account_id))

    async def view(self, account_id: str) -> AccountView | None:
        """The account of an id; None when there is none or it is disabled."""
        found = await self.by_id(account_id)
        return found.view if found is not None and not found.disabled else None

    async def every(self) -> list[StoredAccount]:
        """All accounts of all organisations by name, for the command line."""
        async with self._database.read() as session:
            rows = await session.execute(_accounts().order_by(AccountRow.name))
            return [self._stored(row, name) for row, name in rows]

    async def in_good_standing(self, organisation: str = HOME) -> list[AccountView]:
        """The organisation's accounts that are not disabled, by the name that people read."""
        wanted = _accounts().where(AccountRow.disabled.is_(False), AccountRow.organisation_id == organisation)
        async with self._database.read() as session:
            rows = await session.execute(wanted.order_by(AccountRow.display_name, AccountRow.id))
            return [self._view(row, name) for row, name in rows]

    async def count(self) -> int:
        """How many accounts there are."""
        async with self._database.read() as session:
            return await session.scalar(select(func.count()).select_from(AccountRow)) or 0

    async def set_password(self, name: str, password_hash: str, actor: By, *, but: str = "") -> bool:
        """Change the password; every sign-in of the account ends, but the one named `but`, and every token.

        False when there is no such account, or `but` has ended: somebody else was faster.
        """
        async with self._database.write() as session:
            row = await _locked(session, name)
            if row is None or (but and not await still_stands(session, row.id, but)):
                return False
            row.password_hash = password_hash
            await _end_sign_ins(session, row, self._clock.wall_s(), but)
            await _revoke_tokens(session, row)
            await self._record(session, _Deed(actor, row, "account.password"))
        return True

    async def set_disabled(self, name: str, disabled: bool, actor: By) -> bool:
        """Close or reopen the account; closing ends every sign-in and token. False: no such account."""
        async with self._database.write() as session:
            row = await _locked(session, name)
            if row is None:
                return False
            row.disabled = disabled
            await _end_sign_ins(session, row, self._clock.wall_s())
            if disabled:
                await _revoke_tokens(session, row)
            action = "account.disable" if disabled else "account.enable"
            await self._record(session, _Deed(actor, row, action))
        return True

    async def change(self, name: str, change: AccountChange, actor: By) -> bool:
        """Change what is given; sign-ins stay. False when there is no such account.

        Connections are to be cut where the change `lowers` the account.
        """
        given = {column: value for column, value in vars(change).items() if value is not None}
        if change.standing is not None:
            given["standing"] = change.standing.value
        # Names of people and teams can be erased from the record, the rest stays in it.
        personal = {name: str(value) for name, value in given.items() if name in _ERASABLE}
        details: dict[str, Detail] = {k: value for k, value in given.items() if k not in personal}
        async with self._database.write() as session:
            row = await _locked(session, name)
            if row is None:
                return False
            if change.lowers(self._view(row, "")):
                revoke(session, row.id, self._clock.wall_s())
            for column, value in given.items():
                setattr(row, column, value)
            details["changed"] = " ".join(sorted(given))
            await self._record(session, _Deed(actor, row, "account.change", details, personal))
        return True

    async def rehash(self, account_id: str, before: str, password_hash: str) -> None:
        """Store the same password under stronger parameters; sign-ins stay.

        Nothing happens where `before` is not its hash any more: the password was changed meanwhile.
        """
        async with self._database.write() as session:
            await session.execute(
                update(AccountRow)
                .where(AccountRow.id == account_id, AccountRow.password_hash == before)
                .values(password_hash=password_hash)
            )

    async def _one(self, wanted: Select[AccountRow, str]) -> StoredAccount | None:
        async with self._database.read() as session:
            found = (await session.execute(wanted)).one_or_none()
        return self._stored(*found) if found is not None else None

    async def _record(self, session: AsyncSession, deed: "_Deed") -> None:
        by, row = deed.by, deed.row
        given = by if isinstance(by, AuditEvent) else AuditEvent(self._clock.wall_s(), by, deed.action)
        event = replace(
            given,
            action=deed.action,
            organisation=row.organisation_id,
            details={**given.details, **deed.details, "account": row.id},
            personal={**given.personal, **deed.personal, "name": row.name},
        )
        await session.flush()
        await append_audit(session, event)

    def _view(self, row: AccountRow, organisation: str) -> AccountView:
        return AccountView(
            id=row.id,
            name=row.name,
            display_name=row.display_name,
            organisation=organisation or self._home_name,
            language=row.language,
            is_admin=row.is_admin,
            standing=Standing(row.standing),
            team=row.team,
            admin_tools=row.admin_tools,
            organisation_id=row.organisation_id,
        )

    def _stored(self, row: AccountRow, organisation: str) -> StoredAccount:
        return StoredAccount(self._view(row, organisation), row.password_hash, row.disabled)


def _accounts() -> Select[AccountRow, str]:
    return select(AccountRow, OrganisationRow.name).join(
        OrganisationRow, OrganisationRow.id == AccountRow.organisation_id
    )


async def _locked(session: AsyncSession, name: str) -> AccountRow | None:
    found = await session.scalars(select(AccountRow).where(AccountRow.name == name).with_for_update())
    return found.one_or_none()


async def _revoke_tokens(session: AsyncSession, row: AccountRow) -> None:
    await session.execute(delete(ApiTokenRow).where(ApiTokenRow.account_id == row.id))


async def _end_sign_ins(session: AsyncSession, row: AccountRow, at_s: float, but: str = "") -> None:
    ended = await session.scalars(
        delete(WebSessionRow)
        .where(WebSessionRow.account_id == row.id, WebSessionRow.id != but)
        .returning(WebSessionRow.id)
    )
    names = list(ended)
    await session.execute(delete(SignInLinkRow).where(SignInLinkRow.account_id == row.id))
    for name in names if but else [""]:
        revoke(session, row.id, at_s, name)
