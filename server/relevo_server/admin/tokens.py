"""HTTP: every API token of the organisation."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from relevo_server.accounts.permissions import Permission
from relevo_server.admin.acts import AdminParts
from relevo_server.errors import NOT_FOUND, Refusal
from relevo_server.store.tokens import StoredToken

TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class TokenOut(BaseModel):
    """One token; the secret itself is kept nowhere. Times in seconds since the epoch."""

    id: str
    name: str
    account_id: str
    account_name: str
    scopes: list[str]
    created_at_s: float
    expires_at_s: float
    used_at_s: float | None


class TokensAnswer(BaseModel):
    """`GET /api/admin/tokens`."""

    tokens: list[TokenOut]


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/tokens")

    @router.get("")
    async def tokens(request: Request) -> TokensAnswer:
        account = await parts.gate.may(request, Permission.TOKENS_MANAGE)
        names = await parts.names(account.organisation_id)
        found = await parts.tokens.of_organisation(account.organisation_id)
        return TokensAnswer(tokens=[_out(one, names) for one in found])

    @router.post("/{token}/revoke", status_code=204)
    async def revoke(token: TokenId, request: Request) -> None:
        account = await parts.writer(request, Permission.TOKENS_MANAGE)
        event = parts.event(request, account, "token.revoked", {"token": token})
        if not await parts.tokens.revoke(account.organisation_id, token, event):
            raise Refusal(NOT_FOUND)

    _ = (tokens, revoke)
    return router


def _out(one: StoredToken, names: Mapping[str, str]) -> TokenOut:
    return TokenOut(
        id=one.id,
        name=one.name,
        account_id=one.account_id,
        account_name=names.get(one.account_id, ""),
        scopes=sorted(one.scopes),
        created_at_s=one.created_at_s,
        expires_at_s=one.expires_at_s,
        used_at_s=one.used_at_s,
    )
