"""One's own account in a real browser: two steps, a passkey, and a sign-in ended in another browser."""

import base64
import time
from typing import Protocol, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from relevo_server.accounts.totp import STEP_S, code_at
from tests.e2e.browser import NOTE_VIOLATIONS, SCREEN, go, spare_code, violations
from tests.e2e.conftest import join
from tests.e2e.stack import PASSWORD, TECHNICIAN, Stack

pytestmark = pytest.mark.e2e
_PATIENCE_MS = 60_000
_IN_ENGLISH = "localStorage.setItem('relevo.language', 'en');"
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class _DevTools(Protocol):
    """What is used of the browser's own debugging interface; the library's types leave its answers open."""

    def send(self, method: str, params: dict[str, object]) -> object:
        """One command."""


def _profile(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1400, "height": 960}, locale="en-GB")
    context.add_init_script(NOTE_VIOLATIONS)
    context.add_init_script(_IN_ENGLISH)
    return context


def _account_page(stack: Stack, context: BrowserContext, name: str) -> Page:
    """The page of one's own account, by a one-time link."""
    page = context.new_page()
    go(page, stack.signed_in(name))
    page.get_by_test_id("to-account").click(timeout=_PATIENCE_MS)
    expect(page.get_by_test_id("sign-ins")).to_be_visible(timeout=_PATIENCE_MS)
    return page


def test_c25_ending_a_sign_in_closes_its_session_in_the_other_browser(stack: Stack, browser: Browser) -> None:
    live = join(stack, browser)
    assert violations(live.page) == []
    context = _profile(browser)
    page = _account_page(stack, context, TECHNICIAN)
    page.get_by_test_id("end-sign-in").click()
    ended = live.page.get_by_role("heading", level=1)
    expect(ended).to_be_visible(timeout=_PATIENCE_MS)
    expect(live.page.locator(SCREEN)).to_have_count(0)
    expect(page.get_by_test_id("end-sign-in")).to_have_count(0, timeout=_PATIENCE_MS)
    # What is left of the other browser's sign-in opens nothing.
    assert live.page.evaluate("fetch('/api/me').then((answer) => answer.status)") == 401
    assert violations(page) == []
    live.context.close()
    context.close()
    live.agent.stop()


def test_q4_an_app_is_set_up_and_asked_for_by_keyboard_alone(stack: Stack, browser: Browser) -> None:
    stack.account("olaia", "Olaia Sáez")
    context = _profile(browser)
    page = _account_page(stack, context, "olaia")
    page.get_by_test_id("app-add").click()
    shown = page.get_by_test_id("totp-secret").inner_text(timeout=_PATIENCE_MS)
    secret = base64.b32decode(shown.replace(" ", ""))
    page.get_by_test_id("one-time-code").fill(spare_code(secret))
    page.keyboard.press("Enter")
    codes = page.get_by_test_id("recovery-codes")
    expect(codes).to_be_visible(timeout=_PATIENCE_MS)
    recovery = codes.inner_text().split()
    assert len(recovery) == 10
    page.get_by_test_id("recovery-codes-kept").click()
    expect(page.get_by_test_id("app-on")).to_be_visible(timeout=_PATIENCE_MS)
    assert violations(page) == []
    context.close()

    for lost_with in (None, recovery[0]):
        other = _profile(browser)
        _signs_in_by_keyboard(stack, other.new_page(), secret, lost_with)
        other.close()


def _signs_in_by_keyboard(stack: Stack, page: Page, secret: bytes, recovery: str | None) -> None:
    """By the app's code of now, or where the app is lost by a recovery code."""
    go(page, stack.origin)
    expect(page.get_by_label("Name")).to_be_focused(timeout=_PATIENCE_MS)
    page.keyboard.type("olaia")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("one-time-code")).to_be_focused(timeout=_PATIENCE_MS)
    if recovery is not None:
        page.get_by_role("button", name="I have lost it: use a recovery code").press("Enter")
        expect(page.get_by_test_id("recovery-code")).to_be_focused()
    page.keyboard.type(recovery or code_at(secret, int(time.time() // STEP_S)))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("to-account")).to_be_visible(timeout=_PATIENCE_MS)
    assert violations(page) == []


def test_q6_a_passkey_is_added_and_is_enough_to_sign_in(stack: Stack, browser: Browser) -> None:
    stack.account("gorka", "Gorka Ibarra")
    context = _profile(browser)
    page = _account_page(stack, context, "gorka")
    devtools = cast("_DevTools", context.new_cdp_session(page))
    devtools.send("WebAuthn.enable", {})
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
    page.get_by_test_id("passkey-name").fill("Work laptop")
    page.get_by_test_id("passkey-add").click()
    expect(page.get_by_test_id("recovery-codes")).to_be_visible(timeout=_PATIENCE_MS)
    expect(page.get_by_test_id("passkeys")).to_contain_text("Work laptop")
    page.get_by_test_id("end-this").click()
    page.get_by_test_id("passkey-sign-in").click(timeout=_PATIENCE_MS)
    expect(page.get_by_test_id("sign-ins")).to_contain_text("by passkey", timeout=_PATIENCE_MS)
    assert violations(page) == []
    context.close()
