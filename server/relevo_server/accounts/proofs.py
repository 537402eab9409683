"""Second steps of a sign-in, and proving anew who acts; both bounded in tries."""

import hmac
from dataclasses import dataclass, field, replace
from typing import Final

from relevo_server.accounts.asker import Asker
from relevo_server.accounts.factors import PASSKEY, PASSWORD, RECOVERY, TOTP, Factors, PasskeyAnswer
from relevo_server.accounts.passkeys import SIGN_IN, Begun
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
)
from relevo_server.services import Services

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

    def __init__(self, services: Services, service: SignInService, factors: Factors) -> None:
        self._services = services
        self._service = service
        self._factors = factors
        self._tries = service.tries

    async def second(self, step: Step, proof: Proof, asker: Asker) -> SignedIn:
        """Finish a sign-in by its second step.

        Raises:
            Refusal: wrong_step, wrong_code, totp_locked, passkey_failed or too_many_attempts.
        """
        first = self._service.steps.look(step.challenge)
        if first is None or not hmac.compare_digest(first.browser, hash_token(step.browser)):
            raise Refusal(WRONG_STEP)
        account = await self._service.account(first.account_id)
        if account is None:
            raise Refusal(WRONG_STEP)
        charge = self._tries.second(account, asker)
        self._tries.admit(charge, asker, account)
        method = await self._check(account, proof, asker)
        # Whoever is faster with the same challenge is alone in having it.
        if self._service.steps.take(step.challenge) is None:
            raise Refusal(WRONG_STEP)
        charge.refund()
        # Who came by a link may have forgotten the password, whichever factor they have shown besides.
        named = LINK if first.method == LINK else method
        return await self._open(account, named, asker, first.under)

    async def begin_step_passkey(self, step: Step, origin: str) -> Begun:
        """Options for a passkey as the second step. Raises Refusal: wrong_step, not_configured."""
        first = self._service.steps.look(step.challenge)
        if first is None or not hmac.compare_digest(first.browser, hash_token(step.browser)):
            raise Refusal(WRONG_STEP)
        return await self._factors.passkeys.begin_proof(origin, STEP, first.account_id, step.challenge)

    async def begin_passkey(self, asker: Asker) -> Begun:
        """Options for signing in by a passkey. Raises Refusal: not_configured or too_many_attempts."""
        # Whoever asks without end would push out what others have begun.
        self._tries.admit(self._tries.address(asker), asker)
        return await self._factors.passkeys.begin_sign_in(asker.origin, asker.network)

    async def by_passkey(self, answer: PasskeyAnswer, asker: Asker) -> SignedIn:
        """Sign in by a passkey that says whose it is; opened by finger or PIN, it is both steps.

        Raises:
            Refusal: passkey_failed, oidc_only or too_many_attempts.
        """
        charge = self._tries.address(asker)
        self._tries.admit(charge, asker)
        now_s = self._services.clock.wall_s()
        try:
            account_id = await self._factors.passkeys.finish_proof(
                answer.token, SIGN_IN, answer.credential, now_s
            )
        except Refusal:
            event = asker.event(self._services, None, "sign_in.refused", step=PASSKEY)
            # Anybody can send these, and each would be a line: a flood of one site is told once.
            self._services.refused(f"passkey:{asker.network}", event)
            self._services.metrics.sign_ins.labels("refused").inc()
            raise
        account = await self._service.account(account_id)
        if account is None:
            raise Refusal(PASSKEY_FAILED)
        for _ in ("options", "answer"):
            charge.refund()
        if await self._service.provider_alone(account):
            raise Refusal(OIDC_ONLY)
        return await self._open(account, PASSKEY, asker)

    async def reauth(self, account: AccountView, proof: Proof, asker: Asker, token: str) -> str:
        """Note that this sign-in proved itself just now; every proof given must fit.

        A password alone is none where the account has more, or its organisation goes by its provider.
        Returns the token that takes this one's place (`SignInService.prove`).

        Raises:
            Refusal: wrong_sign_in, wrong_code, totp_locked, passkey_failed, reauth_needed, invalid_request,
                not_signed_in or too_many_attempts.
        """
        if proof.recovery is not None or (proof.password, proof.totp, proof.passkey) == (None, None, None):
            raise Refusal(INVALID, where="body")
        if proof.totp is None and proof.passkey is None:
            methods = await self._service.methods_of_proof(account)
            if PASSWORD not in methods:
                raise reauth_needed(methods)
        charge = self._tries.anew(account.sign_in)
        self._tries.admit(charge, asker, account)
        method = PASSWORD
        if proof.password is not None and not await self._service.fits_password(account, proof.password):
            raise await self._refused(account, WRONG_SIGN_IN, asker, PASSWORD)
        if proof.totp is not None or proof.passkey is not None:
            method = await self._check(account, proof, asker, purpose=REAUTH)
        charge.refund()
        event = asker.event(self._services, account, "reauth", method=method)
        return await self._service.prove(account, token, event)

    async def _open(
        self, account: AccountView, method: str, asker: Asker, under: str | None = None
    ) -> SignedIn:
        """Open a sign-in whose second factor was shown, and tell how many codes were wrong before it."""
        signed_in = await self._service.open(account, method, asker, under=under)
        return replace(signed_in, wrong_codes=await self._factors.store.tell_wrong(account.id))

    async def _check(self, account: AccountView, proof: Proof, asker: Asker, *, purpose: str = STEP) -> str:
        """The name of the factor that fitted. Raises Refusal."""
        if proof.totp is not None:
            if not await self._factors.fits_totp(account, proof.totp, asker):
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

    async def _refused(
        self, account: AccountView, fault: Fault, asker: Asker, step: str, purpose: str = REAUTH
    ) -> Refusal:
        # In a sign-in nobody has shown yet to be this account; when proving anew, somebody is signed in.
        action = "reauth.refused" if purpose == REAUTH else "sign_in.refused"
        event = asker.event(self._services, account, action, step=step, account=account.id)
        actor = account.id if purpose == REAUTH else ""
        await self._services.record(replace(event, actor=actor))
        if purpose == STEP:
            self._services.metrics.sign_ins.labels("refused").inc()
        return Refusal(fault)
