"""A technician, their supervisor, a customer: listed, whispering, showing, taking over (G7-G11, T6, T9)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import SCREEN, go
from tests.e2e.conftest import Live
from tests.e2e.stack import Stack
from tests.support.processes import wait_until

pytestmark = pytest.mark.e2e
REASON = "El cliente lo ha pedido"
WHISPER = "Pregúntale primero por la copia de seguridad"
LATER = "Y luego por la impresora"


@dataclass
class Team:
    """Both pages of one session."""

    live: Live
    supervisor: Page


def _open(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1500, "height": 960}, locale="en-GB").new_page()
    go(page, address)
    return page


@pytest.fixture(scope="module")
def team(stack: Stack, browser: Browser, live: Live) -> Iterator[Team]:
    stack.account("ana", "Ana Ruiz", "--standing", "supervisor")
    page = _open(browser, stack.signed_in("ana"))
    page.get_by_test_id("code").wait_for()
    go(page, f"{stack.origin}/live")
    page.get_by_test_id("live-join").first.click()
    page.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    page.wait_for_function(f"document.querySelector('{SCREEN}').width === 1280", timeout=60_000)
    yield Team(live, page)
    page.context.close()


def _people(live: Live) -> list[str]:
    shown = next(e["viewers"] for e in reversed(live.agent.events) if e["event"] == "live")
    return [json.dumps(person, ensure_ascii=False) for person in shown]


def _told(live: Live) -> str:
    """Everything that the agent has reported."""
    return json.dumps(live.agent.events, ensure_ascii=False)


def _driver(page: Page) -> str:
    return str(page.get_by_test_id("token").get_attribute("data-driver"))


def test_G11_the_supervisor_is_listed_to_customer_and_technician(team: Team) -> None:
    wait_until(lambda: any("Ana Ruiz" in person for person in _people(team.live)), "the customer sees her")
    team.live.page.get_by_test_id("people").click()
    expect(team.live.page.get_by_text("Ana Ruiz").first).to_be_visible()
    wait_until(lambda: _driver(team.supervisor) == "member", "she looks, and does not drive")


def test_T6_a_whisper_reaches_the_team_and_never_the_customer(team: Team) -> None:
    for page in (team.live.page, team.supervisor):
        page.get_by_test_id("chat").click()
    team.supervisor.get_by_test_id("chat-tab-team").click()
    team.supervisor.get_by_test_id("chat-input").fill(WHISPER)
    team.supervisor.keyboard.press("Enter")
    team.live.page.get_by_test_id("chat-tab-team").click()
    expect(team.live.page.get_by_text(WHISPER)).to_be_visible()
    team.live.page.get_by_test_id("chat-tab-all").click()
    team.live.page.get_by_test_id("chat-input").fill("Hola a todos")
    team.live.page.keyboard.press("Enter")
    wait_until(lambda: "Hola a todos" in _told(team.live), "the customer reads the chat")
    assert WHISPER not in _told(team.live)


def test_T9_what_is_whispered_while_the_line_is_down_is_heard_later(team: Team, stack: Stack) -> None:
    stack.viewer_cable.cut()
    team.supervisor.get_by_test_id("chat-input").fill(LATER)
    team.supervisor.get_by_test_id("chat-input").press("Enter")
    expect(team.supervisor.get_by_test_id("unsaid")).to_have_count(1)
    stack.viewer_cable.mend()
    expect(team.supervisor.get_by_test_id("unsaid")).to_have_count(0)
    team.live.page.get_by_test_id("chat-tab-team").click()
    expect(team.live.page.get_by_text(LATER)).to_have_count(1)
    assert LATER not in _told(team.live)


def test_G7_let_me_show_you_gives_the_token_and_takes_it_back(team: Team) -> None:
    team.supervisor.get_by_test_id("micro-handover").click()
    wait_until(lambda: _driver(team.supervisor) == "you", "the supervisor drives")
    wait_until(lambda: _driver(team.live.page) == "member", "the technician sees who drives")
    team.supervisor.get_by_test_id("give-control").click()
    wait_until(lambda: _driver(team.live.page) == "you", "given back early, the technician drives")


def test_G8_take_over_with_a_reason(team: Team) -> None:
    team.supervisor.get_by_test_id("take-over").click()
    team.supervisor.get_by_test_id("take-over-reason").fill(REASON)
    team.supervisor.get_by_test_id("take-over-yes").click()
    wait_until(lambda: _driver(team.supervisor) == "you", "the supervisor leads and drives")
    wait_until(lambda: REASON in _told(team.live), "the customer is told why")
    expect(team.live.page.get_by_text(REASON).first).to_be_visible()
