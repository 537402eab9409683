"""The second factors of an account: authenticator app, passkeys, recovery codes; and who needs one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from relevo_server.accounts import recovery, totp
from relevo_server.accounts.asker import Asker
from relevo_server.accounts.passkeys import Passkeys
from relevo_server.accounts.seal import Seal, Unsealable
from relevo_server.accounts.view import AccountView
from relevo_server.errors import LAST_FACTOR, NOT_FOUND, TAKEN, TOTP_LOCKED, WRONG_CODE, Refusal
from relevo_server.logs import logger
from relevo_server.services import Services
from relevo_server.settings import SecondFactor
from relevo_server.store.factors import ConfirmedTotp, FactorStore, LastFactor, PasskeyTaken
from relevo_server.store.organisations import OrganisationPolicy, OrganisationStore

PASSWORD: Final = "password"  # noqa: S105 - the name of a way to prove oneself
TOTP: Final = "totp"
PASSKEY: Final = "passkey"
RECOVERY: Final = "recovery"
OIDC: Final = "oidc"
MAX_WRONG_CODES: Final = 20
"""So many in a row, and an app's codes count no more until another factor was shown."""
_STRENGTH: Final = tuple(SecondFactor)
_log = logger(__name__)


@dataclass(frozen=True)
class NewTotp:
    """A secret to be entered into an app: as text, and as the address that apps take."""

    secret: str
    uri: str


@dataclass(frozen=True)
class FactorParts:
    """What the factors are kept with."""

    store: FactorStore
    organisations: OrganisationStore
    passkeys: Passkeys
    seal: Callable[[], Seal]
    """Made when it is first needed: then the data folder is there."""


class Factors:
    """Adds, checks and removes second factors."""

    def __init__(self, services: Services, parts: FactorParts) -> None:
        self._services = services
        self.store = parts.store
        self._organisations = parts.organisations
        self.passkeys = parts.passkeys
        self._seal = parts.seal

    async def policy(self, organisation: str) -> OrganisationPolicy:
        """What an organisation asks of its people."""
        found = await self._organisations.get(organisation)
        return found.policy if found is not None else OrganisationPolicy()

    async def wanted(self, account: AccountView) -> bool:
        """Whether this account needs a second factor, by the server's setting or its organisation's."""
        floor = self._services.settings.second_factor
        if floor is not SecondFactor.EVERYBODY:
            own = (await self.policy(account.organisation_id)).second_factor
            floor = max(floor, own, key=_STRENGTH.index)
        return floor is SecondFactor.EVERYBODY or (floor is SecondFactor.ADMINISTRATORS and account.is_admin)

    async def must_enrol(self, account: AccountView) -> bool:
        """Whether this account needs a second factor and has none yet."""
        return await self.wanted(account) and not await self.store.has_second(account.id)

    async def methods(self, account_id: str) -> list[str]:
        """The second steps that the account can take: recovery codes only where they stand in for others."""
        found = await self.store.totp(account_id)
        methods = [TOTP] if found is not None and found.confirmed else []
        methods += [PASSKEY] if await self.store.passkeys(account_id) else []
        if methods and await self.store.recovery_left(account_id):
            methods.append(RECOVERY)
        return methods

    async def begin_totp(self, account: AccountView) -> NewTotp:
        """A fresh secret, which counts once a code of it was entered. Raises Refusal: taken."""
        secret = totp.new_secret()
        if not await self.store.save_totp(account.id, self._seal().close(secret, _place(account.id))):
            raise Refusal(TAKEN)
        uri = totp.key_uri(secret, account.organisation, account.name)
        return NewTotp(totp.secret_text(secret), uri)

    async def confirm_totp(self, account: AccountView, code: str, asker: Asker) -> list[str]:
        """Take the app into use; new recovery codes where there are none. Raises Refusal: wrong_code."""
        found = await self.store.totp(account.id)
        if found is None or found.confirmed:
            raise Refusal(NOT_FOUND)
        secret = self._seal().open(found.sealed, _place(account.id))
        step = totp.matching_step(secret, code, self._services.clock.wall_s())
        if step is None:
            raise Refusal(WRONG_CODE)
        codes = [] if await self.store.recovery_left(account.id) else recovery.new_codes()
        event = asker.event(self._services, account, "factor.added", kind=TOTP, recovery=len(codes))
        hashes = [recovery.code_hash(one) for one in codes]
        fitted = ConfirmedTotp(account.id, found.sealed, step)
        if not await self.store.confirm_totp(fitted, hashes, event):
            raise Refusal(NOT_FOUND)
        return codes

    async def fits_totp(self, account: AccountView, code: str, asker: Asker) -> bool:
        """Whether this is a code of now that was not used before; it is used by this.

        Raises:
            Refusal: totp_locked: too many were wrong since one fitted.
        """
        found = await self.store.totp(account.id)
        if found is None or not found.confirmed:
            return False
        try:
            secret = self._seal().open(found.sealed, _place(account.id))
        except Unsealable as error:
            # The key was lost: the app has to be added again, and until then the other factors serve.
            _log.error("an app's code cannot be checked", reason=str(error), account=account.id)
            return False
        tried = await self.store.count_code(account.id, MAX_WRONG_CODES)
        if tried is None:
            raise Refusal(TOTP_LOCKED)
        step = totp.matching_step(secret, code, self._services.clock.wall_s())
        if step is not None and await self.store.use_step(account.id, step):
            return True
        if tried == MAX_WRONG_CODES:
            event = asker.event(
                self._services, account, "factor.locked", kind=TOTP, wrong=tried, account=account.id
            )
            await self._services.record(replace(event, actor=""))
        return False

    async def remove_totp(self, account: AccountView, asker: Asker) -> None:
        """Forget the app. Raises Refusal: not_found, last_factor."""
        event = asker.event(self._services, account, "factor.removed", kind=TOTP)
        needed = await self.wanted(account)
        try:
            found = await self.store.remove_totp(account.id, event, needed=needed)
        except LastFactor as error:
            raise Refusal(LAST_FACTOR) from error
        if not found:
            raise Refusal(NOT_FOUND)

    async def remove_passkey(self, account: AccountView, credential_id: bytes, asker: Asker) -> None:
        """Forget a passkey of the account. Raises Refusal: not_found, last_factor."""
        event = asker.event(self._services, account, "factor.removed", kind=PASSKEY)
        needed = await self.wanted(account)
        try:
            found = await self.store.remove_passkey(account.id, credential_id, event, needed=needed)
        except LastFactor as error:
            raise Refusal(LAST_FACTOR) from error
        if not found:
            raise Refusal(NOT_FOUND)

    async def add_passkey(self, account: AccountView, answer: "PasskeyAnswer", asker: Asker) -> list[str]:
        """Register a passkey; new recovery codes where there are none.

        Raises:
            Refusal: passkey_failed, taken.
        """
        new = self.passkeys.finish_registration(account, answer.token, answer.credential, answer.name)
        event = asker.event(self._services, account, "factor.added", kind=PASSKEY)
        try:
            await self.store.add_passkey(new, event)
        except PasskeyTaken as error:
            raise Refusal(TAKEN) from error
        if await self.store.recovery_left(account.id):
            return []
        return await self.new_recovery(account, asker)

    async def new_recovery(self, account: AccountView, asker: Asker) -> list[str]:
        """Ten new codes; the old ones die. Raises Refusal: not_found, where there is no factor to recover."""
        if not await self.store.has_second(account.id):
            raise Refusal(NOT_FOUND)
        codes = recovery.new_codes()
        event = asker.event(self._services, account, "recovery.made", codes=len(codes))
        await self.store.set_recovery(account.id, [recovery.code_hash(one) for one in codes], event)
        return codes

    async def fits_recovery(self, account: AccountView, code: str, asker: Asker) -> bool:
        """Whether this is a code that was not used before; it is used by this."""
        event = asker.event(self._services, account, "recovery.used")
        return await self.store.use_recovery(account.id, recovery.code_hash(code), event)


@dataclass(frozen=True)
class PasskeyAnswer:
    """What a browser brings back from a ceremony."""

    token: str
    credential: dict[str, object]
    name: str = ""


def _place(account_id: str) -> str:
    return f"totp_secrets:{account_id}"
