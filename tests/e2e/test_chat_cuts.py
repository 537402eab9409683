"""What a technician writes while the line is down, or the relay is dead, arrives once, in order (SPEC T8)."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Live
from tests.e2e.stack import Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
_PATIENCE_MS = 60_000


def _write(page: Page, text: str) -> None:
    page.get_by_test_id("chat-input").fill(text)
    page.get_by_test_id("chat-input").press("Enter")


def _phase(page: Page) -> str:
    return str(page.evaluate("document.querySelector('[data-phase]')?.dataset.phase"))


def _heard(agent: EventProcess) -> list[str]:
    """Everything that the customer has read, in its order."""
    return [str(event["text"]) for event in agent.events if event["event"] == "chat"]


def test_t8_lines_of_a_cut_and_of_a_killed_relay_arrive_once(live: Live, stack: Stack) -> None:
    page = live.page
    page.get_by_test_id("chat").click()
    _write(page, "one")
    wait_until(lambda: _heard(live.agent) == ["one"], "the customer reads the first line")
    expect(page.get_by_test_id("unsaid")).to_have_count(0, timeout=_PATIENCE_MS)

    stack.viewer_cable.cut()
    _write(page, "two")
    wait_until(lambda: _phase(page) != "live", "the viewer notices")
    _write(page, "three")
    expect(page.get_by_test_id("unsaid")).to_have_count(2)
    assert _heard(live.agent) == ["one"]
    stack.viewer_cable.mend()
    expect(page.get_by_test_id("unsaid")).to_have_count(0, timeout=_PATIENCE_MS)

    _write(page, "four")
    stack.kill_relay()
    _write(page, "five")
    wait_until(lambda: _phase(page) != "live", "the viewer notices the dead relay")
    _write(page, "six")
    stack.start_relay()
    expect(page.get_by_test_id("unsaid")).to_have_count(0, timeout=_PATIENCE_MS)
    lines = ["one", "two", "three", "four", "five", "six"]
    wait_until(lambda: len(_heard(live.agent)) >= len(lines), "the customer has them all")
    assert _heard(live.agent) == lines
    expect(page.locator(".line-text")).to_have_text(lines)
