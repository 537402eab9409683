import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_server.accounts.guard import COOKIE, FRESH_S
from relevo_server.store.accounts import NewAccount
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.factors import FactorStore
from relevo_server.store.people import PeopleStore, PersonChange
from tests.server.accounts.test_second_factor import enrol
from tests.server.hands import ORIGIN, PASSWORD, Site, site

Play = Callable[[Site], Awaitable[None]]
NEW_PASSWORD = "mesa verde lluvia"


def run(tmp_path: Path, play: Play, **settings: Any):
    async def on_site():
        async with site(tmp_path, **settings) as found:
            await play(found)

    asyncio.run(on_site())


@asynccontextmanager
async def another_browser(found: Site):
    transport = found.client._transport
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN, "user-agent": "Other/1"}
    ) as other:
        yield other


async def sign_ins(found: Site) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await found.client.get("/api/me/sign-ins")).json()["sign_ins"]
    return listed


def heard(found: Site) -> list[tuple[str, str]]:
    """What the relay is told to cut off, from now on."""
    told: list[tuple[str, str]] = []
    found.services.switchboard.revoke = lambda account, sign_in: told.append((account, sign_in))
    return told


def test_Q1_a_sign_in_gets_a_new_token_and_the_earlier_one_of_the_browser_dies(tmp_path: Path):
    async def play(found: Site):
        planted = "planted-by-somebody-else-planted-by-somebo"
        found.client.cookies.set(COOKIE, planted, domain="127.0.0.1")
        await found.sign_in()
        first = found.client.cookies[COOKIE]
        assert first != planted
        told = heard(found)
        await found.sign_in()
        assert found.client.cookies[COOKIE] != first
        assert len(await sign_ins(found)) == 1
        assert told == []  # nobody signed out: what the account has open stays

    run(tmp_path, play)


def test_Q15_one_sees_where_one_is_signed_in_and_ends_it(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        async with another_browser(found) as other:
            await other.post("/api/sign-in", json={"name": "ana", "password": PASSWORD})
            listed = await sign_ins(found)
            assert len(listed) == 2
            theirs = next(one for one in listed if not one["current"])
            assert (theirs["browser"], theirs["address"], theirs["method"]) == (
                "Other/1",
                "127.0.0.1",
                "password",
            )
            told = heard(found)
            path = f"/api/me/sign-ins/{theirs['id']}/revoke"
            assert (await found.post(path)).status_code == 204
            assert told == [(found.ana.id, theirs["id"])]
            assert (await other.get("/api/me")).status_code == 401
            assert (await found.client.get("/api/me")).status_code == 200
            assert (await found.post(path)).status_code == 404

    run(tmp_path, play)


def test_Q15_ending_all_others_leaves_this_one(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        async with another_browser(found) as other, another_browser(found) as third:
            for one in (other, third):
                await one.post("/api/sign-in", json={"name": "ana", "password": PASSWORD})
            mine = next(one["id"] for one in await sign_ins(found) if one["current"])
            ended = {one["id"] for one in await sign_ins(found)} - {mine}
            told = heard(found)
            assert (await found.post("/api/me/sign-ins/revoke-others")).status_code == 204
            assert set(told) == {(found.ana.id, one) for one in ended}
            assert [one["id"] for one in await sign_ins(found)] == [mine]
            assert (await third.get("/api/me")).status_code == 401

    run(tmp_path, play)


def test_Q15_nobody_ends_somebody_elses(tmp_path: Path):
    from tests.server.hands import QUICK

    async def play(found: Site):
        eva = NewAccount("eva", "Eva", "es", is_admin=False, password_hash=QUICK.hash(PASSWORD))
        await found.accounts.create(eva, "test")
        await found.sign_in()
        async with another_browser(found) as other:
            await other.post("/api/sign-in", json={"name": "eva", "password": PASSWORD})
            theirs = (await other.get("/api/me/sign-ins")).json()["sign_ins"][0]["id"]
            assert (await found.post(f"/api/me/sign-ins/{theirs}/revoke")).status_code == 404
            assert (await other.get("/api/me")).status_code == 200

    run(tmp_path, play)


def test_C25_signing_out_cuts_off_all_that_the_account_has_open(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        told = heard(found)
        assert (await found.post("/api/sign-out")).status_code == 204
        assert told == [(found.ana.id, "")]
        newest = (await AuditLog(found.database).newest(limit=1))[0]
        assert (newest.actor, newest.action) == (found.ana.id, "sign_out")
        assert (await found.post("/api/sign-out")).status_code == 204
        assert len(told) == 1

    run(tmp_path, play)


def test_Q16_changing_the_password_asks_for_the_old_one_and_ends_other_sign_ins(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        async with another_browser(found) as other:
            await other.post("/api/sign-in", json={"name": "ana", "password": PASSWORD})
            theirs = next(one["id"] for one in await sign_ins(found) if not one["current"])
            for old in ({}, {"old": "wrong password"}):
                refused = await found.post("/api/me/password", {**old, "new": NEW_PASSWORD})
                assert refused.json()["error"]["code"] == "wrong_sign_in"
            weak = await found.post("/api/me/password", {"old": PASSWORD, "new": "Ana Ruiz 2024"})
            assert weak.json()["error"]["code"] == "weak_password"
            told = heard(found)
            change = {"old": PASSWORD, "new": NEW_PASSWORD}
            assert (await found.post("/api/me/password", change)).status_code == 204
            assert told == [(found.ana.id, theirs)]
            assert (await other.get("/api/me")).status_code == 401
        assert (await found.client.get("/api/me")).status_code == 200
        assert (await found.sign_in()).status_code == 401
        assert (await found.sign_in(NEW_PASSWORD)).status_code == 200

    run(tmp_path, play)


def test_Q16_who_came_by_a_link_has_forgotten_the_old_password(tmp_path: Path):
    from tests.server.accounts.test_sign_in import link

    async def play(found: Site):
        await found.post("/api/sign-in/link", {"token": await link(found)})
        assert (await found.post("/api/me/password", {"new": NEW_PASSWORD})).status_code == 204
        assert (await found.sign_in(NEW_PASSWORD)).status_code == 200

    run(tmp_path, play)


async def token(found: Site, *scopes: str, days: int = 30) -> httpx.Response:
    return await found.post("/api/me/tokens", {"name": "monitor", "scopes": list(scopes), "days": days})


def bearer(answer: httpx.Response) -> dict[str, str]:
    return {"authorization": f"Bearer {answer.json()['token']}"}


def test_Q9_a_token_does_what_its_scopes_say_and_no_more(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        asked = bearer(await token(found, "people.read"))
        async with another_browser(found) as program:
            del program.headers["origin"]
            assert (await program.get("/api/admin/people", headers=asked)).status_code == 200
            for path in ("/api/admin/audit", "/api/admin/policy", "/api/admin/reports"):
                assert (await program.get(path, headers=asked)).status_code == 403, path
            for path in ("/api/me", "/api/me/sign-ins", "/api/live", "/api/me/tokens"):
                assert (await program.get(path, headers=asked)).status_code == 401, path
            for path in ("/api/tickets", "/api/reauth", "/api/me/recovery", "/api/presentations"):
                body = {"routing": "123456"} if path == "/api/tickets" else {"password": PASSWORD}
                assert (await program.post(path, json=body, headers=asked)).status_code == 401, path
            write = await program.post("/api/admin/people/" + "0" * 32 + "/disable", json={}, headers=asked)
            assert write.status_code == 403
        used = [line for line in await AuditLog(found.database).newest() if line.action == "token.used"]
        assert len(used) == 1

    run(tmp_path, play)


_ENDS = (
    "revoked",
    "expired",
    "owner disabled",
    "owner disabled and back",
    "beside a cookie",
    "owner lowered",
    "new password",
    "factors reset",
)


@pytest.mark.parametrize("end", _ENDS)
def test_Q9_a_token_ends_with_what_it_stands_on(tmp_path: Path, end: str):
    async def play(found: Site):
        await found.sign_in()
        made = await token(found, "people.read", days=1)
        kept = [one["id"] for one in (await found.client.get("/api/me/tokens")).json()["tokens"]]
        assert kept == [made.json()["id"]]
        match end:
            case "revoked":
                assert (await found.post(f"/api/me/tokens/{kept[0]}/revoke")).status_code == 204
            case "expired":
                found.hands.turn(86_400)
            case "owner disabled":
                await _second_administrator(found)
                assert await found.accounts.set_disabled("ana", disabled=True, actor="test")
            case "owner disabled and back":
                await _second_administrator(found)
                assert await found.accounts.set_disabled("ana", disabled=True, actor="test")
                assert await found.accounts.set_disabled("ana", disabled=False, actor="test")
            case "new password":
                change = {"old": PASSWORD, "new": NEW_PASSWORD}
                assert (await found.post("/api/me/password", change)).status_code == 204
            case "factors reset":
                event = AuditEvent(found.hands.now_s(), "test", "factor.removed")
                await FactorStore(found.database).reset(found.ana.id, event)
            case "owner lowered":
                await _second_administrator(found)
                await set_admin(found, is_admin=False)
            case _:
                pass
        cookie = {"cookie": f"{COOKIE}=x"} if end == "beside a cookie" else {}
        async with another_browser(found) as program:
            del program.headers["origin"]
            answer = await program.get("/api/admin/people", headers=bearer(made) | cookie)
            assert answer.status_code == (403 if end == "owner lowered" else 401)

    run(tmp_path, play)


async def set_admin(found: Site, *, is_admin: bool) -> None:
    event = AuditEvent(found.hands.now_s(), "test", "account.change")
    people = PeopleStore(found.database)
    assert await people.change("home", found.ana.id, PersonChange(is_admin=is_admin), event) is not None


async def _second_administrator(found: Site) -> None:
    await found.accounts.create(NewAccount("eva", "Eva", "es", is_admin=True, password_hash=""), "test")


def test_Q9_nobody_makes_a_token_for_more_than_they_may_nor_without_a_fresh_proof(tmp_path: Path):
    async def play(found: Site):
        await _second_administrator(found)
        await set_admin(found, is_admin=False)
        await found.sign_in()
        assert (await token(found, "people.read")).status_code == 403
        await set_admin(found, is_admin=True)
        assert (await token(found, "people.read", days=366)).status_code == 422
        found.hands.turn(FRESH_S)
        assert (await token(found, "people.read")).json()["error"]["code"] == "reauth_needed"

    run(tmp_path, play)


def test_Q12_tokens_are_not_in_the_database(tmp_path: Path):
    from tests.server.accounts.test_sign_in import whole_database

    async def play(found: Site):
        await found.sign_in()
        made = (await token(found, "people.read")).json()["token"]
        assert made.startswith("relevo_")
        assert made.encode() not in whole_database(tmp_path)
        await enrol(found)

    run(tmp_path, play)


def test_Q9_a_password_less_account_never_signs_in_by_password(tmp_path: Path):
    async def play(found: Site):
        await _second_administrator(found)
        for password in ("x", "no account has this password"):
            assert (await found.sign_in(password, "eva")).status_code == 401

    run(tmp_path, play)
