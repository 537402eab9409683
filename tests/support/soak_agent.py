"""A real agent before a real desktop, and technicians who look, stall, fall out, leave and come back."""

import asyncio
import contextlib
import random
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from Xlib import display as xdisplay

from relevo_protocol.header import Header
from relevo_protocol.messages.relay import Leave
from relevo_protocol.messages.screen import FrameAck
from tests.agent.desktop import xvfb
from tests.support.fake_viewer import FakeViewer
from tests.support.processes import EventProcess
from tests.support.relay import Relay
from tests.support.soak import Tally, forget

_SIZE: Final = (1280, 800)
_STROKE_EVERY_S: Final = 0.1
_ACT_EVERY_S: Final = 2.0
_STALL_S: Final = 4.0
_DEADLINE_S: Final = 60.0


class Technician(FakeViewer):
    """A viewer that acknowledges what it has seen, as a page that draws does."""

    def _frame(self, header: Header, message: bytes) -> None:
        before = len(self.frames)
        super()._frame(header, message)
        if len(self.frames) > before and self.verified:
            self.tell(FrameAck(frame_id=header.frame_id))


@contextlib.contextmanager
def customer(relay: Relay, folder: Path) -> Generator[EventProcess]:
    """An agent that says yes by itself, on a display where somebody paints all the time."""
    with xvfb(f"{_SIZE[0]}x{_SIZE[1]}x24") as name, _painted(name):
        command = [sys.executable, "-m", "relevo_agent.cli", "--server", relay.origin]
        command += ["--ca", str(relay.ca_file), "--json-events", "--state-dir", str(folder / "state")]
        command += ["--display", name, "--lang", "en", "--no-window", "--demo-consent", "auto"]
        agent = EventProcess(command, folder / "agent.log", {"RELEVO_DEMO": "1"})
        try:
            yield agent
        finally:
            agent.stop()


@contextlib.contextmanager
def _painted(name: str) -> Generator[None]:
    """Strokes on the bare desktop: small ones, now and then half of it."""
    ended = threading.Event()

    def paint() -> None:
        chance = random.Random(1)
        with contextlib.closing(xdisplay.Display(name)) as display:
            root = display.screen().root
            context = root.create_gc()
            while not ended.wait(_STROKE_EVERY_S):
                side = 640 if chance.random() < 0.05 else 60
                context.change(foreground=chance.randrange(1 << 24))
                x, y = chance.randrange(_SIZE[0] - side), chance.randrange(_SIZE[1] - 60)
                root.fill_rectangle(context, x, y, side, 60)
                display.sync()

    painter = threading.Thread(target=paint, name="painter")
    painter.start()
    try:
        yield
    finally:
        ended.set()
        painter.join()


class Visits:
    """Technicians at one agent, one after another."""

    def __init__(self, relay: Relay, agent: EventProcess, tally: Tally) -> None:
        self._relay = relay
        self._agent = agent
        self._tally = tally
        self._chance = random.Random(7)

    async def play(self, seconds: float) -> None:
        """Keep somebody looking for so long."""
        technician = await self._come()
        try:
            end_s = time.monotonic() + seconds
            while time.monotonic() < end_s:
                await asyncio.sleep(_ACT_EVERY_S)
                technician = await self._act(technician)
                self._tally.seen += forget(technician)
        finally:
            await technician.close()

    async def _act(self, technician: Technician) -> Technician:
        acts = {
            "technician falls out": 3,
            "technician stalls": 2,
            "technician leaves": 1,
            "technician looks": 4,
        }
        what = self._chance.choices(list(acts), weights=list(acts.values()))[0]
        self._tally.count(what)
        match what:
            case "technician falls out":
                await technician.cut()
                await technician.resume()
                await technician.live(_DEADLINE_S)
            case "technician stalls":
                technician.stop_reading()
                await asyncio.sleep(_STALL_S)
                technician.go_on_reading()
                await self._another_picture(technician)
            case "technician leaves":
                technician.tell_relay(Leave())
                await technician.wire.wait_closed()
                await technician.close()
                return await self._come()
            case _:
                await self._another_picture(technician)
        return technician

    async def _come(self) -> Technician:
        said: dict[str, Any] = await asyncio.to_thread(self._agent.expect, "code", _DEADLINE_S)
        technician = Technician(self._relay)
        await technician.join(str(said["code"]))
        await technician.live(_DEADLINE_S)
        self._tally.count("technician comes")
        return technician

    async def _another_picture(self, technician: Technician) -> None:
        seen = len(technician.frames)
        await technician.inbox.until(lambda: len(technician.frames) > seen, "another picture", _DEADLINE_S)
