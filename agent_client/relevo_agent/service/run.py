"""``relevo-agent service run``: what systemd starts before anybody logs in."""

import contextlib
import logging
import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relevo_agent.platform.terminals import login_environment
from relevo_agent.service.daemon import Connection, House, Listener
from relevo_agent.service.desktops import desktop_of
from relevo_agent.service.guard import Allowed, Peer, SettingsBroken, allowed
from relevo_agent.service.logins import logins
from relevo_agent.service.restart import Restart
from relevo_agent.service.sealed import Kept, Sealed

STATE: Final = Path("/var/lib/relevo-agent")
REBOOT: Final = ("systemctl", "reboot")
HELD_END_S: Final = 8.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the service keeps what it keeps, and what restarts the PC."""

    socket: Path
    state: Path
    settings: Path
    reboot: Sequence[str]


def run(places: Places) -> int:
    """Serve until SIGTERM; first take up what a session left, if this is the start after its restart."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = Sealed(places.state, time.time)
    kept = sealed.take()
    house = House(
        allowed=lambda: _allowed(places.settings),
        logins=logins,
        restart=Restart(sealed, places.reboot),
        desktop=lambda uid: desktop_of(uid, logins=logins),
    )
    listener = Listener(places.socket, house)
    held = Held.started(kept, house) if kept is not None else None
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: over.set())
    threading.Thread(target=listener.serve, name="listener", daemon=True).start()
    _log.info("ready at %s", places.socket)
    while not over.wait(1.0):
        pass
    listener.close()
    if held is not None:
        held.end()
    return 0


def _allowed(path: Path) -> Allowed:
    """Who was named; nobody but root while the file is broken."""
    try:
        return allowed(path)
    except SettingsBroken as error:
        _log.error("nobody is served: %s", error)
        return Allowed()


class Held:
    """The process that holds the session after a restart."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @classmethod
    def started(cls, kept: Kept, house: House) -> "Held | None":
        """Start it as the user whose session it was; ``None`` if there is no such user any more."""
        try:
            person = pwd.getpwuid(kept.uid)
        except KeyError:
            _log.error("user %d, whose session was to go on, does not exist any more", kept.uid)
            return None
        ours, theirs = socket.socketpair()
        # Who is not root can only stay who it is.
        becoming = os.getuid() == 0 and person.pw_uid != 0
        command = [sys.executable, "-I", "-m", "relevo_agent.held", str(theirs.fileno())]
        with theirs:
            process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                env=login_environment(person, person.pw_shell, os.environ),
                cwd=person.pw_dir if Path(person.pw_dir).is_dir() else "/",
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=person.pw_uid if becoming else None,
                group=person.pw_gid if becoming else None,
                extra_groups=os.getgrouplist(person.pw_name, person.pw_gid) if becoming else None,
            )
        house.held_pids.add(process.pid)
        peer = Peer(kept.uid, process.pid)
        connection = Connection(ours, peer, house, restored=kept.state)
        threading.Thread(target=connection.serve, name="held", daemon=True).start()
        threading.Thread(target=_wait, args=(process, house), name="held-end", daemon=True).start()
        _log.info("the session of user %d goes on as process %d", kept.uid, process.pid)
        return cls(process)

    def end(self) -> None:
        """The service ends: so does the session, with a goodbye."""
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(HELD_END_S)
        if self._process.poll() is None:
            self._process.kill()


def _wait(process: subprocess.Popen[bytes], house: House) -> None:
    status = process.wait()
    house.held_pids.discard(process.pid)
    _log.info("the session after the restart has ended: status %d", status)
