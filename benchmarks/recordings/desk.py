"""A desktop of its own: Xvfb, a window manager, real programs with an empty home, and hands (xdotool)."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.display import x_server
from benchmarks.measure import Unavailable
from relevo_agent.pipeline.sources import open_source

WIDTH: Final = 1920
HEIGHT: Final = 1080
WINDOW_WITHIN_S: Final = 60.0
STILL_S: Final = 0.7
CARET_PX: Final = 200
"""What blinks is smaller."""
_LOOK_S: Final = 0.1


class Desk:
    """One X display and what runs on it."""

    def __init__(self, display: str, home: Path) -> None:
        self.display, self.home = display, home
        self._programs: list[subprocess.Popen[bytes]] = []
        kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        self._environment = kept | {
            "DISPLAY": display,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(home),
            "NO_AT_BRIDGE": "1",  # no accessibility bus: it would be looked for at each start
            "GTK_THEME": "Adwaita",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }

    def start(self, *command: str) -> None:
        """Start a program; it ends with the desk."""
        program = subprocess.Popen(
            command,
            env=self._environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._programs.append(program)

    def window(self, name: str, *, by: str = "class") -> str:
        """Id of the newest visible window of this class, or of this title (``by="name"``), waited for.

        Raises:
            RuntimeError: none came in time.
        """
        end_s = time.monotonic() + WINDOW_WITHIN_S
        while time.monotonic() < end_s:
            found = self._tool(
                "search", "--onlyvisible", f"--{by}", f"^{name}" if by == "name" else name
            ).split()
            if found:
                return found[-1]
            time.sleep(_LOOK_S)
        raise RuntimeError(f"no window of {by} {name!r} within {WINDOW_WITHIN_S:g} s on {self.display}")

    def wait_managed(self) -> None:
        """Until a window manager answers: a window that maps before may never be seen."""
        end_s = time.monotonic() + WINDOW_WITHIN_S
        while not self._tool("get_num_desktops").strip():
            if time.monotonic() > end_s:
                raise RuntimeError(f"no window manager within {WINDOW_WITHIN_S:g} s on {self.display}")
            time.sleep(_LOOK_S)

    def hand(self, *arguments: str) -> None:
        """One xdotool command, done when it returns."""
        self._tool(*arguments)

    def script(self, lines: Sequence[str]) -> None:
        """Many xdotool commands, its ``sleep`` (seconds) between them, from one process."""
        with tempfile.NamedTemporaryFile("w", suffix=".xdotool", dir=self.home) as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            self._tool(file.name)

    def wait_still(self, longest_s: float = 20.0) -> None:
        """Until for a moment nothing changes that is larger than a caret; not for ever."""
        source = open_source(self.display)
        try:
            seen = source.grab().pixels.copy()
            now_s = time.monotonic()
            end_s, still_since_s = now_s + longest_s, now_s
            while now_s < end_s and now_s - still_since_s < STILL_S:
                time.sleep(_LOOK_S)
                pixels, now_s = source.grab().pixels, time.monotonic()
                if np.count_nonzero(pixels.view(np.uint32) != seen.view(np.uint32)) > CARET_PX:
                    seen[:] = pixels
                    still_since_s = now_s
        finally:
            source.close()

    def clear(self) -> None:
        """End every program of the desk."""
        for program in self._programs:
            _end(program)
        self._programs.clear()

    def _tool(self, *arguments: str) -> str:
        run = subprocess.run(
            ["xdotool", *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        return run.stdout


@contextlib.contextmanager
def open_desk() -> Generator[Desk]:
    """A desk with nothing on it but a plain background, its window manager running.

    Raises:
        Unavailable: a program that this needs is not installed.
    """
    with x_server() as (display, _), managed(display), desk_on(display) as desk:
        yield desk


@contextlib.contextmanager
def managed(display: str) -> Generator[None]:
    """A window manager on a display, once: the properties that it leaves would tell of it when it is gone.

    Raises:
        Unavailable: a program that this needs is not installed.
    """
    for name in ("openbox", "xdotool"):
        if shutil.which(name) is None:
            raise Unavailable(f"{name} is not installed: python -m benchmarks record --install")
    with desk_on(display) as manager:
        manager.start("openbox", "--sm-disable")
        manager.wait_managed()
        yield


@contextlib.contextmanager
def desk_on(display: str) -> Generator[Desk]:
    """Programs with an empty home, on a display that is there; they end with it."""
    with tempfile.TemporaryDirectory(prefix="relevo-desk-", ignore_cleanup_errors=True) as home:
        desk = Desk(display, Path(home))
        try:
            yield desk
        finally:
            desk.clear()


def _end(program: subprocess.Popen[bytes]) -> None:
    """A program with all it started: asked first, then made to."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(3.0)
            break
    with contextlib.suppress(ProcessLookupError):  # children outlive the leader
        os.killpg(program.pid, signal.SIGKILL)
