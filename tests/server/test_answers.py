"""What holds for every answer of the server (SECURITY.md, V3, V4 and V13)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from relevo_server.errors import EVERY_FAULT
from tests.server.hands import ORIGIN, Site, site


def test_no_answer_opens_itself_to_other_origins(tmp_path: Path):
    async def play(found: Site):
        for path in ("/", "/api/config", "/api/me", "/healthz", "/metrics", "/ca.pem"):
            for origin in (ORIGIN, "https://evil.example", "null"):
                answer = await found.client.get(path, headers={"origin": origin})
                assert not [name for name in answer.headers if name.startswith("access-control-")]

    _run(tmp_path, play)


def test_every_answer_says_what_it_is(tmp_path: Path):
    async def play(found: Site):
        for path in ("/", "/api/config", "/api/me", "/api/gone", "/healthz", "/metrics"):
            answer = await found.client.get(path)
            kind = answer.headers["content-type"]
            assert kind == "application/json" or "charset=utf-8" in kind, (path, kind)

    _run(tmp_path, play)


def test_every_fault_speaks_both_languages():
    assert len({fault.code for fault in EVERY_FAULT}) == len(EVERY_FAULT)
    for fault in EVERY_FAULT:
        for text in (fault.message, fault.remedy):
            assert text.en
            assert text.es
            assert text.en != text.es


def test_trace_is_refused(tmp_path: Path):
    async def play(found: Site):
        for path in ("/", "/api/me", "/api/admin/people"):
            for headers in ({}, {"origin": ORIGIN, "content-type": "application/json"}):
                answer = await found.client.request("TRACE", path, headers=headers)
                assert answer.status_code in {403, 404, 405}, path
                assert "TRACE" not in answer.text

    _run(tmp_path, play)


def _run(folder: Path, play: Callable[[Site], Awaitable[None]]) -> None:
    async def on_site() -> None:
        async with site(folder) as found:
            await play(found)

    asyncio.run(on_site())
