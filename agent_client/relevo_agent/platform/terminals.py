"""Real terminals (pty) on Linux and macOS: open one with a login shell, and end all that runs in it."""

import contextlib
import fcntl
import os
import pwd
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil

from relevo_agent.platform.elevated import TerminalWindow

HANG_UP_S: Final = 1.0
"""What a hang-up did not end within so long is killed."""
_PASSED_ON: Final = ("LANG", "LANGUAGE", "LC_ALL", "TZ", "DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CHILD: Final = Path(__file__).with_name("tty_child.py")


class TerminalFailed(Exception):
    """No terminal could be opened; the text says why."""


def resize(handle: int, window: TerminalWindow) -> None:
    """Tell a terminal its size; its programs get SIGWINCH."""
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", window.rows, window.columns, 0, 0))


class Shell:
    """The login shell of a user in a terminal of its own.

    ``handle`` is our end, of which the owner of this object is the owner; a process may do so for itself or,
    as root, for root.

    Raises:
        TerminalFailed: the system has no terminal or no process left, or the shell is not there.
    """

    def __init__(self, window: TerminalWindow, environment: Mapping[str, str] | None = None) -> None:
        person = pwd.getpwuid(os.getuid())
        shell = person.pw_shell if os.access(person.pw_shell or "", os.X_OK) else "/bin/sh"
        told = login_environment(person, shell, os.environ if environment is None else environment)
        child = [sys.executable, "-I", str(_CHILD), person.pw_dir, shell, f"-{Path(shell).name}"]
        self._ending = threading.Lock()
        self._over = False
        try:
            self.handle, theirs = os.openpty()
        except OSError as error:
            raise TerminalFailed(f"this system gives no terminal: {error.strerror}") from error
        try:
            resize(self.handle, window)
            os.set_blocking(self.handle, False)
            self._process = subprocess.Popen(
                child, stdin=theirs, stdout=theirs, stderr=theirs, env=told, start_new_session=True
            )
        except OSError as error:
            os.close(self.handle)
            raise TerminalFailed(f"the shell does not start: {error.strerror}") from error
        finally:
            os.close(theirs)

    @property
    def pid(self) -> int:
        """The shell, which leads the terminal's session."""
        return self._process.pid

    def end(self) -> int:
        """Hang up, kill what stays, and give the shell's exit status (negative for a signal).

        Our end stays open; whoever owns it closes it. A second call only tells the status: by then the
        numbers may be other processes'.
        """
        with self._ending:
            if not self._over:
                self._end_session()
                self._over = True
        return self._process.wait()

    def _end_session(self) -> None:
        _signal_session(self.pid, signal.SIGHUP, signal.SIGCONT)
        end_s = time.monotonic() + HANG_UP_S
        while time.monotonic() < end_s and (self._process.poll() is None or _session(self.pid)):
            time.sleep(0.02)
        _signal_session(self.pid, signal.SIGKILL)

    def ended(self) -> int | None:
        """The shell's exit status once it has ended by itself."""
        return self._process.poll()


def login_environment(
    person: pwd.struct_passwd, shell: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """What a login gives: nothing of our own variables gets into a technician's terminal."""
    passed = {name: environment[name] for name in _PASSED_ON if name in environment}
    return passed | {
        "HOME": person.pw_dir,
        "USER": person.pw_name,
        "LOGNAME": person.pw_name,
        "SHELL": shell,
        "PATH": _PATH,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def _session(leader: int) -> list[int]:
    """The processes of a terminal's session; those that left it on purpose are not among them."""
    found: list[int] = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader and _runs(pid):
                found.append(pid)
    return found


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal_session(leader: int, *signals: signal.Signals) -> None:
    for pid in _session(leader):
        for number in signals:
            with contextlib.suppress(OSError):
                os.kill(pid, number)
