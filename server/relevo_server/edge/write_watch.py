"""Notices a peer that takes nothing of what waits for it, whatever buffers lie between (SPEC C15)."""

import asyncio
import socket
import struct
import sys
from typing import Final, Protocol, cast

from relevo_server.edge.rounds import next_round_s

# Linux, struct tcp_info: u32 unacked after 8 octets and 4 words; u64 bytes_acked and u32 notsent_bytes later.
_TCP_INFO_BYTES: Final = 152
_UNACKED: Final = struct.Struct("=I")
_UNACKED_AT: Final = 24
_ACKED: Final = struct.Struct("=Q")
_ACKED_AT: Final = 120
_NOT_SENT: Final = struct.Struct("=I")
_NOT_SENT_AT: Final = 144
_LOOKS: Final = 4
"""Within a deadline."""


class Socket(Protocol):
    """What of a socket is needed to watch it."""

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes:
        """See :meth:`socket.socket.getsockopt`."""
        ...


class WriteWatch:
    """Aborts a transport when what waits in it makes no progress for ``deadline_s``.

    That takes some looks in turn: after a pause of this very process one look says nothing about the peer.
    On Linux progress is what the peer's kernel has acknowledged (TCP_INFO), which TLS and asyncio's buffers
    cannot hide; elsewhere it is the transport's buffer getting smaller.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, deadline_s: float
    ) -> None:
        self._transport = transport
        self._socket = cast("Socket | None", transport.get_extra_info("socket"))
        self._loop = loop
        self._deadline_s = deadline_s
        self._mark = -1
        self._since_s = loop.time()
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = self._next_look()

    def stop(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now_s = self._loop.time()
        pending, mark = self._progress()
        if not pending or mark != self._mark:
            self._mark, self._since_s, self._looks = mark, now_s, 0
        else:
            self._looks += 1
            if self._looks >= _LOOKS and now_s - self._since_s >= self._deadline_s:
                self._timer = None
                self._transport.abort()
                return
        self._timer = self._next_look()

    def _next_look(self) -> asyncio.TimerHandle:
        return self._loop.call_at(next_round_s(self._loop.time(), self._deadline_s / _LOOKS), self._look)

    def _progress(self) -> tuple[bool, int]:
        """Whether anything waits, and a number that changes when some of it has left."""
        if sys.platform == "linux" and self._socket is not None:
            try:
                info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
            except OSError:
                return False, 0  # closed underneath, or no TCP socket
            if len(info) == _TCP_INFO_BYTES:
                (acked,) = _ACKED.unpack_from(info, _ACKED_AT)
                (unacked,) = _UNACKED.unpack_from(info, _UNACKED_AT)
                (not_sent,) = _NOT_SENT.unpack_from(info, _NOT_SENT_AT)
                return unacked > 0 or not_sent > 0, acked
        size = 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()
        return size > 0, size
