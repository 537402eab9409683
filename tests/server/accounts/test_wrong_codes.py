import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_server.accounts.factors import MAX_WRONG_CODES
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.factors import FactorStore
from tests.server.accounts.test_second_factor import code_now, enrol, second
from tests.server.hands import PASSWORD, Site, site

Play = Callable[[Site], Awaitable[None]]
WRONG = "000000"


@pytest.fixture(autouse=True)
def fixed_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands where it is put: with this secret no code of the hours tried here is ``WRONG``."""
    monkeypatch.setattr("relevo_server.accounts.totp.new_secret", lambda: bytes(range(20)))


def run(tmp_path: Path, play: Play, **given: Any):
    async def on_site():
        async with site(tmp_path, **given) as found:
            await play(found)

    asyncio.run(on_site())


async def enrolled(found: Site) -> tuple[bytes, list[str]]:
    await found.sign_in()
    kept = await enrol(found)
    found.client.cookies.clear()
    found.hands.turn(3600)
    return kept


async def tried(found: Site, **proof: str) -> httpx.Response:
    """A second step in a sign-in of its own, an hour after the one before: throttles forget meanwhile."""
    found.hands.turn(3600)
    challenge = (await found.sign_in()).json()["challenge"]
    return await second(found, challenge, **proof)


async def guess(found: Site, times: int) -> set[str]:
    return {(await tried(found, totp=WRONG)).json()["error"]["code"] for _ in range(times)}


async def locked_lines(found: Site) -> list[dict[str, object]]:
    lines = await AuditLog(found.database).newest(limit=500)
    return [dict(one.details) for one in lines if one.action == "factor.locked"]


def test_Q18_codes_are_not_guessed_for_ever(tmp_path: Path):
    async def play(found: Site):
        secret, codes = await enrolled(found)
        assert await guess(found, MAX_WRONG_CODES - 1) == {"wrong_code"}
        assert await locked_lines(found) == []
        assert await guess(found, 1) == {"wrong_code"}
        # Now the right one helps as little, in the same hour or on another day.
        for _ in range(3):
            locked = await tried(found, totp=code_now(found, secret, 3600 // 30))
            assert (locked.status_code, locked.json()["error"]["code"]) == (403, "totp_locked")
        told = {"kind": "totp", "wrong": MAX_WRONG_CODES, "account": found.ana.id}
        assert await locked_lines(found) == [told]
        done = await tried(found, recovery=codes[0])
        assert (done.status_code, done.json()["wrong_codes"]) == (200, MAX_WRONG_CODES)
        found.client.cookies.clear()
        again = await tried(found, totp=code_now(found, secret, 3600 // 30))
        assert (again.status_code, again.json()["wrong_codes"]) == (200, 0)

    run(tmp_path, play)


def test_Q18_a_code_that_fits_begins_the_count_anew_and_the_owner_is_told(tmp_path: Path):
    async def play(found: Site):
        secret, _ = await enrolled(found)
        for wrong in (MAX_WRONG_CODES - 1, 3):
            await guess(found, wrong)
            done = await tried(found, totp=code_now(found, secret, 3600 // 30))
            assert (done.status_code, done.json()["wrong_codes"]) == (200, wrong)
            found.client.cookies.clear()
        assert await locked_lines(found) == []

    run(tmp_path, play)


def test_Q18_a_proof_of_who_acts_counts_too_and_hides_nothing_from_the_owner(tmp_path: Path):
    async def play(found: Site):
        secret, _ = await enrolled(found)
        assert (await tried(found, totp=code_now(found, secret, 3600 // 30))).status_code == 200
        for _ in range(4):
            found.hands.turn(30)
            assert (await found.post("/api/reauth", {"totp": WRONG})).status_code == 401
        assert (await found.post("/api/reauth", {"totp": code_now(found, secret)})).status_code == 204
        kept = await FactorStore(found.database).totp(found.ana.id)
        assert kept is not None
        assert (kept.wrong, kept.untold) == (0, 4)
        found.client.cookies.clear()
        assert (await tried(found, totp=code_now(found, secret, 3600 // 30))).json()["wrong_codes"] == 4

    run(tmp_path, play)


def test_Q18_no_more_codes_are_looked_at_however_many_come_at_once(tmp_path: Path):
    async def play(found: Site):
        await enrolled(found)
        store = FactorStore(found.database)
        counted = await asyncio.gather(*(store.count_code(found.ana.id, MAX_WRONG_CODES) for _ in range(50)))
        assert sorted(one for one in counted if one is not None) == list(range(1, MAX_WRONG_CODES + 1))
        assert await store.count_code("nobody", MAX_WRONG_CODES) is None

    run(tmp_path, play)


def test_Q18_a_reset_by_an_administrator_begins_anew(tmp_path: Path):
    async def play(found: Site):
        await enrolled(found)
        await guess(found, MAX_WRONG_CODES)
        reset = AuditEvent(found.hands.now_s(), "test", "factor.removed")
        await FactorStore(found.database).reset(found.ana.id, reset)
        answer = await found.sign_in(PASSWORD)
        assert answer.json()["account"]["name"] == "ana"
        secret, _ = await enrol(found)
        found.client.cookies.clear()
        assert (await tried(found, totp=code_now(found, secret, 3600 // 30))).status_code == 200

    run(tmp_path, play)
