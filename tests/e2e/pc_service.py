"""The service of the customer's PC with a small system behind it: it restarts when a test starts it anew."""

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from relevo_agent.service.link import SOCKET_VARIABLE
from tests.support.processes import EventProcess, wait_until

_SYSTEMCTL: Final = """#!/bin/sh
# Enough of systemctl(1) for services that can be listed and changed: a file each, "active running".
cd "{services}" || exit 1
for last; do :; done
case "$*" in
*list-units*) for one in *.service; do echo "$one loaded $(cat "$one") An example, $one"; done ;;
*" show "*)
    [ -e "$last" ] && echo LoadState=loaded || echo LoadState=not-found
    echo "Id=$last" ;;
*" start "* | *" restart "*) echo "active running" > "$last" ;;
*" stop "*) echo "inactive dead" > "$last" ;;
*) exit 1 ;;
esac
"""
_LOGINCTL: Final = """#!/bin/sh
# One person is signed in at this PC, on the display of the test.
case "$*" in
*list-sessions*) echo "1 {uid} {user} seat0" ;;
*) printf 'User={uid}\\nClass=user\\nDisplay={display}\\nState=active\\nRemote=no\\n' ;;
esac
"""


class PcService:
    """``relevo-agent service run`` as this user, on a PC that only notes that it was told to restart."""

    def __init__(self, folder: Path, display: str) -> None:
        self.socket, self.state, self.log = folder / "agent.sock", folder / "state", folder / "service.log"
        self._down, self._settings = folder / "down", folder / "service.toml"
        self._programs, self._services = folder / "programs", folder / "services"
        for made in (self._programs, self._services):
            made.mkdir(parents=True)
        user = pwd.getpwuid(os.getuid()).pw_name
        self._settings.write_text(f'users = ["{user}"]\n', encoding="utf-8")
        for name in ("cups.service", "dbus.service"):
            (self._services / name).write_text("active running\n", encoding="utf-8")
        self._program("systemctl", _SYSTEMCTL.format(services=self._services))
        self._program("loginctl", _LOGINCTL.format(uid=os.getuid(), user=user, display=display))
        self._process: EventProcess | None = None

    def _program(self, name: str, text: str) -> None:
        path = self._programs / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    @property
    def environment(self) -> Mapping[str, str]:
        """By which an agent finds this service."""
        return {SOCKET_VARIABLE: str(self.socket)}

    @property
    def down(self) -> bool:
        """Whether the PC was told to restart."""
        return self._down.exists()

    @property
    def kept(self) -> set[str]:
        """What waits for the next start."""
        return {path.name for path in self.state.iterdir()}

    @property
    def held(self) -> EventProcess:
        """The session after a restart writes its events where the service writes."""
        assert self._process is not None
        return self._process

    def state_of(self, service: str) -> str:
        """What a service of the system does now."""
        return (self._services / service).read_text(encoding="utf-8").strip()

    def start(self) -> None:
        """What systemd does when the PC starts."""
        self._down.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        self._process = EventProcess(
            [
                str(Path(sys.executable).parent / "relevo-agent"),
                *("service", "run", "--socket", str(self.socket), "--state", str(self.state)),
                *("--settings", str(self._settings), "--reboot", "touch", str(self._down)),
            ],
            self.log,
            {"PATH": f"{self._programs}:{os.environ['PATH']}"},
        )
        wait_until(self.socket.exists, f"the service listens; see {self.log}")

    def stop(self) -> None:
        """End it, and with it the session that it holds."""
        if self._process is not None:
            self._process.stop()

    def go_down(self) -> None:
        """The PC goes down: nobody says goodbye."""
        self.held.kill()
        self.stop()
