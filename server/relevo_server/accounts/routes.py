"""HTTP: sign in by its ways and steps, sign out, who am I, prove it anew."""

from fastapi import APIRouter, Request, Response

from relevo_server.accounts.asker import asker_of, client_address, cookie_of
from relevo_server.accounts.bodies import (
    ChallengeBody,
    CredentialBody,
    LinkBody,
    MeAnswer,
    OptionsAnswer,
    ProofBody,
    SecondBody,
    SignedInAnswer,
    SignInBody,
    StepAnswer,
    account_out,
)
from relevo_server.accounts.cookies import STEP_COOKIE, drop, set_known, set_passing, set_sign_in
from relevo_server.accounts.factors import Factors, PasskeyAnswer
from relevo_server.accounts.guard import COOKIE, Gate
from relevo_server.accounts.passkeys import Begun
from relevo_server.accounts.proofs import REAUTH, Proofs, Step
from relevo_server.accounts.sign_in import SignedIn, SignInService, StepNeeded

__all__ = ["COOKIE", "build_router", "client_address"]


class SignInDesk:
    """Turns what the service says into answers and cookies."""

    def __init__(self, service: SignInService) -> None:
        self._service = service

    async def answer(
        self, request: Request, response: Response, outcome: SignedIn | StepNeeded
    ) -> SignedInAnswer | StepAnswer:
        """The cookie of the sign-in, or that of the step that is needed."""
        if isinstance(outcome, StepNeeded):
            set_passing(response, STEP_COOKIE, outcome.browser)
            return StepAnswer(challenge=outcome.challenge, methods=outcome.methods)
        return await self.signed_in(request, response, outcome)

    async def signed_in(self, request: Request, response: Response, outcome: SignedIn) -> SignedInAnswer:
        """A sign-in that is complete."""
        # The browser's earlier sign-in ends: a token planted beforehand is worth nothing afterwards.
        await self._service.replace_browser(cookie_of(request, COOKIE))
        set_sign_in(response, outcome.token)
        known = self._service.tries.known.token(outcome.account.name)
        if known is not None:
            set_known(response, known)
        if cookie_of(request, STEP_COOKIE):
            drop(response, STEP_COOKIE)
        return SignedInAnswer(account=account_out(outcome.account), wrong_codes=outcome.wrong_codes)


def build_router(service: SignInService, proofs: Proofs, factors: Factors, gate: Gate) -> APIRouter:
    """The routes over the services."""
    router = APIRouter(prefix="/api")
    _add_first_steps(router, service, proofs)
    _add_second_steps(router, service, proofs)
    _add_own(router, service, factors, gate)
    _add_reauth(router, proofs, factors, gate)
    return router


def _add_first_steps(router: APIRouter, service: SignInService, proofs: Proofs) -> None:
    desk = SignInDesk(service)

    @router.post("/sign-in")
    async def sign_in(body: SignInBody, request: Request, response: Response) -> SignedInAnswer | StepAnswer:
        outcome = await service.by_password(body.name, body.password, asker_of(request))
        return await desk.answer(request, response, outcome)

    @router.post("/sign-in/link")
    async def sign_in_by_link(
        body: LinkBody, request: Request, response: Response
    ) -> SignedInAnswer | StepAnswer:
        return await desk.answer(request, response, await service.by_link(body.token, asker_of(request)))

    @router.post("/sign-in/passkey/options")
    async def passkey_options(request: Request) -> OptionsAnswer:
        return _options(await proofs.begin_passkey(asker_of(request)))

    @router.post("/sign-in/passkey")
    async def sign_in_by_passkey(
        body: CredentialBody, request: Request, response: Response
    ) -> SignedInAnswer:
        answer = PasskeyAnswer(body.token, body.credential)
        return await desk.signed_in(request, response, await proofs.by_passkey(answer, asker_of(request)))

    _ = (sign_in, sign_in_by_link, passkey_options, sign_in_by_passkey)


def _add_second_steps(router: APIRouter, service: SignInService, proofs: Proofs) -> None:
    desk = SignInDesk(service)

    @router.post("/sign-in/second")
    async def second(body: SecondBody, request: Request, response: Response) -> SignedInAnswer:
        outcome = await proofs.second(_step(request, body.challenge), body.proof(), asker_of(request))
        return await desk.signed_in(request, response, outcome)

    @router.post("/sign-in/second/passkey/options")
    async def second_options(body: ChallengeBody, request: Request) -> OptionsAnswer:
        step = _step(request, body.challenge)
        return _options(await proofs.begin_step_passkey(step, asker_of(request).origin))

    _ = (second, second_options)


def _add_own(router: APIRouter, service: SignInService, factors: Factors, gate: Gate) -> None:
    @router.post("/sign-out", status_code=204)
    async def sign_out(request: Request, response: Response) -> None:
        await service.sign_out(cookie_of(request, COOKIE), asker_of(request))
        drop(response, COOKIE)
        # Pages kept for the way back go with it; the language that was chosen, and the known browser, stay.
        response.headers["clear-site-data"] = '"cache"'

    @router.get("/me")
    async def me(request: Request) -> MeAnswer:
        account = await gate.me(request, walled=False)
        has_second = await factors.store.has_second(account.id)
        return MeAnswer(
            account=account_out(account),
            second_factor=has_second,
            must_enrol=not has_second and await factors.wanted(account),
            fresh_for_s=int(gate.fresh_for_s(account)),
            methods=await service.methods_of_proof(account),
        )

    _ = (sign_out, me)


def _add_reauth(router: APIRouter, proofs: Proofs, factors: Factors, gate: Gate) -> None:
    @router.post("/reauth", status_code=204)
    async def reauth(body: ProofBody, request: Request, response: Response) -> None:
        account, token = await gate.me(request, walled=False), cookie_of(request, COOKIE)
        set_sign_in(response, await proofs.reauth(account, body.proof(), asker_of(request), token))

    @router.post("/reauth/passkey/options")
    async def reauth_options(request: Request) -> OptionsAnswer:
        account = await gate.me(request, walled=False)
        origin = asker_of(request).origin
        return _options(await factors.passkeys.begin_proof(origin, REAUTH, account.id, account.id))

    _ = (reauth, reauth_options)


def _step(request: Request, challenge: str) -> Step:
    return Step(challenge, cookie_of(request, STEP_COOKIE))


def _options(begun: Begun) -> OptionsAnswer:
    return OptionsAnswer(token=begun.token, options=begun.options)
