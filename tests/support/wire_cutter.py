"""A TCP forwarder whose cable can be pulled: for tests of what a cut does to both ends."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class WireCutter:
    """Forwards 127.0.0.1:``port`` to a target port until cut.

    ``cut`` resets every connection and refuses new ones until ``mend``; ``freeze`` stops forwarding without
    closing anything, as a dead line does. ``carried_bytes`` counts both ways.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._open = True
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.carried_bytes = 0
        threading.Thread(target=self._accept, daemon=True, name=f"wire-cutter-{self.port}").start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def cut(self) -> None:
        """Reset every connection; new ones are closed at once."""
        with self._lock:
            self._open = False
            victims, self._sockets = self._sockets, set()
        for victim in victims:
            _reset(victim)

    def mend(self) -> None:
        """Let connections through again."""
        self._open = True

    def freeze(self) -> None:
        """Forward nothing more, close nothing."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, what was held back first."""
        self._flowing.set()

    def close(self) -> None:
        """Stop for good."""
        self.cut()
        self._flowing.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                _reset(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._target_port), timeout=60)
            except OSError:
                _reset(near)
                continue
            far.settimeout(None)
            if not self._joins(near, far):
                _reset(near)
                _reset(far)
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _joins(self, near: socket.socket, far: socket.socket) -> bool:
        """Whether these may carry; the line may have been cut while the far end was dialled."""
        with self._lock:
            if self._open:
                self._sockets |= {near, far}
            return self._open

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self._flowing.wait()
                sink.sendall(data)
                with self._lock:
                    self.carried_bytes += len(data)
            sink.shutdown(socket.SHUT_WR)
            return
        with self._lock:
            self._sockets -= {source, sink}
        for end in (source, sink):
            _reset(end)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
