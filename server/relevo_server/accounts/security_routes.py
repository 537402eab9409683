"""HTTP: one's own sign-ins, password, second factors and tokens."""

import base64
import binascii
from dataclasses import dataclass

from fastapi import APIRouter, Request

from relevo_server.accounts.asker import Asker, asker_of
from relevo_server.accounts.bodies import (
    CodeBody,
    FactorsAnswer,
    NewPasskeyBody,
    NewTokenAnswer,
    NewTokenBody,
    OptionsAnswer,
    PasskeyOut,
    PasswordBody,
    RecoveryAnswer,
    SignInOut,
    SignInsAnswer,
    TokenOut,
    TokensAnswer,
    TotpAnswer,
)
from relevo_server.accounts.factors import Factors, PasskeyAnswer
from relevo_server.accounts.guard import Gate
from relevo_server.accounts.own import OwnAccount
from relevo_server.accounts.sign_in import SignInService
from relevo_server.accounts.view import AccountView
from relevo_server.errors import NOT_FOUND, Refusal
from relevo_server.store.sign_ins import SignInStore


@dataclass(frozen=True)
class SecurityParts:
    """What the routes work with."""

    gate: Gate
    service: SignInService
    sign_ins: SignInStore
    factors: Factors
    own: OwnAccount

    async def reader(self, request: Request) -> AccountView:
        """Who asks, enrolled or not: here is where one enrols."""
        return await self.gate.me(request, walled=False)

    async def writer(self, request: Request) -> tuple[AccountView, Asker]:
        """Who asks, proved within the last ten minutes. Raises Refusal: not_signed_in, reauth_needed."""
        account = await self.reader(request)
        await self.gate.fresh(account)
        return account, asker_of(request)


def build_router(parts: SecurityParts) -> APIRouter:
    """The routes over the parts."""
    router = APIRouter(prefix="/api/me")
    _add_sign_ins(router, parts)
    _add_totp(router, parts)
    _add_passkeys(router, parts)
    _add_tokens(router, parts)
    return router


def _add_sign_ins(router: APIRouter, parts: SecurityParts) -> None:
    @router.get("/sign-ins")
    async def sign_ins(request: Request) -> SignInsAnswer:
        account = await parts.reader(request)
        found = await parts.sign_ins.of_account(account.id)
        return SignInsAnswer(
            sign_ins=[
                SignInOut(
                    id=one.id,
                    created_at_s=one.created_at_s,
                    seen_at_s=one.seen_at_s,
                    address=one.address,
                    browser=one.agent,
                    method=one.method,
                    current=one.id == account.sign_in,
                )
                for one in found
                if parts.own.services.lives(one)
            ]
        )

    @router.post("/sign-ins/revoke-others", status_code=204)
    async def revoke_others(request: Request) -> None:
        await parts.own.revoke_others(*await parts.writer(request))

    @router.post("/sign-ins/{sign_in}/revoke", status_code=204)
    async def revoke(sign_in: str, request: Request) -> None:
        account, asker = await parts.writer(request)
        await parts.own.revoke(account, sign_in, asker)

    @router.post("/password", status_code=204)
    async def password(body: PasswordBody, request: Request) -> None:
        account, asker = await parts.writer(request)
        await parts.own.change_password(account, body.old, body.new, asker)

    _ = (sign_ins, revoke_others, revoke, password)


def _add_totp(router: APIRouter, parts: SecurityParts) -> None:
    @router.post("/totp")
    async def begin(request: Request) -> TotpAnswer:
        account, _ = await parts.writer(request)
        new = await parts.factors.begin_totp(account)
        return TotpAnswer(secret=new.secret, uri=new.uri)

    @router.post("/totp/confirm")
    async def confirm(body: CodeBody, request: Request) -> RecoveryAnswer:
        account, asker = await parts.writer(request)
        return RecoveryAnswer(recovery=await parts.factors.confirm_totp(account, body.code, asker))

    @router.post("/totp/remove", status_code=204)
    async def remove(request: Request) -> None:
        account, asker = await parts.writer(request)
        await parts.factors.remove_totp(account, asker)

    @router.post("/recovery")
    async def recovery(request: Request) -> RecoveryAnswer:
        account, asker = await parts.writer(request)
        return RecoveryAnswer(recovery=await parts.factors.new_recovery(account, asker))

    _ = (begin, confirm, remove, recovery)


def _add_passkeys(router: APIRouter, parts: SecurityParts) -> None:
    @router.get("/passkeys")
    async def passkeys(request: Request) -> FactorsAnswer:
        account = await parts.reader(request)
        kept = await parts.factors.store.passkeys(account.id)
        app = await parts.factors.store.totp(account.id)
        return FactorsAnswer(
            passkeys=[
                PasskeyOut(
                    id=_text(one.credential_id),
                    name=one.name,
                    created_at_s=one.created_at_s,
                    used_at_s=one.used_at_s,
                )
                for one in kept
            ],
            totp=app is not None and app.confirmed,
            recovery_left=await parts.factors.store.recovery_left(account.id),
        )

    @router.post("/passkeys/options")
    async def options(request: Request) -> OptionsAnswer:
        account, asker = await parts.writer(request)
        begun = await parts.factors.passkeys.begin_registration(account, asker.origin)
        return OptionsAnswer(token=begun.token, options=begun.options)

    @router.post("/passkeys")
    async def add(body: NewPasskeyBody, request: Request) -> RecoveryAnswer:
        account, asker = await parts.writer(request)
        answer = PasskeyAnswer(body.token, body.credential, body.name)
        return RecoveryAnswer(recovery=await parts.factors.add_passkey(account, answer, asker))

    @router.post("/passkeys/{passkey}/remove", status_code=204)
    async def remove(passkey: str, request: Request) -> None:
        account, asker = await parts.writer(request)
        await parts.factors.remove_passkey(account, _bytes(passkey), asker)

    _ = (passkeys, options, add, remove)


def _add_tokens(router: APIRouter, parts: SecurityParts) -> None:
    @router.get("/tokens")
    async def tokens(request: Request) -> TokensAnswer:
        account = await parts.gate.me(request)
        kept = await parts.own.tokens.of_account(account.id)
        return TokensAnswer(
            tokens=[
                TokenOut(scopes=list(one.scopes), **{name: getattr(one, name) for name in _PLAIN_FIELDS})
                for one in kept
            ]
        )

    @router.post("/tokens")
    async def create(body: NewTokenBody, request: Request) -> NewTokenAnswer:
        account = await parts.gate.me(request)
        await parts.gate.fresh(account)
        made = await parts.own.create_token(account, body.name, body.scopes, body.days, asker_of(request))
        return NewTokenAnswer(token=made.token, id=made.id)

    @router.post("/tokens/{token}/revoke", status_code=204)
    async def revoke(token: str, request: Request) -> None:
        account = await parts.gate.me(request)
        await parts.gate.fresh(account)
        await parts.own.revoke_token(account, token, asker_of(request))

    _ = (tokens, create, revoke)


_PLAIN_FIELDS = ("id", "name", "created_at_s", "expires_at_s", "used_at_s")


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(NOT_FOUND) from None
