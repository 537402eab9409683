"""HTTP: to the OpenID Connect provider and back."""

import re
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from relevo_server.accounts.asker import asker_of, cookie_of
from relevo_server.accounts.cookies import OIDC_COOKIE, STEP_COOKIE, drop, set_passing
from relevo_server.accounts.oidc_sign_in import OidcSignIn, Returned, Wish
from relevo_server.accounts.routes import COOKIE, SignInDesk
from relevo_server.accounts.sign_in import SignInService, StepNeeded
from relevo_server.errors import NOT_CONFIGURED, Refusal

CALLBACK: Final = "/api/oidc/callback"
_SEE_OTHER: Final = 303
# A page of this site: one slash, and nothing that a browser reads as another host.
_OWN_PAGE: Final = re.compile(r"/(?:[A-Za-z0-9_.~-][A-Za-z0-9_.~/-]*)?(?:\?[A-Za-z0-9_.~=&-]*)?")

Word = Annotated[str, Query(max_length=2048)]


def build_router(oidc: OidcSignIn | None, service: SignInService) -> APIRouter:
    """The routes; without a provider both answer not_configured."""
    router = APIRouter(prefix="/api/oidc")
    desk = SignInDesk(service)

    @router.get("/start")
    async def start(request: Request, to: Word = "/", fresh: bool = False) -> RedirectResponse:
        """`fresh` asks the provider for a proof of now."""
        page = to if _OWN_PAGE.fullmatch(to) else "/"
        wish = Wish(page, fresh, cookie_of(request, COOKIE))
        configured = _configured(oidc)
        try:
            sent = await configured.begin(wish, asker_of(request))
        except Refusal as refusal:
            return _told(refusal)
        response = RedirectResponse(sent.url, _SEE_OTHER)
        # Lax, unlike all others: the provider's page is another site, from which Strict cookies do not come.
        set_passing(response, OIDC_COOKIE, sent.browser, "lax")
        return response

    @router.get("/callback")
    async def callback(
        request: Request, state: Word = "", code: Word = "", iss: Word | None = None, error: Word = ""
    ) -> RedirectResponse:
        returned = Returned(state, code, iss, error, cookie_of(request, OIDC_COOKIE))
        try:
            arrived = await _configured(oidc).finish(returned, asker_of(request))
        except Refusal as refusal:
            response = _told(refusal)
        else:
            response = RedirectResponse(arrived.to, _SEE_OTHER)
            if isinstance(arrived.outcome, StepNeeded):
                step = {"step": arrived.outcome.challenge, "methods": ".".join(arrived.outcome.methods)}
                response = RedirectResponse(f"/#{urlencode({**step, 'to': arrived.to})}", _SEE_OTHER)
                set_passing(response, STEP_COOKIE, arrived.outcome.browser)
            else:
                await desk.signed_in(request, response, arrived.outcome)
        drop(response, OIDC_COOKIE, "lax")
        return response

    _ = (start, callback)
    return router


def _told(refusal: Refusal) -> RedirectResponse:
    """People come here by a link or from another site's page: what went wrong is told by our own."""
    return RedirectResponse(f"/#{urlencode({'oidc': refusal.fault.code})}", _SEE_OTHER)


def _configured(oidc: OidcSignIn | None) -> OidcSignIn:
    if oidc is None:
        raise Refusal(NOT_CONFIGURED)
    return oidc
