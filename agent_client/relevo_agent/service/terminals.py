"""Root's terminals that one connection has opened."""

import os
import threading
from typing import Final

from relevo_agent.platform.elevated import TerminalWindow
from relevo_agent.platform.terminals import Shell
from relevo_protocol.limits import MAX_TERMINALS

WATCH_S: Final = 0.5


class TerminalsFull(Exception):
    """No more at once."""


class RootTerminals:
    """They end with the connection, however it ends."""

    def __init__(self) -> None:
        self._open: dict[int, Shell] = {}
        self._last = 0
        self._lock = threading.Lock()
        self._over = threading.Event()

    def open(self, window: TerminalWindow) -> tuple[int, int]:
        """A new one: its number, and a handle that is ours until :meth:`given`.

        Raises:
            TerminalsFull: as many as there may be are open.
            TerminalFailed: the system gives none.
        """
        with self._lock:
            if len(self._open) >= MAX_TERMINALS:
                raise TerminalsFull
            self._last += 1
            shell = Shell(window, {})
            self._open[self._last] = shell
        watch = threading.Thread(target=self._watch, args=(self._last,), name="root-terminal", daemon=True)
        watch.start()
        return self._last, shell.handle

    def given(self, number: int) -> None:
        """The other end has its duplicate of the handle: ours would keep the terminal open."""
        with self._lock:
            shell = self._open.get(number)
            if shell is not None and shell.handle >= 0:
                os.close(shell.handle)
                shell.handle = -1

    def close(self, number: int) -> int:
        """Hang up; the shell's exit status, 0 for a terminal that nobody knows."""
        shell = self._open.get(number)
        if shell is None:
            return 0
        self.given(number)
        status = shell.end()
        self._open.pop(number, None)
        return status

    def close_all(self) -> None:
        """The connection has ended."""
        self._over.set()
        for number in list(self._open):
            self.close(number)

    def _watch(self, number: int) -> None:
        """When the shell ends, so does what it left running in its terminal."""
        while not self._over.wait(WATCH_S):
            shell = self._open.get(number)
            if shell is None:
                return
            if shell.ended() is not None:
                shell.end()
                return
