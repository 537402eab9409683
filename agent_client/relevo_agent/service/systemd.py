"""The service as a systemd unit: made, started before anybody logs in, and taken away again."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relevo_agent.service.units import OWN_UNIT

UNIT_FOLDER: Final = Path("/etc/systemd/system")
RUNNING: Final = Path("/run/systemd/system")
ACT_S: Final = 60.0

_UNIT: Final = """\
# Made by `relevo-agent service install`; `relevo-agent service remove` takes it away.
[Unit]
Description=Relevo remote help: administrator mode, and sessions that go on after a restart
After=local-fs.target network.target dbus.service

[Service]
Type=exec
ExecStart={command}
Restart=on-failure
RestartSec=2
RuntimeDirectory=relevo
RuntimeDirectoryMode=0755
StateDirectory=relevo-agent
StateDirectoryMode=0700
KillMode=mixed
TimeoutStopSec=12
OOMScoreAdjust=-500
# An administrator's terminal is started from here and must be able to do an administrator's work, so the file
# system is not made read-only and no privilege is dropped. What is left out is what no such work needs.
LockPersonality=yes
RestrictRealtime=yes
KeyringMode=private
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
"""


class ActFailed(Exception):
    """systemctl failed, or a file could not be written; the text is its own words."""


@dataclass(frozen=True, slots=True)
class State:
    """How the service stands."""

    installed: bool
    enabled: bool
    running: bool


def available() -> bool:
    """Whether this system was started by systemd."""
    return RUNNING.is_dir()


def unit_text(command: Sequence[str]) -> str:
    """The unit that runs ``command``."""
    return _UNIT.format(command=" ".join(_quoted(word) for word in command))


def _quoted(word: str) -> str:
    """One word of a unit's command line (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or " " in word else word


def install(command: Sequence[str], folder: Path = UNIT_FOLDER) -> bool:
    """Write the unit, enable and start it; true if something changed.

    Raises:
        ActFailed: with systemctl's own words.
    """
    path, text = folder / OWN_UNIT, unit_text(command)
    changed = not path.exists() or path.read_text(encoding="utf-8") != text
    try:
        if changed:
            part = path.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.chmod(0o644)
            part.rename(path)
    except OSError as error:
        raise ActFailed(f"{path}: {error.strerror}") from error
    _systemctl("daemon-reload")
    changed = changed or not status(folder).enabled
    _systemctl("enable", "--quiet", OWN_UNIT)
    # Whoever installs a new version wants that one to run.
    _systemctl("restart", OWN_UNIT)
    return changed


def remove(folder: Path = UNIT_FOLDER) -> bool:
    """Stop, disable and delete it; false if it was not there.

    Raises:
        ActFailed: with systemctl's own words.
    """
    path = folder / OWN_UNIT
    if not path.exists():
        return False
    _systemctl("disable", "--quiet", "--now", OWN_UNIT)
    try:
        path.unlink()
    except OSError as error:
        raise ActFailed(f"{path}: {error.strerror}") from error
    _systemctl("daemon-reload")
    return True


def status(folder: Path = UNIT_FOLDER) -> State:
    """How it stands now."""
    return State(
        installed=(folder / OWN_UNIT).exists(),
        enabled=_asked("is-enabled") == "enabled",
        running=_asked("is-active") == "active",
    )


def _asked(question: str) -> str:
    try:
        done = subprocess.run(
            ["systemctl", question, OWN_UNIT], capture_output=True, text=True, timeout=ACT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _systemctl(*words: str) -> None:
    try:
        done = subprocess.run(
            ["systemctl", *words], capture_output=True, text=True, timeout=ACT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ActFailed(str(error)) from error
    if done.returncode != 0:
        said = done.stderr.strip() or f"systemctl {words[0]}: status {done.returncode}"
        raise ActFailed(said)


def own_command() -> list[str]:
    """What the unit runs: this very installation, undisturbed by variables and the user's own packages."""
    return [sys.executable, "-I", "-m", "relevo_agent.cli", "service", "run"]
