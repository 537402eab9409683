import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from relevo_server.accounts.oidc import Claims, Client, Pending, Provider, ProviderFailed
from tests.server.hands import Hands

ISSUER = "https://sign-in.example/realm"
CLIENT_ID = "relevo"
PENDING = Pending(nonce="the nonce", verifier="the verifier", browser=b"", to="/", fresh=False)
KEY = ECKey.generate_key("P-256", {"kid": "one"})
FOREIGN = ECKey.generate_key("P-256", {"kid": "one"})
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth?tenant=1",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}
Answer = Callable[[httpx.Request], httpx.Response]


class Theirs:
    """A provider whose every answer a test can bend."""

    def __init__(self) -> None:
        self.hands = Hands()
        self.metadata: dict[str, Any] = dict(METADATA)
        self.keys: dict[str, Any] = {"keys": [KEY.as_dict(private=False)]}
        self.id_token = ""
        self.userinfo: dict[str, Any] = {}
        self.asked: list[httpx.Request] = []
        self.instead: Answer | None = None

    def ours(self, secret: str = "") -> Provider:
        client = Client(ISSUER, CLIENT_ID, secret, "https://relay.example/api/oidc/callback")
        transport = httpx.MockTransport(self._answer)
        return Provider(client, self.hands.clock, lambda: httpx.AsyncClient(transport=transport))

    def token(self, key: Any = KEY, header: dict[str, str] | None = None, **claims: Any) -> str:
        now_s = int(self.hands.now_s())
        whole = {
            "iss": ISSUER,
            "aud": CLIENT_ID,
            "sub": "ana",
            "iat": now_s,
            "exp": now_s + 300,
            "nonce": PENDING.nonce,
            **claims,
        }
        whole = {name: value for name, value in whole.items() if value is not None}
        header = header or {"alg": "ES256", "kid": "one"}
        return jwt.encode(header, whole, key, algorithms=[header["alg"]])

    def redeem(self, pending: Pending = PENDING, secret: str = "") -> Claims:
        return asyncio.run(self.ours(secret).redeem("a code", pending))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.instead is not None:
            return self.instead(request)
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(200, json=self.metadata)
        if request.url.path.endswith("/keys"):
            return httpx.Response(200, json=self.keys)
        if request.url.path.endswith("/userinfo"):
            return httpx.Response(200, json=self.userinfo)
        return httpx.Response(200, json={"id_token": self.id_token, "access_token": "access"})


def test_Q7_a_good_token_is_believed():
    theirs = Theirs()
    theirs.id_token = theirs.token(email="ana@example.org", email_verified=True)
    found = theirs.redeem()
    assert found == Claims("ana", "ana@example.org", email_verified=True)


_WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "another audience": {"aud": "somebody"},
    "no audience": {"aud": None},
    "several audiences, no party": {"aud": [CLIENT_ID, "somebody"]},
    "another party": {"azp": "somebody"},
    "expired": {"exp": 1_800_000_000 - 61},
    "no expiry": {"exp": None},
    "expiry as a text": {"exp": "9999999999"},
    "old": {"iat": 1_800_000_000 - 601},
    "of tomorrow": {"iat": 1_800_000_000 + 86_400},
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
    "a long subject": {"sub": "x" * 256},
    "a subject with NUL": {"sub": "a\0b"},
}


@pytest.mark.parametrize("claims", _WRONG_CLAIMS.values(), ids=_WRONG_CLAIMS.keys())
def test_Q7_a_token_that_is_wrong_in_one_claim_is_refused(claims: dict[str, Any]):
    theirs = Theirs()
    theirs.id_token = theirs.token(**claims)
    with pytest.raises(ProviderFailed):
        theirs.redeem()


def test_Q7_a_token_by_another_key_is_refused():
    theirs = Theirs()
    theirs.id_token = theirs.token(FOREIGN)
    with pytest.raises(ProviderFailed):
        theirs.redeem()


def test_Q7_a_token_without_signature_is_refused():
    theirs = Theirs()
    parts = theirs.token().split(".")
    header = (
        base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    )
    for unsigned in (f"{header}.{parts[1]}.", f"{parts[0]}.{parts[1]}.", parts[1], "", "a.b.c.d.e"):
        theirs.id_token = unsigned
        with pytest.raises(ProviderFailed):
            theirs.redeem()


def test_Q7_the_public_key_is_no_shared_secret():
    theirs = Theirs()
    public = KEY.as_pem(private=False)
    secret = OctKey.import_key(b"x" * 32)
    assert public
    theirs.id_token = theirs.token(secret, {"alg": "HS256", "kid": "one"})
    theirs.keys = {"keys": [secret.as_dict(private=True) | {"kid": "one"}]}
    with pytest.raises(ProviderFailed):
        theirs.redeem()


def test_Q7_a_fresh_proof_must_be_of_now():
    theirs = Theirs()
    fresh = Pending(PENDING.nonce, PENDING.verifier, b"", "/", fresh=True)
    now_s = int(theirs.hands.now_s())
    for auth_time in (None, now_s - 3600):
        theirs.id_token = theirs.token(auth_time=auth_time)
        with pytest.raises(ProviderFailed):
            theirs.redeem(fresh)
    theirs.id_token = theirs.token(auth_time=now_s - 5)
    assert theirs.redeem(fresh).subject == "ana"


def test_Q7_a_key_that_was_added_is_fetched_at_most_once_a_minute():
    theirs = Theirs()
    provider = theirs.ours()

    async def play():
        theirs.id_token = theirs.token()
        await provider.redeem("a code", PENDING)
        fresh = RSAKey.generate_key(2048, {"kid": "two"})
        theirs.keys = {"keys": [KEY.as_dict(private=False), fresh.as_dict(private=False)]}
        theirs.id_token = theirs.token(fresh, {"alg": "PS256", "kid": "two"})
        with pytest.raises(ProviderFailed):
            await provider.redeem("a code", PENDING)
        theirs.hands.turn(61)
        theirs.id_token = theirs.token(fresh, {"alg": "PS256", "kid": "two"})
        assert (await provider.redeem("a code", PENDING)).subject == "ana"

    asyncio.run(play())
    assert len([one for one in theirs.asked if one.url.path.endswith("/keys")]) == 2
    assert KeySet.import_key_set({"keys": theirs.keys["keys"]})


def test_Q7_the_code_is_bound_by_pkce_and_the_secret_stands_in_the_header():
    theirs = Theirs()
    theirs.id_token = theirs.token()
    url = urlsplit(asyncio.run(theirs.ours().authorization_url("the state", PENDING)))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"the verifier").digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
    assert (asked["state"], asked["nonce"], asked["tenant"]) == ("the state", "the nonce", "1")
    theirs.redeem(secret="s:ü/")
    token_request = next(one for one in theirs.asked if one.method == "POST")
    form = parse_qs(token_request.content.decode())
    assert form["code_verifier"] == ["the verifier"]
    assert "client_id" not in form
    assert base64.b64decode(token_request.headers["authorization"].split()[1]) == b"relevo:s%3A%C3%BC%2F"


def _moved(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"location": "https://evil.example"})


def _endless(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"{" + b" " * 300_000)


def _broken(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b"<html>")


def _gone(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there")


@pytest.mark.parametrize("instead", [_moved, _endless, _broken, _gone])
def test_Q7_an_answer_that_is_none_is_told_as_a_failure(instead: Answer):
    theirs = Theirs()
    theirs.instead = instead
    with pytest.raises(ProviderFailed):
        theirs.redeem()
    assert len(theirs.asked) == 1


@pytest.mark.parametrize(
    "field", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"]
)
def test_Q7_no_endpoint_without_tls_is_asked(field: str):
    theirs = Theirs()
    theirs.metadata[field] = "http://sign-in.example/realm"
    with pytest.raises(ProviderFailed):
        theirs.redeem()


def test_Q7_metadata_of_another_issuer_are_refused():
    theirs = Theirs()
    theirs.metadata["issuer"] = "https://evil.example"
    with pytest.raises(ProviderFailed):
        theirs.redeem()


def test_Q7_what_is_said_outside_the_token_is_of_the_same_person_and_never_of_the_sign_in():
    theirs = Theirs()
    theirs.metadata["userinfo_endpoint"] = f"{ISSUER}/userinfo"
    theirs.id_token = theirs.token()
    theirs.userinfo = {"sub": "ana", "email": "ana@example.org", "email_verified": True, "nonce": "another"}
    found = theirs.redeem()
    assert (found.email, found.email_verified) == ("ana@example.org", True)
    theirs.userinfo["sub"] = "eva"
    with pytest.raises(ProviderFailed):
        theirs.redeem()


@pytest.mark.parametrize(
    ("declared", "named", "good"),
    [(False, None, True), (True, None, False), (True, ISSUER, True), (False, "https://evil.example", False)],
)
def test_Q7_an_answer_of_another_provider_is_refused(declared: bool, named: str | None, good: bool):
    theirs = Theirs()
    theirs.metadata["authorization_response_iss_parameter_supported"] = declared

    async def play():
        await theirs.ours().check_sender(named)

    if good:
        asyncio.run(play())
    else:
        with pytest.raises(ProviderFailed):
            asyncio.run(play())
