"""Whoever proves anew who they are gets a new token, and the one before is dead (SECURITY Q1, ASVS 7.2.4)."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_server.accounts.routes import COOKIE
from relevo_server.accounts.sign_in import hash_token
from relevo_server.store.audit import AuditEvent
from relevo_server.store.database import Unavailable
from relevo_server.store.sign_ins import Renewal, SignInStore
from tests.server.accounts.test_sign_in import run
from tests.server.hands import PASSWORD, Site

PROOF = {"password": PASSWORD}


async def _with(found: Site, token: str) -> httpx.Response:
    """Who somebody is by this token alone."""
    found.client.cookies.clear()
    return await found.client.get("/api/me", headers={"cookie": f"{COOKIE}={token}"})


def test_Q1_a_proof_renews_the_token_and_the_sign_in_stays_the_same(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        listed = (await found.client.get("/api/me/sign-ins")).json()
        answer = await found.post("/api/reauth", PROOF)
        assert answer.status_code == 204
        told = answer.headers["set-cookie"].lower()
        for part in ("__host-relevo=", "httponly", "secure", "samesite=strict", "path=/"):
            assert part in told
        fresh = found.client.cookies[COOKIE]
        assert fresh != earlier
        assert [one["id"] for one in (await found.client.get("/api/me/sign-ins")).json()["sign_ins"]] == [
            one["id"] for one in listed["sign_ins"]
        ]
        found.hands.turn(10.0)
        assert (await _with(found, earlier)).status_code == 401
        assert (await _with(found, fresh)).status_code == 200

    run(tmp_path, play)


def test_Q1_what_was_under_way_at_a_renewal_is_answered_and_opens_nothing_after_a_sign_out(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        await found.post("/api/reauth", PROOF)
        fresh = found.client.cookies[COOKIE]
        assert (await _with(found, earlier)).status_code == 200
        assert (await found.post("/api/sign-out", cookie=f"{COOKIE}={fresh}")).status_code == 204
        assert (await _with(found, earlier)).status_code == 401

    run(tmp_path, play)


def test_Q1_two_proofs_at_once_leave_the_browser_with_a_token_that_is_good(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        both = [found.post("/api/reauth", PROOF, cookie=f"{COOKIE}={earlier}") for _ in range(2)]
        answers = await asyncio.gather(*both)
        assert [answer.status_code for answer in answers] == [204, 204]
        fresh, other = (answer.cookies[COOKIE] for answer in answers)
        assert fresh == other
        assert (await _with(found, fresh)).status_code == 200
        found.hands.turn(10.0)
        assert (await _with(found, fresh)).status_code == 200
        assert (await _with(found, earlier)).status_code == 401

    run(tmp_path, play)


def test_Q1_whoever_proves_it_again_because_the_answer_was_lost_gets_the_new_token(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = f"{COOKIE}={found.client.cookies[COOKIE]}"
        lost = await found.post("/api/reauth", PROOF, cookie=earlier)
        found.hands.turn(100.0)
        again = await found.post("/api/reauth", PROOF, cookie=earlier)
        assert again.status_code == 204
        assert again.cookies[COOKIE] == lost.cookies[COOKIE]
        assert (await _with(found, again.cookies[COOKIE])).status_code == 200

    run(tmp_path, play)


def test_Q1_a_new_token_that_nobody_shows_leaves_the_one_before_two_minutes(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        await found.post("/api/reauth", PROOF)
        found.hands.turn(119.0)
        assert (await _with(found, earlier)).status_code == 200
        found.hands.turn(1.0)
        assert (await _with(found, earlier)).status_code == 401

    run(tmp_path, play)


def test_Q1_two_renewals_in_a_row_answer_what_left_before_the_first(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        await found.post("/api/reauth", PROOF)
        await found.post("/api/reauth", PROOF)
        assert (await _with(found, earlier)).status_code == 200
        found.hands.turn(10.0)
        assert (await _with(found, earlier)).status_code == 401

    run(tmp_path, play)


def test_Q1_a_renewal_that_the_database_took_without_saying_so_loses_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def play(found: Site):
        await found.sign_in()
        earlier = found.client.cookies[COOKIE]
        mark = SignInStore.mark_authenticated

        async def cut_off(self: SignInStore, *asked: Any) -> bool:
            await mark(self, *asked)
            raise Unavailable("the line to the database is gone")

        with monkeypatch.context() as broken:
            broken.setattr(SignInStore, "mark_authenticated", cut_off)
            assert (await found.post("/api/reauth", PROOF)).status_code == 503
        assert (await _with(found, earlier)).status_code == 200
        again = await found.post("/api/reauth", PROOF, cookie=f"{COOKIE}={earlier}")
        assert again.status_code == 204
        assert (await _with(found, again.cookies[COOKIE])).status_code == 200

    run(tmp_path, play)


def test_Q1_a_proof_of_a_sign_in_that_has_ended_meanwhile_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def play(found: Site):
        await found.sign_in()
        mark = SignInStore.mark_authenticated

        async def too_late(self: SignInStore, sign_in: str, *asked: Any) -> bool:
            await self.close(sign_in)
            return await mark(self, sign_in, *asked)

        monkeypatch.setattr(SignInStore, "mark_authenticated", too_late)
        answer = await found.post("/api/reauth", PROOF)
        assert answer.status_code == 401

    run(tmp_path, play)


def test_Q1_a_sign_out_that_meets_a_renewal_ends_the_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    async def play(found: Site):
        await found.sign_in()
        earlier, store = hash_token(found.client.cookies[COOKIE]), SignInStore(found.database)
        (sign_in,) = await store.of_account(found.ana.id)
        close = SignInStore.close

        async def close_late(self: SignInStore, *asked: Any) -> None:
            renewal = Renewal(earlier, hash_token("fresh"))
            await store.mark_authenticated(sign_in.id, 5.0, AuditEvent(5.0, "ana", "reauth"), renewal)
            await close(self, *asked)

        monkeypatch.setattr(SignInStore, "close", close_late)
        assert (await found.post("/api/sign-out")).status_code == 204
        assert await store.of_account(found.ana.id) == []

    run(tmp_path, play)


def test_Q1_a_token_that_is_not_the_sign_ins_is_not_renewed(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        token = found.client.cookies[COOKIE]
        store = SignInStore(found.database)
        (sign_in,) = await store.of_account(found.ana.id)
        wrong = Renewal(hash_token("another"), hash_token("planted"))
        assert not await store.mark_authenticated(sign_in.id, 5.0, AuditEvent(5.0, "ana", "reauth"), wrong)
        assert await store.find(hash_token("planted")) is None
        assert await store.find(hash_token(token)) == sign_in

    run(tmp_path, play)
