"""A second technician joins by a new code: both see the same, signed frames, and one who leaves is out."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import SCREEN, go, pixel, pixels
from tests.e2e.conftest import Live
from tests.e2e.stack import Stack
from tests.support.processes import wait_until

pytestmark = pytest.mark.e2e


def _second(stack: Stack, browser: Browser, live: Live) -> Page:
    live.agent.type("new")
    code = live.agent.expect("code")["code"]
    page = browser.new_context(viewport={"width": 1400, "height": 960}, locale="es-ES").new_page()
    go(page, stack.link(code, "observer"))
    page.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    page.wait_for_function(f"document.querySelector('{SCREEN}').width === 1280", timeout=60_000)
    return page


def _people(live: Live) -> int:
    return len(next(e["viewers"] for e in reversed(live.agent.events) if e["event"] == "live"))


def _phase(page: Page) -> str:
    return str(page.locator("[data-phase]").get_attribute("data-phase"))


def test_P3_two_see_the_same_and_each_leave_changes_the_key(
    stack: Stack, browser: Browser, live: Live
) -> None:
    second = _second(stack, browser, live)
    wait_until(lambda: _people(live) == 2, "the agent counts two")
    stack.display.paint(0x7A2040)
    wait_until(lambda: pixels(live.page) == pixels(second), "both show the same picture")
    assert (_phase(live.page), _phase(second)) == ("live", "live")
    second.get_by_role("button", name="Terminar").click()
    second.get_by_test_id("confirm-yes").click()
    wait_until(lambda: _people(live) == 1, "the agent counts one")
    expect(second.locator(SCREEN)).to_have_count(0)
    stack.display.paint(0x206030)
    wait_until(lambda: _phase(live.page) == "live", "the first goes on")
    wait_until(lambda: pixel(live.page, 1270, 790) == [32, 96, 48], "the first sees what is painted")
