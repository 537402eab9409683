"""What people change about their own account: its sign-ins, its password, its tokens."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from relevo_server.accounts.asker import Asker
from relevo_server.accounts.guard import FRESH_S
from relevo_server.accounts.passwords import Passwords, weakness
from relevo_server.accounts.permissions import Permission, permits
from relevo_server.accounts.sign_in import LINK, SignInService, hash_token
from relevo_server.accounts.token_auth import new_token
from relevo_server.accounts.view import AccountView
from relevo_server.errors import (
    FORBIDDEN,
    NOT_FOUND,
    NOT_SIGNED_IN,
    TOO_MANY_KEPT,
    WRONG_SIGN_IN,
    Refusal,
    weak_password,
)
from relevo_server.services import Services
from relevo_server.store.accounts import AccountStore
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.tokens import NewToken, TokenStore

MAX_TOKENS: Final = 20
_ID_BYTES: Final = 16
_DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class MadeToken:
    """A token as its owner sees it once."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class OwnAccount:
    """Changes an account at its owner's wish; each act and its record in one transaction."""

    services: Services
    accounts: AccountStore
    sign_ins: SignInStore
    service: SignInService
    tokens: TokenStore
    passwords: Passwords

    async def revoke(self, account: AccountView, sign_in: str, asker: Asker) -> None:
        """End one sign-in and what it has open. Raises Refusal: not_found."""
        event = asker.event(self.services, account, "sign_in.revoked", sign_in=sign_in[:32])
        if not sign_in or not await self.sign_ins.revoke(account.id, sign_in, event):
            raise Refusal(NOT_FOUND)
        self.services.revoke(account.id, sign_in)

    async def revoke_others(self, account: AccountView, asker: Asker) -> None:
        """End every sign-in but this one, and what they have open."""
        event = asker.event(self.services, account, "sign_in.revoked", sign_in="others")
        for ended in await self.sign_ins.revoke_all(account.id, account.sign_in, event):
            self.services.revoke(account.id, ended)

    async def change_password(self, account: AccountView, old: str | None, new: str, asker: Asker) -> None:
        """Set a new password; the other sign-ins and all tokens end.

        The old one is not asked of who came by a one-time link within the last ten minutes.

        Raises:
            Refusal: wrong_sign_in, weak_password, too_many_attempts; not_signed_in: it has ended meanwhile.
        """
        kept = await self.sign_ins.of_account(account.id)
        now_s = self.services.clock.wall_s()
        by_link = any(
            one.id == account.sign_in and one.method == LINK and now_s - one.created_at_s < FRESH_S
            for one in kept
        )
        if old is not None or not by_link:
            charge = self.service.tries.anew(account.sign_in)
            self.service.tries.admit(charge, asker, account)
            if not await self.service.fits_password(account, old or ""):
                raise Refusal(WRONG_SIGN_IN)
            charge.refund()
        context = (account.name, account.display_name, account.organisation)
        if (why := weakness(new, *context)) is not None:
            raise weak_password(why)
        event = asker.event(self.services, account, "account.password")
        others = [one.id for one in kept if one.id != account.sign_in]
        new_hash = await self.passwords.hash(new)
        if not await self.accounts.set_password(account.name, new_hash, event, but=account.sign_in):
            raise Refusal(NOT_SIGNED_IN)
        for sign_in in others:
            self.services.revoke(account.id, sign_in)

    async def create_token(
        self, account: AccountView, name: str, scopes: Sequence[Permission], days: int, asker: Asker
    ) -> MadeToken:
        """A token for what its owner may do, or less.

        Raises:
            Refusal: forbidden, too_many_kept; not_signed_in: the sign-in has ended meanwhile.
        """
        if not all(permits(account, scope) for scope in scopes):
            raise Refusal(FORBIDDEN, where="scopes")
        if len(await self.tokens.of_account(account.id)) >= MAX_TOKENS:
            raise Refusal(TOO_MANY_KEPT)
        made, now_s = MadeToken(secrets.token_hex(_ID_BYTES), new_token()), self.services.clock.wall_s()
        chosen = tuple(sorted({scope.value for scope in scopes}))
        stored = NewToken(
            id=made.id,
            token_hash=hash_token(made.token),
            organisation=account.organisation_id,
            account_id=account.id,
            name=name,
            scopes=chosen,
            created_at_s=now_s,
            expires_at_s=now_s + days * _DAY_S,
        )
        event = asker.event(
            self.services, account, "token.created", token=made.id, scopes=" ".join(chosen), days=days
        )
        if not await self.tokens.create(stored, event, by=account.sign_in):
            raise Refusal(NOT_SIGNED_IN)
        return made

    async def revoke_token(self, account: AccountView, token: str, asker: Asker) -> None:
        """End a token of one's own. Raises Refusal: not_found."""
        event = asker.event(self.services, account, "token.revoked", token=token[:32])
        own = {one.id for one in await self.tokens.of_account(account.id)}
        if token not in own or not await self.tokens.revoke(account.organisation_id, token, event):
            raise Refusal(NOT_FOUND)
