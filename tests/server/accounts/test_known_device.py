import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from relevo_server.accounts.known_device import KNOWN_COOKIE, KNOWN_S, KnownDevices
from relevo_server.accounts.seal import KEY_FILE, Seal
from relevo_server.store.accounts import NewAccount
from tests.server.accounts.test_second_factor import code_now, enrol, second
from tests.server.hands import ORIGIN, PASSWORD, QUICK, Hands, Site, site

Play = Callable[[Site], Awaitable[None]]


def run(tmp_path: Path, play: Play, **given: Any):
    async def on_site():
        async with site(tmp_path, **given) as found:
            await play(found)

    asyncio.run(on_site())


@asynccontextmanager
async def stranger(found: Site, address: str) -> AsyncGenerator[httpx.AsyncClient]:
    """Another browser, from another address."""
    transport = httpx.ASGITransport(found.app, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN}) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD, name: str = "ana") -> int:
    return (await client.post("/api/sign-in", json={"name": name, "password": password})).status_code


async def guessed(found: Site, address: str, tries: int) -> int:
    """How many of so many tries from there were looked at."""
    async with stranger(found, address) as client:
        return [await sign_in(client, "a wrong password") for _ in range(tries)].count(401)


async def leave(found: Site) -> None:
    """Sign out; the browser stays known."""
    assert (await found.post("/api/sign-out")).status_code == 204


def test_Q17_strangers_do_not_keep_a_known_browser_out(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        await leave(found)
        for number in range(20):
            await guessed(found, f"198.51.100.{number}", 9)
        async with stranger(found, "203.0.113.1") as client:
            assert await sign_in(client) == 429
        # And not from its own address either.
        await guessed(found, "127.0.0.1", 30)
        assert (await found.sign_in()).status_code == 200

    run(tmp_path, play)


def test_Q17_one_network_keeps_nobody_out_but_itself(tmp_path: Path):
    async def play(found: Site):
        looked_at = [await guessed(found, f"2001:db8:7:{number}::1", 4) for number in range(100)]
        assert sum(looked_at) == 8
        assert (await found.sign_in()).status_code == 200

    run(tmp_path, play)


def test_Q17_all_networks_together_have_a_bounded_number_of_guesses(tmp_path: Path):
    async def play(found: Site):
        looked_at = [await guessed(found, f"198.51.100.{number}", 5) for number in range(20)]
        assert sum(looked_at) == 32
        found.hands.turn(60)
        looked_at = [await guessed(found, f"203.0.113.{number}", 5) for number in range(20)]
        assert sum(looked_at) == 8

    run(tmp_path, play)


def test_Q17_a_known_browser_has_as_few_tries_as_a_network(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        statuses = [(await found.sign_in("a wrong password")).status_code for _ in range(10)]
        assert statuses == [401] * 8 + [429] * 2
        found.client.cookies.delete(KNOWN_COOKIE)
        assert (await found.sign_in()).status_code == 200

    run(tmp_path, play)


def test_Q17_to_be_known_is_bound_to_the_account_and_opens_nothing(tmp_path: Path):
    async def play(found: Site):
        new = NewAccount("eva", "Eva", "es", is_admin=False, password_hash=QUICK.hash(PASSWORD))
        await found.accounts.create(new, "test")
        answer = await found.sign_in()
        (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith(KNOWN_COOKIE)]
        for part in ("httponly", "secure", "samesite=strict", "path=/", f"max-age={KNOWN_S}"):
            assert part in cookie.lower()
        await leave(found)
        assert (await found.client.get("/api/me")).status_code == 401
        assert KNOWN_COOKIE in found.client.cookies
        await guessed(found, "127.0.0.1", 9)
        await guessed(found, "198.51.100.1", 9)
        for number in range(4):
            async with stranger(found, f"203.0.113.{number}") as client:
                for _ in range(8):
                    await sign_in(client, "a wrong password", "eva")
        assert (await found.sign_in(name="eva")).status_code == 429
        assert (await found.sign_in()).status_code == 200

    run(tmp_path, play)


def test_Q17_a_known_browser_is_asked_for_its_second_step_whatever_others_try(tmp_path: Path):
    async def play(found: Site):
        await found.sign_in()
        secret, _ = await enrol(found)
        await leave(found)
        async with stranger(found, "198.51.100.1") as client:
            statuses: list[int] = []
            for _ in range(2):
                challenge = (
                    await client.post("/api/sign-in", json={"name": "ana", "password": PASSWORD})
                ).json()["challenge"]
                for _ in range(5):
                    proof = {"challenge": challenge, "totp": "000000"}
                    statuses.append((await client.post("/api/sign-in/second", json=proof)).status_code)
            assert statuses == [401] * 8 + [429] * 2
        found.hands.turn(30)
        challenge = (await found.sign_in()).json()["challenge"]
        assert (await second(found, challenge, totp=code_now(found, secret))).status_code == 200

    run(tmp_path, play)


@pytest.mark.parametrize("token", ["", "x", "%%%", "ñ", "A" * 72, "A" * 5000])
def test_Q17_what_nobody_sealed_is_no_known_browser(token: str):
    assert KnownDevices(lambda: Seal(bytes(32)), Hands().clock).device(token, "ana") is None


def test_Q17_without_a_key_people_sign_in_all_the_same(tmp_path: Path):
    (tmp_path / KEY_FILE).write_bytes(b"damaged")

    async def play(found: Site):
        found.client.cookies.set(KNOWN_COOKIE, "x" * 72, domain="127.0.0.1")
        assert (await found.sign_in()).status_code == 200

    run(tmp_path, play)


def test_Q17_a_browser_is_known_for_half_a_year_to_one_account_of_one_server():
    hands = Hands()
    known = KnownDevices(lambda: Seal(bytes(32)), hands.clock)
    token = known.token("ana")
    assert token is not None
    device = known.device(token, "ana")
    assert device is not None
    assert known.device(known.token("ana") or "", "ana") not in {device, None}
    assert known.device(token, "eva") is None
    assert KnownDevices(lambda: Seal(b"k" * 32), hands.clock).device(token, "ana") is None
    hands.turn(KNOWN_S - 1)
    assert known.device(token, "ana") == device
    hands.turn(1)
    assert known.device(token, "ana") is None
