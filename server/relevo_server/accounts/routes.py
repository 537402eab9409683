"""HTTP: sign in, sign out, who am I."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from relevo_protocol.modes import Standing
from relevo_server.accounts.sign_in import SignedIn, SignInService
from relevo_server.accounts.view import AccountView

COOKIE = "__Host-relevo"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignInBody(_Body):
    """`POST /api/sign-in`."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class LinkBody(_Body):
    """`POST /api/sign-in/link`."""

    token: Annotated[str, Field(min_length=16, max_length=128)]


class AccountOut(BaseModel):
    """An account as the browser sees it."""

    id: str
    name: str
    display_name: str
    organisation: str
    language: str
    is_admin: bool
    standing: Standing
    team: str
    admin_tools: bool


class AccountAnswer(BaseModel):
    """`{account: …}`."""

    account: AccountOut


def build_router(service: SignInService) -> APIRouter:
    """The routes over a service."""
    router = APIRouter(prefix="/api")

    @router.post("/sign-in")
    async def sign_in(body: SignInBody, request: Request, response: Response) -> AccountAnswer:
        signed_in = await service.by_password(body.name, body.password, client_address(request))
        return await rotate(request, response, signed_in)

    @router.post("/sign-in/link")
    async def sign_in_by_link(body: LinkBody, request: Request, response: Response) -> AccountAnswer:
        signed_in = await service.by_link(body.token, client_address(request))
        return await rotate(request, response, signed_in)

    @router.post("/sign-out", status_code=204)
    async def sign_out(request: Request, response: Response) -> None:
        await service.sign_out(request.cookies.get(COOKIE))
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")

    @router.get("/me")
    async def me(request: Request) -> AccountAnswer:
        return _answer(await service.current(request.cookies.get(COOKIE)))

    async def rotate(request: Request, response: Response, signed_in: SignedIn) -> AccountAnswer:
        # The browser's earlier sign-in ends: a token planted beforehand is worth nothing afterwards.
        await service.sign_out(request.cookies.get(COOKIE))
        response.set_cookie(COOKIE, signed_in.token, path="/", secure=True, httponly=True, samesite="strict")
        return _answer(signed_in.account)

    _ = (sign_in, sign_in_by_link, sign_out, me)
    return router


def client_address(request: Request) -> str:
    """The peer's address, as a declared proxy reports it; empty when the transport has none."""
    return request.client.host if request.client is not None else ""


def _answer(account: AccountView) -> AccountAnswer:
    return AccountAnswer(account=AccountOut(**vars(account)))
