"""The service as a launchd daemon: by launchd.plist(5) and launchctl(1), but not yet run on macOS."""

import plistlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from relevo_agent.service.systemd import ActFailed, State

LABEL: Final = "relevo.agent"
PLIST: Final = Path("/Library/LaunchDaemons") / f"{LABEL}.plist"
ACT_S: Final = 60.0


def plist(command: Sequence[str]) -> bytes:
    """The property list that runs ``command`` as root from the system's start on, and again if it fails."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Interactive",
            "Umask": 0o022,
        }
    )


def install(command: Sequence[str], path: Path = PLIST) -> bool:
    """Write the property list and load it; true if it changed.

    Raises:
        ActFailed: with launchctl's own words.
    """
    text = plist(command)
    changed = not path.exists() or path.read_bytes() != text
    _launchctl("bootout", f"system/{LABEL}", forgiving=True)
    try:
        path.write_bytes(text)
        path.chmod(0o644)
    except OSError as error:
        raise ActFailed(f"{path}: {error.strerror}") from error
    _launchctl("bootstrap", "system", str(path))
    return changed


def remove(path: Path = PLIST) -> bool:
    """Unload and delete it; false if it was not there; raises ActFailed."""
    if not path.exists():
        return False
    _launchctl("bootout", f"system/{LABEL}", forgiving=True)
    try:
        path.unlink()
    except OSError as error:
        raise ActFailed(f"{path}: {error.strerror}") from error
    return True


def status(path: Path = PLIST) -> State:
    """How it stands now."""
    installed = path.exists()
    running = False
    if installed:
        try:
            _launchctl("print", f"system/{LABEL}")
            running = True
        except ActFailed:
            running = False
    return State(installed=installed, enabled=installed, running=running)


def _launchctl(*words: str, forgiving: bool = False) -> None:
    try:
        done = subprocess.run(
            ["launchctl", *words], capture_output=True, text=True, timeout=ACT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActFailed(str(error)) from error
    if done.returncode != 0 and not forgiving:
        raise ActFailed(done.stderr.strip() or f"launchctl {words[0]}: status {done.returncode}")
