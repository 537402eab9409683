"""Administrator mode in a real browser: tools, terminals, a hold, and a restart that is come back from."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from relevo_agent.session.questions import ASK_AGAIN_MS
from relevo_agent.ui import theme
from tests.e2e.browser import go
from tests.e2e.pc_service import PcService
from tests.e2e.rooms import await_picture, await_uncovered
from tests.e2e.stack import NestedDisplay, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
FLOOD = "yes | head -c 50000000"
# Everything that is said over the picture, and when (ms since 1970).
_WATCH_THE_OVERLAY = """() => {
  const overlay = document.querySelector('.overlay');
  window.causes = [];
  new MutationObserver(() => window.causes.push([overlay.dataset.cause ?? '', Date.now()]))
    .observe(overlay, {attributes: true, attributeFilter: ['data-cause']});
}"""


@dataclass
class Administered:
    """A technician's page, the customer's agent and its service."""

    stack: Stack
    pc: PcService
    agent: EventProcess
    context: BrowserContext
    page: Page
    called_off_s: float = float("-inf")
    """When a restart was called off, monotonic: for a while the customer is left alone with another."""

    def agree(self, kind: str, capability: str | None = None) -> None:
        """The customer reads the next question and says yes, without ticking anything."""
        self.agent.expect("asking", kind=kind, capability=capability)
        self.agent.type("y")

    @property
    def asked(self) -> int:
        """How often the customer was asked."""
        return sum(event["event"] == "asking" for event in self.agent.events)

    def recorded(self, detail: str) -> int:
        """How many lines of the customer's own record tell of this."""
        folder = self.stack.folder / "agent" / "record"
        lines = [line for path in folder.iterdir() for line in path.read_text(encoding="utf-8").splitlines()]
        return sum(f'"detail":"{detail}"' in line for line in lines)


@pytest.fixture(scope="module")
def display(folder: Path) -> Iterator[NestedDisplay]:
    """A display with a person in front of it."""
    shown = NestedDisplay("1280x800", folder)
    yield shown
    shown.close()


@pytest.fixture(scope="module")
def pc(folder: Path, display: NestedDisplay) -> Iterator[PcService]:
    running = PcService(folder / "pc", display.name)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def session(stack: Stack, pc: PcService, browser: Browser) -> Iterator[Administered]:
    """A session in full control that the customer lets be raised."""
    agent = stack.start_agent("ask", **pc.environment)
    code = agent.expect("code")["code"]
    context = browser.new_context(viewport={"width": 1500, "height": 960}, locale="en-GB")
    page = context.new_page()
    go(page, stack.link(code))
    one = Administered(stack, pc, agent, context, page)
    one.agree("entry")
    await_picture(page)
    page.get_by_test_id("mode-menu").click()
    page.get_by_test_id("mode-administrator").click()
    one.agree("mode")
    yield one
    context.close()
    agent.stop()


def _tab(page: Page, name: str) -> None:
    page.get_by_test_id(f"admin-{name}").click()


def _screen(page: Page, number: int) -> str:
    """What a terminal shows."""
    rows = page.get_by_test_id(f"terminal-{number}").locator(".xterm-rows")
    return rows.inner_text().replace("\xa0", " ")


def _prompt(page: Page, number: int) -> None:
    expect(page.get_by_test_id(f"terminal-{number}")).to_be_visible(timeout=60_000)
    wait_until(lambda: _screen(page, number).strip() != "", "the shell says something")


def _run(page: Page, number: int, line: str) -> None:
    page.get_by_test_id(f"terminal-{number}").click()
    page.keyboard.type(line + "\n")


def _sleeps(seconds: str) -> bool:
    found = (process.info["cmdline"] for process in psutil.process_iter(["cmdline"]))
    return ["sleep", seconds] in found


def _colour(name: str) -> int:
    return int(name.removeprefix("#"), 16)


def test_V1_the_grant_and_its_end_are_shown_to_both(session: Administered) -> None:
    assert 3 * 3600 < session.agent.expect("grant")["ends_in_s"] <= 4 * 3600
    page = session.page
    page.get_by_test_id("admin-panel").click()
    expect(page.get_by_test_id("grant-left")).to_contain_text(re.compile("4 h|3 h"))
    expect(page.get_by_test_id("system-info")).to_contain_text(os.uname().nodename)


def test_V5_the_customer_calls_a_restart_off(session: Administered) -> None:
    page = session.page
    page.get_by_test_id("restart").click()
    page.get_by_test_id("sure-yes").click()
    assert 0 < session.agent.expect("restart")["in_s"] <= 30
    expect(page.get_by_test_id("restart-call-off")).to_be_visible()
    session.agent.type("cancel")
    assert session.agent.expect("restart")["in_s"] is None
    session.called_off_s = time.monotonic()
    expect(page.get_by_test_id("restart-call-off")).to_have_count(0)
    wait_until(lambda: session.recorded("restart called off") == 1, "it is recorded")
    assert session.pc.kept == set()


def test_V3_a_process_is_ended_asked_about_once_and_recorded(session: Administered) -> None:
    page, before = session.page, session.asked
    _tab(page, "processes")
    page.get_by_test_id("process-filter").fill("sleep")
    with subprocess.Popen(["sleep", "600"]) as first, subprocess.Popen(["sleep", "600"]) as second:
        for process in (first, second):
            page.get_by_test_id(f"process-end-{process.pid}").click()
            page.get_by_test_id("sure-yes").click()
            if process is first:
                session.agree("capability", "system.processes.end")
            assert process.wait(60) == -15
            expect(page.get_by_test_id(f"process-end-{process.pid}")).to_have_count(0)
            expect(page.locator(".outcome")).to_contain_text(str(process.pid))
    ended = [f"process ended sleep ({process.pid})" for process in (first, second)]
    wait_until(lambda: [session.recorded(detail) for detail in ended] == [1, 1], "it is recorded")
    assert session.asked == before + 1, "asked at first use, remembered for the session"


def test_V2_services_are_listed_and_changed_by_the_service(session: Administered) -> None:
    page, pc = session.page, session.pc
    _tab(page, "services")
    page.get_by_test_id("services-ask").click()
    session.agree("capability", "system.services")
    page.get_by_test_id("service-stop-cups.service").click()
    page.get_by_test_id("sure-yes").click()
    wait_until(lambda: pc.state_of("cups.service") == "inactive dead", "it has stopped")
    expect(page.get_by_test_id("service-start-cups.service")).to_be_visible()
    kept = page.get_by_test_id("service-stop-dbus.service")
    expect(kept).to_have_attribute("aria-disabled", "true")


def test_V4_a_terminal_of_the_customers_own(session: Administered) -> None:
    page = session.page
    _tab(page, "terminals")
    page.get_by_test_id("terminal").click()
    session.agree("capability", "terminal.user")
    _prompt(page, 1)
    _run(page, 1, "echo ñ-$((40+2))")
    wait_until(lambda: "ñ-42" in _screen(page, 1), "what was typed is carried out")

    def rows() -> int:
        """How many the shell says that it has; none before it has said so."""
        _run(page, 1, "stty size")
        told = re.findall(r"^(\d+) \d+$", _screen(page, 1), re.MULTILINE)
        return int(told[-1]) if told else 0

    wait_until(lambda: rows() > 0, "the terminal says its size")
    before = rows()
    page.set_viewport_size({"width": 1500, "height": 700})
    wait_until(lambda: 0 < rows() < before, "the terminal follows its room")
    page.set_viewport_size({"width": 1500, "height": 960})


def test_V4_a_flood_neither_freezes_the_page_nor_ends_the_session(session: Administered) -> None:
    page = session.page
    _run(page, 1, FLOOD)
    wait_until(lambda: re.search(r"(y\s+){10}", _screen(page, 1)) is not None, "it floods")
    _tab(page, "processes")
    with subprocess.Popen(["sleep", "600"]) as process:
        expect(page.get_by_test_id(f"process-end-{process.pid}")).to_be_visible(timeout=60_000)
        process.kill()
    _tab(page, "terminals")
    page.get_by_test_id("terminal-1").click()
    page.keyboard.press("Control+c")
    _run(page, 1, "clear; echo after-$((1+1))")
    wait_until(lambda: "after-2" in _screen(page, 1), "Ctrl+C ends it")
    expect(page.locator(".desktop")).to_have_attribute("data-phase", "live")


def test_V4_each_terminal_of_the_administrators_is_asked_about(session: Administered) -> None:
    page, before = session.page, session.asked
    for opened in (1, 2):
        page.get_by_test_id("terminal-admin").click()
        session.agree("capability", "terminal.admin")
        _prompt(page, 2)
        _run(page, 2, "exit 3")
        tab = page.get_by_test_id("terminal-tab-2")
        expect(tab).to_contain_text("(3)")
        tab.locator("xpath=following-sibling::button").click()
        assert session.asked == before + opened
    wait_until(lambda: session.recorded("terminal opened administrator") == 2, "it is recorded")


def test_V7_who_holds_the_session_comes_back_without_a_consent(session: Administered) -> None:
    page, before = session.page, session.asked
    _tab(page, "overview")
    page.get_by_test_id("hold").click()
    expect(page.get_by_test_id("hold-left")).to_contain_text(re.compile("8 h|7 h"))
    assert 7 * 3600 < session.agent.expect("hold")["ends_in_s"] <= 8 * 3600
    page.close()
    session.page = page = session.context.new_page()
    go(page, f"{session.stack.origin}/live")
    page.get_by_test_id("live-join").click()
    await_picture(page)
    page.get_by_test_id("admin-panel").click()
    expect(page.get_by_test_id("grant-left")).to_be_visible()
    assert session.asked == before


def test_V5_the_viewer_says_restarting_once_the_socket_is_gone(session: Administered) -> None:
    page, pc = session.page, session.pc
    page.evaluate(_WATCH_THE_OVERLAY)
    rested_s = session.called_off_s + ASK_AGAIN_MS / 1000
    wait_until(lambda: time.monotonic() > rested_s, "another restart may be asked for")
    page.get_by_test_id("restart").click()
    page.get_by_test_id("sure-yes").click()
    assert session.agent.expect("restart")["in_s"]
    clock = page.locator(".restart-clock")
    expect(clock).to_contain_text(re.compile("[0-9]"))
    wait_until(lambda: pc.down, "the PC restarts")
    sealed = (pc.state / "restart.sealed").stat()
    assert sealed.st_mode & 0o077 == 0
    wait_until(lambda: bool(page.evaluate("window.causes")), "the viewer says so")
    causes = page.evaluate("window.causes")
    assert [cause for cause, _ in causes] == ["restarting"]
    assert causes[0][1] >= sealed.st_mtime * 1000, "what is needed to come back was on the disk before"
    session.agent.kill()
    session.agent.stop()
    pc.go_down()


def test_V6_the_same_page_goes_on_without_code_or_consent(session: Administered) -> None:
    page, pc = session.page, session.pc
    pc.start()
    await_uncovered(page)
    expect(page.locator(".desktop")).to_have_attribute("data-phase", "live")
    expect(page.get_by_test_id("grant-left")).to_be_visible()
    assert pc.kept == set(), "good for once"
    assert not [event for event in pc.held.events if event["event"] == "asking"]


def test_N7_after_the_restart_the_customer_is_asked_and_the_panic_key_ends_it_all(
    session: Administered, display: NestedDisplay
) -> None:
    page, pc = session.page, session.pc
    _tab(page, "terminals")
    page.get_by_test_id("terminal").click()
    pc.held.expect("asking", kind="capability", capability="terminal.user")
    yes = _colour(theme.ACCENT)
    wait_until(lambda: display.patch_of(yes) is not None, "the question is on the screen")
    display.hand.click(*(display.patch_of(yes) or (0, 0)))
    _prompt(page, 1)
    _run(page, 1, "sleep 600.25")
    wait_until(lambda: _sleeps("600.25"), "something runs in it")
    display.hand.strike("Control_L", "Alt_L", "End")
    pc.held.expect("ended")
    expect(page.get_by_test_id("screen")).to_have_count(0)
    wait_until(lambda: not _sleeps("600.25"), "it ends with its terminal")
    wait_until(lambda: display.patch_of(_colour(theme.BANNER)) is None, "the banner is gone")
    wait_until(lambda: display.patch_of(_colour(theme.GROUND)) is not None, "a window says that it is over")


def test_V6_a_second_start_takes_up_nothing(session: Administered) -> None:
    pc = session.pc
    pc.stop()
    pc.start()
    wait_until(lambda: pc.log.read_text(encoding="utf-8").count("ready at") == 3, "it is ready")
    assert pc.log.read_text(encoding="utf-8").count("goes on as process") == 1
