import asyncio
import re
from pathlib import Path

import httpx
import pytest

from relevo_server.app import create_app
from tests.server.hands import ORIGIN, routes, settings, site

_FOREIGN = {
    "no origin": {"content-type": "application/json"},
    "another site": {"origin": "https://evil.example", "content-type": "application/json"},
    "a sandbox": {"origin": "null", "content-type": "application/json"},
    "another port": {"origin": "https://127.0.0.1:1", "content-type": "application/json"},
    "plain http": {"origin": ORIGIN.replace("https", "http"), "content-type": "application/json"},
    "a form": {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"},
    "plain text": {"origin": ORIGIN, "content-type": "text/plain"},
    "a token beside a cookie": {
        "authorization": "Bearer relevo_x",
        "cookie": "__Host-relevo=x",
        "content-type": "application/json",
    },
    "a token from a page": {
        "authorization": "Bearer relevo_x",
        "origin": "https://evil.example",
        "content-type": "application/json",
    },
}
_READS = {"GET", "HEAD"}


def _routes(folder: Path) -> list[tuple[str, str]]:
    """Every method and path that the application answers, its parameters filled in."""
    found = routes(create_app(settings(data=folder)))
    return [(method, re.sub(r"\{[^}]*\}", "0" * 32, path)) for method, path in found]


def test_Q3_no_write_is_taken_from_elsewhere(tmp_path: Path):
    writes = [one for one in _routes(tmp_path) if one[0] not in _READS]
    assert len(writes) > 30

    async def play():
        async with site(tmp_path) as found:
            await found.sign_in()
            for method, path in writes:
                for name, headers in _FOREIGN.items():
                    answer = await found.client.request(method, path, content=b"{}", headers=headers)
                    assert answer.status_code in {403, 415}, (name, method, path)
                    assert answer.json()["error"]["code"] in {"foreign_origin", "not_json"}
            assert (await found.client.get("/api/me")).status_code == 200

    asyncio.run(play())


@pytest.mark.parametrize("site_of_asker", ["cross-site", "same-site"])
def test_Q3_no_answer_of_the_api_is_read_from_elsewhere(tmp_path: Path, site_of_asker: str):
    reads = [path for method, path in _routes(tmp_path) if method == "GET" and path.startswith("/api/")]
    # From there its provider sends people back, bound by state and a cookie (Q7).
    reads.remove("/api/oidc/callback")
    assert len(reads) > 8

    async def play():
        async with site(tmp_path) as found:
            await found.sign_in()
            for path in reads:
                answer: httpx.Response = await found.client.get(
                    path, headers={"sec-fetch-site": site_of_asker}
                )
                assert answer.status_code == 403, path
                assert "access-control-allow-origin" not in answer.headers

    asyncio.run(play())


@pytest.mark.parametrize("asker", [None, "none", "cross-site", "same-site", "same-origin"])
def test_Q3_what_leaves_a_line_is_read_from_our_own_page_alone(tmp_path: Path, asker: str | None):
    async def play():
        async with site(tmp_path) as found:
            await found.sign_in()
            headers = {} if asker is None else {"sec-fetch-site": asker}
            answer = await found.client.get("/api/admin/audit/export", headers=headers)
            assert answer.status_code == (200 if asker == "same-origin" else 403)

    asyncio.run(play())
