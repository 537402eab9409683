import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from relevo_server.accounts.known_device import KNOWN_COOKIE
from relevo_server.accounts.permissions import permissions_of
from relevo_server.accounts.routes import COOKIE
from relevo_server.accounts.sign_in import LINK_LIFETIME_S, make_link
from relevo_server.store.accounts import AccountStore, NewAccount
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.database import Unavailable
from relevo_server.store.erasure import Erasure, erase
from relevo_server.store.sign_ins import SignInStore
from tests.server.hands import PASSWORD, QUICK, Site, site
from tests.support.records import flaws_of

Play = Callable[[Site], Awaitable[None]]


def run(tmp_path: Path, play: Play, **settings: Any):
    async def on_site():
        async with site(tmp_path, **settings) as found:
            await play(found)

    asyncio.run(on_site())


def whole_database(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("relevo.db*"))


async def link(found: Site) -> str:
    token = await make_link(SignInStore(found.database), found.hands.clock, "ANA")
    assert token is not None
    return token


def test_Q2_sign_in_gives_the_account_and_a_cookie_that_only_https_and_no_script_sees(tmp_path: Path):
    async def play(found: Site):
        answer = await found.sign_in(name=" Ana ")
        assert answer.status_code == 200
        shown = answer.json()
        assert shown["account"].pop("permissions") == sorted(permissions_of(found.ana))
        assert shown == {
            "wrong_codes": 0,
            "account": {
                "id": found.ana.id,
                "name": "ana",
                "display_name": "Ana Ruiz",
                "organisation": "Prueba",
                "language": "es",
                "is_admin": True,
                "standing": "technician",
                "team": "",
                "admin_tools": False,
            },
        }
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("__host-relevo=")
        for part in ("httponly", "secure", "samesite=strict", "path=/"):
            assert part in cookie
        assert "domain" not in cookie
        me = (await found.client.get("/api/me")).json()
        assert me == {
            "account": answer.json()["account"],
            "second_factor": False,
            "must_enrol": False,
            "fresh_for_s": 600,
            "methods": ["password"],
        }
        assert answer.headers["cache-control"] == "no-store"

    run(tmp_path, play)


def test_Q12_database_knows_no_token(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        token = found.client.cookies[COOKIE].encode()
        secret = (await link(found)).encode()
        stored = whole_database(tmp_path)
        assert found.ana.id.encode() in stored
        assert token not in stored
        assert secret not in stored
        assert PASSWORD.encode() not in stored

    run(tmp_path, play)


@pytest.mark.parametrize(
    ("name", "password"), [("ana", "wrong password"), ("nobody", PASSWORD), ("eva", PASSWORD), ("oidc", "")]
)
def test_Q11_whatever_is_wrong_is_answered_alike_after_one_computation(
    tmp_path: Path, name: str, password: str, monkeypatch: pytest.MonkeyPatch
):
    computed: list[str] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, known_hash: str, given: str) -> bool:
        computed.append(known_hash[:9])
        return verify(hasher, known_hash, given)

    async def play(found: Site):
        for other in ("eva", "oidc"):
            known_hash = QUICK.hash(PASSWORD) if other == "eva" else ""
            new = NewAccount(other, other, "es", is_admin=False, password_hash=known_hash)
            await found.accounts.create(new, "test")
        await found.accounts.set_disabled("eva", disabled=True, actor="test")
        monkeypatch.setattr(PasswordHasher, "verify", counted)
        answer = await found.sign_in(password or "no account has this password", name)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "wrong_sign_in")
        assert "set-cookie" not in answer.headers
        assert computed == ["$argon2id"]
        newest = (await AuditLog(found.database).newest(limit=1))[0]
        assert (newest.actor, newest.action, newest.details["step"]) == ("", "sign_in.refused", "password")
        assert ("account" in newest.details) is (name != "nobody")
        assert newest.personal is not None
        # What is nobody's name may be a password in the wrong field.
        assert newest.personal.get("name") == (None if name == "nobody" else name)

    run(tmp_path, play)


def test_disabled_account_neither_signs_in_nor_stays_signed_in(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        token = await link(found)
        assert await found.accounts.set_disabled("ana", disabled=True, actor="test")
        assert (await found.client.get("/api/me")).status_code == 401
        assert (await found.sign_in()).status_code == 401
        assert (await found.post("/api/sign-in/link", {"token": token})).status_code == 401
        assert await found.services.account(found.ana.id) is None

    run(tmp_path, play)


def test_account_is_throttled_with_retry_after_and_comes_back(tmp_path: Path):
    async def play(found: Site):
        answers = [await found.sign_in("wrong password") for _ in range(9)]
        assert [answer.status_code for answer in answers] == [401] * 8 + [429]
        wait_s = int(answers[-1].headers["retry-after"])
        assert (await found.sign_in()).status_code == 429
        found.hands.turn(wait_s)
        assert (await found.sign_in()).status_code == 200

    run(tmp_path, play)


def test_address_is_throttled_over_many_names(tmp_path: Path):
    async def play(found: Site):
        statuses = [(await found.sign_in(name=f"guess{n}")).status_code for n in range(21)]
        assert statuses == [401] * 20 + [429]

    run(tmp_path, play)


def test_honest_sign_ins_are_never_throttled(tmp_path: Path):
    async def play(found: Site):
        assert {(await found.sign_in()).status_code for _ in range(30)} == {200}

    run(tmp_path, play)


def test_sign_in_rotates_and_the_earlier_cookie_is_dead(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        await found.sign_in()
        assert found.client.cookies[COOKIE] != earlier
        found.client.cookies.clear()
        answer = await found.client.get("/api/me", headers={"cookie": f"{COOKIE}={earlier}"})
        assert answer.status_code == 401

    run(tmp_path, play)


def test_sign_out_ends_the_session_on_the_server(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        cookie = f"{COOKIE}={found.client.cookies[COOKIE]}"
        answer = await found.post("/api/sign-out")
        assert answer.status_code == 204
        # Neither "storage", where the language is kept, nor "cookies", of which one makes the browser known.
        assert answer.headers["clear-site-data"] == '"cache"'
        assert list(found.client.cookies.keys()) == [KNOWN_COOKIE]
        assert (await found.client.get("/api/me", headers={"cookie": cookie})).status_code == 401
        assert (await found.post("/api/sign-out")).status_code == 204

    run(tmp_path, play)


@pytest.mark.parametrize(
    "planted",
    ["\x85{}", "a=b; \xa0{}", "\x1f{}", "{}; {}", "a=b; {};\t{}"],
    ids=["NEL", "NBSP", "a control sign", "two", "two among others"],
)
def test_Q2_a_cookie_counts_by_exactly_its_name_and_once(tmp_path: Path, planted: str):
    """A name that begins otherwise than with `__Host-` may be set by a neighbouring site."""

    async def play(found: Site):
        await found.sign_in()
        cookie = f"{COOKIE}={found.client.cookies[COOKIE]}"
        found.client.cookies.clear()
        for written, status in ((cookie, 200), (f"a=b;{cookie}", 200), (planted.format(cookie, cookie), 401)):
            headers = [(b"cookie", written.encode("latin-1"))]
            assert (await found.client.get("/api/me", headers=headers)).status_code == status, written
        headers = [(b"cookie", cookie.encode())] * 2
        assert (await found.client.get("/api/me", headers=headers)).status_code == 401

    run(tmp_path, play)


def test_idle_and_absolute_ends(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        for _ in range(13):
            found.hands.turn(11 * 3600)
            assert (await found.client.get("/api/me")).status_code == 200
        found.hands.turn(12 * 3600)
        assert (await found.client.get("/api/me")).status_code == 401
        await found.sign_in()
        for _ in range(24 * 7 // 11):
            found.hands.turn(11 * 3600)
            assert (await found.client.get("/api/me")).status_code == 200
        found.hands.turn(3 * 3600)
        assert (await found.client.get("/api/me")).status_code == 401

    run(tmp_path, play)


def test_link_signs_in_once(tmp_path: Path):
    async def play(found: Site):
        token = await link(found)
        first = await found.post("/api/sign-in/link", {"token": token})
        assert first.json()["account"]["name"] == "ana"
        assert (await found.client.get("/api/me")).status_code == 200
        again = await found.post("/api/sign-in/link", {"token": token})
        assert (again.status_code, again.json()["error"]["code"]) == (401, "wrong_link")

    run(tmp_path, play)


def test_link_expires_and_is_made_for_living_accounts_only(tmp_path: Path):
    async def play(found: Site):
        token = await link(found)
        found.hands.turn(LINK_LIFETIME_S)
        assert (await found.post("/api/sign-in/link", {"token": token})).status_code == 401
        sign_ins = SignInStore(found.database)
        assert await make_link(sign_ins, found.hands.clock, "nobody") is None
        await found.accounts.set_disabled("ana", disabled=True, actor="test")
        assert await make_link(sign_ins, found.hands.clock, "ana") is None

    run(tmp_path, play)


def test_guessing_links_is_throttled(tmp_path: Path):
    async def play(found: Site):
        answers = [await found.post("/api/sign-in/link", {"token": "x" * 43}) for _ in range(21)]
        assert [answer.status_code for answer in answers] == [401] * 20 + [429]

    run(tmp_path, play)


def test_new_password_signs_out_everywhere(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        assert await found.accounts.set_password("ana", "x", actor="test")
        assert (await found.client.get("/api/me")).status_code == 401

    run(tmp_path, play)


def test_sign_ins_are_recorded_with_their_address_and_expired_ones_swept(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        newest = (await AuditLog(found.database).newest(limit=1))[0]
        assert (newest.actor, newest.action, newest.details) == (found.ana.id, "sign_in.password", {})
        assert newest.personal is not None
        assert newest.personal["address"] == "127.0.0.1"
        assert newest.cause.startswith("http:")
        sign_ins = SignInStore(found.database)
        found.hands.turn(43_200)
        await sign_ins.sweep(found.hands.now_s(), 43_200, 604_800)
        found.hands.turn(-43_200)
        assert (await found.client.get("/api/me")).status_code == 401

    run(tmp_path, play)


def test_a_database_that_is_away_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def play(found: Site):
        async def away(_self: AccountStore, _name: str) -> None:
            raise Unavailable("no answer")

        monkeypatch.setattr(AccountStore, "by_name", away)
        answer = await found.sign_in()
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")

    run(tmp_path, play)


def test_U6_what_was_typed_and_refused_goes_when_the_accounts_data_are_erased(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in("wrong password")
        await found.sign_in("wrong password", "nobody")
        await found.sign_in()
        await found.post("/api/reauth", {"password": "wrong password"})
        done = AuditEvent(found.hands.now_s(), "command line", "", cause="cli")
        await erase(found.database, "home", Erasure(person=found.ana.id), done)
        log = AuditLog(found.database)
        assert await flaws_of(found.database) == []
        left = [line for line in await log.newest() if line.personal and line.action.endswith(".refused")]
        assert [(line.details, line.personal and line.personal.get("name")) for line in left] == [
            ({"step": "password"}, None)
        ]

    run(tmp_path, play)
