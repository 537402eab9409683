"""A demo from the presenter's agent: five see it without an account, the sixth is told why not (G12)."""

import base64
import json
import secrets
import ssl
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import SCREEN, go, pixel
from tests.e2e.stack import PASSWORD, TECHNICIAN, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _ticket(stack: Stack) -> str:
    """A ticket for a presentation, as the presenter's page gets it."""
    trust = ssl.create_default_context(cafile=str(stack.ca_file))
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=trust), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    headers = {"Content-Type": "application/json", "Origin": stack.origin}

    def post(path: str, body: dict[str, str]) -> dict[str, str]:
        request = urllib.request.Request(f"{stack.origin}{path}", json.dumps(body).encode(), headers)  # noqa: S310 - our own relay
        with opener.open(request, timeout=60) as answer:
            said: dict[str, str] = json.load(answer)
            return said

    post("/api/sign-in", {"name": TECHNICIAN, "password": PASSWORD})
    return post("/api/presentations", {})["ticket"]


@dataclass
class Show:
    """The presenter's agent and five viewers."""

    presenter: EventProcess
    link: str
    viewers: list[Page]


def _visit(browser: Browser, link: str, name: str) -> Page:
    page = browser.new_context(viewport={"width": 1000, "height": 700}, locale="es-ES").new_page()
    go(page, link)
    page.get_by_test_id("guest-name").fill(name)
    page.get_by_test_id("guest-join").click()
    return page


@pytest.fixture(scope="module")
def show(stack: Stack, browser: Browser) -> Iterator[Show]:
    halves = f"{_text(secrets.token_bytes(16))}.{_text(secrets.token_bytes(32))}"
    presenter = stack.start_presenter(_ticket(stack), halves)
    try:
        presenter.expect("link")
        link = f"{stack.origin}/demo#i={halves}"
        viewers: list[Page] = []
        for number in range(1, 6):  # one after another: the presenter numbers them as they come
            viewers.append(_visit(browser, link, f"Invitada {number}"))
            viewers[-1].locator(SCREEN).wait_for(state="visible", timeout=60_000)
        yield Show(presenter, link, viewers)
    finally:
        presenter.stop()


def _wait_for_colour(page: Page, colour: list[int]) -> None:
    wait_until(lambda: pixel(page, 1270, 790) == colour, f"the corner is {colour}")


def test_G12_five_people_see_the_presenters_screen(stack: Stack, show: Show) -> None:
    stack.display.paint(0x7A2040)
    for page in show.viewers:
        _wait_for_colour(page, [0x7A, 0x20, 0x40])


def test_C23_the_sixth_is_refused_with_the_reason(browser: Browser, show: Show) -> None:
    sixth = _visit(browser, show.link, "La sexta")
    expect(sixth.locator("body")).to_contain_text("cinco", timeout=60_000)
    expect(sixth.locator(SCREEN)).to_have_count(0)
    sixth.context.close()


def test_G10_who_is_removed_sees_nothing_newer_and_a_seat_is_free(
    stack: Stack, browser: Browser, show: Show
) -> None:
    show.presenter.type("remove 5")
    gone = show.viewers.pop()
    expect(gone.locator(SCREEN)).to_have_count(0, timeout=60_000)
    old, show.link = show.link, show.presenter.expect("link")["url"]
    again = _visit(browser, old, "La quinta otra vez")
    expect(again.locator("body")).to_contain_text("Este enlace ya no funciona", timeout=60_000)
    again.context.close()
    late = _visit(browser, show.link, "Otra persona")
    late.locator(SCREEN).wait_for(state="visible", timeout=60_000)
    show.viewers.append(late)
    stack.display.paint(0x206030)
    for page in show.viewers:
        _wait_for_colour(page, [0x20, 0x60, 0x30])
