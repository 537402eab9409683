"""How the viewer's built files leave the server."""

import asyncio
from pathlib import Path

import pytest

from relevo_server import viewer_files
from tests.server.hands import site


def test_public_files_are_compressed_and_answers_of_the_api_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    script = "export const words = [" + "'word', " * 2000 + "]"
    (folder / "assets" / "main-1a2b.js").write_text(script, encoding="utf-8")
    monkeypatch.setattr(viewer_files.build_router, "__defaults__", (folder,))

    async def play() -> None:
        async with site(tmp_path) as found:
            await found.sign_in()
            packed = await found.client.get("/assets/main-1a2b.js", headers={"accept-encoding": "br, gzip"})
            assert packed.headers["content-encoding"] == "gzip"
            assert int(packed.headers["content-length"]) < len(script) / 10
            assert packed.text == script
            assert "javascript" in packed.headers["content-type"]
            assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
            tag = {"if-none-match": packed.headers["etag"], "accept-encoding": "gzip"}
            assert (await found.client.get("/assets/main-1a2b.js", headers=tag)).status_code == 304
            for headers in (
                {"accept-encoding": "identity"},
                {"accept-encoding": "gzip", "range": "bytes=0-5"},
            ):
                plain = await found.client.get("/assets/main-1a2b.js", headers=headers)
                assert "content-encoding" not in plain.headers
                assert script.startswith(plain.text)
                assert plain.headers["vary"] == "accept-encoding"
            for path in ("/api/me", "/api/live", "/api/colleagues", "/metrics"):
                answer = await found.client.get(path, headers={"accept-encoding": "gzip"})
                assert answer.status_code == 200
                assert "content-encoding" not in answer.headers

    asyncio.run(play())
