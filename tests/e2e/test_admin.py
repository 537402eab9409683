"""The organisation's administration in a real browser, by an administrator who signs in with two steps."""

import base64
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from relevo_server.accounts.totp import STEP_S, code_at
from tests.e2e.browser import NOTE_VIOLATIONS, SCREEN, go, spare_code, violations
from tests.e2e.conftest import join
from tests.e2e.stack import PASSWORD, Stack
from tests.support.processes import wait_until

pytestmark = pytest.mark.e2e
PATIENCE_MS = 60_000
TABS = ("people", "sessions", "reports", "activity", "audit", "tokens", "policy")
ADMINISTRATOR = "irene"
_IN_ENGLISH = "localStorage.setItem('relevo.language', 'en');"
_MARKUP = '<img src=x onerror="globalThis.owned=1">'
_ID = "fedcba9876543210fedcba9876543210"
# What no server of ours lets through: the pages stand it all the same.
_HOSTILE = {
    "markup": f"{_MARKUP}<script>globalThis.owned=1</script>",
    "direction": "\u202egro.elpmaxe@eneri\u2066 \u0007",
    "length": "W" * 4000,
}


@dataclass
class Office:
    """The page of somebody who administers."""

    context: BrowserContext
    page: Page

    def open(self, tab: str) -> Locator:
        """Go to a tab as a person does; what it shows."""
        self.page.get_by_test_id(f"tab-{tab}").click()
        return self.shown(tab)

    def shown(self, tab: str) -> Locator:
        """What a tab shows, which is open now."""
        panel = self.page.get_by_test_id(f"page-{tab}")
        expect(panel).to_be_visible(timeout=PATIENCE_MS)
        expect(self.page.get_by_test_id(f"tab-{tab}")).to_have_attribute("aria-selected", "true")
        return panel


def administrator(stack: Stack, browser: Browser, size: tuple[int, int] = (1280, 800)) -> Office:
    """Sign in by password and app, and open the administration."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="en-GB")
    context.add_init_script(NOTE_VIOLATIONS)
    context.add_init_script(_IN_ENGLISH)
    page = context.new_page()
    go(page, stack.signed_in(ADMINISTRATOR))
    page.get_by_test_id("to-account").click(timeout=PATIENCE_MS)
    page.get_by_test_id("app-add").click(timeout=PATIENCE_MS)
    secret = base64.b32decode(page.get_by_test_id("totp-secret").inner_text().replace(" ", ""))
    page.get_by_test_id("one-time-code").fill(spare_code(secret))
    page.keyboard.press("Enter")
    page.get_by_test_id("recovery-codes-kept").click(timeout=PATIENCE_MS)
    page.get_by_test_id("end-this").click()
    page.locator("input[name=username]").fill(ADMINISTRATOR, timeout=PATIENCE_MS)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("one-time-code")).to_be_visible()
    page.get_by_test_id("one-time-code").fill(code_at(secret, int(time.time() // STEP_S)))
    page.keyboard.press("Enter")
    page.get_by_test_id("to-admin").click(timeout=PATIENCE_MS)
    return Office(context, page)


@pytest.fixture(scope="module")
def office(stack: Stack, browser: Browser) -> Iterator[Office]:
    """An administrator among people with names of their own."""
    stack.administrator(ADMINISTRATOR, "Irene Costa")
    stack.account("mallory", _MARKUP, "--team", "north")
    opened = administrator(stack, browser)
    yield opened
    refused = violations(opened.page)
    opened.context.close()
    assert refused == []


def test_u11_an_administrator_walks_through_every_tab_and_the_address_names_it(office: Office) -> None:
    page = office.page
    office.shown(TABS[0])
    for tab in TABS[1:]:
        office.open(tab)
        expect(page).to_have_url(re.compile(f"/admin#{tab}$"))
    page.go_back()
    office.shown("tokens")
    page.go_forward()
    office.shown("policy")
    page.reload()
    office.shown("policy")
    page.evaluate("location.hash = '#reports'")
    office.shown("reports")


def test_n8_a_live_session_is_seen_reported_and_ended(office: Office, stack: Stack, browser: Browser) -> None:
    live = join(stack, browser)
    live.page.get_by_test_id("people").click()
    live.page.get_by_test_id("report").click()
    live.page.get_by_test_id("report-only").click()
    expect(live.page.get_by_test_id("report-only")).to_have_count(0, timeout=PATIENCE_MS)
    sessions = office.open("sessions")
    sessions.get_by_role("button", name="Refresh").click()
    row = sessions.get_by_role("row").filter(has_text="Núria Peña")
    expect(row).to_contain_text("Full control")
    row.get_by_role("button", name="End the session: Núria Peña").click()
    office.page.get_by_test_id("sure-yes").click()
    expect(live.page.locator(SCREEN)).to_have_count(0, timeout=PATIENCE_MS)
    expect(sessions.get_by_role("row")).to_have_count(0)
    live.context.close()
    live.agent.stop()

    report = office.open("reports").get_by_test_id("report")
    expect(report).to_contain_text("Open")
    report.get_by_label("Note").fill("Called back: a misunderstanding.")
    report.get_by_role("button", name="It is settled").click()
    expect(report).to_contain_text("Settled")
    expect(report).to_contain_text("Irene Costa")
    row = office.open("activity").get_by_test_id("activity-row").filter(has_text="Núria Peña")
    expect(row).to_contain_text("1")


def test_u1_the_record_is_narrowed_checked_and_taken_away(office: Office) -> None:
    audit = office.open("audit")
    lines = audit.get_by_test_id("record-line")
    expect(lines.first).to_be_visible()
    audit.get_by_label("Show").select_option("sign_in.")
    expect(lines.filter(has_not_text=re.compile(r"sign_in\."))).to_have_count(0)
    expect(lines.filter(has_text="sign_in.totp").filter(has_text="Irene Costa").first).to_be_visible()
    audit.get_by_role("button", name="Check the whole record").click()
    expect(audit.get_by_text(re.compile(r"The record is whole"))).to_be_visible()
    with office.page.expect_download(timeout=PATIENCE_MS) as saved:
        audit.get_by_test_id("export-jsonl").click()
    assert '"action":"sign_in.' in saved.value.path().read_text(encoding="utf-8")


def test_q9_a_token_is_made_shown_once_and_revoked_by_the_organisation(office: Office) -> None:
    page = office.page
    page.get_by_role("button", name="Back to start").click()
    page.get_by_test_id("to-account").click()
    tokens = page.get_by_test_id("tokens")
    tokens.get_by_label("Name").fill("Backups")
    tokens.get_by_label("Read the record").check()
    tokens.get_by_role("button", name="Make a key").click()
    expect(page.get_by_test_id("new-token")).to_contain_text("relevo_", timeout=PATIENCE_MS)
    page.get_by_test_id("new-token-kept").click()
    page.get_by_test_id("to-admin").click()
    listed = office.open("tokens")
    expect(listed).to_contain_text("Backups")
    listed.get_by_role("button", name="End the key: Backups").click()
    page.get_by_test_id("sure-yes").click()
    expect(listed).not_to_contain_text("Backups")


def test_q10_somebody_is_added_by_a_link_that_is_shown_once(office: Office, browser: Browser) -> None:
    page = office.page
    people = office.open("people")
    people.get_by_role("button", name="Add somebody").click()
    page.get_by_label("Name to sign in with").fill("xoan")
    page.get_by_label("Name that customers read").fill("Xoán <b>Rey</b>")
    page.get_by_role("button", name="Save").click()
    link = page.get_by_test_id("one-time-link").input_value(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Done").click()
    expect(people).to_contain_text("Xoán <b>Rey</b>")
    expect(page.get_by_test_id("one-time-link")).to_have_count(0)
    newcomer = browser.new_context(locale="en-GB")
    first = newcomer.new_page()
    go(first, link)
    expect(first.get_by_test_id("to-account")).to_be_visible(timeout=PATIENCE_MS)
    newcomer.close()


def test_q10_the_rules_are_changed_and_stay(office: Office) -> None:
    policy = office.open("policy")
    policy.get_by_label("PCs in a day from which").fill("3")
    policy.get_by_role("button", name="Save").click()
    expect(policy).to_contain_text("Saved.")
    office.page.reload()
    expect(office.shown("policy").get_by_label("PCs in a day from which")).to_have_value("3")


_WORDS = ("name", "display_name", "team", "lead", "accused_name", "handled_by_name", "note", "account_name")
_MORE_WORDS = ("actor", "actor_name", "action", "cause")
_IDS = ("id", "session", "accused", "handled_by", "account_id")


def _answers(text: str) -> dict[str, object]:
    """What a server that lets everything through would answer, by its path below /api/admin.

    One row serves every list: each page reads of it what it knows.
    """
    row: dict[str, object] = {}
    row |= dict.fromkeys((*_WORDS, *_MORE_WORDS), text) | dict.fromkeys(_IDS, _ID)
    row |= {"standing": "expert", "is_admin": True, "admin_tools": True, "disabled": True, "seen_at_s": 1}
    row |= {"kind": "support", "mode": "full", "since_s": 99, "state": "open", "by": "customer", "at_s": 1}
    row |= {"day": time.strftime("%Y-%m-%d"), "sessions": 31, "night_share": 0.5, "unusual": ["night", text]}
    row |= {"seq": 7, "details": {text: text}, "personal": {"address": text}, "scopes": [text]}
    return {
        "people": {"people": [row]},
        "sessions": {"sessions": [row | {"people": [{"name": text, "role": "lead"}]}]},
        "reports": {"reports": [row | {"people": {"1": text}}]},
        "activity": {"days": [row]},
        "audit": {"lines": [row], "before": None},
        "tokens": {"tokens": [row]},
    }


def _too_wide_px(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("kind", list(_HOSTILE))
def test_x6_hostile_texts_are_inert_and_keep_the_layout(office: Office, kind: str) -> None:
    page, answers = office.page, _answers(_HOSTILE[kind])

    def lie(route: Route) -> None:
        name = route.request.url.split("/api/admin/")[1].split("?")[0]
        route.fulfill(status=200, content_type="application/json", body=json.dumps(answers[name]))

    page.route(re.compile(r"/api/admin/(people|sessions|reports|activity|audit|tokens)(\?|$)"), lie)
    try:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            for tab in answers:
                panel = office.open(tab)
                expect(panel.locator(".foreign").first).to_be_visible()
                wait_until(lambda: _too_wide_px(page) <= 0, f"{tab} fits into {width} pixels")
                assert panel.locator("img, script").count() == 0
    finally:
        page.unroute_all()
        page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("globalThis.owned") is None
