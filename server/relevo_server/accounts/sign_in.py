"""Signing in and staying signed in: server-side sessions whose token only the browser knows."""

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import Final

from relevo_server.accounts.asker import Asker
from relevo_server.accounts.challenges import Challenges
from relevo_server.accounts.factors import OIDC, PASSWORD, RECOVERY, Factors
from relevo_server.accounts.names import normal_name
from relevo_server.accounts.passwords import Passwords
from relevo_server.accounts.tries import Tries
from relevo_server.accounts.view import AccountView
from relevo_server.clock import Clock
from relevo_server.errors import (
    NOT_SIGNED_IN,
    OIDC_ONLY,
    WRONG_LINK,
    WRONG_SIGN_IN,
    WRONG_STEP,
    Fault,
    Refusal,
)
from relevo_server.services import Services
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent
from relevo_server.store.organisations import HOME
from relevo_server.store.sign_ins import NewSignIn, Renewal, SignInStore, WebSession

LINK: Final = "link"
LINK_LIFETIME_S = 1800
_TOKEN_BYTES = 32
_ID_BYTES = 16
# A busy page asks several times a second; the database need not hear of each.
_TOUCH_EVERY_S = 60.0
# Requests that left with the token of before a renewal: other tabs ask all the time.
_UNDER_WAY_S = 10.0
# The answer with the new token may be lost: until it is shown, the one before leads to it, so long at most.
_UNSHOWN_S = 120.0


@dataclass(frozen=True)
class SignedIn:
    """A successful sign-in: the account, and the token for the cookie."""

    account: AccountView
    token: str = field(repr=False)
    wrong_codes: int = 0
    """Codes of the account's app that did not fit, since it was signed in to before."""


@dataclass(frozen=True)
class StepNeeded:
    """A first step that was right: what comes next, and the secret that binds it to this browser."""

    challenge: str = field(repr=False)
    browser: str = field(repr=False)
    methods: list[str]


@dataclass(frozen=True)
class FirstStep:
    """Whose second step is awaited, from which browser, and by what the first was done."""

    account_id: str
    browser: bytes = field(repr=False)
    method: str
    authenticated: bool
    under: str | None = field(default=None, repr=False)
    """The password's hash at that time: with a new password the step is worth nothing."""


@dataclass
class _Heir:
    """The token that takes another's place, and until when (monotonic) the other leads to it."""

    token: str = field(repr=False)
    until_s: float


@dataclass(frozen=True)
class SignInParts:
    """What the service works with besides the shared services."""

    accounts: AccountStore
    sign_ins: SignInStore
    passwords: Passwords
    factors: Factors
    tries: Tries


class SignInService:
    """Checks names, passwords and links; opens, finds and closes sign-ins."""

    def __init__(self, services: Services, parts: SignInParts) -> None:
        self._services = services
        self._accounts = parts.accounts
        self._sign_ins = parts.sign_ins
        self._passwords = parts.passwords
        self._factors = parts.factors
        self.tries = parts.tries
        self.steps: Challenges[FirstStep] = Challenges(services.clock.monotonic_s)
        self._heirs: dict[bytes, _Heir] = {}
        """By the hash of a token that was renewed, or is about to be."""

    async def by_password(self, name: str, password: str, asker: Asker) -> SignedIn | StepNeeded:
        """Sign in by name. Raises Refusal: wrong_sign_in, too_many_attempts, busy or oidc_only."""
        asked = normal_name(name)
        charge = self.tries.password(asked, asker)
        self.tries.admit(charge, asker)
        stored = await self._accounts.by_name(asked)
        known_hash = stored.password_hash if stored is not None else ""
        try:
            verdict = await self._passwords.verify(known_hash or None, password, known=charge.known)
        except Refusal:
            charge.refund()  # nothing was tried
            raise
        if stored is None or stored.disabled or not verdict.fits:
            organisation = stored.view if stored is not None else None
            # Of who is nobody here the record keeps no name: it may be a password in the wrong field.
            typed = asked if stored is not None else ""
            raise await self._wrong(WRONG_SIGN_IN, asker, organisation, step="password", typed=typed)
        charge.refund()
        if verdict.better_hash is not None:
            await self._accounts.rehash(stored.view.id, known_hash, verdict.better_hash)
        if await self.provider_alone(stored.view):
            raise Refusal(OIDC_ONLY)
        return await self.after_first(stored.view, PASSWORD, asker, under=verdict.better_hash or known_hash)

    async def by_link(self, token: str, asker: Asker) -> SignedIn | StepNeeded:
        """Sign in by a one-time link, which stands for the password alone.

        Raises:
            Refusal: wrong_link or too_many_attempts.
        """
        charge = self.tries.address(asker)
        self.tries.admit(charge, asker)
        account_id = await self._sign_ins.take_link(hash_token(token), self._services.clock.wall_s())
        stored = await self._accounts.by_id(account_id) if account_id is not None else None
        if stored is None or stored.disabled:
            raise await self._wrong(WRONG_LINK, asker, None, step=LINK)
        charge.refund()
        # A new password ends the links of before, and so what was begun by one.
        return await self.after_first(stored.view, LINK, asker, under=stored.password_hash)

    async def after_first(
        self,
        account: AccountView,
        method: str,
        asker: Asker,
        *,
        authenticated: bool = True,
        under: str | None = None,
    ) -> SignedIn | StepNeeded:
        """Open the sign-in, or ask for a second step where the account has one; `under` as in `NewSignIn`."""
        methods = await self._factors.methods(account.id)
        if not methods:
            return await self.open(account, method, asker, authenticated=authenticated, under=under)
        browser = secrets.token_urlsafe(_TOKEN_BYTES)
        step = FirstStep(account.id, hash_token(browser), method, authenticated, under)
        return StepNeeded(self.steps.open(step, f"{account.id} from {asker.network}"), browser, methods)

    async def open(
        self,
        account: AccountView,
        method: str,
        asker: Asker,
        *,
        authenticated: bool = True,
        under: str | None = None,
    ) -> SignedIn:
        """A fresh sign-in with its line in the record; `authenticated`: somebody has proved it just now.

        Raises:
            Refusal: wrong_step, where the password is not the one of the first step (`under`) any more.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        new = NewSignIn(
            token_hash=hash_token(token),
            id=secrets.token_hex(_ID_BYTES),
            account_id=account.id,
            address=asker.address,
            agent=asker.agent,
            method=method,
            authenticated=authenticated,
            under=under,
        )
        if not await self._sign_ins.open(new, asker.event(self._services, account, f"sign_in.{method}")):
            raise Refusal(WRONG_STEP)
        self._services.metrics.sign_ins.labels("accepted").inc()
        now_s = self._services.clock.wall_s() if authenticated else 0.0
        return SignedIn(replace(account, sign_in=new.id, authenticated_at_s=now_s, method=method), token)

    async def account(self, account_id: str) -> AccountView | None:
        """The account of an id, in good standing."""
        return await self._accounts.view(account_id)

    async def current(self, token: str) -> AccountView:
        """The account behind a cookie. Raises Refusal: not_signed_in."""
        if not token:
            raise Refusal(NOT_SIGNED_IN)
        newest, found = await self._find(token)
        now_s = self._services.clock.wall_s()
        if found is None or not self._services.lives(found):
            raise Refusal(NOT_SIGNED_IN)
        account = await self._accounts.view(found.account_id)
        if account is None:
            raise Refusal(NOT_SIGNED_IN)
        if now_s - found.seen_at_s >= _TOUCH_EVERY_S:
            await self._sign_ins.touch(hash_token(newest), now_s)
        return replace(
            account, sign_in=found.id, authenticated_at_s=found.authenticated_at_s, method=found.method
        )

    def age_s(self, account: AccountView) -> float:
        """Seconds since the account's sign-in last proved who it is."""
        return self._services.clock.wall_s() - account.authenticated_at_s

    async def prove(self, account: AccountView, token: str, event: AuditEvent) -> str:
        """Note that this sign-in has just shown again who it is; the token that takes this one's place.

        The same one where it was renewed already: the answer with it was lost, or another proof was faster.

        Raises:
            Refusal: not_signed_in, where the sign-in has ended meanwhile.
        """
        now_s, old = self._services.clock.wall_s(), hash_token(token)
        for _ in range(2):  # another proof may renew it in between
            newest, found = await self._find(token)
            if found is None:
                break
            renewal = None
            if newest == token:
                # Noted before the database has it: who asks in between finds the one or the other.
                newest = self._heir(old).token
                renewal = Renewal(old, hash_token(newest))
            if await self._sign_ins.mark_authenticated(account.sign_in, now_s, event, renewal):
                return newest
        raise Refusal(NOT_SIGNED_IN)

    def _heir(self, old: bytes) -> _Heir:
        """What takes the place of the token of this hash; a new one unless one is under way already."""
        clock_s = self._services.clock.monotonic_s()
        self._heirs = {key: one for key, one in self._heirs.items() if clock_s < one.until_s}
        heir = self._heirs.setdefault(old, _Heir(secrets.token_urlsafe(_TOKEN_BYTES), 0.0))
        heir.until_s = clock_s + _UNSHOWN_S
        return heir

    async def _find(self, token: str) -> tuple[str, WebSession | None]:
        """The sign-in of a cookie, and the token by which it is known now."""
        found, clock_s = await self._sign_ins.find(hash_token(token)), self._services.clock.monotonic_s()
        for one in self._heirs.values() if found is not None else ():
            if one.token == token:  # its browser has it: the one before is needed for a moment only
                one.until_s = min(one.until_s, clock_s + _UNDER_WAY_S)
        while found is None:
            heir = self._heirs.get(hash_token(token))
            if heir is None or clock_s >= heir.until_s:
                break
            token = heir.token
            found = await self._sign_ins.find(hash_token(token))
        return token, found

    async def sign_out(self, token: str, asker: Asker) -> None:
        """End the sign-in of a cookie and all that its account has open; unknown ones are no error."""
        found = (await self._find(token))[1] if token else None
        if found is None:
            return
        account = await self._accounts.view(found.account_id)
        event = replace(asker.event(self._services, account, "sign_out"), actor=found.account_id)
        await self._sign_ins.close(found.id, event)
        self._services.revoke(found.account_id)

    async def replace_browser(self, token: str) -> None:
        """End a browser's earlier sign-in, which a newer one takes the place of: no sign-out by a person."""
        await self.close(await self.named(token))

    async def named(self, token: str) -> str:
        """The public name of a cookie's sign-in, which no renewal changes; empty where there is none."""
        found = (await self._find(token))[1] if token else None
        return found.id if found is not None else ""

    async def close(self, sign_in: str) -> None:
        """End a sign-in that a newer one of the same browser takes the place of; none is no error."""
        if sign_in:
            await self._sign_ins.close(sign_in)

    async def methods_of_proof(self, account: AccountView) -> list[str]:
        """How this account can prove anew who it is: by its second factors, where it has any, alone."""
        seconds = [one for one in await self._factors.methods(account.id) if one != RECOVERY]
        if seconds:
            return seconds
        stored = await self._accounts.by_id(account.id)
        has_password = stored is not None and bool(stored.password_hash)
        return [PASSWORD] if has_password and not await self.provider_alone(account) else [OIDC]

    async def fits_password(self, account: AccountView, password: str) -> bool:
        """Whether this is the account's password; takes as long where it has none."""
        stored = await self._accounts.by_name(account.name)
        known_hash = stored.password_hash if stored is not None else ""
        return (await self._passwords.verify(known_hash or None, password, known=True)).fits

    async def provider_alone(self, account: AccountView) -> bool:
        """Whether the account's organisation signs in by its provider, and one-time links, only.

        The provider is the home organisation's.
        """
        has_one = self._services.settings.oidc_issuer is not None and account.organisation_id == HOME
        return has_one and (await self._factors.policy(account.organisation_id)).oidc_only

    async def _wrong(
        self, fault: Fault, asker: Asker, account: AccountView | None, *, step: str, typed: str = ""
    ) -> Refusal:
        self._services.metrics.sign_ins.labels("refused").inc()
        # By the account's id what was typed is found when that person's data are erased.
        whose = {"account": account.id} if account is not None else {}
        event = asker.event(self._services, account, "sign_in.refused", step=step, **whose)
        # Never which half was wrong, and no actor: nobody has shown to be anybody.
        await self._services.record(replace(event, actor="", personal=asker.personal(name=typed)))
        return Refusal(fault)


def hash_token(token: str) -> bytes:
    """What the database keeps of a token of 32 random bytes; no salt is needed against 2^256 guesses."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def make_link(sign_ins: SignInStore, clock: Clock, name: str) -> str | None:
    """A token that signs the account in once within half an hour; None when there is no such account.

    For the command line, whose the line in the record is.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    now_s, account = clock.wall_s(), normal_name(name)
    event = AuditEvent(now_s, "command line", "account.link", personal={"name": account}, cause="cli")
    saved = await sign_ins.save_link(hash_token(token), account, now_s + LINK_LIFETIME_S, event)
    return token if saved else None
