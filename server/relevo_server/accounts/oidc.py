"""An OpenID Connect provider as this server asks it: discovery, keys, code flow with PKCE, ID tokens.

OpenID Connect Core 1.0 (3.1), Discovery 1.0, RFC 6749, RFC 7636, RFC 9207. What the provider answers is
bounded in time and size, and believed only where it is signed or came over the connection asked for it.
"""

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from relevo_server.clock import Clock

DEADLINE_S: Final = 5.0
MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_SUBJECT_CHARS: Final = 255
_CACHE_S: Final = 3600.0
_REFETCH_S: Final = 60.0
_SLACK_S: Final = 60.0
_OLDEST_S: Final = 600.0
# Signatures that a public key verifies: neither `none` nor a secret shared with the provider.
_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
# Of the person, never of the sign-in: how that came about is in the signed token alone.
_TOLD: Final = ("email", "email_verified", "name", "preferred_username")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


_S = TypeVar("_S", bound=msgspec.Struct)


class ProviderFailed(Exception):
    """The provider does not answer, or not as it must; the text is for the log."""


@dataclass(frozen=True)
class Client:
    """This server at its provider; `secret` is empty where PKCE alone protects the code."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    callback: str


@dataclass(frozen=True)
class Pending:
    """A sign-in that was sent to the provider: what its answer must fit."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    browser: bytes = field(repr=False)
    to: str
    fresh: bool
    earlier: str = ""
    """The browser's sign-in of before by its public name: its cookie does not come back with it."""


@dataclass(frozen=True)
class Claims:
    """Whom the provider vouches for."""

    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    username: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


@dataclass(frozen=True)
class _Kept:
    metadata: _Metadata
    at_s: float


class Provider:
    """One provider, its metadata and keys kept for an hour."""

    def __init__(self, client: Client, clock: Clock, open_client: Callable[[], httpx.AsyncClient]) -> None:
        self.client = client
        self._clock = clock
        self._open_client = open_client
        self._kept: _Kept | None = None
        self._keys: KeySet | None = None
        self._keys_at_s = 0.0

    async def authorization_url(self, state: str, pending: Pending) -> str:
        """Where the browser is sent. Raises ProviderFailed."""
        metadata = await self._metadata()
        digest = hashlib.sha256(pending.verifier.encode()).digest()
        fields = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.callback,
            "scope": "openid profile email",
            "state": state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        if pending.fresh:
            fields |= {"prompt": "login", "max_age": "0"}
        joint = "&" if urlsplit(metadata.authorization_endpoint).query else "?"
        return f"{metadata.authorization_endpoint}{joint}{urlencode(fields)}"

    async def check_sender(self, named: str | None) -> None:
        """Refuse an answer that another provider gave (RFC 9207). Raises ProviderFailed."""
        metadata = await self._metadata()
        if named is None and metadata.authorization_response_iss_parameter_supported:
            raise ProviderFailed("the answer does not name its issuer, as this provider's do")
        if named is not None and named != metadata.issuer:
            raise ProviderFailed("the answer names another issuer")

    async def redeem(self, code: str, pending: Pending) -> Claims:
        """Whom the provider vouches for, by a code of it. Raises ProviderFailed."""
        metadata = await self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.callback,
            "code_verifier": pending.verifier,
        }
        headers: dict[str, str] = {}
        if self.client.secret:
            # RFC 6749, 2.3.1: form-encoded before they are joined.
            pair = f"{quote(self.client.client_id, safe='')}:{quote(self.client.secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self.client.client_id
        answer = await self._ask("POST", metadata.token_endpoint, headers, form)
        tokens = _decoded(answer, _Tokens)
        claims = await self._verified(tokens.id_token)
        subject = self._checked(claims, pending)
        if "email" not in claims and metadata.userinfo_endpoint is not None and tokens.access_token:
            claims = {**claims, **await self._told(metadata.userinfo_endpoint, tokens.access_token, subject)}
        return Claims(
            subject=subject,
            email=_text(claims, "email"),
            email_verified=claims.get("email_verified") is True,
            name=_text(claims, "name"),
            username=_text(claims, "preferred_username"),
        )

    async def _told(self, address: str, access_token: str, subject: str) -> Mapping[str, object]:
        """What the provider says of the person outside the ID token (Core 5.3)."""
        answer = await self._ask("GET", address, {"authorization": f"Bearer {access_token}"})
        try:
            told = msgspec.json.decode(answer, type=dict[str, object])
        except msgspec.DecodeError as error:
            raise ProviderFailed("what the provider says of the person cannot be read") from error
        if told.get("sub") != subject:
            raise ProviderFailed("the provider speaks of somebody else (Core 5.3.2)")
        return {name: told[name] for name in _TOLD if name in told}

    async def _verified(self, id_token: str) -> Mapping[str, object]:
        """The claims of a token that one of the provider's keys signed."""
        for attempt in range(2):
            keys = await self._key_set(anew=attempt == 1)
            try:
                return cast("Mapping[str, object]", jwt.decode(id_token, keys, algorithms=_ALGORITHMS).claims)
            except (JoseError, ValueError, TypeError, KeyError) as error:
                # A key that is not known yet may have been added since; asked for at most once a minute.
                if attempt == 1 or self._clock.monotonic_s() - self._keys_at_s < _REFETCH_S:
                    raise ProviderFailed(f"the ID token does not verify: {type(error).__name__}") from error
        raise ProviderFailed("the ID token does not verify")

    def _checked(self, claims: Mapping[str, object], pending: Pending) -> str:
        """The subject of a token that fits (OpenID Connect Core 3.1.3.7)."""
        now_s, audience = self._clock.wall_s(), claims.get("aud")
        audiences = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        party = claims.get("azp")
        expires_s, issued_s = _number(claims, "exp"), _number(claims, "iat")
        wrong = {
            "issuer": claims.get("iss") != self.client.issuer,
            "audience": self.client.client_id not in audiences,
            "party": party not in {None, self.client.client_id} or (len(audiences) > 1 and party is None),
            "expiry": now_s >= expires_s + _SLACK_S,
            "time of issue": not now_s - _OLDEST_S <= issued_s <= now_s + _SLACK_S,
            "nonce": not hmac.compare_digest(str(claims.get("nonce", "")).encode(), pending.nonce.encode()),
            "time of proof": pending.fresh and _number(claims, "auth_time") < now_s - _SLACK_S,
        }
        if found := [what for what, is_wrong in wrong.items() if is_wrong]:
            raise ProviderFailed(f"the ID token has a wrong {' and '.join(found)}")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 1 <= len(subject) <= MAX_SUBJECT_CHARS or "\0" in subject:
            raise ProviderFailed("the ID token has no subject that can be kept")
        return subject

    async def _metadata(self) -> _Metadata:
        now_s = self._clock.monotonic_s()
        if self._kept is not None and now_s - self._kept.at_s < _CACHE_S:
            return self._kept.metadata
        address = self.client.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = _decoded(await self._ask("GET", address), _Metadata)
        if found.issuer != self.client.issuer:
            raise ProviderFailed("the provider's metadata are another issuer's")
        for endpoint in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            _check_address(endpoint)
        _check_address(found.userinfo_endpoint or found.jwks_uri)
        self._kept = _Kept(found, now_s)
        return found

    async def _key_set(self, *, anew: bool) -> KeySet:
        now_s = self._clock.monotonic_s()
        if self._keys is None or anew or now_s - self._keys_at_s >= _CACHE_S:
            answer = await self._ask("GET", (await self._metadata()).jwks_uri)
            try:
                self._keys = KeySet.import_key_set(msgspec.json.decode(answer))
            except (JoseError, msgspec.DecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise ProviderFailed("the provider's keys cannot be read") from error
            self._keys_at_s = now_s
        return self._keys

    async def _ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> bytes:
        """The body of a good answer; no redirect is followed."""
        _check_address(address)
        body = bytearray()
        try:
            async with (
                asyncio.timeout(DEADLINE_S),
                self._open_client() as client,
                client.stream(method, address, headers=headers, data=form) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ProviderFailed("the provider's answer is too long")
                status = answer.status_code
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise ProviderFailed(f"the provider does not answer: {type(error).__name__}") from error
        if status != HTTPStatus.OK:
            raise ProviderFailed(f"the provider answers {status}")
        return bytes(body)


def provider_client() -> httpx.AsyncClient:
    """A client that trusts what this machine trusts, and follows nothing."""
    return httpx.AsyncClient(
        verify=ssl.create_default_context(), timeout=DEADLINE_S, follow_redirects=False, trust_env=False
    )


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ProviderFailed("the provider names an address without TLS")


def _decoded(answer: bytes, kind: type[_S]) -> _S:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise ProviderFailed(f"the provider's answer is no {kind.__name__.lstrip('_').lower()}") from error


def _number(claims: Mapping[str, object], name: str) -> float:
    """A claim as a time; one that lies before all others where it is missing."""
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float("-inf")


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= MAX_SUBJECT_CHARS else ""
