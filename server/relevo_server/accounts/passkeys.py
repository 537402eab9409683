"""Passkeys: WebAuthn ceremonies, each challenge for one use, one origin and one purpose (W3C WebAuthn 3)."""

import ipaddress
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from relevo_server.accounts.challenges import PER_NETWORK, Challenges
from relevo_server.accounts.view import AccountView
from relevo_server.errors import NOT_CONFIGURED, PASSKEY_FAILED, TOO_MANY_KEPT, Refusal
from relevo_server.logs import logger
from relevo_server.store.factors import FactorStore, NewPasskey, StoredPasskey

MAX_KEPT: Final = 20
MAX_ID_BYTES: Final = 1023
_MAX_KEY_BYTES: Final = 2048
_TIMEOUT_MS: Final = 120_000
SIGN_IN: Final = "sign_in"
"""The purpose of ceremonies that anybody may begin; all others are some account's."""
_log = logger(__name__)

Json = dict[str, object]


@dataclass(frozen=True)
class Ceremony:
    """What a challenge was made for; `account_id` is empty where the passkey says who it is."""

    challenge: bytes
    origin: str
    rp_id: str
    purpose: str
    account_id: str


@dataclass(frozen=True)
class Begun:
    """Options for the browser, and the token that its answer comes back with."""

    token: str
    options: Json


def relying_party(origin: str) -> str | None:
    """The relying party's id for a page of this origin; None where browsers know none: an IP address."""
    host = urlsplit(origin).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host or None
    return None


class Passkeys:
    """Begins and finishes ceremonies. Every refusal is passkey_failed; the log says why."""

    def __init__(self, store: FactorStore, now_s: Callable[[], float], organisation: str) -> None:
        self._store = store
        # Apart, so that strangers push out nobody who has shown who they are.
        self._ceremonies: Challenges[Ceremony] = Challenges(now_s)
        self._sign_ins: Challenges[Ceremony] = Challenges(now_s, PER_NETWORK)
        self._organisation = organisation

    async def begin_registration(self, account: AccountView, origin: str) -> Begun:
        """Options for `navigator.credentials.create`. Raises Refusal: not_configured, too_many_kept."""
        rp_id = _needed(relying_party(origin))
        kept = await self._store.passkeys(account.id)
        if len(kept) >= MAX_KEPT:
            raise Refusal(TOO_MANY_KEPT)
        options = generate_registration_options(
            rp_id=rp_id,
            rp_name=self._organisation,
            user_id=bytes.fromhex(account.id),
            user_name=account.name,
            user_display_name=account.display_name,
            timeout=_TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(kept),
        )
        ceremony = Ceremony(options.challenge, origin, rp_id, "register", account.id)
        return Begun(self._ceremonies.open(ceremony, account.id), _as_json(options_to_json(options)))

    def finish_registration(
        self, account: AccountView, token: str, credential: Json, name: str
    ) -> NewPasskey:
        """The passkey to store. Raises Refusal: passkey_failed."""
        ceremony = self._taken(token, "register", account.id)
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=ceremony.challenge,
                expected_rp_id=ceremony.rp_id,
                expected_origin=ceremony.origin,
                require_user_verification=True,
            )
        except Exception as error:  # the library raises whatever parsing hostile bytes raises
            raise _failed(error) from error
        if len(verified.credential_id) > MAX_ID_BYTES or len(verified.credential_public_key) > _MAX_KEY_BYTES:
            raise _failed(ValueError("the credential is too long to be kept"))
        return NewPasskey(
            credential_id=verified.credential_id,
            account_id=account.id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name=name,
        )

    async def begin_proof(self, origin: str, purpose: str, account_id: str, owner: str) -> Begun:
        """Options for `navigator.credentials.get` with one account's keys.

        `owner` is whose it is among those that are open: the account, or its step of a sign-in.

        Raises:
            Refusal: not_configured.
        """
        ceremony, options = _proof(origin, purpose, account_id, await self._store.passkeys(account_id))
        return Begun(self._ceremonies.open(ceremony, owner), options)

    async def begin_sign_in(self, origin: str, network: str) -> Begun:
        """The same with whichever key the person has, for somebody of this network.

        Raises:
            Refusal: not_configured.
        """
        ceremony, options = _proof(origin, SIGN_IN, "", ())
        return Begun(self._sign_ins.open(ceremony, network), options)

    async def finish_proof(self, token: str, purpose: str, credential: Json, at_s: float) -> str:
        """The id of the account whose passkey this is, its use noted. Raises Refusal: passkey_failed."""
        ceremony = self._taken(token, purpose)
        try:
            parsed = parse_authentication_credential_json(credential)
        except Exception as error:  # the library raises whatever parsing hostile bytes raises
            raise _failed(error) from error
        stored = await self._store.passkey(parsed.raw_id[: MAX_ID_BYTES + 1])
        if stored is None or ceremony.account_id not in {"", stored.account_id}:
            raise _failed(ValueError("no such passkey, or somebody else's"))
        new_count = _verified(ceremony, parsed, stored)
        if not await self._store.touch_passkey(stored.credential_id, new_count, at_s):
            raise _failed(ValueError("the counter did not rise: the passkey may have been copied"))
        return stored.account_id

    def _taken(self, token: str, purpose: str, account_id: str | None = None) -> Ceremony:
        found = (self._sign_ins if purpose == SIGN_IN else self._ceremonies).take(token)
        if found is None or found.purpose != purpose or account_id not in {None, found.account_id}:
            raise _failed(ValueError("the challenge is unknown, used, expired, or for something else"))
        return found


def _proof(
    origin: str, purpose: str, account_id: str, kept: Sequence[StoredPasskey]
) -> tuple[Ceremony, Json]:
    """A ceremony that proves a passkey, and its options. Raises Refusal: not_configured."""
    rp_id = _needed(relying_party(origin))
    options = generate_authentication_options(
        rp_id=rp_id,
        timeout=_TIMEOUT_MS,
        allow_credentials=_descriptors(kept),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    ceremony = Ceremony(options.challenge, origin, rp_id, purpose, account_id)
    return ceremony, _as_json(options_to_json(options))


def _verified(ceremony: Ceremony, answer: AuthenticationCredential, stored: StoredPasskey) -> int:
    """The passkey's new counter. Raises Refusal: passkey_failed."""
    try:
        handle = answer.response.user_handle
        if handle and handle != bytes.fromhex(stored.account_id):
            raise ValueError("the passkey names another account")
        if parse_client_data_json(answer.response.client_data_json).cross_origin:
            raise ValueError("the page was inside another site's")
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=ceremony.challenge,
            expected_rp_id=ceremony.rp_id,
            expected_origin=ceremony.origin,
            credential_public_key=stored.public_key,
            credential_current_sign_count=stored.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # the library raises whatever parsing hostile bytes raises
        raise _failed(error) from error
    return verified.new_sign_count


def _needed(rp_id: str | None) -> str:
    if rp_id is None:
        raise Refusal(NOT_CONFIGURED)
    return rp_id


def _descriptors(kept: Sequence[StoredPasskey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one.credential_id) for one in kept]


def _as_json(text: str) -> Json:
    return cast("Json", json.loads(text))


def _failed(error: Exception) -> Refusal:
    _log.info("a passkey was refused", reason=str(error)[:200] or type(error).__name__)
    return Refusal(PASSKEY_FAILED)
