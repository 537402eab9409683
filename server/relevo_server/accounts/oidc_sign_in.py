"""Signing in through an OpenID Connect provider: who may come in by it, and as which account."""

import hmac
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from relevo_server.accounts.asker import Asker
from relevo_server.accounts.challenges import PER_NETWORK, Challenges
from relevo_server.accounts.factors import OIDC
from relevo_server.accounts.names import BadName, display_name, name_in, new_name, normal_name
from relevo_server.accounts.oidc import Claims, Pending, Provider, ProviderFailed
from relevo_server.accounts.sign_in import SignedIn, SignInService, StepNeeded, hash_token
from relevo_server.accounts.view import AccountView
from relevo_server.errors import OIDC_FAILED, Refusal
from relevo_server.logs import logger
from relevo_server.services import Services
from relevo_server.store.accounts import AccountStore, NameTaken, NewAccount
from relevo_server.store.factors import LinkTaken, OidcStore
from relevo_server.store.organisations import HOME

_BYTES: Final = 32
_log = logger(__name__)


@dataclass(frozen=True)
class Wish:
    """The page that is wanted, whether the proof must be of now, and the browser's cookie of before."""

    to: str
    fresh: bool
    earlier: str = field(default="", repr=False)


@dataclass(frozen=True)
class SentAway:
    """Where the browser goes, and the secret that it has to bring back as a cookie."""

    url: str
    browser: str = field(repr=False)


@dataclass(frozen=True)
class Returned:
    """What comes back: the provider's parameters, and the browser's cookie."""

    state: str
    code: str = field(repr=False)
    issuer: str | None
    error: str
    browser: str = field(repr=False)


@dataclass(frozen=True)
class Arrived:
    """A sign-in, or the step that it still needs, and the page that was wanted."""

    outcome: SignedIn | StepNeeded
    to: str


class OidcSignIn:
    """Begins and finishes sign-ins by one provider."""

    def __init__(
        self,
        services: Services,
        service: SignInService,
        provider: Provider,
        stores: tuple[AccountStore, OidcStore],
    ) -> None:
        self._services = services
        self._service = service
        self._provider = provider
        self._accounts, self._links = stores
        self._pending: Challenges[Pending] = Challenges(services.clock.monotonic_s, PER_NETWORK)

    async def begin(self, wish: Wish, asker: Asker) -> SentAway:
        """Send a browser to the provider.

        Raises:
            Refusal: oidc_failed or too_many_attempts.
        """
        self._service.tries.admit(self._service.tries.address(asker), asker)
        browser = secrets.token_urlsafe(_BYTES)
        pending = Pending(
            nonce=secrets.token_urlsafe(_BYTES),
            verifier=secrets.token_urlsafe(_BYTES),
            browser=hash_token(browser),
            to=wish.to,
            fresh=wish.fresh,
            earlier=await self._service.named(wish.earlier),
        )
        try:
            return SentAway(
                await self._provider.authorization_url(self._pending.open(pending, asker.network), pending),
                browser,
            )
        except ProviderFailed as error:
            raise self._failed(error, asker) from error

    async def finish(self, returned: Returned, asker: Asker) -> Arrived:
        """Take a browser back. Raises Refusal: oidc_failed."""
        pending = self._pending.take(returned.state)
        try:
            if pending is None or not hmac.compare_digest(pending.browser, hash_token(returned.browser)):
                raise ProviderFailed("the answer belongs to no sign-in that this browser began")
            if returned.error or not returned.code:
                raise ProviderFailed("the provider refused")
            await self._provider.check_sender(returned.issuer)
            claims = await self._provider.redeem(returned.code, pending)
            account = await self._account(claims, asker)
        except (ProviderFailed, LinkTaken, NameTaken, BadName) as error:
            raise self._failed(error, asker) from error
        self._service.tries.address(asker).refund()
        # However the provider looked at the person, it stands for the password: the second step stays ours.
        outcome = await self._service.after_first(account, OIDC, asker, authenticated=pending.fresh)
        if isinstance(outcome, SignedIn):
            await self._service.close(pending.earlier)
        return Arrived(outcome, pending.to)

    async def _account(self, claims: Claims, asker: Asker) -> AccountView:
        """The account of the provider's person. Raises ProviderFailed, LinkTaken, NameTaken or BadName."""
        issuer = self._provider.client.issuer
        account_id = await self._links.account(issuer, claims.subject)
        if account_id is None:
            account = await self._first_time(claims, asker)
            event = asker.event(self._services, account, "account.linked", account=account.id)
            await self._links.link(issuer, claims.subject, account.id, replace(event, cause="oidc"))
            return account
        known = await self._accounts.view(account_id)
        if known is None:
            raise ProviderFailed("the account is disabled")
        return known

    async def _first_time(self, claims: Claims, asker: Asker) -> AccountView:
        """The account whose name is the verified address, or a new one where that is wished."""
        # Signs that only look like ASCII become it in a name: another address would be the same account.
        address = claims.email if claims.email_verified and claims.email.isascii() else ""
        stored = await self._accounts.by_name(new_name(address)) if address else None
        if stored is not None:
            if stored.disabled:
                raise ProviderFailed("the account is disabled")
            if stored.view.organisation_id != HOME:
                raise ProviderFailed("the account is another organisation's than the provider's")
            return stored.view
        if not self._services.settings.oidc_create:
            raise ProviderFailed("nobody here has this verified address as the account's name")
        name = _name_of(claims, address)
        try:
            shown = display_name(claims.name)
        except BadName:
            shown = name
        new = NewAccount(name, shown, self._services.settings.language, is_admin=False, password_hash="")
        event = asker.event(self._services, None, "account.create")
        return await self._accounts.create(new, replace(event, cause="oidc"))

    def _failed(self, error: Exception, asker: Asker) -> Refusal:
        # The texts of the others are somebody's name.
        reason = str(error)[:200] if isinstance(error, ProviderFailed) else type(error).__name__
        _log.warning("a sign-in by the OpenID provider failed", reason=reason)
        self._services.metrics.sign_ins.labels("refused").inc()
        event = asker.event(self._services, None, "sign_in.refused", step=OIDC)
        self._services.refused(f"oidc:{asker.network}", event)
        return Refusal(OIDC_FAILED)


def _name_of(claims: Claims, address: str) -> str:
    """The name of a new account: the verified address, else one that is no address. Raises BadName."""
    if address:
        return name_in(HOME, new_name(address))
    # An address that nobody has verified is somebody else's until they show it.
    found = next(
        (one for one in (claims.username, claims.subject) if one and "@" not in normal_name(one)), ""
    )
    return new_name(found)
