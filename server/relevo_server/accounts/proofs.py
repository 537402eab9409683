"""Second steps of a sign-in, and proving anew who acts; both bounded in tries."""

import hmac
from dataclasses import dataclass, field, replace
from typing import Final

from relevo_server.access.throttle import account_key, address_keys, retry_after_s
from relevo_server.accounts.asker import Asker
from relevo_server.accounts.factors import PASSKEY, PASSWORD, RECOVERY, TOTP, Factors, PasskeyAnswer
from relevo_server.accounts.passkeys import Begun
from relevo_server.accounts.refusals import RefusalBook
from relevo_server.accounts.sign_in import LINK, SignedIn, SignInService, hash_token
from relevo_server.accounts.view import AccountView
from relevo_server.errors import (
    INVALID,
    OIDC_ONLY,
    PASSKEY_FAILED,
    WRONG_CODE,
    WRONG_SIGN_IN,
    WRONG_STEP,
    Fault,
    Refusal,
    reauth_needed,
    too_many,
)
from relevo_server.services import Services
from relevo_server.store.sign_ins import SignInStore

SIGN_IN: Final = "sign_in"
STEP: Final = "step"
REAUTH: Final = "reauth"


@dataclass(frozen=True)
class Proof:
    """What somebody gives to show who they are; exactly one, but for a password beside it."""

    password: str | None = field(default=None, repr=False)
    totp: str | None = field(default=None, repr=False)
    recovery: str | None = field(default=None, repr=False)
    passkey: PasskeyAnswer | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Step:
    """A second step: the challenge of the first, and the browser's half of it."""

    challenge: str = field(repr=False)
    browser: str = field(repr=False)


class Proofs:
    """Checks second steps, passkeys without a name, and proofs of who acts."""

    def __init__(
        self, services: Services, service: SignInService, factors: Factors, sign_ins: SignInStore
    ) -> None:
        self._services = services
        self._service = service
        self._factors = factors
        self._sign_ins = sign_ins
        self._refusals = RefusalBook(services)

    async def second(self, step: Step, proof: Proof, asker: Asker) -> SignedIn:
        """Finish a sign-in by its second step.

        Raises:
            Refusal: wrong_step, wrong_code, passkey_failed or too_many_attempts.
        """
        first = self._service.steps.look(step.challenge)
        if first is None or not hmac.compare_digest(first.browser, hash_token(step.browser)):
            raise Refusal(WRONG_STEP)
        account = await self._service.account(first.account_id)
        if account is None:
            raise Refusal(WRONG_STEP)
        await self._charge(account, asker)
        method = await self._check(account, proof, asker)
        # Whoever is faster with the same challenge is alone in having it.
        if self._service.steps.take(step.challenge) is None:
            raise Refusal(WRONG_STEP)
        self._services.throttles.step_account.refund(account_key(account.id))
        # Who came by a link may have forgotten the password, whichever factor they have shown besides.
        return await self._service.open(account, LINK if first.method == LINK else method, asker)

    async def begin_step_passkey(self, step: Step, origin: str) -> Begun:
        """Options for a passkey as the second step. Raises Refusal: wrong_step, not_configured."""
        first = self._service.steps.look(step.challenge)
        if first is None or not hmac.compare_digest(first.browser, hash_token(step.browser)):
            raise Refusal(WRONG_STEP)
        return await self._factors.passkeys.begin_proof(origin, STEP, first.account_id)

    async def begin_passkey(self, asker: Asker) -> Begun:
        """Options for signing in by a passkey. Raises Refusal: not_configured or too_many_attempts."""
        # Whoever asks without end would push out what others have begun.
        self._charge_address(asker)
        return await self._factors.passkeys.begin_proof(asker.origin, SIGN_IN)

    async def by_passkey(self, answer: PasskeyAnswer, asker: Asker) -> SignedIn:
        """Sign in by a passkey that says whose it is; opened by finger or PIN, it is both steps.

        Raises:
            Refusal: passkey_failed, oidc_only or too_many_attempts.
        """
        self._charge_address(asker)
        now_s = self._services.clock.wall_s()
        try:
            account_id = await self._factors.passkeys.finish_proof(
                answer.token, SIGN_IN, answer.credential, now_s
            )
        except Refusal:
            event = asker.event(self._services, None, "sign_in.refused", step=PASSKEY)
            # Anybody can send these, and each would be a line: a flood of one site is told once.
            await self._refusals.flood(f"passkey:{asker.network}", event)
            self._services.metrics.sign_ins.labels("refused").inc()
            raise
        account = await self._service.account(account_id)
        if account is None:
            raise Refusal(PASSKEY_FAILED)
        for _ in ("options", "answer"):
            self._services.throttles.sign_in_address.refund(*address_keys(asker.address))
        if await self._service.provider_alone(account):
            raise Refusal(OIDC_ONLY)
        return await self._service.open(account, PASSKEY, asker)

    async def reauth(self, account: AccountView, proof: Proof, asker: Asker) -> None:
        """Note that this sign-in proved itself just now; every proof given must fit.

        A password alone is none where the account has more, or its organisation goes by its provider.

        Raises:
            Refusal: wrong_sign_in, wrong_code, passkey_failed, reauth_needed, invalid_request or
                too_many_attempts.
        """
        if proof.recovery is not None or (proof.password, proof.totp, proof.passkey) == (None, None, None):
            raise Refusal(INVALID, where="body")
        if proof.totp is None and proof.passkey is None:
            methods = await self._service.methods_of_proof(account)
            if PASSWORD not in methods:
                raise reauth_needed(methods)
        await self._charge(account, asker)
        method = PASSWORD
        if proof.password is not None and not await self._service.fits_password(account, proof.password):
            raise await self._refused(account, WRONG_SIGN_IN, asker, PASSWORD)
        if proof.totp is not None or proof.passkey is not None:
            method = await self._check(account, proof, asker, purpose=REAUTH)
        self._services.throttles.step_account.refund(account_key(account.id))
        event = asker.event(self._services, account, "reauth", method=method)
        await self._sign_ins.mark_authenticated(account.sign_in, self._services.clock.wall_s(), event)

    async def _check(self, account: AccountView, proof: Proof, asker: Asker, *, purpose: str = STEP) -> str:
        """The name of the factor that fitted. Raises Refusal."""
        if proof.totp is not None:
            if not await self._factors.fits_totp(account.id, proof.totp):
                raise await self._refused(account, WRONG_CODE, asker, TOTP, purpose)
            return TOTP
        if proof.recovery is not None:
            if not await self._factors.fits_recovery(account, proof.recovery, asker):
                raise await self._refused(account, WRONG_CODE, asker, RECOVERY, purpose)
            return RECOVERY
        if proof.passkey is None:
            raise Refusal(INVALID, where="body")
        now_s = self._services.clock.wall_s()
        answer = proof.passkey
        try:
            owner = await self._factors.passkeys.finish_proof(answer.token, purpose, answer.credential, now_s)
        except Refusal:
            raise await self._refused(account, PASSKEY_FAILED, asker, PASSKEY, purpose) from None
        if owner != account.id:
            raise await self._refused(account, PASSKEY_FAILED, asker, PASSKEY, purpose)
        return PASSKEY

    def _charge_address(self, asker: Asker) -> None:
        wait_s = self._services.throttles.sign_in_address.charge(*address_keys(asker.address))
        if wait_s > 0.0:
            self._services.metrics.throttled.labels("sign_in").inc()
            raise too_many(retry_after_s(wait_s))

    async def _charge(self, account: AccountView, asker: Asker) -> None:
        key = account_key(account.id)
        wait_s = self._services.throttles.step_account.charge(key)
        if wait_s > 0.0:
            self._services.metrics.throttled.labels("sign_in").inc()
            await self._refusals.flood(
                f"step:{key.name}", asker.event(self._services, account, "sign_in.throttled")
            )
            raise too_many(retry_after_s(wait_s))

    async def _refused(
        self, account: AccountView, fault: Fault, asker: Asker, step: str, purpose: str = REAUTH
    ) -> Refusal:
        # In a sign-in nobody has shown yet to be this account; when proving anew, somebody is signed in.
        action = "reauth.refused" if purpose == REAUTH else "sign_in.refused"
        event = asker.event(self._services, account, action, step=step, account=account.id)
        actor = account.id if purpose == REAUTH else ""
        await self._refusals.note(replace(event, actor=actor))
        if purpose == STEP:
            self._services.metrics.sign_ins.labels("refused").inc()
        return Refusal(fault)
