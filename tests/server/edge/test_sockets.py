"""What the relay asks of its sockets: to notice a dead peer, and to keep little for a slow one (SPEC C14)."""

import asyncio
import contextlib
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from relevo_server.edge.hardening import WRITE_BUFFER_BYTES, keep_little
from relevo_server.edge.listening import UNSENT_BYTES, listen_socket
from tests.support.certificates import tls_contexts

pytestmark = pytest.mark.anyio
_DEADLINE_S = 60.0


def _accept(listener: socket.socket) -> socket.socket:
    listener.setblocking(True)
    return listener.accept()[0]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux lets accepted sockets inherit these")
async def test_accepted_sockets_notice_a_dead_peer() -> None:
    with contextlib.closing(listen_socket("127.0.0.1", 0)) as listener:
        listener.listen()
        with (
            socket.create_connection(listener.getsockname()),
            contextlib.closing(_accept(listener)) as accepted,
        ):
            tcp = socket.IPPROTO_TCP
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert accepted.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 15_000
            wanted = {socket.TCP_KEEPIDLE: 10, socket.TCP_KEEPINTVL: 5, socket.TCP_KEEPCNT: 3}
            assert {option: accepted.getsockopt(tcp, option) for option in wanted} == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be told")
async def test_C14_little_waits_in_the_kernel_of_an_accepted_socket() -> None:
    with contextlib.closing(listen_socket("127.0.0.1", 0)) as listener:
        listener.listen()
        with (
            socket.create_connection(listener.getsockname()),
            contextlib.closing(_accept(listener)) as accepted,
        ):
            assert accepted.getsockopt(socket.IPPROTO_TCP, 25) == UNSENT_BYTES  # TCP_NOTSENT_LOWAT


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_C14_little_waits_in_a_transport_and_in_the_one_below_it(tmp_path: Path, tls: bool) -> None:
    server_tls, client_tls = tls_contexts(tmp_path) if tls else (None, None)
    limits: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()

    async def accepted(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        keep_little(writer.transport)
        found = [writer.transport.get_write_buffer_limits()[1]]
        if tls:  # the name that keep_little relies on must still be there
            below: Any = writer.transport
            found.append(int(below._ssl_protocol._transport.get_write_buffer_limits()[1]))
        limits.set_result(found)
        writer.close()

    async with await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=server_tls) as server:
        port = server.sockets[0].getsockname()[1]
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client_tls)
        async with asyncio.timeout(_DEADLINE_S):
            assert await limits == [WRITE_BUFFER_BYTES] * (1 + tls)
        writer.close()
