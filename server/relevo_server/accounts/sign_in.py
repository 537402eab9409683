"""Signing in and staying signed in: server-side sessions whose token only the browser knows."""

import hashlib
import secrets
from dataclasses import dataclass

from relevo_server.access.throttle import account_key, address_keys, retry_after_s
from relevo_server.accounts.names import normal_name
from relevo_server.accounts.passwords import Passwords
from relevo_server.accounts.view import AccountView
from relevo_server.clock import Clock
from relevo_server.errors import NOT_SIGNED_IN, WRONG_LINK, WRONG_SIGN_IN, Fault, Refusal, too_many
from relevo_server.services import Services
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent
from relevo_server.store.sign_ins import SignInStore

LINK_LIFETIME_S = 1800
_TOKEN_BYTES = 32
# A busy page asks several times a second; the database need not hear of each.
_TOUCH_EVERY_S = 60.0


@dataclass(frozen=True)
class SignedIn:
    """A successful sign-in: the account, and the token for the cookie."""

    account: AccountView
    token: str


@dataclass(frozen=True)
class SignInParts:
    """What the service works with besides the shared services."""

    accounts: AccountStore
    sign_ins: SignInStore
    passwords: Passwords


class SignInService:
    """Checks names, passwords and links; opens, finds and closes sign-ins."""

    def __init__(self, services: Services, parts: SignInParts) -> None:
        self._services = services
        self._accounts = parts.accounts
        self._sign_ins = parts.sign_ins
        self._passwords = parts.passwords

    async def by_password(self, name: str, password: str, address: str) -> SignedIn:
        """Sign in by name. Raises Refusal: wrong_sign_in or too_many_attempts."""
        throttles = self._services.throttles
        asked = normal_name(name)
        keys, prefixes = account_key(asked), address_keys(address)
        self._admit(throttles.sign_in_address.charge(*prefixes))
        self._admit(throttles.sign_in_account.charge(keys))
        stored = await self._accounts.by_name(asked)
        verdict = await self._passwords.verify(stored.password_hash if stored else None, password)
        if stored is None or stored.disabled or not verdict.fits:
            raise self._wrong(WRONG_SIGN_IN)
        throttles.sign_in_address.refund(*prefixes)
        throttles.sign_in_account.refund(keys)
        if verdict.better_hash is not None:
            await self._accounts.rehash(stored.view.id, verdict.better_hash)
        return await self._open(stored.view, "sign_in.password", address)

    async def by_link(self, token: str, address: str) -> SignedIn:
        """Sign in by a one-time link. Raises Refusal: wrong_link or too_many_attempts."""
        prefixes = address_keys(address)
        self._admit(self._services.throttles.sign_in_address.charge(*prefixes))
        account_id = await self._sign_ins.take_link(hash_token(token), self._services.clock.wall_s())
        account = await self._accounts.view(account_id) if account_id is not None else None
        if account is None:
            raise self._wrong(WRONG_LINK)
        self._services.throttles.sign_in_address.refund(*prefixes)
        return await self._open(account, "sign_in.link", address)

    async def current(self, token: str | None) -> AccountView:
        """The account behind a cookie. Raises Refusal: not_signed_in."""
        if not token:
            raise Refusal(NOT_SIGNED_IN)
        key, now_s = hash_token(token), self._services.clock.wall_s()
        found = await self._sign_ins.find(key)
        settings = self._services.settings
        if (
            found is None
            or now_s - found.seen_at_s >= settings.sign_in_idle_s
            or now_s - found.created_at_s >= settings.sign_in_absolute_s
        ):
            raise Refusal(NOT_SIGNED_IN)
        account = await self._accounts.view(found.account_id)
        if account is None:
            raise Refusal(NOT_SIGNED_IN)
        if now_s - found.seen_at_s >= _TOUCH_EVERY_S:
            await self._sign_ins.touch(key, now_s)
        return account

    async def sign_out(self, token: str | None) -> None:
        """End the sign-in of a cookie, and the tickets given to it; unknown ones are no error."""
        if not token:
            return
        key = hash_token(token)
        found = await self._sign_ins.find(key)
        if found is not None:
            self._services.tickets.revoke(found.account_id)
            self._services.presentations.revoke(found.account_id)
            await self._sign_ins.close(key)

    async def _open(self, account: AccountView, action: str, address: str) -> SignedIn:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        event = AuditEvent(self._services.clock.wall_s(), account.name, action, details={"address": address})
        await self._sign_ins.open(hash_token(token), account.id, event)
        self._services.metrics.sign_ins.labels("accepted").inc()
        return SignedIn(account, token)

    def _admit(self, wait_s: float) -> None:
        if wait_s > 0.0:
            self._services.metrics.throttled.labels("sign_in").inc()
            raise too_many(retry_after_s(wait_s))

    def _wrong(self, fault: Fault) -> Refusal:
        self._services.metrics.sign_ins.labels("refused").inc()
        return Refusal(fault)


def hash_token(token: str) -> bytes:
    """What the database keeps of a token of 32 random bytes; no salt is needed against 2^256 guesses."""
    return hashlib.sha256(token.encode()).digest()


async def make_link(sign_ins: SignInStore, clock: Clock, name: str) -> str | None:
    """A token that signs the account in once within half an hour; None when there is no such account."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    now_s, account = clock.wall_s(), normal_name(name)
    event = AuditEvent(now_s, "command line", "link.create", details={"account": account})
    saved = await sign_ins.save_link(hash_token(token), account, now_s + LINK_LIFETIME_S, event)
    return token if saved else None
