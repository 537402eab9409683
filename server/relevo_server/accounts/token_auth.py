"""Bearer tokens: what a program shows instead of a cookie (RFC 6750), for administration alone."""

import secrets
from dataclasses import replace
from typing import Final

from fastapi import Request

from relevo_server.access.throttle import address_keys, retry_after_s
from relevo_server.accounts.asker import asker_of
from relevo_server.accounts.sign_in import hash_token
from relevo_server.accounts.view import AccountView
from relevo_server.errors import NOT_SIGNED_IN, Refusal, too_many
from relevo_server.services import Services
from relevo_server.store.tokens import StoredToken, TokenStore

PREFIX: Final = "relevo_"
_SECRET_BYTES: Final = 32
_DAY_S: Final = 86_400.0
# A program that asks every second need not be written down every second.
_TOUCH_EVERY_S: Final = 60.0


class TokenAuth:
    """Finds the account that a token acts for, with the token's share of what it may."""

    def __init__(self, services: Services, tokens: TokenStore) -> None:
        self._services = services
        self._tokens = tokens

    async def account(self, request: Request) -> AccountView:
        """The account, `sign_in` being the token's id. Raises Refusal: not_signed_in, too_many_attempts."""
        asker = asker_of(request)
        throttle, keys = self._services.throttles.token_address, address_keys(asker.address)
        wait_s = throttle.charge(*keys)
        if wait_s > 0.0:
            self._services.metrics.throttled.labels("token").inc()
            raise too_many(retry_after_s(wait_s))
        found = await self._found(_presented(request))
        owner = await self._services.account(found.account_id) if found is not None else None
        if found is None or owner is None or owner.organisation_id != found.organisation:
            raise Refusal(NOT_SIGNED_IN)
        throttle.refund(*keys)
        account = replace(owner, sign_in=found.id, method="token", scopes=frozenset(found.scopes))
        now_s = self._services.clock.wall_s()
        used_s = found.used_at_s or 0.0
        if now_s - used_s >= _TOUCH_EVERY_S:
            first_today = int(now_s // _DAY_S) != int(used_s // _DAY_S)
            event = asker.event(self._services, account, "token.used") if first_today else None
            await self._tokens.touch(found.id, now_s, event)
        return account

    async def _found(self, token: str) -> StoredToken | None:
        if not token.startswith(PREFIX):
            return None
        found = await self._tokens.by_hash(hash_token(token))
        return found if found is not None and found.expires_at_s > self._services.clock.wall_s() else None


def new_token() -> str:
    """A fresh token: `relevo_`, by which scanners for leaked secrets find it, and 43 base64url signs."""
    return PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def _presented(request: Request) -> str:
    scheme, _, token = request.headers["authorization"].partition(" ")
    # Beside a cookie it would be unclear whose request it is.
    alone = len(request.headers.getlist("authorization")) == 1 and "cookie" not in request.headers
    return token.strip() if scheme.lower() == "bearer" and alone else ""
