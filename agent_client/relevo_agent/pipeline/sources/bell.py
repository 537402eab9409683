"""A descriptor to wait for, rung from another thread: a socket, because Windows waits for nothing else."""

import socket


class Bell:
    """Readable from :meth:`ring` until :meth:`hush`."""

    def __init__(self) -> None:
        self._heard, self._rope = socket.socketpair()
        self._heard.setblocking(False)
        self._rope.setblocking(False)

    @property
    def fileno(self) -> int:
        """For select."""
        return self._heard.fileno()

    def ring(self) -> None:
        """From any thread."""
        try:
            self._rope.send(b"!")
        except OSError:  # it rings already, or nobody listens any more
            return

    def hush(self) -> None:
        """Make it unreadable again."""
        try:
            while self._heard.recv(4096):
                pass
        except OSError:  # nothing more in it
            return

    def close(self) -> None:
        """Give both ends back."""
        self._heard.close()
        self._rope.close()
