"""The technician of the proof: a viewer by script, over the real wire, with what it saw and when."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

import httpx

from relevo_protocol.messages.administration import (
    AdminTerminalOpen,
    ProcessesRequest,
    ProcessList,
    RestartRequest,
    RestartState,
    ServiceList,
    ServicesRequest,
    SystemInfo,
    SystemInfoRequest,
    TerminalClose,
    TerminalClosed,
    TerminalInput,
    TerminalOpen,
    TerminalOpened,
    TerminalOutput,
)
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.relay import HostBack, HostGone
from relevo_protocol.messages.screen import FrameAck
from relevo_protocol.messages.session import ConsentPending, Heartbeat, ModeRequest, ModeState
from relevo_protocol.modes import Mode
from tests.support.decoder import Viewer as Screen
from tests.support.fake_viewer import FakeViewer
from tests.support.relay import NAME, Relay

M = TypeVar("M", bound=Message)
HEARTBEAT_S: Final = 1.0
_BOOT: Final = re.compile(rb"boot=([0-9a-f-]{36}) user=([0-9]+)")


class ProofRelay(Relay):
    """The relay under the name by which the guest knows it, reached from here by this machine's own."""

    def browser(self) -> httpx.AsyncClient:
        """A browser on the relay's page."""
        return httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{self.port}", verify=self.tls, headers={"origin": self.origin}
        )


@dataclass(frozen=True)
class Terminal:
    """What was read in one: the boot's id and the number of the user."""

    boot_id: str
    user: int


@dataclass
class Technician:
    """One viewer; ``patience_s`` is for one answer of a PC that may be emulated."""

    viewer: FakeViewer
    browser: httpx.AsyncClient
    patience_s: float
    screen: Screen = field(default_factory=Screen)
    _drawn: int = 0

    @classmethod
    @asynccontextmanager
    async def joined(
        cls, relay: Relay, code: str, patience_s: float, name: str = NAME
    ) -> AsyncGenerator["Technician"]:
        """Sign in, join by the code, and keep the line alive."""
        viewer = FakeViewer(relay)
        async with relay.signed_in(name) as browser:
            answer = await browser.post("/api/tickets", json={"routing": code[:6]})
            await viewer.join(code, answer.raise_for_status().json()["ticket"])
            one = cls(viewer, browser, patience_s)
            beating = asyncio.create_task(one._beat())
            try:
                yield one
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)
                await viewer.close()

    async def picture(self, colours: int = 4) -> tuple[int, int, int]:
        """Wait for a new picture of so many colours at least; its width, height and number of colours."""
        before = len(self.viewer.frames)
        await self.viewer.inbox.until(lambda: len(self.viewer.frames) > before, "a picture", self.patience_s)
        await self.viewer.inbox.until(
            lambda: self._colours() >= colours, "a picture with something on it", self.patience_s
        )
        height, width, _ = self.screen.picture.shape
        return width, height, self._colours()

    async def administrator(self) -> None:
        """Ask for administrator mode and have it; the sign-in is fresh enough to prove who it is (C27)."""
        session = self.viewer.welcome.session_id.hex()
        (await self.browser.post(f"/api/live/{session}/step-up", json={})).raise_for_status()
        self.viewer.tell(ModeRequest(mode=Mode.ADMINISTRATOR))
        await self._until_mode(Mode.ADMINISTRATOR)

    async def system(self) -> SystemInfo:
        """Ask what machine it is."""
        self.viewer.tell(SystemInfoRequest())
        return await self._expect(SystemInfo)

    async def terminal(self, *, elevated: bool) -> Terminal:
        """Open a terminal, for which the customer is asked each time, and read which boot and whose it is."""
        kind = AdminTerminalOpen if elevated else TerminalOpen
        boot_id, user = await self._terminal(kind(columns=100, rows=30))
        return Terminal(boot_id, user)

    async def _terminal(self, opening: TerminalOpen | AdminTerminalOpen) -> tuple[str, int]:
        self.viewer.tell(opening)
        opened = await self._expect(TerminalOpened)
        ask = b'echo "boot=$(cat /proc/sys/kernel/random/boot_id) user=$(id -u)"\n'
        self.viewer.tell(TerminalInput(terminal=opened.terminal, data=ask))
        said, found = b"", None
        while found is None:
            said += (await self._expect(TerminalOutput)).data
            found = _BOOT.search(said)
        self.viewer.tell(TerminalClose(terminal=opened.terminal))
        await self._expect(TerminalClosed)
        return found[1].decode(), int(found[2])

    async def processes(self) -> ProcessList:
        """The processes."""
        self.viewer.tell(ProcessesRequest())
        return await self._expect(ProcessList)

    async def services(self) -> ServiceList:
        """The services."""
        self.viewer.tell(ServicesRequest())
        return await self._expect(ServiceList)

    async def restart(self) -> int:
        """Ask for a restart; the countdown's length, s."""
        self.viewer.tell(RestartRequest())
        state = await self._expect(RestartState)
        return state.in_s or 0

    async def gone(self, patience_s: float) -> HostGone:
        """Wait until the PC's socket is gone."""
        return await self.viewer.inbox.expect(HostGone, patience_s)

    async def back(self, patience_s: float) -> None:
        """Wait until the PC is back, and live in the mode of before."""
        self.screen, self._drawn = Screen(), len(self.viewer.frames)
        await self.viewer.inbox.expect(HostBack, patience_s)
        await self._until_mode(Mode.ADMINISTRATOR)

    @property
    def asked(self) -> int:
        """How often the customer was asked."""
        return sum(isinstance(message, ConsentPending) for message in self.viewer.inbox.messages)

    async def _until_mode(self, mode: Mode) -> None:
        while (await self._expect(ModeState)).mode is not mode:
            pass

    async def _expect(self, kind: type[M]) -> M:
        return await self.viewer.inbox.expect(kind, self.patience_s)

    async def _beat(self) -> None:
        """Heartbeats, and acknowledgement of what was drawn."""
        last_beat_s = 0.0
        while True:
            await asyncio.sleep(0.1)
            if not self.viewer.verified:
                continue
            if time.monotonic() - last_beat_s > HEARTBEAT_S:
                last_beat_s = time.monotonic()
                self.viewer.tell(Heartbeat(t_ms=last_beat_s * 1000))
            self._draw()

    def _draw(self) -> None:
        frames = self.viewer.frames
        while self._drawn < len(frames):
            number, data = frames[self._drawn]
            keyframe = self.viewer.key_flags[self._drawn]
            self._drawn += 1
            if keyframe or number == self.screen.last_frame_id + 1:
                self.screen.apply(number, data, keyframe=keyframe)
                self.viewer.tell(FrameAck(frame_id=number))

    def _colours(self) -> int:
        return len({bytes(pixel) for row in self.screen.picture[::4] for pixel in row[::4]})
