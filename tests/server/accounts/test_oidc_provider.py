import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from relevo_server.accounts import oidc
from relevo_server.accounts.cookies import OIDC_COOKIE
from relevo_server.accounts.guard import COOKIE
from relevo_server.accounts.oidc_routes import CALLBACK
from relevo_server.store.accounts import NewAccount
from relevo_server.store.audit import AuditLog
from tests.server.accounts.test_second_factor import enrol
from tests.server.hands import ORIGIN, QUICK, Site, site
from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, provider, signed_in_there

Play = Callable[[Site], Awaitable[None]]
_BACK = ORIGIN + CALLBACK


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider(_BACK) as found:
        yield found


def run(tmp_path: Path, issuer: str, play: Play, **settings: Any):
    secret = tmp_path / "oidc.secret"
    secret.write_text(CLIENT_SECRET + "\n", encoding="utf-8")
    settings = {"oidc_client_id": CLIENT_ID, "oidc_client_secret_file": secret, **settings}

    async def on_site():
        async with site(tmp_path / "data", oidc_issuer=issuer, **settings) as found:
            found.hands.at_s = time.time()
            await play(found)

    with pytest.MonkeyPatch.context() as patient:
        patient.setattr(oidc, "DEADLINE_S", 60.0)
        asyncio.run(on_site())


async def away(found: Site, path: str = "/api/oidc/start") -> str:
    """The provider's address that our page is sent to."""
    sent = await found.client.get(path)
    assert sent.status_code == 303, sent.text
    cookie = sent.headers["set-cookie"].lower()
    assert "samesite=lax" in cookie
    assert "httponly" in cookie
    assert "secure" in cookie
    return sent.headers["location"]


async def back_from(url: str, login: str) -> str:
    async with httpx.AsyncClient(timeout=60) as browser:
        return await signed_in_there(browser, url, login, _BACK)


async def returned(found: Site, address: str) -> str:
    """Where our server sends the browser that came back."""
    answer = await found.client.get(address, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["location"]
    return location


async def named(found: Site, name: str) -> str:
    new = NewAccount(name, "Ana por correo", "es", is_admin=False, password_hash=QUICK.hash("x"))
    return (await found.accounts.create(new, "test")).id


def test_Q7_the_verified_address_signs_in_as_the_account_of_that_name_and_stays_linked(
    tmp_path: Path, issuer: str
):
    async def play(found: Site):
        account = await named(found, "ana1@example.org")
        to = await away(found, "/api/oidc/start?to=/admin")
        assert await returned(found, await back_from(to, "ana1")) == "/admin"
        me = (await found.client.get("/api/me")).json()
        assert me["account"]["id"] == account
        assert me["fresh_for_s"] == 0  # the provider may have known the person for days
        actions = [line.action for line in await AuditLog(found.database).newest(limit=2)]
        assert actions == ["sign_in.oidc", "account.linked"]
        await found.post("/api/sign-out")
        assert await returned(found, await back_from(await away(found), "ana1")) == "/"
        assert (await found.client.get("/api/me")).json()["account"]["id"] == account

    run(tmp_path, issuer, play)


def test_Q7_a_fresh_proof_is_asked_of_the_provider_and_believed(tmp_path: Path, issuer: str):
    async def play(found: Site):
        await named(found, "ana2@example.org")
        to = await away(found, "/api/oidc/start?fresh=true")
        assert parse_qs(urlsplit(to).query)["prompt"] == ["login"]
        await returned(found, await back_from(to, "ana2"))
        assert (await found.client.get("/api/me")).json()["fresh_for_s"] > 500

    run(tmp_path, issuer, play)


def test_Q7_without_a_secret_the_code_is_protected_by_pkce_alone(tmp_path: Path, issuer: str):
    async def play(found: Site):
        await named(found, "ana3@example.org")
        assert await returned(found, await back_from(await away(found), "ana3")) == "/"
        assert COOKIE in found.client.cookies

    run(tmp_path, issuer, play, oidc_client_id="public", oidc_client_secret_file=None)


def test_Q7_accounts_are_made_only_where_that_is_wished(tmp_path: Path, issuer: str):
    async def unwished(found: Site):
        assert await returned(found, await back_from(await away(found), "nueva")) == "/#oidc=oidc_failed"
        assert COOKIE not in found.client.cookies

    async def wished(found: Site):
        assert await returned(found, await back_from(await away(found), "nueva")) == "/"
        account = (await found.client.get("/api/me")).json()["account"]
        assert (account["name"], account["display_name"]) == ("nueva@example.org", "Persona nueva")
        assert account["is_admin"] is False
        assert (await found.client.get("/api/me")).json()["methods"] == ["oidc"]

    (tmp_path / "a").mkdir()
    run(tmp_path / "a", issuer, unwished)
    (tmp_path / "b").mkdir()
    run(tmp_path / "b", issuer, wished, oidc_create=True)


def test_Q7_an_unverified_address_is_nobody(tmp_path: Path, issuer: str):
    async def play(found: Site):
        await named(found, "unverified@example.org")
        assert await returned(found, await back_from(await away(found), "unverified")) == "/#oidc=oidc_failed"

    run(tmp_path, issuer, play)


def test_Q7_a_second_factor_is_still_asked(tmp_path: Path, issuer: str):
    async def play(found: Site):
        await named(found, "ana4@example.org")
        await returned(found, await back_from(await away(found, "/api/oidc/start?fresh=true"), "ana4"))
        await enrol(found)
        found.client.cookies.clear()
        location = await returned(found, await back_from(await away(found, "/api/oidc/start?to=/go"), "ana4"))
        fields = parse_qs(urlsplit(location).fragment)
        assert (fields["methods"], fields["to"]) == (["totp.recovery"], ["/go"])
        assert COOKIE not in found.client.cookies

    run(tmp_path, issuer, play)


def test_Q7_an_answer_belongs_to_the_browser_that_asked_and_is_good_once(tmp_path: Path, issuer: str):
    async def play(found: Site):
        await named(found, "ana5@example.org")
        address = await back_from(await away(found), "ana5")
        kept = found.client.cookies[OIDC_COOKIE]
        found.client.cookies.clear()
        assert await returned(found, address) == "/#oidc=oidc_failed"  # somebody else's browser
        found.client.cookies.set(OIDC_COOKIE, kept, domain="127.0.0.1")
        assert await returned(found, address) == "/#oidc=oidc_failed"  # and then it is used
        assert COOKIE not in found.client.cookies

    run(tmp_path, issuer, play)


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "/a b"]
)
def test_Q7_nobody_is_sent_to_another_site(tmp_path: Path, issuer: str, to: str):
    async def play(found: Site):
        await named(found, "ana6@example.org")
        sent = await found.client.get("/api/oidc/start", params={"to": to})
        assert await returned(found, await back_from(sent.headers["location"], "ana6")) == "/"

    run(tmp_path, issuer, play)


def test_Q7_where_only_the_provider_counts_a_password_opens_nothing(tmp_path: Path, issuer: str):
    from relevo_server.store.audit import AuditEvent
    from relevo_server.store.organisations import OrganisationPolicy, OrganisationStore

    async def play(found: Site):
        event = AuditEvent(found.hands.now_s(), "test", "policy.changed")
        policy = OrganisationPolicy(oidc_only=True)
        assert await OrganisationStore(found.database, "Prueba").set_policy("home", policy, event)
        refused = await found.sign_in()
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "oidc_only")
        wrong = await found.sign_in("something wrong")
        assert wrong.json()["error"]["code"] == "wrong_sign_in"

    run(tmp_path, issuer, play)


def test_Q7_without_a_provider_there_is_nothing(tmp_path: Path):
    async def by_itself():
        async with site(tmp_path) as found:
            assert (await found.client.get("/api/oidc/start")).json()["error"]["code"] == "not_configured"
            assert (await found.client.get("/api/config")).json()["sign_in"]["oidc"] is None

    asyncio.run(by_itself())
