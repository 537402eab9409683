"""A demo inside a support session: the technician's browser shows its screen (SPEC G13, C22)."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browser import FLAGS, SCREEN, go, pixel, pixels, trust
from tests.e2e.rooms import await_picture, enter_as_guest, visit
from tests.e2e.stack import Display, Stack
from tests.support.processes import EventProcess, wait_until
from tools.system import find_chromium

pytestmark = pytest.mark.e2e

_CAPTURE = (
    "--auto-select-desktop-capture-source=Entire screen",
    "--window-size=900,700",
    "--window-position=0,0",
)
_CORNER = (1270, 780)
_GREY_ERROR = 2
"""The browser's capture gives 8-bit luma of limited range: greys come back within this."""


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Display]:
    """The technician's own display; ``display`` is the customer's."""
    (folder / "desk").mkdir()
    shown = Display("1280x800", folder / "desk")
    shown.paint(0x808080)
    yield shown
    shown.close()


@dataclass(frozen=True)
class _Browsers:
    """``shows`` is the technician's, on the desk; ``looks`` the customer's."""

    shows: Browser
    looks: Browser


@pytest.fixture(scope="module")
def browsers(folder: Path, stack: Stack, desk: Display) -> Iterator[_Browsers]:
    """Two Chromiums; the technician's question for a screen is answered by itself."""
    home = folder / "home"
    trust(home, stack.ca_file)
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    with sync_playwright() as playwright, contextlib.ExitStack() as ends:
        program = find_chromium()
        shows = playwright.chromium.launch(
            executable_path=program,
            headless=False,
            env={**environment, "DISPLAY": desk.name},
            args=[*FLAGS, *_CAPTURE],
        )
        ends.callback(shows.close)
        looks = playwright.chromium.launch(executable_path=program, env=environment, args=list(FLAGS))
        ends.callback(looks.close)
        yield _Browsers(shows, looks)


@dataclass
class Room:
    """A support session whose technician can show a screen; ``opened``: what the customer's PC opened."""

    agent: EventProcess
    technician: Page
    opened: Path
    customer: Page | None = None

    def link(self) -> str:
        """The last address that the customer's PC was told to open."""
        lines = self.opened.read_text(encoding="utf-8").split() if self.opened.exists() else []
        return lines[-1] if lines else ""

    def request_demo(self) -> None:
        """The technician chooses the demo, and a screen."""
        self.technician.get_by_test_id("mode-menu").click()
        self.technician.get_by_test_id("mode-demo").click()
        asked = self.agent.expect("asking")
        assert (asked["kind"], asked["mode"]) == ("mode", "demo")


@pytest.fixture(scope="module")
def room(stack: Stack, browsers: _Browsers, folder: Path, display: Display) -> Iterator[Room]:
    opened, script = folder / "opened", folder / "browser"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{opened}"\n', encoding="utf-8")
    script.chmod(0o755)
    display.paint(0x206030)
    agent = stack.start_agent("ask", BROWSER=str(script))
    code = agent.expect("code")["code"]
    technician = browsers.shows.new_context(locale="en-GB", no_viewport=True).new_page()
    go(technician, stack.link(code, "shared"))
    agent.expect("asking", kind="entry")
    agent.type("y")
    await_picture(technician)
    yield Room(agent, technician, opened)
    agent.stop()


def _is_near(page: Page, grey: int) -> bool:
    return all(abs(one - grey) <= _GREY_ERROR for one in pixel(page, *_CORNER))


def test_G13_on_a_yes_the_customer_sees_the_technicians_screen_and_nobody_the_customers(
    stack: Stack, room: Room, browsers: _Browsers, desk: Display
) -> None:
    room.request_demo()
    room.agent.type("y")
    room.agent.expect("mode", mode="demo")
    room.technician.get_by_test_id("demo-stop").wait_for(timeout=60_000)
    wait_until(lambda: "/demo#i=" in room.link(), "the customer's PC opens the link")
    assert room.link().startswith(f"{stack.origin}/demo#i="), "at the relay of the session"
    customer = visit(browsers.looks, room.link(), (1000, 760), "es-ES")
    enter_as_guest(customer, "Clienta")
    await_picture(customer)
    wait_until(lambda: _is_near(customer, 0x80), "the technician's desk is seen")
    expect(room.technician.locator(".demo-people")).to_contain_text("Clienta")
    room.customer = customer
    before = pixels(room.technician)
    stack.display.paint(0x902020)
    desk.paint(0x404040)
    wait_until(lambda: _is_near(customer, 0x40), "the technician's desk changes")
    assert pixels(room.technician) == before, "nothing of the customer's PC was sent"


def test_G13_the_end_of_the_demo_leads_back_to_observing_with_the_picture(room: Room) -> None:
    room.technician.get_by_test_id("demo-stop").click()
    room.agent.expect("mode", mode="observer")
    wait_until(lambda: pixel(room.technician, *_CORNER) == [0x90, 0x20, 0x20], "the customer's screen")
    assert room.customer is not None, "an earlier test opens the customer's page"
    expect(room.customer.locator(SCREEN)).to_have_count(0, timeout=60_000)


def test_G13_the_customer_ends_a_demo_too(room: Room) -> None:
    before = room.link()
    room.request_demo()
    room.agent.type("y")
    room.agent.expect("mode", mode="demo")
    room.technician.get_by_test_id("demo-stop").wait_for(timeout=60_000)
    wait_until(lambda: room.link() != before, "the customer's PC opens another link")
    room.agent.type("watch")
    room.agent.expect("mode", mode="observer")
    wait_until(lambda: pixel(room.technician, *_CORNER) == [0x90, 0x20, 0x20], "the picture is back")
    expect(room.technician.get_by_test_id("demo-stop")).to_have_count(0)


def test_G13_a_no_of_the_customer_changes_nothing(stack: Stack, room: Room) -> None:
    opened = room.link()
    room.request_demo()
    room.agent.type("n")
    expect(room.technician.get_by_test_id("demo-stop")).to_have_count(0)
    stack.display.paint(0x206030)
    wait_until(lambda: pixel(room.technician, *_CORNER) == [0x20, 0x60, 0x30], "the picture goes on")
    assert room.link() == opened, "nothing more was opened on the customer's PC"
