"""The demo's service for administrator mode: as the person at the desk, never as root's own."""

import os
import tempfile
import time
from pathlib import Path

from tools.demo.children import Children, DemoError, Program
from tools.paths import VENV_BIN

_PATIENCE_S = 15.0
_NO_RESTART = "false"
"""A demo does not restart this PC: the command that would do it fails, which the technician is told."""


def start(children: Children, folder: Path) -> Path:
    """Start it and return its socket; a restart that is asked for fails, and says so.

    Raises:
        DemoError: it does not come up.
    """
    # A socket's path has at most 107 bytes, and a checkout may lie deep.
    place = Path(tempfile.mkdtemp(prefix="relevo-demo-"))
    children.leave(place)
    socket = place / "agent.sock"
    state = ("--state", os.fspath(folder / "service"), "--settings", os.fspath(place / "service.toml"))
    command = [os.fspath(VENV_BIN / "relevo-agent"), "service", "run", "--socket", os.fspath(socket), *state]
    children.start(Program("service", [*command, "--reboot", _NO_RESTART]))
    deadline = time.monotonic() + _PATIENCE_S
    while not socket.exists():
        children.check()
        if time.monotonic() > deadline:
            raise DemoError(f"the service is not ready:\n{children.tail('service')}")
        time.sleep(0.05)
    return socket
