"""What the tests with several people share: opening a page each, and reading who drives and what was told."""

import json
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browser import SCREEN, go
from tests.e2e.stack import Display
from tests.support.processes import EventProcess, wait_until

PROGRAMS = Path(__file__).parent / "programs"
WIDE = (1500, 960)
_MODE_NAMES = {"observer": re.compile("Observ"), "full": re.compile("Full control|Control total")}


def visit(browser: Browser, address: str, size: tuple[int, int] = WIDE, language: str = "en-GB") -> Page:
    """A browser of one's own, at this address."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=language).new_page()
    go(page, address)
    return page


def await_picture(page: Page, width_px: int = 1280) -> None:
    """Return once the page shows a picture of that width, and nothing over it."""
    page.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    screen = page.locator(SCREEN)
    wait_until(lambda: screen.evaluate("c => c.width") == width_px, f"a picture {width_px} pixels wide")
    await_uncovered(page)


def await_uncovered(page: Page) -> None:
    """Return once the page says nothing over the picture: until it is there, keys lead nowhere."""
    expect(page.locator(".overlay[data-cause]")).to_have_count(0, timeout=60_000)


def enter_as_guest(page: Page, name: str) -> None:
    """Tell a name at the door of a link."""
    page.get_by_test_id("guest-name").fill(name)
    page.get_by_test_id("guest-join").click()


def driver(page: Page) -> str:
    """Who drives, as this page says it: you, member, customer or nobody."""
    return str(page.get_by_test_id("token").get_attribute("data-driver"))


def enter_mode(page: Page, mode: str) -> None:
    """Ask for another mode by the menu, and return once the page says that it holds."""
    page.get_by_test_id("mode-menu").click()
    page.get_by_test_id(f"mode-{mode}").click()
    expect(page.get_by_test_id("mode-menu")).to_contain_text(_MODE_NAMES[mode])
    expect(page.get_by_test_id(f"mode-{mode}")).to_have_count(0)


def obstacle(tool: Locator) -> str | None:
    """Why a tool is grey, as a screen reader says it; ``None`` if it can be used."""
    return tool.get_attribute("aria-description") if tool.get_attribute("aria-disabled") == "true" else None


def told(agent: EventProcess) -> str:
    """Everything that the customer's side has reported."""
    return json.dumps(agent.events, ensure_ascii=False)


def start_recorder(display: Display, folder: Path, geometry: str = "900x500+60+60") -> EventProcess:
    """A real program on the customer's display; its ``ready`` event stays to be read."""
    command = [sys.executable, str(PROGRAMS / "recorder.py"), geometry]
    program = EventProcess(command, folder / "recorder.log", {"DISPLAY": display.name})
    program.expect("ready")
    return program


def start_mover(display: Display, folder: Path) -> EventProcess:
    """The program that scrolls, drags and plays; it rests."""
    command = [sys.executable, str(PROGRAMS / "mover.py")]
    program = EventProcess(command, folder / "mover.log", {"DISPLAY": display.name})
    program.expect("rest", 60)
    return program


def entry_of(recorder: EventProcess) -> tuple[int, int]:
    """A pixel inside the program's field of text."""
    x, y = next(event for event in recorder.events if event["event"] == "ready")["entry"]
    return x, y


def written(recorder: EventProcess) -> str:
    """What stands in the program's field of text."""
    texts = [str(event["text"]) for event in recorder.events if event["event"] == "text"]
    return texts[-1] if texts else ""
