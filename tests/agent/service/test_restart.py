"""A session over a restart, with real relay, agent, service and screen; only the PC itself stays up."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relevo_agent.service.daemon import House, Listener
from relevo_agent.service.desktops import Desktop, NoDesktop
from relevo_agent.service.guard import Allowed
from relevo_agent.service.link import SOCKET_VARIABLE
from relevo_agent.service.logins import Login
from relevo_agent.service.restart import Restart
from relevo_agent.service.run import Held
from relevo_agent.service.sealed import Sealed
from relevo_protocol.messages.screen import CaptureCondition, CaptureState
from tests.agent.desktop import xvfb
from tests.support.processes import EventProcess, wait_until
from tests.support.relay import Relay, running_relay
from tools.restart_proof.technician import Technician

# The countdown of a customer's screen is half a minute; here nobody is there to read it.
_AGENT = (
    "import sys; import relevo_agent.session.administration as a; a.RESTART_COUNTDOWN_S = 1; "
    "from relevo_agent.cli import main; sys.exit(main(sys.argv[1:]))"
)
ANSWER_S = 60.0


@dataclass
class Pc:
    """The customer's PC: what its service knows, and whether it was told to restart."""

    folder: Path
    display: str | None
    house: House = field(init=False)
    sealed: Sealed = field(init=False)

    def __post_init__(self) -> None:
        self.sealed = Sealed(self.folder / "state", time.time)
        mark = str(self.folder / "down")
        self.house = House(
            allowed=Allowed,
            logins=lambda: [Login(os.getuid(), "user", ":0", active=True, remote=False)],
            restart=Restart(self.sealed, [sys.executable, "-c", f"open({mark!r}, 'w')"]),
            desktop=self._desktop,
        )

    def _desktop(self, uid: int) -> Desktop:
        if self.display is None:
            raise NoDesktop("no desktop is there yet")
        return Desktop(self.display, b"")

    @property
    def down(self) -> bool:
        return (self.folder / "down").exists()

    @contextmanager
    def service(self) -> Generator[Path]:
        """The service until the PC goes down."""
        path = self.folder / "agent.sock"
        listener = Listener(path, self.house)
        serving = threading.Thread(target=listener.serve)
        serving.start()
        try:
            yield path
        finally:
            listener.close()
            serving.join(60)


@contextmanager
def agent(relay: Relay, display: str, folder: Path, service: Path) -> Generator[EventProcess]:
    command = [sys.executable, "-c", _AGENT, "--server", relay.origin, "--ca", str(relay.ca_file)]
    command += ["--display", display, "--state-dir", str(folder / "home"), "--no-window", "--json-events"]
    command += ["--demo-consent", "auto", "--lang", "es"]
    environment = {SOCKET_VARIABLE: str(service), "RELEVO_DEMO": "1"}
    process = EventProcess(command, folder / "agent.log", environment)
    try:
        yield process
    finally:
        process.kill()
        process.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="only root may ask a service that names nobody")
def test_V6_the_session_goes_on_after_the_restart_without_code_or_consent(tmp_path: Path) -> None:
    pc = Pc(tmp_path, None)

    async def play(display: str) -> None:
        async with running_relay(tmp_path / "relay") as relay:
            await relay.add_account("marta", admin_tools=True)
            with pc.service() as service, agent(relay, display, tmp_path, service) as process:
                code = (await asyncio.to_thread(process.expect, "code"))["code"]
                async with Technician.joined(relay, code, ANSWER_S, "marta") as technician:
                    await _go_down(pc, technician, process)
                    await _come_back(pc, technician, display)

    with xvfb("640x480x24") as display:
        asyncio.run(play(display))
    assert pc.sealed.take() is None


async def _go_down(pc: Pc, technician: Technician, process: EventProcess) -> None:
    """Administrator mode, countdown, the socket is gone, the PC is told to restart, and the power goes."""
    await technician.picture(colours=1)
    await technician.administrator()
    assert (await technician.terminal(elevated=False)).user == os.getuid()
    assert (await technician.terminal(elevated=True)).user == 0
    await technician.restart()
    gone = await technician.gone(ANSWER_S)
    assert gone.restarting_s > 0
    await asyncio.to_thread(wait_until, lambda: pc.down, "the restart")
    await asyncio.to_thread(process.kill)


async def _come_back(pc: Pc, technician: Technician, display: str) -> None:
    """First without a desktop, then with one."""
    asked, session = technician.asked, technician.viewer.welcome.session_id
    kept = pc.sealed.take()
    assert kept is not None
    held = Held.started(kept, pc.house)
    assert held is not None
    try:
        await technician.back(ANSWER_S)
        await _told(technician, CaptureCondition.NO_DISPLAY)
        await technician.system()
        pc.display = display
        await technician.picture(colours=1)
        assert technician.asked == asked
        assert technician.viewer.welcome.session_id == session
    finally:
        await asyncio.to_thread(held.end)


async def _told(technician: Technician, condition: CaptureCondition) -> None:
    while (await technician.viewer.inbox.expect(CaptureState, ANSWER_S)).condition is not condition:
        pass
