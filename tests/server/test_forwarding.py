"""Whose address the server believes, behind a chain of proxies and beside it (SECURITY X4)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from relevo_server.edge.admission import Door
from tests.server.hands import PASSWORD, Site, site

_CLIENT = "203.0.113.9"
_OUTER = "198.51.100.4"
"""A proxy that nobody declared: a client like any other, whatever it says of those behind it."""
_BEHIND: dict[str, Any] = {
    "plain_http": True,
    "behind_proxy": "10.1.0.0/16,10.2.0.1",
    "public_origin": "https://relay.example",
}


async def _address_of(found: Site, *forwarded: str) -> str:
    """As whom the server notes a sign-in that comes with these X-Forwarded-For headers."""
    headers = [("origin", "https://relay.example"), ("x-forwarded-proto", "https")]
    headers += [("x-forwarded-for", one) for one in forwarded]
    answer = await found.client.post(
        "/api/sign-in", json={"name": "ana", "password": PASSWORD}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    newest, *_ = await found.services.sign_ins.of_account(found.ana.id)
    found.hands.turn(60)
    return newest.address


def test_X4_of_a_chain_the_first_hop_that_nobody_declared_counts(tmp_path: Path) -> None:
    cases = [
        ((_CLIENT,), _CLIENT),
        ((f"{_CLIENT}, 10.2.0.1",), _CLIENT),  # two declared proxies
        ((f"{_CLIENT}", "10.2.0.1"), _CLIENT),  # the same, as two headers
        ((f"127.0.0.1, {_CLIENT}",), _CLIENT),  # what the client itself wrote
        ((f"10.1.2.3, {_CLIENT}, 10.2.0.1",), _CLIENT),  # a client that claims to be a proxy
        ((f"{_CLIENT}, {_OUTER}",), _OUTER),
        ((f"{_CLIENT}, 10.2.0.2",), "10.2.0.2"),  # not declared, though its neighbour is
        (("[2001:db8::5]:4711",), "2001:db8::5"),
        ((f"{_CLIENT}:4711",), _CLIENT),
        (("",), "10.1.2.3"),
    ]

    async def play() -> None:
        async with site(tmp_path, address="10.1.2.3", **_BEHIND) as found:
            for forwarded, expected in cases:
                assert await _address_of(found, *forwarded) == expected, forwarded

    asyncio.run(play())


@pytest.mark.parametrize(
    ("declared", "proxy"),
    [
        ("10.1.0.0/16", "::ffff:10.1.2.3"),  # as a socket for both families shows it
        ("10.2.0.1", "::ffff:10.2.0.1"),
        ("10.1.2.3/16", "10.1.9.9"),
        ("2001:db8::/32", "2001:db8::7"),
    ],
)
def test_X4_a_declared_proxy_is_known_however_its_address_is_written(
    tmp_path: Path, declared: str, proxy: str
) -> None:
    async def play() -> None:
        behind = {**_BEHIND, "behind_proxy": declared}
        async with site(tmp_path, address=proxy, **behind) as found:
            assert await _address_of(found, _CLIENT) == _CLIENT
            door = Door(1, found.services.settings.proxies)
            assert all(door.enter(proxy) for _ in range(Door.PER_PERSON + 1))

    asyncio.run(play())


@pytest.mark.parametrize("claimed", ["127.0.0.1", "10.1.2.3", _CLIENT, "127.0.0.1, 10.1.2.3"])
def test_X4_who_is_no_declared_proxy_cannot_speak_for_others(tmp_path: Path, claimed: str) -> None:
    async def play() -> None:
        async with site(tmp_path, address=_OUTER) as found:
            headers = {"x-forwarded-for": claimed, "x-real-ip": claimed, "forwarded": f"for={claimed}"}
            assert (await found.client.get("/metrics", headers=headers)).status_code == 403
            origin = str(found.client.base_url).rstrip("/")
            body = {"name": "ana", "password": PASSWORD}
            answer = await found.client.post("/api/sign-in", json=body, headers={**headers, "origin": origin})
            assert answer.status_code == 200
            (kept,) = await found.services.sign_ins.of_account(found.ana.id)
            assert kept.address == _OUTER

    asyncio.run(play())


def test_X4_behind_a_proxy_nobody_is_this_machine(tmp_path: Path) -> None:
    async def play() -> None:
        async with site(tmp_path, address="10.1.2.3", **_BEHIND) as found:
            for claimed in ("127.0.0.1", "::1", "10.1.2.3"):
                answer = await found.client.get("/metrics", headers={"x-forwarded-for": claimed})
                assert answer.status_code == 403

    asyncio.run(play())
