"""Waking Tk from another thread: by a pipe that it waits for, where it can; else by looking now and then."""

import contextlib
import os
import tkinter as tk
from collections.abc import Callable
from typing import Final

POLL_MS: Final = 50


class Bell:
    """Calls ``answer`` in Tk's thread soon after :meth:`ring`; made in that thread."""

    def __init__(self, root: tk.Tk, answer: Callable[[], None]) -> None:
        self._root = root
        self._answer = answer
        self._ends: tuple[int, int] | None = None

    def hang(self) -> None:
        """Begin; what was rung for before is answered at once."""
        if hasattr(self._root.tk, "createfilehandler"):  # not on Windows
            inner, outer = os.pipe()
            os.set_blocking(inner, False)
            os.set_blocking(outer, False)
            self._ends = inner, outer
            self._root.tk.createfilehandler(inner, tk.READABLE, self._rung)
            self._answer()
        else:
            self._look()

    def ring(self) -> None:
        """Wake Tk; any thread may."""
        if self._ends is not None:
            with contextlib.suppress(OSError):  # it rings already
                os.write(self._ends[1], b"x")

    def _rung(self, inner: int, _mask: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(inner, 4096)
        self._answer()

    def _look(self) -> None:
        self._answer()
        with contextlib.suppress(tk.TclError):  # the answer ended it
            self._root.after(POLL_MS, self._look)
