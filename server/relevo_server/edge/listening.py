"""The socket that the server listens on: whom it takes in, and what it asks of connections (SPEC C17).

Connections are counted as they are accepted, before anybody has paid for a TLS handshake.
"""

import contextlib
import errno
import socket
import struct
import sys
import weakref
from collections.abc import Callable
from typing import Any, Final, cast

from relevo_protocol import limits
from relevo_server.edge.admission import Door

UNSENT_BYTES: Final = 16 * 1024
"""What the kernel takes of a socket beyond what it has sent."""
_TCP_NOTSENT_LOWAT: Final = 25
"""``linux/tcp.h``; the socket module names it from Python 3.12 on."""
_RESET: Final = struct.pack("ii", 1, 0)
"""``SO_LINGER`` at once: what is refused leaves nothing waiting in the kernel."""
_REFUSED_AT_ONCE: Final = 64
"""After so many refusals the event loop has its turn."""


class _Counted(socket.socket):
    """A connection that leaves the door when it is closed."""

    def __init__(self, accepted: socket.socket, leave: Callable[[], None]) -> None:
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        self._leave = weakref.finalize(self, leave)

    def close(self) -> None:
        """See :meth:`socket.socket.close`."""
        super().close()
        self._leave()


class Listener(socket.socket):
    """A listening socket whose connections come through a door, where it has one.

    On Windows the event loop accepts by itself: there only WebSockets are counted.
    """

    door: Door | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """See :meth:`socket.socket.accept`; whoever has no room is cut.

        Raises:
            BlockingIOError: nobody waits, or many were cut and others should have their turn.
        """
        for _ in range(_REFUSED_AT_ONCE):
            accepted, address = super().accept()
            if self.door is None:
                return accepted, address
            leave = self.door.enter(_host(address))
            if leave is not None:
                return _Counted(accepted, leave), address
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            accepted.close()
        raise BlockingIOError(errno.EAGAIN, "others have their turn")


def _host(address: object) -> str:
    """The address of a TCP peer; empty for a Unix socket's."""
    return str(cast("tuple[object, ...]", address)[0]) if isinstance(address, tuple) else ""


def listen_socket(host: str, port: int, door: Door | None = None) -> Listener:
    """Return a bound TCP socket whose connections notice a dead peer (user timeout 15 s, keep-alive 10/5/3).

    And they queue little, so that what is behind can still be dropped.

    Accepted sockets inherit these on Linux; they must be set before the peer's first silence, hence here.

    Raises:
        OSError: address not available, port in use, no permission.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    wanted = socket.AF_INET6 if ":" in host else socket.AF_INET
    family, kind, protocol, _name, address = next((one for one in found if one[0] == wanted), found[0])
    listener = Listener(family, kind, protocol)
    listener.door = door
    try:
        if sys.platform != "win32":  # there it would let a second server take the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::" and socket.has_dualstack_ipv6():
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        _notice_dead_peers(listener)
        _queue_little(listener)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise OSError(error.errno, f"port {port} of {host or 'every address'} is in use") from error
        raise
    listener.setblocking(False)
    return listener


def _queue_little(listener: socket.socket) -> None:
    """Let little wait in the kernel, and less in the routers on the way, where the kernel can do that."""
    if sys.platform != "linux":
        return
    listener.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    # Not offered by this kernel, or not to us: cubic fills the thin end's queue, only for who is behind.
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"bbr")


def _notice_dead_peers(listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.WRITE_DEADLINE_S * 1000)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
