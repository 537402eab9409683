"""A new password ends what was begun by the old one, also what was under way (SECURITY Q16)."""

import asyncio
import base64
from pathlib import Path

from relevo_server.accounts.totp import STEP_S, code_at
from tests.server.hands import PASSWORD, QUICK, Site, site

NEW = "a quite different horse"


async def _app(found: Site) -> bytes:
    """The secret of an app that is added to ana's account; its step is over afterwards."""
    await found.sign_in()
    secret = base64.b32decode((await found.post("/api/me/totp")).json()["secret"])
    code = code_at(secret, int(found.hands.now_s() // STEP_S))
    assert (await found.post("/api/me/totp/confirm", {"code": code})).status_code == 200
    found.client.cookies.clear()
    found.hands.turn(STEP_S)
    return secret


def test_Q16_a_second_step_of_the_old_password_opens_nothing(tmp_path: Path):
    async def play():
        async with site(tmp_path) as found:
            secret = await _app(found)
            for password, status in ((PASSWORD, 401), (NEW, 200)):
                first = await found.sign_in(password)
                assert first.json()["next"] == "second_factor"
                if status == 401:
                    await found.accounts.set_password("ana", QUICK.hash(NEW), "test")
                found.hands.turn(STEP_S)
                proof = {
                    "challenge": first.json()["challenge"],
                    "totp": code_at(secret, int(found.hands.now_s() // STEP_S)),
                }
                done = await found.post("/api/sign-in/second", proof)
                assert done.status_code == status, done.text
                assert status == 200 or done.json()["error"]["code"] == "wrong_step"

    asyncio.run(play())


def test_Q16_a_stronger_hash_of_the_old_password_never_replaces_the_new_one(tmp_path: Path):
    async def play():
        async with site(tmp_path) as found:
            before = await found.accounts.by_name("ana")
            assert before is not None
            # A sign-in has read the old hash; the password changes; then that sign-in stores a stronger one.
            await found.accounts.set_password("ana", QUICK.hash(NEW), "test")
            await found.accounts.rehash(found.ana.id, before.password_hash, QUICK.hash(PASSWORD))
            assert (await found.sign_in()).status_code == 401
            assert (await found.sign_in(NEW)).status_code == 200

    asyncio.run(play())
