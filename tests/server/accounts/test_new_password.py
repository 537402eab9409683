"""A new password ends what was begun by the old one, also what was under way (SECURITY Q16)."""

import asyncio
import base64
from pathlib import Path

import pytest

from relevo_server.accounts.passwords import Passwords
from relevo_server.accounts.totp import STEP_S, code_at
from relevo_server.store.audit import AuditEvent
from relevo_server.store.factors import FactorStore
from relevo_server.store.tokens import StoredToken, TokenStore
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


def test_Q16_who_was_signed_out_meanwhile_sets_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    slow = Passwords.hash

    async def play():
        async with site(tmp_path) as found:

            async def hashed(self: Passwords, password: str) -> str:
                # While a stranger's is computed the owner is faster, which ends the stranger's sign-in.
                await found.accounts.set_password("ana", QUICK.hash(NEW), "test")
                return await slow(self, password)

            await found.sign_in()
            monkeypatch.setattr(Passwords, "hash", hashed)
            answer = await found.post("/api/me/password", {"old": PASSWORD, "new": "mesa verde lluvia"})
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
            assert (await found.sign_in("mesa verde lluvia")).status_code == 401
            assert (await found.sign_in(NEW)).status_code == 200

    asyncio.run(play())


@pytest.mark.parametrize("end", ["a new password", "a reset"])
def test_Q9_a_token_that_is_made_meanwhile_ends_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
):
    known = TokenStore.of_account

    async def play():
        async with site(tmp_path) as found:

            async def looked_up(self: TokenStore, account_id: str) -> list[StoredToken]:
                kept = await known(self, account_id)
                if end == "a reset":
                    reset = AuditEvent(found.hands.now_s(), "test", "factor.removed")
                    await FactorStore(found.database).reset(account_id, reset)
                else:
                    await found.accounts.set_password("ana", QUICK.hash(NEW), "test")
                return kept

            await found.sign_in()
            monkeypatch.setattr(TokenStore, "of_account", looked_up)
            body = {"name": "x", "scopes": ["people.read"], "days": 1}
            answer = await found.post("/api/me/tokens", body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
            assert await known(TokenStore(found.database), found.ana.id) == []

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
