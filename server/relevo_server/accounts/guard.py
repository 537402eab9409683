"""Who asks, and whether they may: every route of the HTTP interface begins here."""

from typing import Final

from fastapi import Request

from relevo_server.accounts.asker import asker_of, cookie_of
from relevo_server.accounts.factors import Factors
from relevo_server.accounts.permissions import Permission, permits
from relevo_server.accounts.sign_in import SignInService
from relevo_server.accounts.token_auth import TokenAuth
from relevo_server.accounts.view import AccountView
from relevo_server.errors import FORBIDDEN, NOT_SIGNED_IN, SECOND_FACTOR_NEEDED, Refusal, reauth_needed
from relevo_server.services import Services

COOKIE: Final = "__Host-relevo"
FRESH_S: Final = 600.0
"""How long a proof of who acts is good for what asks for one."""


class Gate:
    """Finds the account behind a request and refuses what it may not do."""

    def __init__(
        self, services: Services, service: SignInService, factors: Factors, tokens: TokenAuth
    ) -> None:
        self._services = services
        self._service = service
        self._factors = factors
        self._tokens = tokens

    async def me(self, request: Request, *, walled: bool = True) -> AccountView:
        """The person who asks, by cookie; a program's token is nobody here.

        Args:
            request: whose cookie is looked at.
            walled: refuse accounts that have yet to add a second factor; False where they do that.

        Raises:
            Refusal: not_signed_in or second_factor_needed.
        """
        if "authorization" in request.headers:
            raise Refusal(NOT_SIGNED_IN)
        account = await self._service.current(cookie_of(request, COOKIE))
        if walled and await self._factors.must_enrol(account):
            raise Refusal(SECOND_FACTOR_NEEDED)
        return account

    async def may(self, request: Request, permission: Permission) -> AccountView:
        """The person or program that asks, if it may do this, by cookie or by bearer token.

        Raises:
            Refusal: not_signed_in, second_factor_needed, forbidden or too_many_attempts.
        """
        if "authorization" in request.headers:
            account = await self._tokens.account(request)
            if await self._factors.must_enrol(account):
                raise Refusal(SECOND_FACTOR_NEEDED)
        else:
            account = await self.me(request)
        if not permits(account, permission):
            event = asker_of(request).event(self._services, account, "forbidden", permission=permission.value)
            self._services.refused(f"forbidden:{account.id}:{permission}", event)
            raise Refusal(FORBIDDEN)
        return account

    async def fresh(self, account: AccountView) -> None:
        """Nothing, where this sign-in proved itself within the last ten minutes.

        Raises:
            Refusal: reauth_needed, with the ways in which this account can prove itself.
        """
        if self.fresh_for_s(account) <= 0.0:
            raise reauth_needed(await self._service.methods_of_proof(account))

    def fresh_for_s(self, account: AccountView) -> float:
        """How much longer the sign-in's proof is good, 0 when it is not."""
        return min(FRESH_S, max(0.0, FRESH_S - self._service.age_s(account)))
