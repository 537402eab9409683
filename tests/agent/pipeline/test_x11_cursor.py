"""The pointer of a real X display: told by events, never asked for while it rests."""

import contextlib
import select
from collections.abc import Iterator
from typing import Any

import pytest
from Xlib import X
from Xlib.display import Display
from Xlib.ext import xtest

from relevo_agent.pipeline.sources.cursor_x11 import X11Cursor
from tests.agent.desktop import WAIT_S, wait_for, xvfb


@pytest.fixture(scope="module")
def name() -> Iterator[str]:
    with xvfb("700x500x24") as display:
        yield display


@pytest.fixture
def client(name: str) -> Iterator[Any]:
    with contextlib.closing(Display(name)) as display:
        yield display


def is_ready(cursor: X11Cursor, timeout_s: float = 0.0) -> bool:
    signal = cursor.signal
    assert signal is not None
    return bool(select.select([signal], [], [], timeout_s)[0])


def test_the_pointer_is_told_by_events(name: str, client: Any) -> None:
    with contextlib.closing(X11Cursor(name)) as cursor:
        first = cursor.poll()
        assert first is not None
        cursor.poll()
        assert not is_ready(cursor)
        for x in (100, 200):
            xtest.fake_input(client, X.MotionNotify, x=x, y=50)
            client.sync()
            assert is_ready(cursor, WAIT_S)
            moved = cursor.poll()
            assert moved is not None
            assert (moved.x, moved.y) == (x, 50)
            assert moved.shape is first.shape
        font = client.open_font("cursor")
        glyph = font.create_glyph_cursor(font, 152, 153, (0, 0, 0), (65535, 65535, 65535))  # XC_xterm
        client.screen().root.change_attributes(cursor=glyph)
        client.sync()
        assert is_ready(cursor, WAIT_S)
        reshaped = cursor.poll()
        assert reshaped is not None
        assert reshaped.shape != first.shape


def test_a_pointer_moved_by_a_program_is_seen_a_moment_later(name: str, client: Any) -> None:
    with contextlib.closing(X11Cursor(name)) as cursor:
        cursor.poll()
        client.screen().root.warp_pointer(321, 123)
        client.sync()

        def is_there() -> bool:
            state = cursor.poll()
            return state is not None and (state.x, state.y) == (321, 123)

        wait_for(is_there, lambda: f"pointer at {cursor.poll()}")
