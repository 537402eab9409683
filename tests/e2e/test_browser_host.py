"""A browser as source of the screen: a presenter with five viewers, and a customer who installs nothing."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect, sync_playwright
from Xlib import X
from Xlib import display as xdisplay

from tests.e2e.browser import FLAGS, SCREEN, go, pixel, trust
from tests.e2e.drawn import await_drawn, await_tones, count_drawing
from tests.e2e.programs.mover import FILM
from tests.e2e.rooms import start_mover
from tests.e2e.stack import TECHNICIAN, Display, Stack
from tests.support.processes import EventProcess, wait_until
from tools.system import find_chromium

pytestmark = pytest.mark.e2e

_CAPTURE = (
    "--auto-select-desktop-capture-source=Entire screen",
    "--window-size=740,620",
    "--window-position=0,0",
)
"""The presenter's own window lies in the left upper corner; the rest of the desktop belongs to the test."""
_TEXT = (800, 60, 400, 200)
"""Where the text stands: x, y, width, height."""
_CORNER = (1270, 500)
_GREY_ERROR = 2
"""The browser's capture gives 8-bit luma of limited range: greys come back within this."""


_GREYS = """([x, y, width, height]) => {
  const screen = document.querySelector('[data-testid="screen"]');
  const copy = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(screen, x, y, width, height, 0, 0, width, height);
  const {data} = copy.getImageData(0, 0, width, height);
  return Array.from({length: width * height}, (_, i) => data[4 * i + 1]);
}"""


_WATCH_YES = """() => {
  const places = new Set();
  window.relevoPlaces = new Promise((resolve) => {
    const look = (frames) => {
      const yes = document.querySelector('[data-testid="sure-yes"]');
      if (yes !== null) places.add(yes.getBoundingClientRect().top);
      if (frames === 0) resolve([...places]);
      else requestAnimationFrame(() => look(yes === null ? frames : frames - 1));
    };
    look(40);
  });
}"""
"""Where a question's Yes stands, CSS pixels from above, from its first picture until beyond any animation."""
_STILL_PX = 4


class _Wall:
    """The bare desktop, with black text on white."""

    def __init__(self, name: str) -> None:
        self._connection = xdisplay.Display(name)
        self._root = self._connection.screen().root

    def write(self, line: str) -> None:
        """Black on white, repeated down the wall."""
        x, y, width, height = _TEXT
        gc = self._root.create_gc(foreground=0xFFFFFF, background=0xFFFFFF)
        self._root.fill_rectangle(gc, x, y, width, height)
        gc.change(foreground=0x000000)
        for row in range(20, height - 10, 16):
            self._root.draw_text(gc, x + 10, y + row, line.encode())
        self._connection.sync()

    def greys(self) -> list[int]:
        """The text as the X server has it: one value for each pixel, row after row."""
        image = self._root.get_image(*_TEXT, X.ZPixmap, 0xFFFFFFFF)
        return list(image.data[1::4])

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _shows(page: Page, wanted: list[int]) -> bool:
    seen: list[int] = page.evaluate(_GREYS, list(_TEXT))
    return all(abs(one - other) <= _GREY_ERROR for one, other in zip(seen, wanted, strict=True))


def _is_near(page: Page, grey: int) -> bool:
    seen = pixel(page, *_CORNER)
    return all(abs(one - grey) <= _GREY_ERROR for one in seen)


def _await_grey(pages: list[Page], grey: int) -> None:
    wait_until(lambda: all(_is_near(page, grey) for page in pages), f"everybody sees {grey:#x}", 60)


@dataclass(frozen=True)
class _Browsers:
    """``shows`` is the one on the display; ``looks`` is everybody else's, without a head."""

    shows: Browser
    looks: Browser


@pytest.fixture(scope="module")
def browsers(folder: Path, stack: Stack, display: Display) -> Iterator[_Browsers]:
    """Two Chromiums; the first one's question for a screen is answered by itself."""
    home = folder / "home"
    trust(home, stack.ca_file)
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(home)}
    on_display = {**environment, "DISPLAY": display.name}
    with sync_playwright() as playwright, contextlib.ExitStack() as ends:
        chromium: BrowserType = playwright.chromium
        program = find_chromium()
        shows = chromium.launch(
            executable_path=program, headless=False, env=on_display, args=[*FLAGS, *_CAPTURE]
        )
        ends.callback(shows.close)
        looks = chromium.launch(executable_path=program, env=environment, args=list(FLAGS))
        ends.callback(looks.close)
        yield _Browsers(shows, looks)


@pytest.fixture(scope="module")
def wall(display: Display) -> Iterator[_Wall]:
    """The desktop that is shown."""
    display.paint(0x808080)
    with contextlib.closing(_Wall(display.name)) as shown:
        yield shown


@pytest.fixture
def mover(display: Display, folder: Path) -> Iterator[EventProcess]:
    """A program that can play a film beside the browser's window."""
    program = start_mover(display, folder)
    yield program
    program.stop()


def _window(browsers: _Browsers, address: str) -> Page:
    page = browsers.shows.new_context(locale="en-GB", no_viewport=True).new_page()
    go(page, address)
    return page


def _join(browsers: _Browsers, link: str, name: str) -> Page:
    page = browsers.looks.new_context(viewport={"width": 900, "height": 700}, locale="en-GB").new_page()
    go(page, link)
    page.get_by_test_id("guest-name").fill(name)
    page.get_by_test_id("guest-name").press("Enter")
    page.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    return page


def _present(stack: Stack, browsers: _Browsers) -> tuple[Page, str]:
    page = _window(browsers, stack.signed_in(TECHNICIAN))
    page.get_by_test_id("code").wait_for(timeout=60_000)
    go(page, f"{stack.origin}/present")
    page.get_by_test_id("host-start").click()
    link = page.get_by_test_id("host-link").input_value()
    assert link.startswith(f"{stack.origin}/demo#i=")
    return page, link


def _remove(presenter: Page, name: str) -> None:
    """Press Remove, then the question's Yes, which must not move: else a busy page clicks beside it."""
    presenter.evaluate(_WATCH_YES)
    presenter.get_by_test_id("host-person").filter(has_text=name).get_by_role("button").click()
    places: list[float] = presenter.evaluate("() => window.relevoPlaces")
    assert max(places) - min(places) <= _STILL_PX, places
    presenter.get_by_test_id("sure-yes").click()


def _is_turned_away(browsers: _Browsers, link: str) -> None:
    page = browsers.looks.new_context(locale="en-GB").new_page()
    go(page, link)
    page.get_by_test_id("guest-name").fill("Viewer 3 again")
    page.get_by_test_id("guest-name").press("Enter")
    expect(page.get_by_text("This link no longer works.")).to_be_visible(timeout=60_000)
    page.context.close()


def test_G12_a_browser_presents_to_five_and_removes_one(
    stack: Stack, browsers: _Browsers, display: Display, wall: _Wall
) -> None:
    presenter, link = _present(stack, browsers)
    viewers = [_join(browsers, link, f"Viewer {number}") for number in range(1, 6)]
    _await_grey(viewers, 0x80)
    wall.write("The quick brown fox jumps over the lazy dog 0123456789")
    wanted = wall.greys()
    wait_until(lambda: all(_shows(page, wanted) for page in viewers), "exact text after a rest", 60)
    people = presenter.get_by_test_id("host-person")
    expect(people).to_have_count(5)
    _remove(presenter, "Viewer 3")
    expect(people).to_have_count(4)
    expect(viewers[2].locator(SCREEN)).to_have_count(0)
    expect(presenter.get_by_test_id("host-link")).not_to_have_value(link)
    _is_turned_away(browsers, link)
    expect(people).to_have_count(4)
    display.paint(0x404040)
    _await_grey([*viewers[:2], *viewers[3:]], 0x40)
    presenter.get_by_test_id("host-stop").click()
    for page in viewers:
        expect(page.locator(SCREEN)).to_have_count(0)
        page.context.close()
    presenter.context.close()


def test_P1_a_customer_shares_from_the_browser_only_after_a_yes(
    stack: Stack, browsers: _Browsers, display: Display, wall: _Wall, mover: EventProcess
) -> None:
    display.paint(0x808080)
    customer = _window(browsers, f"{stack.origin}/share")
    customer.get_by_test_id("host-start").click()
    code = customer.get_by_test_id("host-code").get_attribute("data-code")
    assert code is not None
    context = browsers.looks.new_context(locale="en-GB")
    count_drawing(context)
    technician = context.new_page()
    go(technician, stack.link(code, "observer"))
    customer.get_by_test_id("host-yes").wait_for(timeout=60_000)
    expect(technician.locator(SCREEN)).to_have_count(0)
    customer.get_by_test_id("host-yes").click()
    technician.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    _await_grey([technician], 0x80)
    expect(customer.get_by_test_id("host-person")).to_have_count(1)
    mover.type("film")
    await_drawn(technician, lambda figures: figures.video >= 10, "the film comes as video")
    await_tones(technician, display, FILM)
    customer.get_by_test_id("host-stop").click()
    expect(technician.locator(SCREEN)).to_have_count(0)
    customer.context.close()
    technician.context.close()
