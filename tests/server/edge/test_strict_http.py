"""A request has one length (SECURITY X7), on real sockets over TLS."""

import asyncio
from pathlib import Path

import pytest

from tests.attacks.client import Ground, status_of
from tests.support.relay import running_relay

pytestmark = pytest.mark.anyio
_HEAD = "POST /api/sign-out HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
_HIDDEN = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ],
)
async def test_X7_a_request_with_two_ends_is_the_last_of_its_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rest: str
) -> None:
    async with running_relay(tmp_path) as relay:
        answer = await Ground(relay).say((_HEAD + rest + _HIDDEN).encode())
        assert status_of(answer) == 400
        assert answer.count(b"HTTP/1.1 ") == 1
    assert not [line for line in caplog.records if line.exc_info]


async def test_X7_a_body_that_breaks_while_its_answer_is_under_way_ends_the_connection(
    tmp_path: Path,
) -> None:
    async with running_relay(tmp_path) as relay:
        reader, writer = await Ground(relay).connect()
        writer.write((_HEAD + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n").encode())
        assert b" 403 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        writer.write(b"nonsense\r\n")
        while await asyncio.wait_for(reader.read(2**16), 10):
            pass
        writer.transport.abort()
