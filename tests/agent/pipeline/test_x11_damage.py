"""XDamage on a real X server: nothing that is drawn is missed, and little is fetched for little."""

import contextlib
import itertools
import os
import random
import select
import socket
import struct
import subprocess
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display

from relevo_agent.pipeline.sources import screen_x11
from relevo_agent.pipeline.sources.cursor_x11 import X11Cursor
from relevo_agent.pipeline.sources.libxcb import XRefused, XServer
from relevo_agent.pipeline.sources.screen_mss import MssSource
from relevo_agent.pipeline.sources.screen_x11 import MAX_RECTS, X11Source, merged, row_bands, uncovered
from relevo_agent.pipeline.sources.x11 import XConnection
from relevo_agent.pipeline.types import CaptureFailed, Rect
from relevo_protocol.messages.screen import CaptureCondition
from tests.agent.desktop import WAIT_S, xvfb, xvfb_process
from tests.support.nested import xephyr

WIDTH, HEIGHT = 700, 500


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    with xvfb(f"{WIDTH}x{HEIGHT}x24") as display:
        yield display


@pytest.fixture
def client(name: str) -> Iterator[Any]:
    with contextlib.closing(Display(name)) as display:
        yield display


@pytest.fixture
def source(name: str) -> Iterator[X11Source]:
    with contextlib.closing(X11Source.opened(name)) as opened:
        settle(opened)
        yield opened


def is_ready(source: X11Source | X11Cursor, timeout_s: float = 0.0) -> bool:
    signal = source.signal
    assert signal is not None
    return bool(select.select([signal], [], [], timeout_s)[0])


def settle(source: X11Source) -> None:
    source.grab()
    while is_ready(source, 0.1):
        source.grab()


def root_image(client: Any, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    data = client.screen().root.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF).data
    return np.frombuffer(data, np.uint8).reshape(height, width, 4)[..., :3]


def fill(client: Any, colour: int, rect: Rect) -> None:
    root = client.screen().root
    root.fill_rectangle(root.create_gc(foreground=colour), *rect)
    client.sync()


def followed(source: X11Source, kept: NDArray[np.uint8]) -> None:
    """What a viewer that takes only the damaged rectangles would have."""
    grab = source.grab()
    if grab.damage.rects is None:
        kept[:] = grab.pixels[..., :3]
        return
    for rect in grab.damage.rects:
        rect.of(kept)[:] = rect.of(grab.pixels)[..., :3]


class Scribbler:
    """Random drawing: rectangles, text, copies, windows that come, move and go."""

    def __init__(self, client: Any, seed: int) -> None:
        self._client, self._random = client, random.Random(seed)
        self._root = client.screen().root
        self._gc = self._root.create_gc(subwindow_mode=X.IncludeInferiors)
        self._windows: list[Any] = []

    def draw(self) -> None:
        kinds = (self._fill, self._fill, self._text, self._copy, self._open, self._move, self._close)
        self._random.choice(kinds)()

    def _place(self) -> tuple[int, int]:
        return self._random.randrange(-50, WIDTH), self._random.randrange(-50, HEIGHT)

    def _size(self) -> tuple[int, int]:
        most = self._random.choice((3, 40, 400))
        return self._random.randrange(1, most), self._random.randrange(1, most)

    def _colour(self) -> None:
        self._gc.change(
            foreground=self._random.randrange(1 << 24), background=self._random.randrange(1 << 24)
        )

    def _fill(self) -> None:
        self._colour()
        target = self._random.choice((self._root, *self._windows))
        target.fill_rectangle(self._gc, *self._place(), *self._size())

    def _text(self) -> None:
        self._colour()
        self._root.image_text(
            self._gc, *self._place(), b"the quick brown fox %d" % self._random.randrange(99999)
        )

    def _copy(self) -> None:
        self._root.copy_area(self._gc, self._root, *self._place(), *self._size(), *self._place())

    def _open(self) -> None:
        x, y = self._place()
        opened = self._root.create_window(
            x,
            y,
            *self._size(),
            0,
            X.CopyFromParent,
            background_pixel=self._random.randrange(1 << 24),
            override_redirect=True,
        )
        opened.map()
        self._windows.append(opened)

    def _move(self) -> None:
        if self._windows:
            x, y = self._place()
            self._random.choice(self._windows).configure(x=x, y=y, stack_mode=X.Above)

    def _close(self) -> None:
        if len(self._windows) > 3:
            self._windows.pop(self._random.randrange(len(self._windows))).destroy()


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_missed_in_a_storm_of_drawing(
    source: X11Source, name: str, client: Any, seed: int
) -> None:
    kept = source.grab().pixels[..., :3].copy()
    scribbler, over, grabs = Scribbler(client, seed), threading.Event(), 0

    def storm() -> None:
        for count in itertools.count(1):
            scribbler.draw()
            if count % 7 == 0:
                client.sync()
            if count >= 600 and grabs > 3:
                break
        client.sync()
        over.set()

    artist = threading.Thread(target=storm, daemon=True)
    artist.start()
    while not over.is_set() or is_ready(source):
        is_ready(source, 0.2)
        followed(source, kept)
        grabs += 1
    artist.join(WAIT_S)
    followed(source, kept)
    assert not is_ready(source)
    truth = root_image(client)
    assert np.array_equal(source.grab().pixels[..., :3], truth)
    assert np.array_equal(kept, truth)


def test_one_fixed_buffer_and_nothing_fetched_while_nothing_is_drawn(source: X11Source) -> None:
    first, second = source.grab(), source.grab()
    assert first.pixels is second.pixels
    assert second.damage.rects == ()
    assert not is_ready(source)


def _overhear(_events: list[bytes]) -> None:
    """Whatever the server tells."""


def test_what_the_server_does_not_tell_is_found_by_a_later_look(
    source: X11Source, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as deaf:
        deaf.setattr(source, "_hear", _overhear)
        fill(client, 0x224466, Rect(30, 40, 50, 60))
        while is_ready(source):
            source.grab()
        assert source.grab().damage.rects == ()
    assert not np.array_equal(source.grab().pixels[..., :3], root_image(client))
    monkeypatch.setattr(screen_x11, "VERIFIED_S", 0.0)
    grab = source.grab()
    assert grab.damage.rects is None
    assert np.array_equal(grab.pixels[..., :3], root_image(client))


def test_two_small_changes_far_apart_stay_small(source: X11Source, client: Any) -> None:
    near, far = Rect(3, 4, 10, 5), Rect(WIDTH - 20, HEIGHT - 12, 7, 9)
    fill(client, 0xFF0000, near)
    fill(client, 0x00FF00, far)
    assert is_ready(source, WAIT_S)
    rects = source.grab().damage.rects
    assert rects is not None
    assert sorted(rects) == [near, far]
    assert not is_ready(source)


def test_what_is_drawn_while_a_grab_waits_is_told_at_once(source: X11Source, client: Any) -> None:
    """libxcb reads events along with replies: the socket is empty then, the signal is not."""
    for turn in range(40):
        fill(client, turn * 997, Rect(turn, turn, 30, 30))
        root = client.screen().root
        root.fill_rectangle(root.create_gc(foreground=turn), 5, 5, 300, 300)
        client.flush()
        source.grab()
        client.sync()
        while is_ready(source, 0.02):
            source.grab()
        assert np.array_equal(source.grab().pixels[..., :3], root_image(client))


def test_more_rectangles_than_are_told_are_merged_row_by_row() -> None:
    corners = [(x, y) for y in range(0, 3000, 30) for x in (0, 900)]
    rects = [Rect(x, y, 9, 9) for x, y in corners]
    told = merged(rects)
    assert len(told) <= MAX_RECTS
    covered = np.zeros((3100, 1000), np.bool_)
    for rect in told:
        covered[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] = True
    assert all(covered[y : y + 9, x : x + 9].all() for x, y in corners)
    assert merged(rects[:2]) == (Rect(0, 0, 9, 9), Rect(900, 0, 9, 9))


def test_near_rows_are_fetched_together_and_only_the_rest_of_a_guess() -> None:
    rects = (Rect(0, 10, 5, 5), Rect(50, 20, 5, 5), Rect(0, 400, 9, 50))
    bands = row_bands(rects)
    assert bands == [(10, 25), (400, 450)]
    assert uncovered(bands, [(5, 30)]) == [(400, 450)]
    assert uncovered(bands, [(5, 20)]) == bands


def set_screen(name: str, *options: str) -> None:
    subprocess.run(["xrandr", "-d", name, *options], check=True, timeout=60, capture_output=True)


def test_rotation_and_new_sizes_in_mid_session() -> None:
    changes = ((("-o", "left"), (480, 640)), (("-o", "normal"), (640, 480)), (("-s", "320x240"), (320, 240)))
    with (
        xvfb(f"{WIDTH}x{HEIGHT}x24") as outer,
        xephyr(outer, "640x480") as inner,
        contextlib.closing(X11Source.opened(inner)) as source,
        contextlib.closing(Display(inner)) as client,
    ):
        settle(source)
        for options, (width, height) in changes:
            set_screen(inner, *options)
            fill(client, 0x3366CC, Rect(10, 10, 50, 50))
            assert is_ready(source, WAIT_S)
            settle(source)
            pixels = source.grab().pixels
            assert pixels.shape == (height, width, 4)
            assert (source.layout().width, source.layout().height) == (width, height)
            assert np.array_equal(pixels[..., :3], root_image(client, width, height))


def test_I6_monitors_that_change_are_signalled(source: X11Source, name: str) -> None:
    before = source.layout()
    set_screen(name, "--setmonitor", "beside", "300/80x200/60+400+0", "none")
    try:
        assert is_ready(source, WAIT_S)
        source.grab()
        assert source.layout() is not before
        assert "beside" in {monitor.name for monitor in source.layout().monitors}
        assert source.layout() is source.layout()
    finally:
        set_screen(name, "--delmonitor", "beside")


def test_a_monitor_that_reaches_beyond_the_picture_is_cut(source: X11Source, name: str) -> None:
    set_screen(name, "--setmonitor", "beyond", f"300/80x900/60+{WIDTH - 100}+0", "none")
    try:
        assert is_ready(source, WAIT_S)
        source.grab()
        found = next(monitor for monitor in source.layout().monitors if monitor.name == "beyond")
        assert (found.x, found.y, found.width, found.height) == (WIDTH - 100, 0, 100, HEIGHT)
    finally:
        set_screen(name, "--delmonitor", "beyond")


def test_a_server_that_ends_makes_the_signal_readable_and_the_grab_fail() -> None:
    with xvfb_process("320x200x24") as (display, server):
        source, cursor = X11Source.opened(display), X11Cursor(display)
        settle(source)
        server.kill()
        server.wait(60)
        assert is_ready(source, WAIT_S)
        with pytest.raises(CaptureFailed, match="DISPLAY") as failure:
            source.grab()
        assert failure.value.condition is CaptureCondition.NO_DISPLAY
        with pytest.raises(CaptureFailed, match="DISPLAY"):
            cursor.poll()
        source.close()
        cursor.close()


def raw_fill(display: str, colour: int, rect: Rect) -> None:
    """As :func:`fill`, without python-xlib, which takes all servers of a process to number events alike."""
    with contextlib.closing(XConnection(display)) as drawing:
        gc = drawing.x.new_id()
        drawing.x.demand(55, 0, struct.pack("=IIII", gc, drawing.root, 1 << 2, colour))  # CreateGC
        drawing.x.demand(70, 0, struct.pack("=IIhhHH", drawing.root, gc, *rect))  # PolyFillRectangle


def test_without_shared_memory_and_damage_the_picture_comes_all_the_same() -> None:
    with (
        bare_server(["-extension", "MIT-SHM", "-extension", "DAMAGE", "-extension", "RANDR"]) as display,
        contextlib.closing(X11Source.opened(display)) as source,
        contextlib.closing(MssSource(display)) as truth,
    ):
        assert len(source.lacks) == 2
        assert source.signal is None
        raw_fill(display, 0x123456, Rect(5, 6, 70, 80))
        grab = source.grab()
        assert grab.damage.rects is None
        assert grab.pixels[20, 20, :3].tolist() == [0x56, 0x34, 0x12]
        assert np.array_equal(grab.pixels[..., :3], truth.grab().pixels[..., :3])


def test_without_shared_memory_only_damaged_rows_are_sent() -> None:
    with (
        bare_server(["-extension", "MIT-SHM"]) as display,
        contextlib.closing(X11Source.opened(display)) as source,
        contextlib.closing(MssSource(display)) as truth,
    ):
        settle(source)
        raw_fill(display, 0x123456, Rect(5, 6, 70, 80))
        assert is_ready(source, WAIT_S)
        grab = source.grab()
        assert grab.damage.rects == (Rect(5, 6, 70, 80),)
        assert np.array_equal(grab.pixels[..., :3], truth.grab().pixels[..., :3])


@contextlib.contextmanager
def bare_server(extensions: list[str]) -> Generator[str]:
    read, write = os.pipe()
    command = ["Xvfb", "-noreset", "-nolisten", "tcp", "-displayfd", str(write), "-screen", "0", "320x200x24"]
    with subprocess.Popen(
        [*command, *extensions], pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        os.close(write)
        try:
            with os.fdopen(read, "rb") as numbers:
                yield f":{int(numbers.readline())}"
        finally:
            server.terminate()


def test_a_refused_request_is_told_with_its_number(name: str) -> None:
    with contextlib.closing(XServer(name)) as server:
        with pytest.raises(XRefused, match=r"14\.0") as refusal:
            server.demand(14, 0, bytes(4))  # GetGeometry of nothing
        assert refusal.value.code == 9
        server.tell(2, 0, bytes(8))  # ChangeWindowAttributes of nothing
        server.flush()
        select.select([server.fileno], [], [], WAIT_S)
        with pytest.raises(XRefused, match=r"2\.0"):
            server.events()


def turn_away(listener: socket.socket) -> None:
    listener.accept()[0].close()


def test_somebody_who_is_no_x_server_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        answer = threading.Thread(target=turn_away, args=(listener,))
        answer.start()
        with pytest.raises(CaptureFailed) as failure:
            X11Source.opened(f"127.0.0.1:{port - 6000}")
        answer.join(WAIT_S)
    assert failure.value.condition is CaptureCondition.NO_DISPLAY
