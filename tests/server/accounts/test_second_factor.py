import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from relevo_server.accounts.cookies import STEP_COOKIE
from relevo_server.accounts.guard import COOKIE, FRESH_S
from relevo_server.accounts.recovery import code_hash, new_codes
from relevo_server.accounts.totp import STEP_S, code_at, matching_step
from relevo_server.store.audit import AuditLog
from relevo_server.store.factors import FactorStore
from tests.server.hands import PASSWORD, Site, routes, settings, site

Play = Callable[[Site], Awaitable[None]]
# RFC 6238, appendix B: the secret of its vectors, and times with the last six digits of their codes.
_RFC_SECRET = b"12345678901234567890"
_RFC_VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


def run(tmp_path: Path, play: Play, **given: Any):
    async def on_site():
        async with site(tmp_path, **given) as found:
            await play(found)

    asyncio.run(on_site())


async def enrol(found: Site) -> tuple[bytes, list[str]]:
    """The secret of a new app, and the recovery codes; its code of now is used by that."""
    begun = await found.post("/api/me/totp")
    assert begun.status_code == 200, begun.text
    secret = base64.b32decode(begun.json()["secret"])
    confirmed = await found.post("/api/me/totp/confirm", {"code": code_now(found, secret)})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery"]


def code_now(found: Site, secret: bytes, steps: int = 0) -> str:
    return code_at(secret, int(found.hands.now_s() // STEP_S) + steps)


async def enrolled(found: Site) -> tuple[bytes, list[str]]:
    """As by `enrol`, half a minute later and in a browser that is signed out."""
    await found.sign_in()
    kept = await enrol(found)
    found.client.cookies.clear()
    found.hands.turn(STEP_S)
    return kept


async def second(found: Site, challenge: str, **proof: Any) -> httpx.Response:
    return await found.post("/api/sign-in/second", {"challenge": challenge, **proof})


@pytest.mark.parametrize(("at_s", "code"), _RFC_VECTORS)
def test_Q4_codes_are_those_of_the_rfc(at_s: int, code: str):
    assert code_at(_RFC_SECRET, at_s // STEP_S) == code
    assert matching_step(_RFC_SECRET, code, at_s) == at_s // STEP_S


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, False)])
def test_Q4_a_code_is_good_for_its_step_and_the_next(steps: int, fits: bool):
    code = code_at(_RFC_SECRET, 1000 + steps)
    assert (matching_step(_RFC_SECRET, code, 1000 * STEP_S) is not None) is fits


def test_Q4_a_password_alone_opens_nothing_once_there_is_an_app(tmp_path: Path):
    async def play(found: Site):
        secret, _ = await enrolled(found)
        answer = await found.sign_in()
        assert answer.json()["next"] == "second_factor"
        assert answer.json()["methods"] == ["totp", "recovery"]
        assert COOKIE not in found.client.cookies
        assert (await found.client.get("/api/me")).status_code == 401
        done = await second(found, answer.json()["challenge"], totp=code_now(found, secret))
        assert done.status_code == 200
        assert (await found.client.get("/api/me")).json()["second_factor"] is True
        actions = [line.action for line in await AuditLog(found.database).newest(limit=2)]
        assert actions == ["sign_in.totp", "factor.added"]

    run(tmp_path, play)


def test_Q4_a_code_works_once_and_an_older_one_not_after_it(tmp_path: Path):
    async def play(found: Site):
        secret, _ = await enrolled(found)
        for code, status in (
            (code_now(found, secret, -1), 401),  # used when the app was confirmed
            (code_now(found, secret), 200),
            (code_now(found, secret), 401),
        ):
            challenge = (await found.sign_in()).json()["challenge"]
            assert (await second(found, challenge, totp=code)).status_code == status

    run(tmp_path, play)


def test_Q4_a_challenge_belongs_to_its_browser_and_bears_five_tries(tmp_path: Path):
    async def play(found: Site):
        secret, _ = await enrolled(found)
        challenge = (await found.sign_in()).json()["challenge"]
        kept = found.client.cookies[STEP_COOKIE]
        found.client.cookies.clear()
        elsewhere = await second(found, challenge, totp=code_now(found, secret))
        assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (401, "wrong_step")
        found.client.cookies.set(STEP_COOKIE, kept, domain="127.0.0.1")
        for _ in range(4):
            wrong = await second(found, challenge, totp="000000")
            assert wrong.json()["error"]["code"] == "wrong_code"
        late = await second(found, challenge, totp=code_now(found, secret))
        assert late.json()["error"]["code"] == "wrong_step"
        refused = [
            line for line in await AuditLog(found.database).newest() if line.action == "sign_in.refused"
        ]
        assert [(line.actor, line.details["step"]) for line in refused] == [("", "totp")] * 4

    run(tmp_path, play)


def test_Q4_a_challenge_dies_after_five_minutes_and_after_its_use(tmp_path: Path):
    async def play(found: Site):
        secret, codes = await enrolled(found)
        challenge = (await found.sign_in()).json()["challenge"]
        found.hands.turn(300)
        assert (await second(found, challenge, totp=code_now(found, secret))).status_code == 401
        challenge = (await found.sign_in()).json()["challenge"]
        kept = found.client.cookies[STEP_COOKIE]
        assert (await second(found, challenge, recovery=codes[0])).status_code == 200
        found.client.cookies.set(STEP_COOKIE, kept, domain="127.0.0.1")
        assert (await second(found, challenge, recovery=codes[1])).json()["error"]["code"] == "wrong_step"

    run(tmp_path, play)


def test_Q4_second_steps_are_throttled_by_account(tmp_path: Path):
    async def play(found: Site):
        await enrolled(found)
        statuses: list[int] = []
        for _ in range(2):
            challenge = (await found.sign_in()).json()["challenge"]
            statuses += [(await second(found, challenge, totp="000000")).status_code for _ in range(5)]
        assert statuses == [401] * 8 + [429] * 2

    run(tmp_path, play)


def test_Q4_a_one_time_link_stands_for_the_password_alone(tmp_path: Path):
    from tests.server.accounts.test_sign_in import link

    async def play(found: Site):
        await enrolled(found)
        answer = await found.post("/api/sign-in/link", {"token": await link(found)})
        assert answer.json()["next"] == "second_factor"
        assert COOKIE not in found.client.cookies

    run(tmp_path, play)


def test_Q5_recovery_codes_work_once_each_and_new_ones_kill_the_old(tmp_path: Path):
    async def play(found: Site):
        _, codes = await enrolled(found)
        assert len(set(codes)) == 10
        for code, status in ((codes[0].lower().replace("-", " "), 200), (codes[0], 401), (codes[1], 200)):
            challenge = (await found.sign_in()).json()["challenge"]
            assert (await second(found, challenge, recovery=code)).status_code == status
        fresh = (await found.post("/api/me/recovery")).json()["recovery"]
        assert (await found.client.get("/api/me/passkeys")).json()["recovery_left"] == 10
        for code, status in ((codes[2], 401), (fresh[0], 200)):
            challenge = (await found.sign_in()).json()["challenge"]
            assert (await second(found, challenge, recovery=code)).status_code == status

    run(tmp_path, play)


def test_Q5_recovery_codes_forgive_what_hands_mistake():
    code = new_codes()[0]
    typed = code.lower().replace("o", "0").replace("i", "1").replace("b", "8").replace("-", " ")
    assert code_hash(typed) == code_hash(code)
    assert len(code.replace("-", "")) == 24


def test_Q8_what_asks_for_a_fresh_proof_gets_one_after_ten_minutes(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        found.hands.turn(FRESH_S - 1)
        assert (await found.post("/api/me/totp")).status_code == 200
        found.hands.turn(1)
        stale = await found.post("/api/me/totp")
        error = stale.json()["error"]
        assert (stale.status_code, error["code"], error["methods"]) == (401, "reauth_needed", ["password"])
        wrong = await found.post("/api/reauth", {"password": "something else"})
        assert wrong.json()["error"]["code"] == "wrong_sign_in"
        assert (await found.post("/api/me/totp")).status_code == 401
        assert (await found.post("/api/reauth", {"password": PASSWORD})).status_code == 204
        assert (await found.post("/api/me/totp")).status_code == 200
        actions = [line.action for line in await AuditLog(found.database).newest(limit=2)]
        assert actions == ["reauth", "reauth.refused"]

    run(tmp_path, play)


def test_Q8_a_code_proves_it_too_and_everything_given_must_fit(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        secret, _ = await enrol(found)
        found.hands.turn(FRESH_S)
        assert (await found.post("/api/reauth", {})).status_code == 422
        both = {"password": PASSWORD, "totp": "000000"}
        assert (await found.post("/api/reauth", both)).json()["error"]["code"] == "wrong_code"
        assert (await found.post("/api/reauth", {"totp": code_now(found, secret)})).status_code == 204
        assert (await found.client.get("/api/me")).json()["fresh_for_s"] == 600
        used = {"totp": code_now(found, secret)}
        assert (await found.post("/api/reauth", used)).json()["error"]["code"] == "wrong_code"

    run(tmp_path, play)


def test_Q8_a_password_alone_proves_nothing_where_there_is_more(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        secret, _ = await enrol(found)
        found.hands.turn(FRESH_S)
        stale = await found.post("/api/me/recovery")
        assert stale.json()["error"]["methods"] == ["totp"]
        alone = (await found.post("/api/reauth", {"password": PASSWORD})).json()["error"]
        assert (alone["code"], alone["methods"]) == ("reauth_needed", ["totp"])
        assert (await found.post("/api/me/recovery")).status_code == 401
        both = {"password": PASSWORD, "totp": code_now(found, secret)}
        assert (await found.post("/api/reauth", both)).status_code == 204

    run(tmp_path, play)


def test_Q5_recovery_codes_go_with_the_last_factor(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        await enrol(found)
        assert (await found.post("/api/me/totp/remove")).status_code == 204
        assert (await found.client.get("/api/me/passkeys")).json()["recovery_left"] == 0

    run(tmp_path, play)


def test_Q10_the_last_factor_stays_where_one_is_asked_for(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        await enrol(found)
        refused = await found.post("/api/me/totp/remove")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "last_factor")
        kept = (await found.client.get("/api/me/passkeys")).json()
        assert (kept["totp"], kept["recovery_left"]) == (True, 10)

    run(tmp_path, play, second_factor="everybody")


def test_Q4_only_the_secret_that_was_shown_is_confirmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def play(found: Site):
        await found.sign_in()
        begun = await found.post("/api/me/totp")
        secret = base64.b32decode(begun.json()["secret"])
        confirm = FactorStore.confirm_totp

        async def late(store: FactorStore, *given: Any) -> bool:
            # Another page of the same account begins anew, between the check and the write.
            assert await store.save_totp(found.ana.id, b"another")
            return await confirm(store, *given)

        monkeypatch.setattr(FactorStore, "confirm_totp", late)
        answer = await found.post("/api/me/totp/confirm", {"code": code_now(found, secret)})
        assert answer.status_code == 404
        assert (await found.client.get("/api/me")).json()["second_factor"] is False

    run(tmp_path, play)


@pytest.mark.parametrize(("waited_s", "code"), [(FRESH_S - 1, 204), (FRESH_S, 401)])
def test_Q16_a_link_replaces_a_password_after_its_second_step_too_for_ten_minutes(
    tmp_path: Path, waited_s: float, code: int
):
    from tests.server.accounts.test_sign_in import link

    async def play(found: Site):
        secret, _ = await enrolled(found)
        challenge = (await found.post("/api/sign-in/link", {"token": await link(found)})).json()["challenge"]
        assert (await second(found, challenge, totp=code_now(found, secret))).status_code == 200
        found.hands.turn(waited_s)
        proof = {"totp": code_now(found, secret)}
        assert (await found.post("/api/reauth", proof)).status_code == 204
        changed = await found.post("/api/me/password", {"new": "mesa verde lluvia"})
        assert changed.status_code == code

    run(tmp_path, play)


def test_Q10_who_must_have_a_second_factor_can_do_nothing_but_add_it(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        assert (await found.client.get("/api/me")).json()["must_enrol"] is True
        for path in ("/api/live", "/api/colleagues", "/api/admin/people", "/api/me/tokens"):
            walled = await found.client.get(path)
            assert (walled.status_code, walled.json()["error"]["code"]) == (403, "second_factor_needed"), path
        assert (await found.post("/api/tickets", {"routing": "123456"})).status_code == 403
        assert (await found.client.get("/api/me/sign-ins")).status_code == 200
        await enrol(found)
        assert (await found.client.get("/api/me")).json()["must_enrol"] is False
        assert (await found.client.get("/api/live")).status_code == 200

    run(tmp_path, play, second_factor="everybody")


@pytest.mark.parametrize(("setting", "walled"), [("optional", False), ("administrators", True)])
def test_Q10_an_organisation_may_leave_it_to_administrators(tmp_path: Path, setting: str, walled: bool):
    async def play(found: Site):
        await found.sign_in()
        assert (await found.client.get("/api/me")).json()["must_enrol"] is walled

    run(tmp_path, play, second_factor=setting)


def test_Q12_the_database_opens_no_secret_of_an_app(tmp_path: Path):
    from tests.server.accounts.test_sign_in import whole_database

    async def play(found: Site):
        await found.sign_in()
        secret, codes = await enrol(found)
        stored = whole_database(tmp_path)
        assert secret not in stored
        assert base64.b32encode(secret) not in stored
        assert codes[0].encode() not in stored
        assert (tmp_path / "secrets.key").stat().st_mode & 0o077 == 0

    run(tmp_path, play)


def test_Q12_no_secret_is_in_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from relevo_server.logs import configure_logs

    configure_logs(settings(data=tmp_path, log_level="debug", log_format="json"))

    async def play(found: Site):
        await found.sign_in()
        secret, codes = await enrol(found)
        made = await found.post("/api/me/tokens", {"name": "x", "scopes": ["people.read"], "days": 1})
        token, cookie = made.json()["token"], found.client.cookies[COOKIE]
        await found.client.get("/api/admin/people", headers={"authorization": f"Bearer {token}"})
        found.client.cookies.clear()
        await found.client.get("/api/admin/people", headers={"authorization": f"Bearer {token}"})
        step = (await found.sign_in()).json()["challenge"]
        browser = found.client.cookies[STEP_COOKIE]
        await second(found, step, totp="000000")
        await second(found, step, recovery=codes[0])
        told = "".join(capsys.readouterr())
        assert '"request"' in told
        base32 = base64.b32encode(secret).decode()
        for hidden in (PASSWORD, base32, codes[0], token, cookie, step, browser):
            assert hidden not in told

    run(tmp_path, play)
    structlog.reset_defaults()


def test_Q8_every_change_of_ones_own_account_asks_for_a_fresh_proof(tmp_path: Path):
    bodies: dict[str, dict[str, Any]] = {
        "/api/me/password": {"old": PASSWORD, "new": "mesa verde lluvia"},
        "/api/me/totp/confirm": {"code": "123456"},
        "/api/me/passkeys": {"token": "x" * 43, "credential": {}, "name": "x"},
        "/api/me/tokens": {"name": "x", "scopes": ["people.read"], "days": 1},
    }

    async def play(found: Site):
        await found.sign_in()
        found.hands.turn(FRESH_S)
        paths = {
            path for method, path in routes(found.app) if method == "POST" and path.startswith("/api/me")
        }
        assert len(paths) > 9
        for path in paths:
            answer = await found.post(path, bodies.get(path, {}))
            assert answer.json()["error"]["code"] == "reauth_needed", path

    run(tmp_path, play)
