"""The service as a Windows service, by sc.exe. Written against its documentation; not yet run on Windows.

What it would run does not exist there yet: the daemon speaks over a Unix socket and gives out ptys. So
``relevo-agent service install`` refuses on Windows, and these are its three acts for the day when it does.
"""

import subprocess
from collections.abc import Sequence
from typing import Final

from relevo_agent.service.systemd import ActFailed, State

NAME: Final = "RelevoAgent"
ACT_S: Final = 60.0
DOES_NOT_EXIST: Final = 1060
"""ERROR_SERVICE_DOES_NOT_EXIST, the status of sc.exe."""


def create_words(command: Sequence[str]) -> list[str]:
    """The words of ``sc.exe create``: each option ends in ``=`` and is a word of its own."""
    return [
        *("create", NAME, "binPath=", subprocess.list2cmdline(command)),
        *("start=", "auto", "obj=", "LocalSystem", "DisplayName=", "Relevo remote help"),
    ]


def install(command: Sequence[str]) -> bool:
    """Create and start it; false if it was there already; raises ActFailed."""
    if status().installed:
        return False
    _sc(*create_words(command))
    _sc("failure", NAME, "reset=", "86400", "actions=", "restart/2000/restart/5000/restart/30000")
    _sc("start", NAME)
    return True


def remove() -> bool:
    """Stop and delete it; false if it was not there; raises ActFailed."""
    found = status()
    if not found.installed:
        return False
    if found.running:
        _sc("stop", NAME)
    _sc("delete", NAME)
    return True


def status() -> State:
    """How it stands now."""
    code, told = _asked("query", NAME)
    if code == DOES_NOT_EXIST:
        return State(installed=False, enabled=False, running=False)
    _, settings = _asked("qc", NAME)
    return State(installed=True, enabled="AUTO_START" in settings, running="RUNNING" in told)


def _asked(*words: str) -> tuple[int, str]:
    try:
        done = subprocess.run(["sc.exe", *words], capture_output=True, text=True, timeout=ACT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActFailed(str(error)) from error
    return done.returncode, done.stdout


def _sc(*words: str) -> None:
    code, told = _asked(*words)
    if code != 0:
        raise ActFailed(told.strip() or f"sc.exe {words[0]}: status {code}")
