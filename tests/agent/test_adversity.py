"""The agent as a process while things around it break, and with a hostile technician in it."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from Xlib import display as xdisplay

from relevo_protocol.messages import ViewerToHost
from relevo_protocol.messages.input import KeyPress, PointerButton, TextInput
from relevo_protocol.messages.screen import CaptureCondition, CaptureState, ScreenLayout
from relevo_protocol.messages.session import Heartbeat, HostGoodbye, ModeRequest
from relevo_protocol.modes import Mode
from tests.agent.desktop import wait_for, xvfb_process
from tests.agent.fakes import Viewer
from tests.agent.test_process import Browser, agent, browser, event
from tests.support.processes import EventProcess
from tests.support.relay import RelayProcess, running_relay


@pytest.fixture
def server() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with xvfb_process("800x600x24") as (name, process):
        yield name, process


def held(display: str) -> int:
    """How many keys and buttons the X server takes for pressed."""
    with contextlib.closing(xdisplay.Display(display)) as server:
        keys = sum(int(byte).bit_count() for byte in server.query_keymap())
        buttons = int(server.screen().root.query_pointer().mask) >> 8 & 31
        return keys + buttons.bit_count()


def has_heard_more(than: int, viewer: Viewer) -> bool:
    """Whether the agent has said something since."""
    return len(viewer.heard) > than


async def hold_down(here: Browser, display: str) -> None:
    """Shift, Q and the left button: again where they were let go, as of one who was silent for long."""
    await here.until(lambda v: v.keyframes > 0)
    end = time.monotonic() + 60
    while held(display) != 3:
        assert time.monotonic() < end, f"{held(display)} are held"
        heard, seen = len(here.viewer.heard), here.viewer.frames[-1][0].frame_id
        await here.say(
            KeyPress(code="ShiftLeft", key="Shift", down=True, modifiers=1),
            KeyPress(code="KeyQ", key="Q", down=True, modifiers=1),
            PointerButton(monitor=0, x=0.5, y=0.5, button=0, down=True, seen=seen),
            Heartbeat(t_ms=0.0),
        )
        await here.until(partial(has_heard_more, heard))


def condition_of(viewer: Viewer) -> CaptureCondition | None:
    """What the viewer was told last of the screen."""
    state = viewer.last(CaptureState)
    return state.condition if isinstance(state, CaptureState) else None


async def ended(process: EventProcess, deadline_s: float = 60) -> int:
    return await asyncio.to_thread(process.process.wait, deadline_s)


def test_S4_a_relay_that_is_killed_leaves_nothing_held(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    relay = RelayProcess(tmp_path / "relay")
    relay.start()

    async def play() -> None:
        with agent(relay.relay, server[0], tmp_path, "--demo-consent", "auto") as process:
            code = (await event(process, "code"))["code"]
            async with browser(relay.relay, code, "full") as here:
                await hold_down(here, server[0])
                await asyncio.to_thread(relay.kill)
                await asyncio.to_thread(wait_for, lambda: held(server[0]) == 0, lambda: "still held")
                await event(process, "reconnecting")

    try:
        asyncio.run(play())
    finally:
        relay.kill()


@pytest.mark.parametrize("flood", ["text", "modes", "keys"])
def test_stop_acts_at_once_through_a_flood(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"], flood: str
) -> None:
    floods: dict[str, list[ViewerToHost]] = {
        "text": [TextInput(text="".join(chr(0x1F300 + n % 1500) for n in range(4096)))] * 20,
        "modes": [ModeRequest(mode=Mode.FULL if n % 2 else Mode.OBSERVER) for n in range(10_000)],
        "keys": [KeyPress(code=f"X{n % 50}", key=f"Unknown{n}", down=True) for n in range(10_000)],
    }

    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, server[0], tmp_path, "--demo-consent", "auto") as process:
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "full") as here:
                    await hold_down(here, server[0])
                    with contextlib.suppress(OSError, ConnectionClosed):
                        await here.say(*floods[flood])
                    process.process.send_signal(signal.SIGTERM)
                    # Typing what is waiting would take many minutes.
                    await asyncio.to_thread(wait_for, lambda: held(server[0]) == 0, lambda: "still held")
                    assert await ended(process) == 0

    asyncio.run(play())


def test_stop_and_the_end_come_through_an_x_server_that_hangs(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            options = ("--demo-consent", "auto")
            with agent(relay, server[0], tmp_path, *options, windowed=True) as process:
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "full") as here:
                    await here.until(lambda v: v.keyframes > 0)
                    server[1].send_signal(signal.SIGSTOP)
                    try:
                        await here.say(TextInput(text="this waits for the X server"))
                        process.process.send_signal(signal.SIGTERM)
                        await here.until(lambda v: v.last(HostGoodbye) is not None)
                        assert await ended(process) == 0
                    finally:
                        server[1].send_signal(signal.SIGCONT)

    asyncio.run(play())


def test_D1_an_x_server_that_dies_is_told_and_the_agent_goes_on(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, server[0], tmp_path, "--demo-consent", "auto") as process:
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "full") as here:
                    await here.until(lambda v: v.keyframes > 0)
                    server[1].kill()
                    await here.until(lambda v: condition_of(v) is CaptureCondition.NO_DISPLAY)
                    process.process.send_signal(signal.SIGTERM)
                    assert await ended(process) == 0

    asyncio.run(play())


def test_F2_a_desktop_that_changes_its_size_is_shown_anew(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    def xrandr(*arguments: str) -> None:
        subprocess.run(["xrandr", "-display", server[0], *arguments], check=True, timeout=60)

    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, server[0], tmp_path, "--demo-consent", "auto") as process:
                code = (await event(process, "code"))["code"]
                async with browser(relay, code, "full") as here:
                    await here.until(lambda v: v.keyframes > 0)
                    xrandr("--newmode", "small", *["0", "640", "0", "0", "640", "480", "0", "0", "480"])
                    xrandr("--addmode", "screen", "small")
                    xrandr("--output", "screen", "--mode", "small")
                    await here.until(lambda v: v.frames[-1][1].width == 640)
                    layout = here.viewer.last(ScreenLayout)
                    assert isinstance(layout, ScreenLayout)
                    assert (layout.width, layout.height) == (640, 480)

    asyncio.run(play())


def test_C16_the_customer_starts_with_the_number_that_the_technician_reserved(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            assert relay.services is not None
            routing = relay.services.routing_numbers.reserve(relay.account.id)
            spoken = f"{routing[:3]} {routing[3:]}"
            with agent(relay, server[0], tmp_path, "--join", spoken, "--demo-consent", "auto") as process:
                code = (await event(process, "code"))["code"]
                assert code[:6] == routing
                async with browser(relay, code, "observer") as here:
                    await here.until(lambda v: v.keyframes > 0)

    asyncio.run(play())


def test_C16_a_number_that_is_gone_is_said_and_replaced(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    async def play() -> None:
        async with running_relay(tmp_path / "relay") as relay:
            with agent(relay, server[0], tmp_path, "--join", "000000") as process:
                assert (await event(process, "notice"))["notice"] == "number_gone"
                assert len((await event(process, "code"))["code"]) == 12

    asyncio.run(play())


@pytest.mark.parametrize("join", ["12345", "1234567", "12345x", "١٢٣٤٥٦"])
def test_what_is_no_routing_number_is_refused_at_the_start(join: str) -> None:
    command = [sys.executable, "-m", "relevo_agent.cli", "--server", "https://relay.example", "--join", join]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "six digits" in done.stderr


def test_a_terminal_that_knows_ascii_alone_ends_nothing(
    tmp_path: Path, server: tuple[str, "subprocess.Popen[bytes]"]
) -> None:
    """The Spanish texts, and names from all over the world, on a terminal of another alphabet."""
    command = [sys.executable, "-m", "relevo_agent.cli", "--server", "http://127.0.0.1:9", "--lang", "es"]
    command += ["--no-window", "--state-dir", str(tmp_path / "s"), "--display", server[0]]
    environment = {"PYTHONIOENCODING": "ascii"}
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stdin=subprocess.DEVNULL, env=environment)
    try:
        wait_for(lambda: b"conexi?n" in (tmp_path / "out").read_bytes(), lambda: "nothing was said")
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("lang", "said"), [("es", "no existe"), ("en", "no such file")])
def test_a_wrong_start_is_said_in_the_customers_language(tmp_path: Path, lang: str, said: str) -> None:
    command = [sys.executable, "-m", "relevo_agent.cli", "--server", "https://relay.example", "--lang", lang]
    command += ["--ca", str(tmp_path / "none.pem"), "--state-dir", str(tmp_path / "s")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
