"""The agent as a process of its own, with a real relay and a real X display."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin
from Xlib import X
from Xlib import display as xdisplay
from Xlib.error import BadDrawable, BadMatch, BadWindow

from relevo_agent.platform.base import Key
from relevo_agent.platform.x11 import X11Injector
from relevo_agent.ui import theme
from relevo_protocol.codec import relay_message, relay_to_viewer
from relevo_protocol.crypto.flights import ViewerIdentity
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.header import MessageType, body_of, parse_header
from relevo_protocol.messages.input import TextInput
from relevo_protocol.messages.relay import ViewerHello, ViewerWelcome
from relevo_protocol.messages.screen import FrameAck, ScreenLayout
from relevo_protocol.messages.session import ConsentPending, Goodbye, Heartbeat, HostGoodbye, ModeState
from tests.agent.desktop import set_layout, text_field, wait_for, xvfb
from tests.agent.fakes import Viewer
from tests.support.processes import EventProcess
from tests.support.relay import Relay, running_relay

DEADLINE_S = 60.0


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with xvfb() as name:
        set_layout(name, "us")
        yield name


@contextlib.contextmanager
def agent(
    relay: Relay, display: str, folder: Path, *options: str, windowed: bool = False
) -> Generator[EventProcess]:
    command = [sys.executable, "-m", "relevo_agent.cli", "--server", relay.origin, "--ca", str(relay.ca_file)]
    command += ["--json-events", "--state-dir", str(folder / "state"), "--display", display, "--lang", "en"]
    command += [] if windowed else ["--no-window"]
    process = EventProcess([*command, *options], folder / "agent.err", {"RELEVO_DEMO": "1"})
    try:
        yield process
    finally:
        process.stop()


class Browser:
    """A viewer on a real socket."""

    def __init__(self, socket: ClientConnection, viewer: Viewer) -> None:
        self.socket = socket
        self.viewer = viewer

    async def until(self, condition: Callable[[Viewer], bool]) -> None:
        end = time.monotonic() + DEADLINE_S
        while not condition(self.viewer):
            assert time.monotonic() < end, f"heard only {[type(m).__name__ for m in self.viewer.heard]}"
            with contextlib.suppress(TimeoutError):
                await self._take(await asyncio.wait_for(self.socket.recv(decode=False), 0.2))

    async def _take(self, message: bytes) -> None:
        header = parse_header(message)
        if header.type is MessageType.RELAY:
            return
        for answer in self.viewer.take(message):
            await self.socket.send(answer)
        if header.type is MessageType.MEDIA and self.viewer.channel is not None:
            await self.socket.send(self.viewer.say(FrameAck(frame_id=header.frame_id)))

    async def say(self, *messages: Any) -> None:
        for message in messages:
            await self.socket.send(self.viewer.say(message))


@contextlib.asynccontextmanager
async def browser(relay: Relay, code: str, mode: str) -> AsyncGenerator[Browser]:
    ticket = await relay.ticket(code[:6])
    address = f"{relay.ws}/ws/viewer"
    async with connect(
        address, ssl=relay.tls, origin=Origin(relay.origin), max_size=2**23, compression=None, open_timeout=60
    ) as socket:
        await socket.send(relay_message(ViewerHello(version=1, ticket=ticket)))
        welcome = relay_to_viewer.decode(body_of(await socket.recv(decode=False)))
        assert isinstance(welcome, ViewerWelcome)
        identity = ViewerIdentity(welcome.account_id, welcome.display_name, welcome.organisation, mode)
        context = ChannelContext(welcome.origin, welcome.session_id)
        here = Browser(socket, Viewer(context, welcome.link, welcome.slot, identity))
        await socket.send(here.viewer.with_code(code[6:]))
        yield here


async def event(process: EventProcess, name: str) -> dict[str, Any]:
    return await asyncio.to_thread(process.expect, name)


def test_P2_a_viewer_sees_the_desktop_and_types_into_it(tmp_path: Path, display: str) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, display, tmp_path, "--demo-consent", "auto") as process:
                code = (await event(process, "code"))["code"]
                with text_field(display) as content:
                    async with browser(relay, code, "full") as here:
                        await here.until(lambda v: v.keyframes > 0)
                        layout = here.viewer.last(ScreenLayout)
                        assert isinstance(layout, ScreenLayout)
                        assert (layout.width, layout.height) == (1280, 800)
                        await here.say(TextInput(text="ñáü¿€@\\|"))
                        await here.until(lambda _: content() == "ñáü¿€@\\|")
                        await here.say(Goodbye())
                    assert (await event(process, "live"))["viewers"]
                    assert (await event(process, "live"))["viewers"] == []
                    assert (await event(process, "code"))["code"] != code

    asyncio.run(play())


def test_R9_without_consent_no_media_and_stop_ends_for_all(tmp_path: Path, display: str) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, display, tmp_path) as process:
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "observer") as here:
                    await here.until(lambda v: v.channel is not None and len(v.heard) > 0)
                    await here.say(Heartbeat(t_ms=1))
                    await here.until(lambda v: len(v.heard) > 1)
                    assert here.viewer.media_messages == 0
                    assert here.viewer.last(ModeState) is None
                    process.process.send_signal(signal.SIGTERM)
                    await here.until(lambda v: v.last(HostGoodbye) is not None)
                await event(process, "ended")
                assert await asyncio.to_thread(process.process.wait, 60) == 0

    asyncio.run(play())


def test_an_unknown_authority_is_said_and_never_skipped(tmp_path: Path, display: str) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            command = [sys.executable, "-m", "relevo_agent.cli", "--server", relay.origin, "--lang", "es"]
            command += [
                "--no-window",
                "--json-events",
                "--state-dir",
                str(tmp_path / "s"),
                "--display",
                display,
            ]
            process = EventProcess(command, tmp_path / "agent.err")
            try:
                failed = await event(process, "failed")
                assert (failed["reason"], failed["final"]) == ("cert_unknown", True)
                assert await asyncio.to_thread(process.process.wait, 60) == 3
                assert "nadie ha visto nada: este PC no conoce a la autoridad" in process.tail()
            finally:
                process.stop()

    asyncio.run(play())


def test_stop_works_with_the_relay_dead(tmp_path: Path, display: str) -> None:
    async def play() -> None:
        with contextlib.ExitStack() as stack:
            async with running_relay(tmp_path / "relay") as relay:
                process = stack.enter_context(agent(relay, display, tmp_path, "--demo-consent", "auto"))
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "full") as here:
                    await here.until(lambda v: v.keyframes > 0)
            await event(process, "reconnecting")
            process.process.send_signal(signal.SIGTERM)
            await event(process, "ended")
            assert await asyncio.to_thread(process.process.wait, 60) == 0

    asyncio.run(play())


def yes_awake(display: str) -> bool:
    """Whether the dialog's Yes has its colour: asleep it is grey."""
    with contextlib.closing(xdisplay.Display(display)) as server:
        dialog = dialog_of(server.screen().root)
        if dialog is None:
            return False
        shape = dialog.get_geometry()
        try:
            picture = dialog.get_image(0, 0, shape.width, shape.height, X.ZPixmap, 0xFFFFFFFF)
        except BadMatch:  # it is not on the screen yet
            return False
        red, green, blue = (int(theme.ACCENT[place : place + 2], 16) for place in (1, 3, 5))
        return bytes(picture.data).count(bytes((blue, green, red))) > 1000


def dialog_of(window: Any) -> Any:
    """The window of the consent dialog, anywhere below this one."""
    for child in window.query_tree().children:
        with contextlib.suppress(BadWindow, BadDrawable):
            if child.get_wm_name() == "Permission for remote help":
                return child
            if (found := dialog_of(child)) is not None:
                return found
    return None


def test_the_windows_ask_and_stop(tmp_path: Path, display: str) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, display, tmp_path, windowed=True) as process:
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "full") as here:
                    await here.until(lambda v: v.last(ConsentPending) is not None)
                    await event(process, "asking")
                    await asyncio.to_thread(wait_for, lambda: yes_awake(display), lambda: "Yes stays asleep")
                    with contextlib.closing(X11Injector(display, lambda: False)) as customer:
                        for key in ("Tab", "Enter"):
                            customer.key(Key(key, key), down=True)
                            customer.key(Key(key, key), down=False)
                    await here.until(lambda v: v.keyframes > 0)
                    live = await event(process, "live")
                    assert [viewer["name"] for viewer in live["viewers"]] == [
                        here.viewer.identity.display_name
                    ]
                    process.process.send_signal(signal.SIGINT)
                    await here.until(lambda v: v.last(HostGoodbye) is not None)
                await event(process, "ended")
                assert await asyncio.to_thread(process.process.wait, 60) == 0

    asyncio.run(play())
