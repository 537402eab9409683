import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relevo_server.accounts.guard import COOKIE
from relevo_server.accounts.passkeys import relying_party
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.organisations import HOME, OrganisationPolicy, OrganisationStore
from tests.server.hands import NAMED_ORIGIN, Site, site
from tests.support.authenticator import Answering, Authenticator

Play = Callable[[Site], Awaitable[None]]
HONEST = Answering(NAMED_ORIGIN)
_WRONG = {
    "another origin": replace(HONEST, origin="https://relay.evil"),
    "another port": replace(HONEST, origin="https://localhost:1"),
    "another relying party": replace(HONEST, rp_id="evil"),
    "another challenge": replace(HONEST, challenge=b"x" * 64),
    "nobody verified": replace(HONEST, verified=False),
    "inside another site": replace(HONEST, cross_origin=True),
}


def run(tmp_path: Path, play: Play, **settings: Any):
    async def on_site():
        async with site(tmp_path, origin=NAMED_ORIGIN, **settings) as found:
            await play(found)

    asyncio.run(on_site())


async def registered(found: Site, name: str = "Llave") -> Authenticator:
    """A passkey of whoever is signed in."""
    made = Authenticator()
    begun = (await found.post("/api/me/passkeys/options")).json()
    credential = made.create(begun["options"], HONEST)
    body = {"token": begun["token"], "credential": credential, "name": name}
    answer = await found.post("/api/me/passkeys", body)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["recovery"]) in {0, 10}
    return made


async def sign_in(found: Site, key: Authenticator, how: Answering = HONEST) -> tuple[int, str]:
    begun = (await found.post("/api/sign-in/passkey/options")).json()
    body = {"token": begun["token"], "credential": key.get(begun["options"], how)}
    answer = await found.post("/api/sign-in/passkey", body)
    return answer.status_code, answer.json().get("error", {}).get("code", "")


def test_Q6_a_passkey_signs_in_by_itself(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        listed = (await found.client.get("/api/me/passkeys")).json()
        assert [one["name"] for one in listed["passkeys"]] == ["Llave"]
        found.client.cookies.clear()
        assert await sign_in(found, key) == (200, "")
        assert (await found.client.get("/api/me")).json()["second_factor"] is True
        listed = (await found.client.get("/api/me/sign-ins")).json()["sign_ins"]
        assert [one["method"] for one in listed if one["current"]] == ["passkey"]

    run(tmp_path, play)


@pytest.mark.parametrize("how", _WRONG.values(), ids=_WRONG.keys())
def test_Q6_an_answer_that_is_wrong_in_one_thing_is_refused(tmp_path: Path, how: Answering):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        found.client.cookies.clear()
        assert await sign_in(found, key, how) == (401, "passkey_failed")
        assert COOKIE not in found.client.cookies
        assert await sign_in(found, key) == (200, "")

    run(tmp_path, play)


@pytest.mark.parametrize("name", [name for name in _WRONG if name != "inside another site"])
def test_Q6_a_registration_that_is_wrong_in_one_thing_is_refused(tmp_path: Path, name: str):
    async def play(found: Site):
        await found.sign_in()
        begun = (await found.post("/api/me/passkeys/options")).json()
        credential = Authenticator().create(begun["options"], _WRONG[name])
        body = {"token": begun["token"], "credential": credential, "name": "x"}
        answer = await found.post("/api/me/passkeys", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "passkey_failed")
        assert (await found.client.get("/api/me/passkeys")).json()["passkeys"] == []

    run(tmp_path, play)


def test_Q6_a_counter_that_does_not_rise_is_refused(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        assert (await sign_in(found, key))[0] == 200
        assert await sign_in(found, key, replace(HONEST, counts=False)) == (401, "passkey_failed")
        key.count -= 1  # as a copy would count that was made earlier
        assert await sign_in(found, key, replace(HONEST, counts=False)) == (401, "passkey_failed")

    run(tmp_path, play)


def test_Q6_an_answer_is_good_once_and_for_its_purpose(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        begun = (await found.post("/api/sign-in/passkey/options")).json()
        body = {"token": begun["token"], "credential": key.get(begun["options"], HONEST)}
        assert (await found.post("/api/sign-in/passkey", body)).status_code == 200
        assert (await found.post("/api/sign-in/passkey", body)).status_code == 401
        begun = (await found.post("/api/sign-in/passkey/options")).json()
        body = {"token": begun["token"], "credential": key.get(begun["options"], HONEST)}
        other_purpose = await found.post("/api/reauth", {"passkey": body})
        assert other_purpose.json()["error"]["code"] == "passkey_failed"

    run(tmp_path, play)


def test_Q6_a_stranger_and_hostile_bytes_are_refused_alike(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        await registered(found)
        found.client.cookies.clear()
        assert await sign_in(found, Authenticator(user_handle=b"x" * 16)) == (401, "passkey_failed")
        hostile: list[dict[str, Any]] = [
            {},
            {"id": 7},
            {"id": "A", "rawId": "A", "response": {}, "type": "public-key"},
        ]
        for credential in hostile:
            begun = (await found.post("/api/sign-in/passkey/options")).json()
            body = {"token": begun["token"], "credential": credential}
            answer = await found.post("/api/sign-in/passkey", body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "passkey_failed")

    run(tmp_path, play)


def test_Q6_a_passkey_is_a_second_step_and_a_proof_of_its_own_account(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        found.client.cookies.clear()
        step = (await found.sign_in()).json()
        assert step["methods"] == ["passkey", "recovery"]
        challenge = {"challenge": step["challenge"]}
        begun = (await found.post("/api/sign-in/second/passkey/options", challenge)).json()
        assert [one["id"] for one in begun["options"]["allowCredentials"]]
        proof = {"token": begun["token"], "credential": key.get(begun["options"], HONEST)}
        done = await found.post("/api/sign-in/second", challenge | {"passkey": proof})
        assert done.status_code == 200, done.text
        found.hands.turn(700)
        begun = (await found.post("/api/reauth/passkey/options")).json()
        proof = {"token": begun["token"], "credential": key.get(begun["options"], HONEST)}
        assert (await found.post("/api/reauth", {"passkey": proof})).status_code == 204
        name = (await found.client.get("/api/me/passkeys")).json()["passkeys"][0]["id"]
        assert (await found.post(f"/api/me/passkeys/{name}/remove")).status_code == 204
        assert (await found.post(f"/api/me/passkeys/{name}/remove")).status_code == 404
        assert await sign_in(found, key) == (401, "passkey_failed")

    run(tmp_path, play)


def test_Q6_the_same_passkey_is_registered_once(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        begun = (await found.post("/api/me/passkeys/options")).json()
        assert len(begun["options"]["excludeCredentials"]) == 1
        credential = key.create(begun["options"], HONEST)
        body = {"token": begun["token"], "credential": credential, "name": "again"}
        answer = await found.post("/api/me/passkeys", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "taken")

    run(tmp_path, play)


def test_Q6_addresses_without_a_name_have_no_passkeys(tmp_path: Path):
    assert relying_party("https://relay.example:8443") == "relay.example"
    assert relying_party("https://127.0.0.1:8443") is None
    assert relying_party("https://[::1]") is None

    async def play(found: Site):
        answer = await found.post("/api/sign-in/passkey/options")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_configured")

    async def by_address():
        async with site(tmp_path) as found:
            await play(found)

    asyncio.run(by_address())


def test_Q6_beginning_without_end_is_throttled_and_signing_in_costs_nothing(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        for _ in range(25):
            assert (await sign_in(found, key))[0] == 200
        found.client.cookies.clear()
        begun = [(await found.post("/api/sign-in/passkey/options")).status_code for _ in range(21)]
        assert begun == [200] * 20 + [429]

    run(tmp_path, play)


def test_Q6_guessing_answers_is_throttled_and_told_once(tmp_path: Path):
    async def play(found: Site):
        body: dict[str, Any] = {"token": "x" * 43, "credential": {}}
        tried = [(await found.post("/api/sign-in/passkey", body)).status_code for _ in range(22)]
        assert tried == [401] * 20 + [429] * 2
        assert await found.services.switchboard.settled()
        lines = [line for line in await AuditLog(found.database).newest() if line.action == "sign_in.refused"]
        assert [line.details for line in lines] == [{"step": "passkey", "count": 1}]

    run(tmp_path, play)


def test_Q7_where_only_the_provider_counts_a_passkey_opens_nothing(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        key = await registered(found)
        event = AuditEvent(found.hands.now_s(), "test", "policy.changed")
        policy = OrganisationPolicy(oidc_only=True)
        assert await OrganisationStore(found.database, "Prueba").set_policy(HOME, policy, event)
        found.client.cookies.clear()
        assert await sign_in(found, key) == (403, "oidc_only")
        assert COOKIE not in found.client.cookies

    run(tmp_path, play, oidc_issuer="https://sign-in.example", oidc_client_id="relevo")
