"""The HTTP interface under schemathesis: whatever its description leads to, never an error of the server.

It runs as a process of its own against a relay on loopback, signed in as an administrator.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.relay import running_relay

pytestmark = pytest.mark.anyio
_EXAMPLES = os.environ.get("RELEVO_EXAMPLES", "3")
_MOST_S = os.environ.get("RELEVO_SCHEMA_S", "25")
# They end the sign-in with which all others are asked.
_ENDINGS = r"^/api/(sign-out|sign-in|me/password|me/sign-ins/.*|admin/people/.*/sign-out)"


async def test_X6_no_request_that_the_description_leads_to_is_an_error_of_the_server(tmp_path: Path) -> None:
    async with running_relay(tmp_path) as relay, relay.signed_in() as browser:
        assert relay.app is not None
        described = tmp_path / "openapi.json"
        described.write_text(json.dumps(relay.app.openapi()), encoding="utf-8")
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("schemathesis")),
            *("run", str(described), "--url", relay.origin, "--tls-verify", str(relay.ca_file)),
            *("-H", f"Origin: {relay.origin}", "-H", f"Cookie: {cookie}"),
            *("--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--max-examples", _EXAMPLES),
            *("--exclude-path-regex", _ENDINGS, "--seed", "1", "--no-color", "--warnings", "off"),
            *("--generation-database", "none", "--max-time", _MOST_S, "--no-shrink"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told, _ = await process.communicate()
        assert (await browser.get("/api/me")).status_code == 200, "the sign-in has ended: little was tried"
    assert process.returncode == 0, told.decode(errors="replace")[-4000:]
