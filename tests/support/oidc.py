"""The npm provider as a process, and a browser's part in signing in there."""

import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx

from tools import node

CLIENT_ID = "relevo"
CLIENT_SECRET = "a secret: with / signs"
_SCRIPT = Path(__file__).with_name("oidc_provider.mjs")
_VIEWER = Path(__file__).parents[2] / "viewer"
_STEPS = 12


@contextmanager
def provider(callback: str) -> Generator[str]:
    """The issuer of a provider that runs on loopback."""
    environment = node.environment()
    with subprocess.Popen(
        ["node", _SCRIPT, _VIEWER, callback],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            # It may warn of its defaults before it says where it listens.
            issuer = next(line.strip() for line in process.stdout if line.startswith("http://127.0.0.1:"))
            yield issuer
        finally:
            process.stdin.close()
            process.wait(60)


async def signed_in_there(browser: httpx.AsyncClient, url: str, login: str, callback: str) -> str:
    """Walk through the provider's pages as somebody; the address that it sends the browser back to."""
    answer = await browser.get(url)
    for _ in range(_STEPS):
        if answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith(callback):
                return target
            answer = await browser.get(target)
            continue
        form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', answer.text, re.DOTALL)
        assert form is not None, answer.text[:500]
        hidden = re.findall(r'<input[^>]*type="hidden"[^>]*name="(\w+)"[^>]*value="(\w+)"', form.group(2))
        fields = dict(hidden)
        if fields.get("prompt") == "login":
            fields |= {"login": login, "password": "any"}
        answer = await browser.post(urljoin(str(answer.url), unescape(form.group(1))), data=fields)
    raise AssertionError("the provider asks without end")
