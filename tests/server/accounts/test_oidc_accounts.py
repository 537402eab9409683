"""As which account a provider's person comes in, by claims that a test chooses."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from relevo_server.accounts import oidc_sign_in
from relevo_server.accounts.guard import COOKIE, FRESH_S
from relevo_server.accounts.oidc import Claims, Pending, Provider
from relevo_server.logs import logger
from relevo_server.store.accounts import NewAccount
from relevo_server.store.audit import AuditEvent
from relevo_server.store.factors import FactorStore, OidcStore
from relevo_server.store.organisations import HOME, OrganisationPolicy, OrganisationStore
from tests.server.accounts.test_second_factor import code_now, enrol
from tests.server.accounts.test_sign_in import link
from tests.server.hands import PASSWORD, QUICK, Site, site

ISSUER = "https://sign-in.example"
ANA = Claims("s-ana", "ana@example.org", email_verified=True)
_FAILED = "/#oidc=oidc_failed"


class Theirs:
    """Instead of a provider's answers: whom it vouches for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.claims = ANA

        async def url(_provider: Provider, state: str, _pending: Pending) -> str:
            return f"{ISSUER}/auth?state={state}"

        async def check(_provider: Provider, _named: str | None) -> None:
            """It is who it says."""

        async def redeem(_provider: Provider, _code: str, _pending: Pending) -> Claims:
            return self.claims

        monkeypatch.setattr(Provider, "authorization_url", url)
        monkeypatch.setattr(Provider, "check_sender", check)
        monkeypatch.setattr(Provider, "redeem", redeem)

    async def enter(self, found: Site, claims: Claims = ANA, start: str = "/api/oidc/start") -> str:
        """Where somebody is sent who comes back from the provider."""
        self.claims = claims
        sent = await found.client.get(start)
        state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
        # From the provider's page no Strict cookie comes along.
        kept = found.client.cookies.get(COOKIE)
        if kept is not None:
            found.client.cookies.delete(COOKIE)
        answer = await found.client.get("/api/oidc/callback", params={"state": state, "code": "x"})
        location: str = answer.headers["location"]
        return location


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Theirs:
    return Theirs(monkeypatch)


def run(tmp_path: Path, play: Callable[[Site], Awaitable[None]], **settings: Any):
    async def on_site():
        async with site(tmp_path, oidc_issuer=ISSUER, oidc_client_id="relevo", **settings) as found:
            await play(found)

    asyncio.run(on_site())


async def account(found: Site, organisation: str = HOME) -> str:
    new = NewAccount(
        ANA.email,
        "Ana por correo",
        "es",
        is_admin=False,
        password_hash=QUICK.hash(PASSWORD),
        organisation_id=organisation,
    )
    return (await found.accounts.create(new, "test")).id


async def provider_only(found: Site) -> None:
    event = AuditEvent(found.hands.now_s(), "test", "policy.changed")
    policy = OrganisationPolicy(oidc_only=True)
    assert await OrganisationStore(found.database, "Prueba").set_policy(HOME, policy, event)


async def name_now(found: Site) -> str:
    name: str = (await found.client.get("/api/me")).json()["account"]["name"]
    return name


def test_Q7_an_account_that_is_linked_is_nobody_elses_of_the_same_address(
    tmp_path: Path, theirs: Theirs, monkeypatch: pytest.MonkeyPatch
):
    async def play(found: Site):
        kept = await account(found)
        assert await theirs.enter(found) == "/"
        found.client.cookies.clear()
        with structlog.testing.capture_logs() as entries:
            # A logger that has spoken before, in another test, keeps its way out.
            monkeypatch.setattr(oidc_sign_in, "_log", logger("test"))
            assert await theirs.enter(found, replace(ANA, subject="s-other")) == _FAILED
        assert "LinkTaken" in str(entries)
        assert "s-other" not in str(entries)
        assert await OidcStore(found.database).account(ISSUER, "s-other") is None
        assert await OidcStore(found.database).account(ISSUER, "s-ana") == kept
        assert await theirs.enter(found) == "/"

    run(tmp_path, play)


@pytest.mark.parametrize(
    "claims",
    [
        replace(ANA, email_verified=False),
        replace(ANA, email="\uff41na@example.org"),
        replace(ANA, email="", username="ana@example.org"),
    ],
    ids=["not verified", "looks alike", "a name alone"],
)
def test_Q7_an_account_is_found_by_a_verified_plain_address_alone(
    tmp_path: Path, theirs: Theirs, claims: Claims
):
    async def play(found: Site):
        await account(found)
        assert await theirs.enter(found, claims) == _FAILED

    run(tmp_path, play)


def test_Q7_another_organisations_account_is_not_the_providers(tmp_path: Path, theirs: Theirs):
    async def play(found: Site):
        event = AuditEvent(found.hands.now_s(), "test", "organisation.created", organisation="other")
        await OrganisationStore(found.database, "Prueba").create("other", "Otra", event)
        await account(found, "other")
        assert await theirs.enter(found) == _FAILED

    run(tmp_path, play)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        (ANA, "ana@example.org"),
        (replace(ANA, email_verified=False, username="ana2"), "ana2"),
        (replace(ANA, email_verified=False, username="eva@example.org"), "s-ana"),
        (Claims("s-ana", username="eva\uff20example.org"), "s-ana"),
        (Claims("eva@example.org", username="eva@example.org"), ""),
    ],
)
def test_Q7_an_address_that_nobody_verified_names_no_new_account(
    tmp_path: Path, theirs: Theirs, claims: Claims, name: str
):
    async def play(found: Site):
        assert await theirs.enter(found, claims) == ("/" if name else _FAILED)
        if name:
            assert await name_now(found) == name

    run(tmp_path, play, oidc_create=True)


def test_Q1_the_browsers_earlier_sign_in_ends_though_its_cookie_does_not_come_back(
    tmp_path: Path, theirs: Theirs
):
    async def play(found: Site):
        await account(found)
        await found.sign_in()
        earlier = f"{COOKIE}={found.client.cookies[COOKIE]}"
        assert await theirs.enter(found) == "/"
        assert await name_now(found) == ANA.email
        found.client.cookies.clear()
        assert (await found.client.get("/api/me", headers={"cookie": earlier})).status_code == 401

    run(tmp_path, play)


def test_Q1_the_earlier_sign_in_ends_though_its_token_was_renewed_meanwhile(tmp_path: Path, theirs: Theirs):
    async def play(found: Site):
        await account(found)
        await found.sign_in()
        sent = await found.client.get("/api/oidc/start")
        # In another tab.
        assert (await found.post("/api/reauth", {"password": PASSWORD})).status_code == 204
        fresh = f"{COOKIE}={found.client.cookies[COOKIE]}"
        found.client.cookies.delete(COOKIE)
        theirs.claims = ANA
        state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
        await found.client.get("/api/oidc/callback", params={"state": state, "code": "x"})
        assert await name_now(found) == ANA.email
        found.client.cookies.clear()
        assert (await found.client.get("/api/me", headers={"cookie": fresh})).status_code == 401

    run(tmp_path, play)


def test_Q7_where_only_the_provider_counts_a_password_is_no_proof_and_a_link_still_rescues(
    tmp_path: Path, theirs: Theirs
):
    async def play(found: Site):
        await account(found)
        await provider_only(found)
        assert await theirs.enter(found) == "/"
        refused = await found.post("/api/reauth", {"password": PASSWORD})
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["methods"]) == (401, "reauth_needed", ["oidc"])
        assert (await found.sign_in()).json()["error"]["code"] == "oidc_only"
        entered = await found.post("/api/sign-in/link", {"token": await link(found)})
        assert entered.status_code == 200

    run(tmp_path, play)


def test_Q7_the_second_step_stays_ours_and_a_reset_forgets_the_link(tmp_path: Path, theirs: Theirs):
    async def play(found: Site):
        kept = await account(found)
        await theirs.enter(found, start="/api/oidc/start?fresh=true")
        secret, _ = await enrol(found)
        found.hands.turn(FRESH_S)
        assert (await found.client.get("/api/me")).json()["methods"] == ["totp"]
        assert (await found.post("/api/reauth", {"totp": code_now(found, secret)})).status_code == 204
        found.client.cookies.clear()
        assert "methods=totp.recovery" in await theirs.enter(found)
        event = AuditEvent(found.hands.now_s(), "test", "factor.removed")
        await FactorStore(found.database).reset(kept, event)
        assert await OidcStore(found.database).account(ISSUER, ANA.subject) is None

    run(tmp_path, play)
