"""Several monitors, chosen by each viewer; drawings of two on every screen (SPEC I1, I6, D1, A1-A3)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import SCREEN, settle
from tests.e2e.conftest import Live
from tests.e2e.rooms import await_picture, enter_mode, start_recorder, visit
from tests.e2e.stack import Display, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
_LEFT, _RIGHT = "640/169x800/211+0+0", "640/169x800/211+640+0"
_SHOWN = ".screen"
_LEAD, _SECOND = "#0b7577", "#c2410c"
"""Colours of the slots 1 and 2."""


def _monitors(display: Display, *arguments: str) -> None:
    subprocess.run(["xrandr", "--display", display.name, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def two_monitors(display: Display) -> None:
    """The display becomes two monitors, side by side."""
    _monitors(display, "--setmonitor", "Left", _LEFT, "screen")
    _monitors(display, "--setmonitor", "Right", _RIGHT, "none")


@pytest.fixture(scope="module")
def recorder(two_monitors: None, display: Display, folder: Path) -> Iterator[EventProcess]:
    program = start_recorder(display, folder, "500x400+720+200")
    yield program
    program.stop()


@pytest.fixture(scope="module")
def second(stack: Stack, browser: Browser, live: Live) -> Iterator[Page]:
    """A colleague who came in by a new code."""
    stack.account("bea", "Bea Soler")
    live.agent.type("new")
    code = live.agent.expect("code")["code"]
    page = visit(browser, stack.link(code, "observer", "bea"))
    await_picture(page)
    yield page
    page.context.close()


def _choose(page: Page, number: int) -> None:
    page.get_by_test_id("monitor-menu").click()
    page.get_by_role("menuitem", name=f"Monitor {number}").click()


def _shown(page: Page) -> str:
    return str(page.locator(_SHOWN).get_attribute("data-monitor"))


def _ratio(page: Page) -> float:
    box = page.locator(_SHOWN).bounding_box()
    assert box is not None
    return round(box["width"] / box["height"], 2)


def _click_shown(page: Page, x: float, y: float) -> None:
    """Click a fraction of what is shown."""
    settle(page)
    box = page.locator(_SHOWN).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def _presses(recorder: EventProcess) -> list[tuple[int, int]]:
    return [(e["x"], e["y"]) for e in recorder.events if e["event"] == "press"]


def test_I6_a_technician_looks_at_one_monitor_and_hits_its_pixels(
    recorder: EventProcess, live: Live, second: Page
) -> None:
    wait_until(lambda: (_shown(live.page), _ratio(live.page)) == ("0", 1.6), "everything is seen")
    _choose(live.page, 2)
    wait_until(lambda: _ratio(live.page) == 0.8, "only the right monitor is seen")
    _click_shown(live.page, 320.5 / 640, 400.5 / 800)
    wait_until(lambda: bool(_presses(recorder)), "the click reaches the program")
    assert _presses(recorder) == [(960, 400)]
    assert (_shown(second), _ratio(second)) == ("0", 1.6), "the other one's choice is their own"
    _choose(second, 1)
    wait_until(lambda: _ratio(second) == 0.8, "the other one looks at the left")
    assert _shown(second) != _shown(live.page)


def test_D1_a_monitor_that_goes_away_leaves_the_whole_screen(
    display: Display, recorder: EventProcess, live: Live, second: Page
) -> None:
    left = _shown(second)
    _monitors(display, "--delmonitor", "Right")
    wait_until(lambda: _shown(live.page) == "0", "all that there is")
    wait_until(lambda: _ratio(live.page) == 1.6, "is seen")
    _click_shown(live.page, 960.5 / 1280, 400.5 / 800)
    wait_until(lambda: len(_presses(recorder)) == 2, "the click reaches the program")
    assert _presses(recorder)[1] == (960, 400)
    _monitors(display, "--setmonitor", "Right", _RIGHT, "none")
    live.page.get_by_test_id("monitor-menu").wait_for()
    assert _shown(live.page) == "0", "what comes back is not chosen behind anybody's back"
    assert _shown(second) == left, "the other one has looked at the left all the time"


def _draw(page: Page, *places: tuple[float, float]) -> None:
    page.get_by_test_id("draw").click()
    settle(page)
    box = page.locator(_SHOWN).bounding_box()
    assert box is not None
    steps = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*steps[0])
    page.mouse.down()
    for x, y in steps[1:]:
        page.mouse.move(x, y, steps=10)
    page.mouse.up()
    page.keyboard.press("Escape")


def _lines(page: Page, colour: str) -> int:
    return page.locator(f'.marks polyline[stroke="{colour}"]').count()


def test_A2_drawings_of_two_people_are_on_every_screen_in_their_colours(
    display: Display, live: Live, second: Page
) -> None:
    pages = (live.page, second)
    _draw(live.page, (0.1, 0.9), (0.3, 0.9))
    _draw(second, (0.2, 0.1), (0.8, 0.1))
    wait_until(
        lambda: all(_lines(page, colour) == 1 for page in pages for colour in (_LEAD, _SECOND)),
        "both see both",
    )
    wait_until(lambda: _LEAD in display.colours(200, 710, 50, 20), "the lead's line is on the real screen")
    wait_until(
        lambda: _SECOND in display.colours(300, 70, 50, 20), "so is the other's, from the left monitor"
    )
    expect(second.locator(".mark-name")).to_have_text("Núria Peña")


def test_A3_each_clears_the_own_lines_and_the_lead_clears_all(
    display: Display, live: Live, second: Page
) -> None:
    pages = (live.page, second)
    second.get_by_test_id("clear-marks").click()
    wait_until(lambda: all(_lines(page, _SECOND) == 0 for page in pages), "the own ones are gone")
    assert all(_lines(page, _LEAD) == 1 for page in pages)
    _draw(second, (0.2, 0.2), (0.8, 0.2))
    wait_until(lambda: _lines(live.page, _SECOND) == 1, "drawn again")
    live.page.get_by_test_id("clear-marks").click()
    live.page.get_by_test_id("clear-all").click()
    wait_until(
        lambda: all(_lines(page, colour) == 0 for page in pages for colour in (_LEAD, _SECOND)),
        "all is clear",
    )
    wait_until(lambda: _LEAD not in display.colours(200, 710, 50, 20), "the real screen too")


def test_A1_one_draws_in_observer_mode_as_well(display: Display, live: Live, second: Page) -> None:
    enter_mode(live.page, "observer")
    _draw(live.page, (0.1, 0.5), (0.3, 0.6))
    wait_until(lambda: _lines(second, _LEAD) == 1, "the other one sees it")
    live.agent.type("clear")
    wait_until(lambda: _lines(second, _LEAD) == 0, "the customer clears it")
    expect(live.page.locator(SCREEN)).to_be_visible()
