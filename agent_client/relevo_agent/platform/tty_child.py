"""Runs in the child of a new terminal, as a script: takes the terminal as its own and becomes the shell.

A program with threads may not do this between fork and exec itself (``subprocess``, ``preexec_fn``).
Arguments: folder, program, its name (``argv[0]``), its other arguments.
"""

import contextlib
import fcntl
import os
import signal
import sys
import termios


def main() -> None:
    """Never returns."""
    folder, program, *names = sys.argv[1:]
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError):
        os.chdir(folder)
    os.execv(program, names)  # noqa: S606 - the user's own shell


if __name__ == "__main__":
    main()
