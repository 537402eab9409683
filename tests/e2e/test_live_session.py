"""A technician's Chromium sees and drives real programs on a real X display."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.browser import SCREEN, click_remote, pixel, resize
from tests.e2e.conftest import Live
from tests.e2e.drawn import canvas, screen
from tests.e2e.rooms import enter_mode
from tests.e2e.stack import Display
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def recorder(display: Display, folder: Path) -> Iterator[EventProcess]:
    program = EventProcess(
        [sys.executable, str(PROGRAMS / "recorder.py"), "900x500+60+60"],
        folder / "recorder.log",
        {"DISPLAY": display.name},
    )
    program.expect("ready")
    yield program
    program.stop()


def _recorded_text(recorder: EventProcess) -> str:
    texts = [e["text"] for e in recorder.events if e["event"] == "text"]
    return str(texts[-1]) if texts else ""


def test_typed_text_arrives_as_these_characters(live: Live, recorder: EventProcess) -> None:
    entry = next(e for e in recorder.events if e["event"] == "ready")["entry"]
    click_remote(live.page, *entry)
    text = "Hola, ñáü¿€@\\| año"
    live.page.keyboard.type(text)
    wait_until(
        lambda: _recorded_text(recorder) == text, f"{text!r} in the entry, not {_recorded_text(recorder)!r}"
    )
    for keys in ("Home", "Shift+End", "Delete"):
        live.page.keyboard.press(keys)
    wait_until(lambda: _recorded_text(recorder) == "", "Home, Shift+End, Delete empties the entry")


@pytest.mark.parametrize("viewport", [(1400, 960), (900, 700), (700, 1000), (1900, 1200)])
def test_click_hits_the_right_pixel_at_every_scale(
    live: Live, recorder: EventProcess, viewport: tuple[int, int]
) -> None:
    resize(live.page, *viewport)
    for x, y in ((400, 450), (701, 333), (63, 155)):
        before = len(recorder.events)
        click_remote(live.page, x, y)

        def presses(since: int = before) -> list[tuple[int, int]]:
            return [(e["x"], e["y"]) for e in recorder.events[since:] if e["event"] == "press"]

        wait_until(lambda: bool(presses()), f"a click at {x},{y}")
        assert presses() == [(x, y)]


def test_wheel_and_right_button_arrive(live: Live, recorder: EventProcess) -> None:
    before = len(recorder.events)
    box = live.page.locator(SCREEN).bounding_box()
    assert box is not None
    live.page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    live.page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2, button="right")
    live.page.mouse.wheel(0, 240)

    def buttons() -> list[int]:
        return [e["button"] for e in recorder.events[before:] if e["event"] == "press"]

    wait_until(lambda: 3 in buttons() and 5 in buttons(), f"right button and wheel, not {buttons()}")


def test_F10_after_a_second_of_quiet_the_canvas_is_the_screen(
    live: Live, display: Display, folder: Path
) -> None:
    photo = EventProcess(
        [sys.executable, str(PROGRAMS / "photo.py"), "400x300+700+420"],
        folder / "photo.log",
        {"DISPLAY": display.name},
    )
    try:
        photo.expect("ready")
        deadline = time.monotonic() + 60
        before, same = screen(display), False
        while not same and time.monotonic() < deadline:
            before = screen(display)
            same = bool(np.array_equal(canvas(live.page), before))
            same = same and bool(np.array_equal(screen(display), before))
        different = np.argwhere((canvas(live.page) != before).any(axis=2))
        assert same, f"{len(different)} pixels differ, the first at {different[:3].tolist()} (row, column)"
    finally:
        photo.stop()


def test_a_key_is_seen_on_the_canvas(live: Live, recorder: EventProcess) -> None:
    ready = next(e for e in recorder.events if e["event"] == "ready")
    click_remote(live.page, *ready["entry"])
    x, y = ready["patch"]
    wait_until(lambda: pixel(live.page, x, y) in ([0, 0, 0], [255, 255, 255]), "the patch is black or white")
    first = pixel(live.page, x, y)
    live.page.keyboard.press("F2")
    wait_until(lambda: pixel(live.page, x, y) == [255 - first[0]] * 3, "the patch turns")


def test_observer_sees_and_cannot_touch(live: Live, recorder: EventProcess) -> None:
    enter_mode(live.page, "observer")
    before = len(recorder.events)
    live.page.locator(SCREEN).click(position={"x": 200, "y": 200})
    live.page.keyboard.type("must not arrive")
    enter_mode(live.page, "full")
    click_remote(live.page, *next(e for e in recorder.events if e["event"] == "ready")["entry"])
    live.page.keyboard.type("z")
    wait_until(lambda: _recorded_text(recorder).endswith("z"), "input works again in full control")
    texts = [e for e in recorder.events[before:] if e["event"] == "text"]
    assert all("must" not in e["text"] for e in texts)
