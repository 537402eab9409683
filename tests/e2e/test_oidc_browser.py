"""Signing in by an OpenID Connect provider, in a real browser, with the provider's own pages."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import NOTE_VIOLATIONS, chromium, go, violations
from tests.e2e.stack import Display, Stack
from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, provider

pytestmark = pytest.mark.e2e
_PATIENCE_MS = 60_000
_MEMBER = "ana@example.org"
_IN_ENGLISH = "localStorage.setItem('relevo.language', 'en');"


@dataclass
class Trusting:
    """A relay that trusts a provider, a browser, and the provider's own end."""

    stack: Stack
    browser: Browser
    provider: ExitStack

    def page(self) -> Page:
        """The sign-in page in a browser of one's own."""
        context = self.browser.new_context(locale="en-GB")
        context.add_init_script(NOTE_VIOLATIONS)
        context.add_init_script(_IN_ENGLISH)
        page = context.new_page()
        go(page, self.stack.origin)
        return page


@pytest.fixture(scope="module")
def trusting(folder: Path, display: Display) -> Iterator[Trusting]:
    """A relay whose people may come by the provider."""
    stack = Stack(folder, display)
    with ExitStack() as all_of_it, ExitStack() as elsewhere:
        all_of_it.callback(stack.close)
        issuer = elsewhere.enter_context(provider(f"{stack.origin}/api/oidc/callback"))
        secret = folder / "oidc-secret"
        secret.write_text(CLIENT_SECRET, encoding="utf-8")
        secret.chmod(0o600)
        stack.settings = {
            "RELEVO_OIDC_ISSUER": issuer,
            "RELEVO_OIDC_CLIENT_ID": CLIENT_ID,
            "RELEVO_OIDC_CLIENT_SECRET_FILE": str(secret),
            "RELEVO_OIDC_NAME": "Cuenta Duero",
        }
        stack.account(_MEMBER, "Ana Ruiz")
        stack.start_relay()
        browser = all_of_it.enter_context(chromium(folder / "home", stack.ca_file))
        yield Trusting(stack, browser, elsewhere)


def sign_in_there(page: Page, login: str) -> None:
    """The provider's own pages: who one is, and that the relay may know it."""
    page.locator("input[name=login]").fill(login, timeout=_PATIENCE_MS)
    page.locator("input[name=password]").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click(timeout=_PATIENCE_MS)


def refused(page: Page) -> None:
    """Back on our own page, which says what went wrong and what helps; nobody is signed in."""
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("did not sign you in", timeout=_PATIENCE_MS)
    expect(alert).to_contain_text("Try again")
    # A reload does not say it again.
    assert "#" not in page.url
    assert page.evaluate("fetch('/api/me').then((answer) => answer.status)") == 401
    assert violations(page) == []
    page.context.close()


def test_q7_the_provider_lets_somebody_in_who_has_an_account(trusting: Trusting) -> None:
    page = trusting.page()
    page.get_by_role("link", name="Cuenta Duero").click(timeout=_PATIENCE_MS)
    sign_in_there(page, "ana")
    # The cookie is not sent along with the way back from another site: the page asks for itself.
    page.get_by_test_id("to-account").click(timeout=_PATIENCE_MS)
    expect(page.get_by_text("Ana Ruiz")).to_be_visible()
    expect(page.get_by_test_id("sign-ins").get_by_test_id("end-this")).to_have_count(1)
    assert page.url == f"{trusting.stack.origin}/account"
    assert violations(page) == []

    # Who gives up showing once more who they are stays who they were, and is told.
    go(page, f"{trusting.stack.origin}/api/oidc/start?fresh=true&to=/account")
    page.get_by_role("link", name="Cancel").click(timeout=_PATIENCE_MS)
    expect(page.get_by_text("did not sign you in")).to_be_visible(timeout=_PATIENCE_MS)
    expect(page.get_by_text("Ana Ruiz")).to_be_visible()
    page.context.close()


def test_q7_whoever_cancels_there_is_told_here(trusting: Trusting) -> None:
    page = trusting.page()
    page.get_by_test_id("oidc-sign-in").click(timeout=_PATIENCE_MS)
    page.get_by_role("link", name="Cancel").click(timeout=_PATIENCE_MS)
    refused(page)


def test_q7_whom_nobody_here_knows_is_told_so(trusting: Trusting) -> None:
    page = trusting.page()
    page.get_by_test_id("oidc-sign-in").click(timeout=_PATIENCE_MS)
    sign_in_there(page, "stranger")
    refused(page)


def test_q7_a_provider_that_does_not_answer_leaves_nobody_with_a_bare_answer(trusting: Trusting) -> None:
    trusting.provider.close()
    # A relay that has never reached it; one that has sends the browser there, whose own page then says so.
    trusting.stack.kill_relay()
    trusting.stack.start_relay()
    page = trusting.page()
    page.get_by_test_id("oidc-sign-in").click(timeout=_PATIENCE_MS)
    refused(page)
