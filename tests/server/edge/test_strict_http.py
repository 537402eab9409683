"""A request has one length and one reading (SECURITY X7), on real sockets over TLS."""

import asyncio
from pathlib import Path

import h11
import pytest

from relevo_server.edge.strict_http import StrictConnection
from tests.attacks.client import Ground, status_of
from tests.support.relay import running_relay

pytestmark = pytest.mark.anyio
_LINE = "POST /api/sign-out HTTP/1.1\r\n"
_FIELDS = "Host: x\r\nContent-Type: application/json\r\n"
_HEAD = _LINE + _FIELDS
_HIDDEN = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
_CHUNKED = "Transfer-Encoding: chunked\r\n"
_AMBIGUOUS = {
    "a length before chunks": f"{_HEAD}Content-Length: 5\r\n{_CHUNKED}\r\n0\r\n\r\n",
    "a length after chunks": f"{_HEAD}{_CHUNKED}Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": f"{_HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "two lengths in one field": f"{_HEAD}Content-Length: 1, 2\r\n\r\nx",
    "two codings": f"{_HEAD}{_CHUNKED}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an unknown coding": f"{_HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": f"{_HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a blank before the name": f"{_LINE} {_FIELDS}Content-Length: 0\r\n\r\n",
    "a folded field": f"{_HEAD}X: y\r\n {_CHUNKED}Content-Length: 0\r\n\r\n",
    "a field folded by a tab": f"{_HEAD}X: y\r\n\tz\r\nContent-Length: 0\r\n\r\n",
    "a line ended by LF": f"{_HEAD}X: y\n{_CHUNKED}\r\n0\r\n\r\n",
    "a head ended by LF": f"{_HEAD}Content-Length: 0\r\n\n",
    "a request line ended by LF": f"{_LINE.strip()}\n{_FIELDS}Content-Length: 0\r\n\r\n",
    "a CR alone": f"{_HEAD}X: y\r{_CHUNKED}Content-Length: 0\r\n\r\n",
    "no number for a chunk": f"{_HEAD}{_CHUNKED}\r\nnonsense\r\n",
    "a chunk less than nothing": f"{_HEAD}{_CHUNKED}\r\n-1\r\n\r\n",
    "a chunk's length with 0x": f"{_HEAD}{_CHUNKED}\r\n0x0\r\n\r\n",
    "a chunk's line ended by LF": f"{_HEAD}{_CHUNKED}\r\n2\n{{}}\r\n0\r\n\r\n",
    "LF in a chunk's extension": f"{_HEAD}{_CHUNKED}\r\n2;a\nb\r\n{{}}\r\n0\r\n\r\n",
    "a chunk longer than it says": f"{_HEAD}{_CHUNKED}\r\n1\r\n{{}}\r\n0\r\n\r\n",
    "a chunk's end that is none": f"{_HEAD}{_CHUNKED}\r\n2\r\n{{}}xx0\r\n\r\n",
    "trailers ended by LF": f"{_HEAD}{_CHUNKED}\r\n0\r\n\n",
    "a trailer ended by LF": f"{_HEAD}{_CHUNKED}\r\n0\r\nX: y\n\r\n",
    "a folded trailer": f"{_HEAD}{_CHUNKED}\r\n0\r\nX: y\r\n z\r\n\r\n",
}


async def test_X7_a_request_with_two_readings_is_the_last_of_its_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_relay(tmp_path) as relay:
        ground = Ground(relay)
        for name, request in _AMBIGUOUS.items():
            answer = await ground.say((request + _HIDDEN).encode(), silence_s=60.0)
            assert (status_of(answer), answer.count(b"HTTP/1.1 ")) == (400, 1), name
            # Behind a good one, as a proxy sends them that keeps its connections.
            later = await ground.say((_HIDDEN + request + _HIDDEN).encode(), silence_s=60.0)
            assert (status_of(later), later.count(b"HTTP/1.1 ")) == (200, 2), name
            assert later.count(b"HTTP/1.1 400 ") == 1, name
    assert not [line for line in caplog.records if line.exc_info]


@pytest.mark.parametrize("cut", range(1, 8))
def test_X7_what_is_good_is_taken_in_pieces_too(cut: int) -> None:
    whole = f"{_HEAD}{_CHUNKED}\r\n2\r\n\n \r\n0\r\nX: y\r\n\r\n".encode()
    connection = StrictConnection(h11.SERVER)
    events: list[h11.Event | type[h11.NEED_DATA | h11.PAUSED]] = []
    for at in range(0, len(whole), cut):
        connection.receive_data(whole[at : at + cut])
        while (event := connection.next_event()) is not h11.NEED_DATA and event is not h11.PAUSED:
            events.append(event)
    assert isinstance(events[0], h11.Request)
    assert isinstance(events[-1], h11.EndOfMessage)
    assert b"".join(one.data for one in events if isinstance(one, h11.Data)) == b"\n "


async def test_X7_a_body_that_breaks_while_its_answer_is_under_way_ends_the_connection(
    tmp_path: Path,
) -> None:
    async with running_relay(tmp_path) as relay:
        reader, writer = await Ground(relay).connect()
        writer.write((_HEAD + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n").encode())
        assert b" 403 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        writer.write(b"nonsense\r\n")
        while await asyncio.wait_for(reader.read(2**16), 60):
            pass
        writer.transport.abort()
