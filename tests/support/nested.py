"""A display inside a display: what is injected into the outer one is real input for the inner one."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from Xlib import XK, X, display
from Xlib.ext import xtest


class Hand:
    """The person at the PC: strikes keys and moves the mouse for real, as the inner display sees it."""

    def __init__(self, outer: str) -> None:
        self._x = display.Display(outer)
        self._at = 100

    def key(self, name: str, *, down: bool) -> None:
        """Press or release the key of this keysym."""
        code = self._x.keysym_to_keycode(XK.string_to_keysym(name))
        xtest.fake_input(self._x, X.KeyPress if down else X.KeyRelease, code)
        self._x.sync()

    def strike(self, *names: str) -> None:
        """Press these keys one after another, then let them go."""
        for name in names:
            self.key(name, down=True)
        for name in reversed(names):
            self.key(name, down=False)

    def move(self) -> None:
        """Move the mouse a little."""
        self._at = 100 + (self._at + 7) % 200
        self.move_to(self._at, self._at)

    def move_to(self, x: int, y: int) -> None:
        """Move the mouse to a pixel of the outer display."""
        xtest.fake_input(self._x, X.MotionNotify, x=x, y=y)
        self._x.sync()

    def click(self, x: int, y: int) -> None:
        """Click with the left button at a pixel of the outer display."""
        self.move_to(x, y)
        for kind in (X.ButtonPress, X.ButtonRelease):
            xtest.fake_input(self._x, kind, 1)
        self._x.sync()

    def close(self) -> None:
        """End the connection."""
        self._x.close()


@contextmanager
def xephyr(outer: str, size: str) -> Generator[str]:
    """The name of a display that is a window of ``outer``, at its left upper corner."""
    read, write = os.pipe()
    command = ["Xephyr", "-noreset", "-nolisten", "tcp", "-displayfd", str(write), "-screen", size]
    environment, quiet = os.environ | {"DISPLAY": outer}, subprocess.DEVNULL
    with subprocess.Popen(command, pass_fds=(write,), env=environment, stdout=quiet, stderr=quiet) as server:
        os.close(write)
        try:
            with os.fdopen(read, "rb") as numbers:
                yield f":{int(numbers.readline())}"
        finally:
            server.terminate()
            server.wait(60)
