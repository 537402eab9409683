"""Shared desktop and full control with a person at the PC: who drives, and who waits (SPEC G2-G4, N7)."""

import contextlib
import sys
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from relevo_protocol.limits import LOCAL_QUIET_MS
from tests.e2e.browser import click_remote
from tests.e2e.conftest import Live, join
from tests.e2e.stack import NestedDisplay, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def display(folder: Path) -> Iterator[NestedDisplay]:
    """A display with a person in front of it."""
    shown = NestedDisplay("1280x800", folder)
    yield shown
    shown.close()


@pytest.fixture(scope="module")
def recorder(display: NestedDisplay, folder: Path) -> Iterator[EventProcess]:
    command = [sys.executable, str(PROGRAMS / "recorder.py"), "900x500+60+60"]
    program = EventProcess(command, folder / "recorder.log", {"DISPLAY": display.name})
    program.expect("ready")
    yield program
    program.stop()


@pytest.fixture(scope="module")
def shared(stack: Stack, browser: Browser) -> Iterator[Live]:
    session = join(stack, browser, "shared")
    yield session
    session.context.close()
    session.agent.stop()


def _holder(page: Page) -> str:
    return str(page.get_by_test_id("token").get_attribute("data-driver"))


def _text(recorder: EventProcess) -> str:
    texts = [e["text"] for e in recorder.events if e["event"] == "text"]
    return str(texts[-1]) if texts else ""


@contextlib.contextmanager
def _restless(display: NestedDisplay) -> Generator[None]:
    """The customer's hand does not rest meanwhile."""
    over = threading.Event()

    def move() -> None:
        while not over.wait(0.05):
            display.hand.move()

    hand = threading.Thread(target=move)
    hand.start()
    try:
        yield
    finally:
        over.set()
        hand.join()


def test_G3_the_customer_takes_the_control_and_quiet_gives_it_back(
    shared: Live, display: NestedDisplay, recorder: EventProcess
) -> None:
    page = shared.page
    wait_until(lambda: _holder(page) == "you", "the technician drives at first")
    entry = next(e for e in recorder.events if e["event"] == "ready")["entry"]
    click_remote(page, *entry)
    page.keyboard.type("uno")
    wait_until(lambda: _text(recorder) == "uno", "the technician types")

    def moved() -> bool:
        display.hand.move()
        return _holder(page) == "customer"

    wait_until(moved, "a real mouse takes the control at once")
    with _restless(display):
        wait_until(lambda: _holder(page) == "customer", "the customer drives")
        page.keyboard.type("zzz")
    wait_until(lambda: _holder(page) == "you", "after a while of quiet it comes back")
    page.keyboard.type(" dos")
    wait_until(lambda: _text(recorder).endswith("dos"), "the technician types again")
    assert "z" not in _text(recorder), "nothing was typed while the customer drove"


def test_G4_asking_for_the_control_ends_the_wait(shared: Live, display: NestedDisplay) -> None:
    page = shared.page

    def back_before_quiet_could_give_it() -> bool:
        moved_s = time.monotonic()
        display.hand.move()
        if _holder(page) != "customer":  # they may not drive yet, or drive no longer
            return False
        while time.monotonic() - moved_s < LOCAL_QUIET_MS / 1000 - 0.2:
            with contextlib.suppress(PlaywrightTimeout):  # quiet may give the control back first
                page.get_by_test_id("take-control").click(timeout=300)
            if _holder(page) == "you":
                return True
        return False

    wait_until(back_before_quiet_could_give_it, "asked for, it comes at once")


def test_G3_full_control_pauses_for_real_input_and_tells(shared: Live, display: NestedDisplay) -> None:
    page = shared.page
    page.get_by_test_id("mode-menu").click()
    page.get_by_test_id("mode-full").click()
    wait_until(lambda: _mode(shared) == "full", "full control")

    def moved() -> bool:
        display.hand.move()
        return _holder(page) == "customer"

    wait_until(moved, "the technician is paused, and told")
    wait_until(lambda: _holder(page) == "you", "and goes on after a second")


def _mode(live: Live) -> str:
    return next((str(e["mode"]) for e in reversed(live.agent.events) if e["event"] == "mode"), "")


def test_A2_the_laser_is_on_the_real_screen(shared: Live, display: NestedDisplay) -> None:
    page = shared.page
    page.get_by_test_id("laser").click()

    def pointed() -> bool:
        click_remote(page, 1000, 700)
        return "#0b7577" in display.colours(980, 680, 40, 40)

    wait_until(pointed, "the laser has the technician's colour on the customer's screen")
    page.keyboard.press("Escape")


def test_N7_the_panic_key_ends_everything(shared: Live, display: NestedDisplay) -> None:
    display.hand.strike("Control_L", "Alt_L", "End")
    shared.agent.expect("ended")
    expect(shared.page.get_by_test_id("screen")).to_have_count(0)
