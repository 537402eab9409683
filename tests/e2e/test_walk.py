"""Every screen of the viewer, filled with made-up people: each control can be hit and has a name.

At least 24 by 24 CSS pixels (WCAG 2.2, 2.5.8), on a desktop, a phone, and a desktop at 200 %.
"""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.e2e.browser import FLAGS, PATIENCE_MS
from tools import node
from tools.system import find_chromium

pytestmark = pytest.mark.e2e
SIZES = {"desktop": (1280, 800), "phone": (390, 844), "desktop at 200 %": (640, 400)}
_MENUS = "[aria-haspopup=menu], [aria-haspopup=dialog]"
_PANELS = ("admin-panel", "chat", "people")
_WRONG = (Path(__file__).with_name("walk.js")).read_text(encoding="utf-8")
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class _Files(http.server.SimpleHTTPRequestHandler):
    """Files without a word about each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the gallery, built and served."""
    folder = tmp_path_factory.mktemp("gallery")
    config = ("-c", "tests/gallery/bundle.config.js", "--outDir", str(folder), "--logLevel", "warn")
    assert node.run(("npx", "vite", "build", *config)) == 0
    serve = functools.partial(_Files, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    program = find_chromium()
    assert program, "no Chromium on this machine"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        context = browser.new_context(locale="es-ES", reduced_motion="reduce")
        context.set_default_timeout(PATIENCE_MS)
        yield context.new_page()
        browser.close()


# What the tab key has to reach (of a group of radios one), and how it looks while it is not there.
_NOTE = """async () => {
  const look = (element) => {
    const near = [element, element.nextElementSibling, element.parentElement, element.closest("label")];
    return near
      .filter(Boolean)
      .map((one) => getComputedStyle(one))
      .map((style) => [style.outlineStyle, style.outlineColor, style.borderColor, style.boxShadow].join())
      .join("|");
  };
  const scope = document.querySelector("[aria-modal=true]") ?? document;
  const reached = [...scope.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
    (one) =>
      one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }) &&
      !(one.type === "radio" && !one.checked)
  );
  // A colour that is still changing is neither the one nor the other.
  window.atRest = () => {
    const changing = document.getAnimations().filter((one) => one instanceof CSSTransition);
    return Promise.allSettled(changing.map((one) => one.finished));
  };
  document.activeElement?.blur();
  await window.atRest();
  window.walked = reached.map((element) => ({ element, before: look(element) }));
  window.lookOf = look;
  return reached.map((one) => (one.getAttribute("aria-label") ?? one.textContent ?? one.name).trim());
}"""
_FOCUSED = """async () => {
  await window.atRest();
  const at = window.walked.findIndex(({ element }) => element === document.activeElement);
  return [at, at >= 0 && window.lookOf(document.activeElement) !== window.walked[at].before];
}"""
_BY_KEYBOARD = (
    *("signin", "signin_second", "join", "asking", "unreachable", "code_wrong", "left", "guest_session"),
    *("share_start", "share_code", "share_asked", "share_watched", "present_room", "team_cut"),
)


def _wrong(page: Page) -> list[str]:
    page.evaluate(_DRAWN)
    found: list[str] = page.evaluate(_WRONG)
    return found


def _usable(control: Locator) -> bool:
    return control.is_visible() and control.is_enabled() and control.get_attribute("aria-disabled") != "true"


def _wrong_in_menus(page: Page) -> list[str]:
    found: list[str] = []
    for menu in page.locator(_MENUS).all():
        if _usable(menu):
            menu.click()
            found += _wrong(page)
            page.keyboard.press("Escape")
    return found


def _wrong_in_panels(page: Page) -> list[str]:
    """The panels beside the picture, each of their tabs, and what is folded up in them."""
    found: list[str] = []
    for panel in map(page.get_by_test_id, _PANELS):
        if panel.count() == 0 or not _usable(panel):
            continue
        if panel.get_attribute("aria-pressed") != "true":
            panel.click()
        for tab in [None, *page.locator(".panel [role=tab]:visible").all()]:
            if tab is not None:
                tab.click()
            page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
            found += _wrong(page)
    return found


def _see(page: Page, gallery: str, screen: str) -> None:
    page.goto(f"{gallery}?screen={screen}&lang=es")
    page.wait_for_function("window.relevoShown === true && document.querySelector('button, input') !== null")
    page.evaluate(_DRAWN)


def test_every_control_of_every_screen_can_be_hit_and_has_a_name(page: Page, gallery: str) -> None:
    _see(page, gallery, "join")
    screens: list[str] = page.evaluate("window.relevoScreens")
    assert len(screens) > 60
    wrong: dict[str, set[str]] = {}
    for screen in screens:
        _see(page, gallery, screen)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for one in _wrong(page):
                wrong.setdefault(one, set()).add(f"{screen}, {size}")
        page.set_viewport_size({"width": 1280, "height": 800})
        for one in (*_wrong_in_menus(page), *_wrong_in_panels(page)):
            wrong.setdefault(one, set()).add(f"{screen}, opened")
    assert wrong == {}


@pytest.mark.parametrize("screen", _BY_KEYBOARD)
def test_the_tab_key_reaches_every_control_in_order_and_it_is_seen_where(
    page: Page, gallery: str, screen: str
) -> None:
    _see(page, gallery, screen)
    names: list[str] = page.evaluate(_NOTE)
    order: list[int] = []
    unseen: set[str] = set()
    for _ in range(2 * len(names) + 4):
        page.keyboard.press("Tab")
        at, seen = page.evaluate(_FOCUSED)
        if at >= 0:
            order += [at] if at not in order else []
            unseen |= set() if seen else {names[at]}
    assert {names[at] for at in range(len(names)) if at not in order} == set()
    assert unseen == set()
    first = order.index(0)
    assert order[first:] + order[:first] == list(range(len(names)))


def test_N1_the_question_in_the_browser_begins_at_no_and_escape_is_no(page: Page, gallery: str) -> None:
    _see(page, gallery, "share_asked")
    expect(page.get_by_test_id("host-no")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.evaluate("window.relevoSaid") == ["answer 1 false"]


def test_ending_is_asked_about_and_escape_stays_where_one_was(page: Page, gallery: str) -> None:
    _see(page, gallery, "observer")
    page.set_viewport_size({"width": 1280, "height": 800})
    end = page.get_by_role("button", name="Terminar", exact=True)
    end.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(end).to_be_focused()
