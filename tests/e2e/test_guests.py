"""A guest by link and a colleague from the list: control, whispers, lead (SPEC G1-G14, T4)."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import SCREEN, click_remote, go
from tests.e2e.rooms import (
    await_picture,
    driver,
    enter_as_guest,
    entry_of,
    obstacle,
    start_recorder,
    told,
    visit,
    written,
)
from tests.e2e.stack import Display, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
GUEST = "Jürgen Groß"
RACES = 8


@pytest.fixture(scope="module")
def recorder(display: Display, folder: Path) -> Iterator[EventProcess]:
    program = start_recorder(display, folder)
    yield program
    program.stop()


@dataclass
class Room:
    """The customer's agent, the lead's page, and who came later."""

    agent: EventProcess
    lead: Page
    link: str = ""
    guest: Page | None = None
    colleague: Page | None = None

    def the_guest(self) -> Page:
        """The page of the guest, who must be in."""
        assert self.guest is not None, "an earlier test lets the guest in"
        return self.guest

    def the_colleague(self) -> Page:
        """The page of the colleague, who must be in."""
        assert self.colleague is not None, "an earlier test lets the colleague in"
        return self.colleague

    def manage(self, slot: int) -> None:
        """Unfold what the lead may do for a member."""
        row = self.lead.get_by_test_id(f"person-{slot}")
        if row.locator("details").get_attribute("open") is None:
            row.get_by_test_id(f"manage-{slot}").click()


@pytest.fixture(scope="module")
def room(stack: Stack, browser: Browser, recorder: EventProcess) -> Iterator[Room]:
    stack.account("bea", "Bea Soler", "--standing", "expert")
    agent = stack.start_agent("ask")
    code = agent.expect("code")["code"]
    lead = visit(browser, stack.link(code, "shared"))
    agent.expect("asking", kind="entry")
    agent.type("y")
    await_picture(lead)
    lead.get_by_test_id("people").click()
    yield Room(agent, lead)
    agent.stop()


def test_G14_a_guest_by_link_is_asked_about_in_full_and_only_looks(browser: Browser, room: Room) -> None:
    room.lead.get_by_test_id("invite-role").select_option("external")
    room.lead.get_by_test_id("invite-make").click()
    room.link = room.lead.get_by_test_id("invite-link").input_value(timeout=60_000)
    guest = visit(browser, room.link, (1200, 800), "es-ES")
    enter_as_guest(guest, GUEST)
    asked = room.agent.expect("asking", kind="entry")
    assert (asked["name"], asked["organisation"], asked["role"]) == (GUEST, "", "external")
    expect(guest.locator(SCREEN)).to_have_count(0)
    room.agent.type("y")
    await_picture(guest)
    room.guest = guest
    expect(room.lead.get_by_test_id("person-2")).to_contain_text(GUEST)
    wait_until(lambda: driver(guest) == "member", "the guest reads who drives")
    control, laser = guest.get_by_test_id("take-control"), guest.get_by_test_id("laser")
    wait_until(lambda: obstacle(control) is not None, "a guest is told why there is no control")
    wait_until(lambda: obstacle(laser) is None, "a guest may point")
    expect(room.lead.get_by_test_id("invite")).to_have_count(0, timeout=60_000)


def test_G6_a_guest_drives_only_once_the_customer_agrees_too(room: Room, recorder: EventProcess) -> None:
    guest, lead = room.the_guest(), room.lead
    room.manage(2)
    lead.get_by_test_id("give-control-2").click()
    asked = room.agent.expect("asking", kind="control")
    assert (asked["name"], asked["role"]) == (GUEST, "external")
    assert driver(guest) != "you", "the lead alone does not decide"
    room.agent.type("y")
    wait_until(lambda: driver(guest) == "you", "the guest drives")
    click_remote(guest, *entry_of(recorder))
    guest.keyboard.type("Grüße")
    wait_until(lambda: written(recorder) == "Grüße", "the guest types")
    lead.get_by_test_id("take-control").click()
    wait_until(lambda: driver(guest) == "member", "the lead has it back")
    wait_until(lambda: driver(lead) == "you", "and knows it")
    guest.keyboard.type("XXX")
    click_remote(lead, *entry_of(recorder))
    lead.keyboard.press("End")
    lead.keyboard.type(" uno")
    wait_until(lambda: written(recorder) == "Grüße uno", "the lead types, the guest does not")


def test_G11_a_colleague_from_the_list_finds_the_session_and_comes_as_expert(
    stack: Stack, browser: Browser, room: Room
) -> None:
    panel = room.lead.get_by_test_id("people-panel")
    panel.get_by_text("A un compañero").click()
    panel.get_by_test_id("invite-role").select_option("expert")
    room.lead.get_by_test_id("invite-colleague-yes").click()
    page = visit(browser, stack.signed_in("bea"), language="es-ES")
    page.get_by_test_id("code").wait_for()
    go(page, f"{stack.origin}/live")
    page.get_by_test_id("live-join").click()
    asked = room.agent.expect("asking", kind="veto")
    assert (asked["name"], asked["role"]) == ("Bea Soler", "expert")
    await_picture(page)
    room.colleague = page
    expect(room.lead.get_by_test_id("person-3")).to_contain_text("Bea Soler")


def test_G6_what_the_lead_grants_is_no_longer_grey_and_why_is_told(room: Room) -> None:
    take = room.the_colleague().get_by_test_id("take-control")
    reason = obstacle(take)
    assert reason, "grey, and why"
    room.manage(3)
    allow = room.lead.get_by_test_id("grant-3-input")
    allow.press("Space")
    wait_until(lambda: obstacle(take) is None, "granted")
    expect(allow).to_be_checked()  # one switch stands for several rights, which come one after another
    allow.press("Space")
    wait_until(lambda: obstacle(take) == reason, "taken back")
    expect(allow).not_to_be_checked()
    allow.press("Space")
    wait_until(lambda: obstacle(take) is None, "granted again")


def _press_together(pages: tuple[Page, ...]) -> None:
    """Everybody presses at the same millisecond."""
    at_ms = int(pages[0].evaluate("() => Date.now()")) + 150
    for page in pages:
        page.get_by_test_id("take-control").evaluate(
            "(button, at) => { setTimeout(() => button.click(), at - Date.now()); }", at_ms
        )


def _driving(room: Room) -> tuple[int, str, str]:
    """Who holds the token by the PC's word (lead 1, colleague 3), and what both pages say."""
    holder = next(e["holder"] for e in reversed(room.agent.events) if e["event"] == "token")
    return holder, driver(room.lead), driver(room.the_colleague())


def _holders(room: Room) -> set[int]:
    """Who has held the token since the customer did."""
    tokens = (event["holder"] for event in reversed(room.agent.events) if event["event"] == "token")
    return set(itertools.takewhile(lambda holder: holder in {1, 3}, tokens))


def test_G4_of_two_who_press_at_the_same_moment_exactly_one_holds_it(room: Room) -> None:
    pages = (room.lead, room.the_colleague())
    for race in range(RACES):
        room.agent.type("control")
        wait_until(lambda: [driver(page) for page in pages] == ["customer"] * 2, "the customer drives")
        _press_together(pages if race % 2 else pages[::-1])
        wait_until(lambda: {1, 3} <= _holders(room), "both presses have come")
        wait_until(lambda: _driving(room) in ((1, "you", "member"), (3, "member", "you")), "all agree on one")


def _whisper(page: Page, text: str) -> None:
    if not page.get_by_test_id("chat-input").is_visible():
        page.get_by_test_id("chat").click()
    page.get_by_test_id("chat-tab-team").click()
    page.get_by_test_id("chat-input").fill(text)
    page.keyboard.press("Enter")


def test_T4_a_guest_whispers_with_the_lead_and_with_nobody_else(room: Room) -> None:
    guest, colleague, lead = room.the_guest(), room.the_colleague(), room.lead
    _whisper(lead, "A todo el equipo")
    _whisper(guest, "Solo para quien dirige")
    _whisper(colleague, "De experta a directora")
    for page, heard, unheard in (
        (lead, ("Solo para quien dirige", "De experta a directora"), ()),
        (guest, ("A todo el equipo",), ("De experta a directora",)),
        (colleague, ("A todo el equipo",), ("Solo para quien dirige",)),
    ):
        for text in heard:
            expect(page.locator(".line-text", has_text=text)).to_be_visible()
        for text in unheard:
            expect(page.locator(".line-text", has_text=text)).to_have_count(0)
    assert "equipo" not in told(room.agent), "the customer's side carries no whisper"
    assert "dirige" not in told(room.agent)


def test_G10_a_guest_who_is_removed_is_out_and_the_link_was_good_once(browser: Browser, room: Room) -> None:
    guest = room.the_guest()
    room.lead.get_by_test_id("people").click()
    room.manage(2)
    room.lead.get_by_test_id("remove-2").click()
    room.lead.get_by_test_id("sure-yes").click()
    expect(guest.locator(SCREEN)).to_have_count(0, timeout=60_000)
    expect(room.lead.get_by_test_id("person-2")).to_have_count(0)
    again = visit(browser, room.link, (1000, 700), "es-ES")
    enter_as_guest(again, "Otra persona")
    expect(again.get_by_role("alert")).to_be_visible(timeout=60_000)
    expect(again.locator(SCREEN)).to_have_count(0)
    assert "Otra persona" not in told(room.agent), "the customer is not even asked"


def test_G8_the_lead_is_handed_over(room: Room) -> None:
    lead, colleague = room.lead, room.the_colleague()
    room.manage(3)
    lead.get_by_test_id("hand-over-3").click()
    lead.get_by_test_id("sure-yes").click()
    room.agent.expect("lead", slot=3)
    colleague.get_by_test_id("people").click()
    expect(colleague.get_by_test_id("manage-1")).to_be_visible()
    expect(lead.get_by_test_id("manage-3")).to_have_count(0)
    take = lead.get_by_test_id("take-control")
    wait_until(lambda: obstacle(take) is not None, "a collaborator drives when the lead lets them")
