"""The people of an organisation, as its administrators list and change them; others are not there."""

import uuid
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import ColumnElement, Row, Select, delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_protocol.modes import Standing
from relevo_server.store.accounts import NameTaken
from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.revocations import revoke
from relevo_server.store.tables import AccountRow, SignInLinkRow, WebSessionRow
from relevo_server.store.tables_trust import ApiTokenRow, OrganisationRow, PasskeyRow, TotpRow

_Found = Row[AccountRow, bool, bool, float | None]


class LastAdministrator(Exception):
    """The change would leave the organisation without an administrator who can sign in."""


@dataclass(frozen=True)
class Person:
    """One account; times in seconds since the epoch, `seen_at_s` of the newest sign-in that is left."""

    id: str
    name: str
    display_name: str
    language: str
    standing: Standing
    team: str
    admin_tools: bool
    is_admin: bool
    disabled: bool
    second_factor: bool
    created_at_s: float
    seen_at_s: float | None


@dataclass(frozen=True)
class NewPerson:
    """Somebody new without a password, and the link (as SHA-256) that lets them in once to choose one."""

    name: str
    display_name: str
    language: str
    standing: Standing
    team: str
    admin_tools: bool
    is_admin: bool
    link_hash: bytes = field(repr=False)
    link_expires_at_s: float
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class PersonChange:
    """What is to be otherwise; None leaves it as it is."""

    display_name: str | None = None
    standing: Standing | None = None
    team: str | None = None
    admin_tools: bool | None = None
    is_admin: bool | None = None

    def given(self) -> dict[str, str | bool]:
        """The fields that are to change, as the table keeps them."""
        fields = {name: value for name, value in vars(self).items() if value is not None}
        return {name: value.value if isinstance(value, Standing) else value for name, value in fields.items()}


class PeopleStore:
    """Reads and changes the accounts of one organisation at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def everyone(self, organisation: str) -> list[Person]:
        """The organisation's accounts, disabled ones too, by the name to sign in with."""
        async with self._database.read() as session:
            rows = await session.execute(_people(organisation).order_by(AccountRow.name))
            return [_person(row) for row in rows]

    async def one(self, organisation: str, person: str) -> Person | None:
        """One of them; None when the organisation has no such account."""
        async with self._database.read() as session:
            row = (await session.execute(_people(organisation).where(AccountRow.id == person))).one_or_none()
        return _person(row) if row is not None else None

    async def create(self, organisation: str, new: NewPerson, event: AuditEvent) -> None:
        """Add somebody together with the link. Raises NameTaken."""
        row = AccountRow(
            id=new.id,
            organisation_id=organisation,
            name=new.name,
            display_name=new.display_name,
            language=new.language,
            is_admin=new.is_admin,
            # No password fits the empty hash.
            password_hash="",
            disabled=False,
            created_at_s=event.at_s,
            standing=new.standing.value,
            team=new.team,
            admin_tools=new.admin_tools,
        )
        try:
            async with self._database.write() as session:
                session.add(row)
                await session.flush()
                session.add(
                    SignInLinkRow(
                        token_hash=new.link_hash, account_id=new.id, expires_at_s=new.link_expires_at_s
                    )
                )
                await append_audit(session, event)
        except IntegrityError as error:
            raise NameTaken(new.name) from error

    async def change(
        self, organisation: str, person: str, change: PersonChange, event: AuditEvent
    ) -> bool | None:
        """Change what is given; True when connections are to be cut for it, None: there is no such account.

        They are cut when a standing, a team or a right that was taken away decided what they may see or do.

        Raises:
            LastAdministrator: nothing was changed.
        """
        async with self._database.write() as session:
            row = await _locked(session, organisation, person)
            if row is None:
                return None
            given = change.given()
            before = {name: getattr(row, name) for name in given}
            for name, value in given.items():
                setattr(row, name, value)
            await session.flush()
            if before.get("is_admin") and not row.is_admin:
                await _check_administrator(session, organisation)
            cut = _narrower(before, given)
            if cut:
                revoke(session, person, event.at_s)
            await append_audit(session, event)
        return cut

    async def set_disabled(
        self, organisation: str, person: str, event: AuditEvent, *, disabled: bool
    ) -> bool:
        """Close or reopen an account; either way its sign-ins, links and tokens end. False: no such account.

        Raises:
            LastAdministrator: nothing was changed.
        """
        async with self._database.write() as session:
            row = await _locked(session, organisation, person)
            if row is None:
                return False
            row.disabled = disabled
            await session.flush()
            if disabled and row.is_admin:
                await _check_administrator(session, organisation)
            for table in (WebSessionRow, SignInLinkRow, ApiTokenRow):
                await session.execute(delete(table).where(table.account_id == person))
            revoke(session, person, event.at_s)
            await append_audit(session, event)
        return True


def _people(organisation: str) -> Select[AccountRow, bool, bool, float | None]:
    app = exists().where(TotpRow.account_id == AccountRow.id, TotpRow.confirmed.is_(True))
    key = exists().where(PasskeyRow.account_id == AccountRow.id)
    seen = (
        select(func.max(WebSessionRow.seen_at_s))
        .where(WebSessionRow.account_id == AccountRow.id)
        .correlate(AccountRow)
        .scalar_subquery()
    )
    newest = cast("ColumnElement[float | None]", seen)  # none where there is no sign-in
    return select(AccountRow, app, key, newest).where(AccountRow.organisation_id == organisation)


def _person(found: _Found) -> Person:
    row, app, key, seen_at_s = found
    return Person(
        id=row.id,
        name=row.name,
        display_name=row.display_name,
        language=row.language,
        standing=Standing(row.standing),
        team=row.team,
        admin_tools=row.admin_tools,
        is_admin=row.is_admin,
        disabled=row.disabled,
        second_factor=app or key,
        created_at_s=row.created_at_s,
        seen_at_s=seen_at_s,
    )


async def _locked(session: AsyncSession, organisation: str, person: str) -> AccountRow | None:
    # The organisation's row first: two who demote one another at the same time take turns.
    await session.execute(
        select(OrganisationRow.id).where(OrganisationRow.id == organisation).with_for_update()
    )
    found = await session.scalars(
        select(AccountRow).where(AccountRow.id == person, AccountRow.organisation_id == organisation)
    )
    return found.one_or_none()


async def _check_administrator(session: AsyncSession, organisation: str) -> None:
    left = await session.scalar(
        select(func.count())
        .select_from(AccountRow)
        .where(
            AccountRow.organisation_id == organisation,
            AccountRow.is_admin.is_(True),
            AccountRow.disabled.is_(False),
        )
    )
    if not left:
        raise LastAdministrator


def _narrower(before: dict[str, str | bool], after: dict[str, str | bool]) -> bool:
    taken = any(
        before.get(name) is True and after[name] is False
        for name in ("is_admin", "admin_tools")
        if name in after
    )
    return taken or any(before[name] != after[name] for name in ("standing", "team") if name in after)
