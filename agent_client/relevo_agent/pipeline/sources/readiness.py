"""When a connection has something to tell, as one descriptor to wait for."""

import os
import select


class Readiness:
    """One descriptor that is readable while the socket is, or while events wait that were read along."""

    def __init__(self, socket: int) -> None:
        self._left = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._both = select.epoll()
        self._both.register(socket, select.EPOLLIN)
        self._both.register(self._left, select.EPOLLIN)
        self._is_set = False

    @property
    def fileno(self) -> int:
        """For select."""
        return self._both.fileno()

    def leave(self, *, more: bool) -> None:
        """Whether something is left to be looked at."""
        if more and not self._is_set:
            os.eventfd_write(self._left, 1)
        elif self._is_set and not more:
            os.eventfd_read(self._left)
        self._is_set = more

    def close(self) -> None:
        """Give both back."""
        self._both.close()
        os.close(self._left)
