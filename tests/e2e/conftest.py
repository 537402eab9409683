"""One display, one relay, one agent and one Chromium for each module of end-to-end tests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.browser import NOTE_VIOLATIONS, SCREEN, chromium, go, violations
from tests.e2e.stack import Display, Stack
from tests.support.processes import EventProcess


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this module's processes keep their state and logs."""
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="module")
def display(folder: Path) -> Iterator[Display]:
    """A virtual X display of 1280x800."""
    shown = Display("1280x800", folder)
    yield shown
    shown.close()


@pytest.fixture(scope="module")
def stack(folder: Path, display: Display) -> Iterator[Stack]:
    """A relay that runs; the agent is started by the test."""
    running = Stack(folder, display)
    try:
        running.start_relay()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def browser(folder: Path, stack: Stack) -> Iterator[Browser]:
    """Chromium that trusts the relay's authority."""
    with chromium(folder / "home", stack.ca_file) as started:
        yield started


@dataclass
class Live:
    """A session that shows a picture."""

    page: Page
    agent: EventProcess
    context: BrowserContext


def join(stack: Stack, browser: Browser, mode: str = "full", viewport: tuple[int, int] = (1400, 960)) -> Live:
    """Start an agent, open its link in a new browser profile, and wait for the picture."""
    agent = stack.start_agent()
    code = agent.expect("code")["code"]
    context = browser.new_context(viewport={"width": viewport[0], "height": viewport[1]}, locale="en-GB")
    context.add_init_script(NOTE_VIOLATIONS)
    page = context.new_page()
    go(page, stack.link(code, mode))
    page.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    page.wait_for_function(f"document.querySelector('{SCREEN}').width === 1280", timeout=60_000)
    return Live(page, agent, context)


@pytest.fixture(scope="module")
def live(stack: Stack, browser: Browser) -> Iterator[Live]:
    """A live session in full control."""
    session = join(stack, browser)
    yield session
    refused = violations(session.page)
    session.context.close()
    session.agent.stop()
    assert refused == []
