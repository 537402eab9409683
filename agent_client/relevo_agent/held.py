"""The session after a restart, in a process of its own that the service starts (SPEC V6).

It runs as the user whose session it was, never as root: what needs root is asked of the service as before. It
captures whatever display the service says may be shown, and shows its banner there.
"""

import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent import __version__
from relevo_agent.app import Agent
from relevo_agent.capture import FindDisplay
from relevo_agent.complaint import Complaint
from relevo_agent.config import AgentConfig
from relevo_agent.features.worker import Halts
from relevo_agent.floor import floor_files, read_floor
from relevo_agent.link.address import relay_address
from relevo_agent.pipeline.types import CaptureFailed
from relevo_agent.platform.base import Injector, InjectorFailed
from relevo_agent.platform.choose import open_injector
from relevo_agent.platform.elevated import ElevatedFailed
from relevo_agent.platform.following import FollowingInjector
from relevo_agent.records import Records
from relevo_agent.service.envelope import EnvelopeBroken, Resumption
from relevo_agent.service.link import ServiceLink
from relevo_agent.session.actions import Snapshot
from relevo_agent.ui.console import FLUSH_S, Console
from relevo_agent.ui.elsewhere import WindowElsewhere
from relevo_agent.ui.front import Front
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.messages.screen import CaptureCondition

WATCH_S: Final = 1.0
"""A display that changes hands is left within so long."""
LOOK_S: Final = 0.5
MAX_WINDOWS: Final = 20
"""So often windows are opened on one display, should they not stay there."""
READ_S: Final = 300.0
"""So long the customer may read that the session is over, and its receipt."""
EXIT_FAILED: Final = 1
_log = logging.getLogger(__name__)


class Follower(FindDisplay):
    """Asks the service again and again which display may be shown; keeps its key in a private file."""

    def __init__(self, service: ServiceLink, folder: Path) -> None:
        self._service = service
        self._authority = folder / "authority"
        self._lock = threading.Lock()
        self._display: str | None = None
        self._cookies = b""
        self._why = "no desktop is there yet"
        os.environ["XAUTHORITY"] = str(self._authority)
        self.changed = threading.Event()
        self.tried = 0
        threading.Thread(target=self._watch, name="display", daemon=True).start()

    def find(self) -> str:
        """The display to open now."""
        self._look()
        display = self._display
        if display is None:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, self._why)
        return display

    def check(self, display: str) -> None:
        """Whether it is still the one to show, as of the last look."""
        if self._display != display:
            raise CaptureFailed(CaptureCondition.NO_DISPLAY, self._why)

    @property
    def display(self) -> str | None:
        """The display of the last look."""
        return self._display

    def open_injector(self, halts: Halts) -> Injector:
        """An injector that goes where the picture comes from."""
        opened: list[str] = []

        def open_now() -> Injector:
            try:
                opened[:] = [self.find()]
            except CaptureFailed as error:
                raise InjectorFailed(str(error)) from error
            return open_injector(opened[0], halts.interrupted.is_set)

        def check() -> None:
            if opened and self._display != opened[0]:
                raise InjectorFailed(self._why)

        return FollowingInjector(open_now, check)

    def _watch(self) -> None:
        while True:
            self._look()
            threading.Event().wait(WATCH_S)

    def _look(self) -> None:
        with self._lock:
            before = self._display
            try:
                found = self._service.find_desktop()
            except ElevatedFailed as error:
                self._display, self._why = None, str(error)
            else:
                self._keep(found.authority)
                self._display, self._why = found.display, "the desktop has changed"
                os.environ["DISPLAY"] = found.display
            if self._display != before:
                _log.info("display: %s", self._display or self._why)
                self.changed.set()

    def _keep(self, cookies: bytes) -> None:
        """Write the file whole: who connects at this moment reads the old one or the new one."""
        if cookies == self._cookies and self._authority.exists():
            return
        part = self._authority.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(cookies)
        part.rename(self._authority)
        self._cookies = cookies


class Journal(Console):
    """The terminal's front where what it writes goes to the system's journal: neither chat nor code."""

    def show(self, snapshot: Snapshot) -> None:
        """See :class:`Front`."""
        super().show(replace(snapshot, chat=(), code=None, link=None))


def main(argv: Sequence[str] | None = None) -> int:
    """Hold the session until it ends; the one argument is the number of the service's socket."""
    given = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    service = ServiceLink(ready=socket.socket(fileno=int(given[0])))
    try:
        with tempfile.TemporaryDirectory(prefix="relevo-held-") as folder:
            service.greet()
            return _hold(service, service.take_restored(), Path(folder))
    except (ElevatedFailed, EnvelopeBroken) as error:
        _log.error("the session cannot be taken up again: %s", error)
    except Complaint as error:
        _log.error("the session cannot be taken up again: %s %s", error.key, error.values)
    return EXIT_FAILED


def _hold(service: ServiceLink, told: Resumption, folder: Path) -> int:
    halts = Halts()
    follower = Follower(service, folder)
    config = AgentConfig(
        address=relay_address(told.server, _authority_file(told, folder)),
        device_key=Ed25519PrivateKey.from_private_bytes(told.device_key),
        display=None,
        injector=follower.open_injector(halts),
        halts=halts,
        floor=read_floor(floor_files()),
        follow=follower,
        restored=told.session,
        service=service,
    )
    texts = Texts(Language(told.language))
    console, windows = Journal(texts, json_events=True), WindowElsewhere(texts.language)
    fronts: list[Front] = [console, windows]

    def receipt(path: Path) -> None:
        for front in fronts:
            front.receipt(path)

    records = Records(Path(told.state_folder), texts, __version__, receipt, restored=True)
    agent = Agent(config, fronts, records.keep)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: agent.quit())
    agent.start()
    try:
        while not agent.over and not agent.quit_asked.wait(LOOK_S):
            _keep_windows(agent, follower, windows)
        _let_read(agent, windows)
    finally:
        agent.quit()
        agent.close()
        records.close(FLUSH_S)
        windows.close()
        console.close()
    return EXIT_FAILED if agent.failed else 0


def _keep_windows(agent: Agent, follower: Follower, windows: WindowElsewhere) -> None:
    """The banner is where the picture comes from: it goes and comes with the display."""
    if follower.changed.is_set():
        follower.changed.clear()
        windows.close()
        follower.tried = 0
        agent.desktop_changed(follower.display)
    if follower.display is not None and not windows.is_open and follower.tried < MAX_WINDOWS:
        # Also where a login ended them: a session that nobody sees is not to be.
        follower.tried += 1
        windows.open(agent.commands)


def _let_read(agent: Agent, windows: WindowElsewhere) -> None:
    """The session is over: its windows say so until the customer closes them."""
    end_s = time.monotonic() + READ_S
    while windows.is_open and time.monotonic() < end_s and not agent.quit_asked.wait(LOOK_S):
        pass


def _authority_file(told: Resumption, folder: Path) -> Path | None:
    if told.ca_pem is None:
        return None
    path = folder / "ca.pem"
    path.write_text(told.ca_pem, encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
