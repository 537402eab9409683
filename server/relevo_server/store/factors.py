"""Second factors (authenticator apps, passkeys, recovery codes) and links to OpenID providers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.revocations import revoke
from relevo_server.store.tables import AccountRow, SignInLinkRow, WebSessionRow
from relevo_server.store.tables_trust import ApiTokenRow, OidcLinkRow, PasskeyRow, RecoveryCodeRow, TotpRow


class PasskeyTaken(Exception):
    """This passkey is registered already, here or with another account."""


class LinkTaken(Exception):
    """The provider's person is linked to an account already, or the account to a person of the provider."""


class LastFactor(Exception):
    """The account would have no second factor any more, which it needs."""


@dataclass(frozen=True)
class ConfirmedTotp:
    """An app's first code that fitted: the sealed secret that was shown, the code's time step."""

    account_id: str
    sealed: bytes = field(repr=False)
    step: int


@dataclass(frozen=True)
class StoredTotp:
    """An authenticator app's secret, sealed; it counts once `confirmed`."""

    sealed: bytes = field(repr=False)
    confirmed: bool
    last_step: int
    wrong: int
    """Codes that did not fit since one did."""
    untold: int
    """Codes that did not fit since the account's owner was told."""


@dataclass(frozen=True)
class NewPasskey:
    """A passkey as its registration gave it."""

    credential_id: bytes
    account_id: str
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str


@dataclass(frozen=True)
class StoredPasskey:
    """A registered passkey; times in seconds since the epoch."""

    credential_id: bytes
    account_id: str
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    created_at_s: float
    used_at_s: float | None


class FactorStore:
    """Reads and changes the second factors of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def totp(self, account_id: str) -> StoredTotp | None:
        """The account's authenticator app, confirmed or not."""
        async with self._database.read() as session:
            row = await session.get(TotpRow, account_id)
        if row is None:
            return None
        return StoredTotp(row.sealed, row.confirmed, row.last_step, row.wrong, row.untold)

    async def save_totp(self, account_id: str, sealed: bytes) -> bool:
        """Keep a secret that is still to be confirmed; False: one is confirmed already, and stays."""
        async with self._database.write() as session:
            row = await session.get(TotpRow, account_id, with_for_update=True)
            if row is not None and row.confirmed:
                return False
            await session.merge(TotpRow(account_id=account_id, sealed=sealed, confirmed=False, last_step=0))
        return True

    async def confirm_totp(self, fitted: ConfirmedTotp, codes: Sequence[bytes], event: AuditEvent) -> bool:
        """The first code fitted: the app counts from now on, with these recovery codes (hashes).

        False: there is nothing to confirm, or another secret by now. No `codes` leaves those that there are.
        """
        async with self._database.write() as session:
            found = await session.scalar(
                update(TotpRow)
                .where(
                    TotpRow.account_id == fitted.account_id,
                    TotpRow.sealed == fitted.sealed,
                    TotpRow.confirmed.is_(False),
                )
                .values(confirmed=True, last_step=fitted.step)
                .returning(TotpRow.account_id)
            )
            if found is None:
                return False
            if codes:
                await _replace_recovery(session, fitted.account_id, codes)
            await append_audit(session, event)
        return True

    async def count_code(self, account_id: str, most: int) -> int | None:
        """Count a code as a wrong one before it is looked at: which it is, None where `most` were wrong.

        So no more than `most` are ever looked at, however many come at once.
        """
        async with self._database.write() as session:
            return await session.scalar(
                update(TotpRow)
                .where(TotpRow.account_id == account_id, TotpRow.wrong < most)
                .values(wrong=TotpRow.wrong + 1, untold=TotpRow.untold + 1)
                .returning(TotpRow.wrong)
            )

    async def tell_wrong(self, account_id: str) -> int:
        """How many codes were wrong since this was last asked; from now on an app counts that was locked."""
        found = await self.totp(account_id)
        if found is None or not (found.wrong or found.untold):
            return 0
        async with self._database.write() as session:
            row = await session.get(TotpRow, account_id, with_for_update=True)
            if row is None:
                return 0
            untold = row.untold
            row.wrong = row.untold = 0
        return untold

    async def use_step(self, account_id: str, step: int) -> bool:
        """Take a time step for use, and the count of its code back.

        False: it or a later one was used before (RFC 6238 5.2).
        """
        async with self._database.write() as session:
            found = await session.scalar(
                update(TotpRow)
                .where(TotpRow.account_id == account_id, TotpRow.last_step < step)
                .values(last_step=step, wrong=0, untold=TotpRow.untold - 1)
                .returning(TotpRow.account_id)
            )
        return found is not None

    async def remove_totp(self, account_id: str, event: AuditEvent, *, needed: bool = False) -> bool:
        """Forget the authenticator app, with the last factor its recovery codes; False: there was none.

        Raises:
            LastFactor: a second factor is `needed`, and nothing was changed.
        """
        async with self._database.write() as session:
            await _lock_account(session, account_id)
            confirmed = await session.scalar(
                delete(TotpRow).where(TotpRow.account_id == account_id).returning(TotpRow.confirmed)
            )
            if confirmed is not None:
                # An app that was never confirmed is no factor: without it there are as many as before.
                await _check_left(session, account_id, needed=needed and confirmed)
                await append_audit(session, event)
        return confirmed is not None

    async def passkeys(self, account_id: str) -> list[StoredPasskey]:
        """The account's passkeys, the oldest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(PasskeyRow)
                .where(PasskeyRow.account_id == account_id)
                .order_by(PasskeyRow.created_at_s, PasskeyRow.credential_id)
            )
            return [_passkey(row) for row in rows]

    async def passkey(self, credential_id: bytes) -> StoredPasskey | None:
        """The passkey of an id, whoever's it is."""
        async with self._database.read() as session:
            row = await session.get(PasskeyRow, credential_id)
        return _passkey(row) if row is not None else None

    async def add_passkey(self, new: NewPasskey, event: AuditEvent) -> None:
        """Register a passkey. Raises PasskeyTaken."""
        try:
            async with self._database.write() as session:
                session.add(PasskeyRow(**vars(new), created_at_s=event.at_s, used_at_s=None))
                await session.flush()
                await append_audit(session, event)
        except IntegrityError as error:
            raise PasskeyTaken from error

    async def touch_passkey(self, credential_id: bytes, sign_count: int, at_s: float) -> bool:
        """Note a use; False: the counter does not rise, so that a copy may be in use (WebAuthn 6.1.1).

        An authenticator that does not count says 0 every time.
        """
        rises = or_(PasskeyRow.sign_count < sign_count, (PasskeyRow.sign_count == 0) & (sign_count == 0))
        async with self._database.write() as session:
            found = await session.scalar(
                update(PasskeyRow)
                .where(PasskeyRow.credential_id == credential_id, rises)
                .values(sign_count=sign_count, used_at_s=at_s)
                .returning(PasskeyRow.account_id)
            )
        return found is not None

    async def remove_passkey(
        self, account_id: str, credential_id: bytes, event: AuditEvent, *, needed: bool = False
    ) -> bool:
        """Forget one of the account's passkeys, with the last factor its recovery codes; False: none such.

        Raises:
            LastFactor: a second factor is `needed`, and nothing was changed.
        """
        async with self._database.write() as session:
            await _lock_account(session, account_id)
            found = await session.scalar(
                delete(PasskeyRow)
                .where(PasskeyRow.account_id == account_id, PasskeyRow.credential_id == credential_id)
                .returning(PasskeyRow.account_id)
            )
            if found is not None:
                await _check_left(session, account_id, needed=needed)
                await append_audit(session, event)
        return found is not None

    async def set_recovery(self, account_id: str, hashes: Sequence[bytes], event: AuditEvent) -> None:
        """Give new recovery codes; the old ones die."""
        async with self._database.write() as session:
            await _replace_recovery(session, account_id, hashes)
            await append_audit(session, event)

    async def use_recovery(self, account_id: str, code_hash: bytes, event: AuditEvent) -> bool:
        """Take a recovery code, once; False: it is none of the account's, or used."""
        async with self._database.write() as session:
            found = await session.scalar(
                update(RecoveryCodeRow)
                .where(
                    RecoveryCodeRow.account_id == account_id,
                    RecoveryCodeRow.code_hash == code_hash,
                    RecoveryCodeRow.used_at_s.is_(None),
                )
                .values(used_at_s=event.at_s)
                .returning(RecoveryCodeRow.account_id)
            )
            if found is not None:
                await append_audit(session, event)
        return found is not None

    async def recovery_left(self, account_id: str) -> int:
        """How many recovery codes can still be used."""
        async with self._database.read() as session:
            found = await session.scalar(
                select(func.count())
                .select_from(RecoveryCodeRow)
                .where(RecoveryCodeRow.account_id == account_id, RecoveryCodeRow.used_at_s.is_(None))
            )
        return found or 0

    async def reset(self, account_id: str, event: AuditEvent) -> None:
        """Forget every second factor of the account, its links to providers and its programs' tokens.

        Its sign-ins end, with their connections.
        """
        factors = (TotpRow, PasskeyRow, RecoveryCodeRow, OidcLinkRow)
        async with self._database.write() as session:
            await _lock_account(session, account_id)
            for table in (*factors, ApiTokenRow, WebSessionRow, SignInLinkRow):
                await session.execute(delete(table).where(table.account_id == account_id))
            revoke(session, account_id, event.at_s)
            await append_audit(session, event)

    async def has_second(self, account_id: str) -> bool:
        """Whether there is a confirmed app or a passkey; recovery codes alone are none."""
        async with self._database.read() as session:
            return await _has_second(session, account_id)


class OidcStore:
    """Which account an OpenID provider's person is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, issuer: str, subject: str) -> str | None:
        """The account's id, disabled or not."""
        async with self._database.read() as session:
            row = await session.get(OidcLinkRow, (issuer, subject))
        return row.account_id if row is not None else None

    async def link(self, issuer: str, subject: str, account_id: str, event: AuditEvent) -> None:
        """Tie the provider's person to an account, which has one of each provider. Raises LinkTaken."""
        try:
            async with self._database.write() as session:
                await _lock_account(session, account_id)
                tied = exists().where(OidcLinkRow.issuer == issuer, OidcLinkRow.account_id == account_id)
                if await session.scalar(select(tied)):
                    raise LinkTaken(subject)
                session.add(OidcLinkRow(issuer=issuer, subject=subject, account_id=account_id))
                await session.flush()
                await append_audit(session, event)
        except IntegrityError as error:
            raise LinkTaken(subject) from error

    async def has_administrator(self, issuer: str, organisation: str) -> bool:
        """Whether somebody who administers the organisation, and may sign in, is a person of the provider."""
        wanted = (
            select(OidcLinkRow.account_id)
            .join(AccountRow, AccountRow.id == OidcLinkRow.account_id)
            .where(
                OidcLinkRow.issuer == issuer,
                AccountRow.organisation_id == organisation,
                AccountRow.is_admin.is_(True),
                AccountRow.disabled.is_(False),
            )
            .limit(1)
        )
        async with self._database.read() as session:
            return await session.scalar(wanted) is not None


async def _lock_account(session: AsyncSession, account_id: str) -> None:
    # Two who change an account's factors at the same time take turns.
    await session.execute(select(AccountRow.id).where(AccountRow.id == account_id).with_for_update())


async def _has_second(session: AsyncSession, account_id: str) -> bool:
    app = exists().where(TotpRow.account_id == account_id, TotpRow.confirmed.is_(True))
    key = exists().where(PasskeyRow.account_id == account_id)
    return bool(await session.scalar(select(or_(app, key))))


async def _check_left(session: AsyncSession, account_id: str, *, needed: bool) -> None:
    """With the last factor go the recovery codes, which stand in for one. Raises LastFactor."""
    if await _has_second(session, account_id):
        return
    if needed:
        raise LastFactor
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))


async def _replace_recovery(session: AsyncSession, account_id: str, hashes: Sequence[bytes]) -> None:
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))
    session.add_all(RecoveryCodeRow(code_hash=one, account_id=account_id, used_at_s=None) for one in hashes)
    await session.flush()


def _passkey(row: PasskeyRow) -> StoredPasskey:
    return StoredPasskey(
        credential_id=row.credential_id,
        account_id=row.account_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        name=row.name,
        created_at_s=row.created_at_s,
        used_at_s=row.used_at_s,
    )
