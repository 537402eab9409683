"""The banner: who is in and what they may, and Stop always within reach."""

import tkinter as tk
from dataclasses import replace

import pytest

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Phase, Snapshot, Token
from relevo_agent.ui import theme
from relevo_agent.ui.banner import Banner
from relevo_protocol.modes import Mode
from tests.agent.ui.stage import (
    ANA,
    BEA,
    CROWD,
    LIVE,
    PRESENTED,
    SPANISH,
    Commanded,
    button,
    buttons,
    on_screen,
    press,
    until,
    words,
)

T = SPANISH


@pytest.fixture
def banner(root: tk.Tk, commanded: Commanded) -> Banner:
    root.withdraw()
    theme.set_up(root)
    return Banner(root, T, commanded.commands, lambda: commanded.done.append(("open_chat",)), demo=False)


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (Snapshot(Phase.WAITING), set[str]()),
        (replace(LIVE, mode=Mode.OBSERVER, token=Token()), {"banner.stop", "report.end"}),
        (LIVE, {"banner.stop", "report.end", "token.take"}),
        (replace(LIVE, token=Token(0)), {"banner.stop", "report.end", "token.give"}),
        (replace(LIVE, marks=True), {"banner.stop", "report.end", "token.take", "marks.clear"}),
        (replace(LIVE, grant_ends_at_ms=9e12), {"banner.stop", "report.end", "token.take", "grant.revoke"}),
        (replace(LIVE, people=(), token=Token(), hold_ends_at_ms=9e12), {"banner.stop", "hold.revoke"}),
        (PRESENTED, {"present.stop"}),
        (replace(PRESENTED, people=()), {"present.stop"}),
    ],
    ids=["nobody", "watched", "driven", "yours", "drawn on", "administrator", "held", "presenting", "empty"],
)
def test_G2_the_banner_has_the_buttons_that_make_sense_now(
    root: tk.Tk, banner: Banner, snapshot: Snapshot, expected: set[str]
) -> None:
    banner.render(replace(LIVE, marks=True, grant_ends_at_ms=9e12))
    banner.render(snapshot)
    assert buttons(root) == {T(key) for key in expected}


@pytest.mark.parametrize(
    ("snapshot", "key", "command"),
    [
        (LIVE, "banner.stop", "stop"),
        (LIVE, "token.take", "take_control"),
        (replace(LIVE, token=Token(0)), "token.give", "give_control"),
        (replace(LIVE, grant_ends_at_ms=9e12), "grant.revoke", "revoke_grant"),
        (replace(LIVE, hold_ends_at_ms=9e12), "hold.revoke", "revoke_grant"),
        (replace(LIVE, marks=True), "marks.clear", "clear_marks"),
        (LIVE, "report.end", "report"),
        (PRESENTED, "present.stop", "stop"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_button_of_the_banner_commands_what_it_says(
    root: tk.Tk, banner: Banner, commanded: Commanded, snapshot: Snapshot, key: str, command: str
) -> None:
    banner.render(snapshot)
    press(root, T(key))
    assert commanded.done == [(command,)]


def test_however_long_the_names_and_many_the_buttons_stop_is_on_a_small_screen(
    root: tk.Tk, banner: Banner
) -> None:
    crowded = replace(LIVE, people=CROWD, marks=True, grant_ends_at_ms=9e12, hold_ends_at_ms=9e12)
    banner.render(crowded, unread=12)
    for key in ("banner.stop", "token.take", "grant.revoke", "marks.clear", "report.end"):
        assert on_screen(button(root, T(key)))


def test_G7_the_banner_counts_a_micro_handover_down(root: tk.Tk, banner: Banner) -> None:
    handed = replace(LIVE, people=(ANA, BEA), token=Token(2, 1, now_ms() + 60_000))
    banner.render(handed)

    def left() -> set[int]:
        return {n for n in range(61) if any(f"vuelve a Ana en {n} s" in text for text in words(root))}

    first = left()
    assert len(first) == 1
    until(root, lambda: bool(left()) and max(left()) < min(first), "it stands still")
