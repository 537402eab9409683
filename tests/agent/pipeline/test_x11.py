"""A real X display: what the viewer has drawn equals what XGetImage gives."""

import os
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display

from relevo_agent.pipeline.loop import CaptureLoop
from relevo_agent.pipeline.sources import open_cursor, open_source
from relevo_agent.pipeline.sources.cursor_x11 import straight_rgba
from relevo_agent.pipeline.sources.screen_mss import MssSource
from relevo_agent.pipeline.sources.screen_x11 import X11Source
from relevo_agent.pipeline.types import CaptureFailed, Source
from relevo_protocol.messages.screen import CaptureCondition
from tests.support.screens import Show

WIDTH, HEIGHT = 641, 402
OpenNamed = Callable[[str], Source]


def free() -> float:
    """A clock by which looking costs nothing: when the loop looks again hangs on the steps' times alone."""
    return 0.0


class XServer:
    """Xvfb on a display of its own choice."""

    def __init__(self) -> None:
        read_end, write_end = os.pipe()
        size = f"{WIDTH}x{HEIGHT}x24"
        command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
        self.process = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as answer:
            self.display = f":{answer.readline().strip()}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture
def server() -> Iterator[XServer]:
    started = XServer()
    yield started
    started.stop()


@pytest.fixture
def client(server: XServer) -> Iterator[Any]:
    display = Display(server.display)
    yield display
    display.close()


def root_rgb(client: Any) -> NDArray[np.uint8]:
    image = client.screen().root.get_image(0, 0, WIDTH, HEIGHT, X.ZPixmap, 0xFFFFFFFF)
    bgrx = np.frombuffer(image.data, np.uint8).reshape(HEIGHT, WIDTH, 4)
    return bgrx[..., 2::-1]


def window(client: Any, x: int, y: int, width: int, height: int) -> Any:
    opened = client.screen().root.create_window(
        x, y, width, height, 0, X.CopyFromParent, override_redirect=True
    )
    opened.map()
    client.sync()
    return opened


def draw_noise(client: Any, target: Any, width: int, height: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8).tobytes()
    gc = target.create_gc()
    rows = 60_000 // (width * 4)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        part = pixels[top * width * 4 : (top + count) * width * 4]
        target.put_image(gc, 0, top, width, count, X.ZPixmap, 24, 0, part)
    client.sync()


def draw_text(client: Any, target: Any, words: str, y: int) -> None:
    gc = target.create_gc(foreground=0x0080FF, background=0x101010)
    target.image_text(gc, 4, y, words.encode())
    client.sync()


@pytest.mark.parametrize("opened", [open_source, MssSource])
def test_grab_equals_the_root_window(server: XServer, client: Any, opened: OpenNamed) -> None:
    draw_noise(client, window(client, 30, 40, 300, 200), 300, 200, 5)
    source = opened(server.display)
    for _ in range(3):
        pixels = source.grab().pixels
        assert np.array_equal(pixels[..., 2::-1], root_rgb(client))
    layout = source.layout()
    assert (layout.width, layout.height) == (WIDTH, HEIGHT)
    source.close()


def test_shared_memory_is_chosen_where_it_works(server: XServer) -> None:
    source = open_source(server.display)
    assert isinstance(source, X11Source)
    assert not source.lacks
    assert source.signal is not None
    source.close()


def test_drawn_picture_equals_the_root_window_after_a_second_of_quiet(server: XServer, client: Any) -> None:
    show = Show(open_source(server.display), open_cursor(server.display))
    show.join()
    target = window(client, 50, 30, 500, 300)
    for step in range(5):
        draw_noise(client, target, 400, 200, step)
        draw_text(client, target, f"line {step} of a text that is drawn on top", 220 + 12 * step)
        target.copy_area(target.create_gc(), target, 0, 10, 480, 200, 0, 0)
        client.sync()
        show.run(70)
    show.run(1000)
    assert np.array_equal(show.viewer.picture, root_rgb(client))
    show.loop.close()


def test_pointer_position_and_shape_are_told(server: XServer, client: Any) -> None:
    show = Show(open_source(server.display), open_cursor(server.display))
    show.join()
    client.screen().root.warp_pointer(123, 45)
    client.sync()
    show.run(50)
    assert show.viewer.cursor_position == (123, 45)
    assert show.viewer.cursor_rgba is not None
    assert show.viewer.cursor_rgba[..., 3].any()
    first = show.viewer.cursor_rgba.copy()
    font = client.open_font("cursor")
    glyph = font.create_glyph_cursor(font, 152, 153, (0, 0, 0), (65535, 65535, 65535))  # XC_xterm
    client.screen().root.change_attributes(cursor=glyph)
    client.sync()
    show.run(100)
    assert not np.array_equal(first, show.viewer.cursor_rgba)
    show.loop.close()


def test_lost_display_is_told_and_the_loop_goes_on_with_the_next(server: XServer) -> None:
    second = XServer()
    displays = [server.display, second.display]
    now_ms = 0.0
    loop = CaptureLoop(lambda: open_source(displays[0]), lambda: open_cursor(displays[0]), free)
    loop.viewer_joined(1)
    assert loop.step(now_ms) is not None
    server.stop()
    loop.acknowledged(1, 1, 1.0, now_ms)
    assert loop.step(now_ms + 200) is None
    assert loop.condition.condition.value == "no_display"
    assert loop.step(now_ms + 400) is None
    displays.pop(0)
    frame = loop.step(now_ms + 5000)
    assert frame is not None
    assert frame.keyframe
    assert loop.condition.condition.value == "ok"
    loop.close()
    second.stop()


def test_no_display_names_cause_and_remedy() -> None:
    with pytest.raises(CaptureFailed, match="DISPLAY") as failure:
        open_source(":59999")
    assert failure.value.condition is CaptureCondition.NO_DISPLAY
    with pytest.raises(CaptureFailed, match="DISPLAY"):
        open_cursor(":59999")


def test_premultiplied_colours_become_straight() -> None:
    argb = np.array([[0xFF102030, 0x80402010, 0x00000000, 0x01010101]], np.uint32)
    rgba = straight_rgba(argb)
    assert rgba[:4] == bytes((0x10, 0x20, 0x30, 0xFF))
    assert rgba[4:8] == bytes((0x80, 0x40, 0x20, 0x80))
    assert rgba[8:12] == bytes(4)
    assert rgba[12:] == bytes((255, 255, 255, 1))


def set_monitors(server: XServer, *commands: str) -> None:
    for command in commands:
        subprocess.run(
            ["xrandr", "-d", server.display, *command.split()], check=True, timeout=60, capture_output=True
        )


def test_I6_monitors_that_change_in_mid_session_are_told(server: XServer) -> None:
    name = server.display
    loop = CaptureLoop(lambda: open_source(name), lambda: open_cursor(name), free)
    loop.viewer_joined(1)
    loop.request_keyframe(urgent=True)
    assert loop.step(0.0) is not None
    before = loop.layout
    assert before is not None
    half = WIDTH // 2
    set_monitors(
        server,
        f"--setmonitor left {half}/80x{HEIGHT}/100+0+0 screen",
        f"--setmonitor right {WIDTH - half}/80x{HEIGHT}/100+{half}+0 none",
    )
    now_ms = 0.0
    for _ in range(200):
        now_ms += 50
        loop.step(now_ms)
    after = loop.layout
    loop.close()
    assert after is not None
    assert (after.width, after.height) == (before.width, before.height)
    assert {(m.x, m.width) for m in after.monitors} == {(0, half), (half, WIDTH - half)}
