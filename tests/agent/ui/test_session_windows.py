"""The window in a session: a function of what the session says, and every command reachable."""

import threading
import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import (
    ChatEntry,
    Notice,
    Phase,
    QuestionKind,
    ShownCode,
    Snapshot,
    Token,
)
from relevo_agent.ui import theme
from relevo_agent.ui.notices import LOUDNESS
from relevo_agent.ui.panel import Panel
from relevo_agent.ui.window import Window
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import MAX_CHAT_CHARS
from relevo_protocol.modes import Mode, Role
from tests.agent.ui.stage import (
    ANA,
    BEA,
    CROWD,
    ENTRY,
    LIVE,
    PRESENTED,
    SPANISH,
    Commanded,
    button,
    buttons,
    on_screen,
    press,
    shown,
    until,
    words,
)

T = SPANISH
HELLO = ChatEntry(1, 1, "Ana", "¿Puede abrir el correo?", 1.8e12)


@pytest.fixture
def panel(root: tk.Tk, commanded: Commanded) -> Panel:
    return Panel(root, T, theme.set_up(root), commanded.commands)


def test_everybody_is_listed_with_name_part_and_what_they_do(root: tk.Tk, panel: Panel) -> None:
    panel.render(replace(LIVE, people=(ANA, replace(BEA, present=False))))
    said = "\n".join(words(root))
    assert "Org · dirige la ayuda · tiene el control" in said
    assert "conexión cortada · supervisa" in said
    panel.render(replace(LIVE, people=(ANA, BEA), token=Token(0)))
    assert "tiene el control" not in "\n".join(words(root))


def test_each_person_can_be_sent_away(root: tk.Tk, panel: Panel, commanded: Commanded) -> None:
    panel.render(replace(LIVE, people=(ANA, BEA)))
    for remove in [w for w in shown(root, ttk.Button) if w.cget("text") == T("people.dismiss")]:
        assert isinstance(remove, ttk.Button)
        remove.invoke()
    assert commanded.done == [("dismiss", 1), ("dismiss", 2)]


def test_G12_the_presenter_sees_who_is_there_lets_draw_and_stops(
    root: tk.Tk, panel: Panel, commanded: Commanded
) -> None:
    panel.render(PRESENTED)
    assert T("present.who", count=2, limit=5) in words(root)
    may = [box for box in shown(root, ttk.Checkbutton) if isinstance(box, ttk.Checkbutton)]
    assert [box.instate(["selected"]) for box in may] == [False, True]
    for box in may:
        box.invoke()
    press(root, T("present.stop"))
    assert commanded.done == [("allow_marks", 1, True), ("allow_marks", 2, False), ("stop",)]
    press(root, T("code.copy"))
    assert root.clipboard_get() == PRESENTED.link


def test_G12_a_full_presentation_says_so(root: tk.Tk, panel: Panel) -> None:
    panel.render(replace(PRESENTED, people=tuple(replace(p, role=Role.DEMO_VIEWER) for p in CROWD)))
    press_room = [text for text in words(root) if text == T("present.who", count=5, limit=5)]
    assert press_room
    assert on_screen(button(root, T("present.stop")))


@pytest.mark.parametrize("font_percent", [90, 100, 110])
def test_stop_is_on_a_small_screen_with_everything_in_the_window(
    root: tk.Tk, commanded: Commanded, font_percent: int
) -> None:
    root.tk.call("tk", "scaling", float(root.tk.call("tk", "scaling")) * font_percent / 100)
    panel = Panel(root, T, theme.set_up(root), commanded.commands)
    code = ShownCode("482913705146", now_ms() + 60_000)
    panel.render(replace(LIVE, mode=Mode.ADMINISTRATOR, people=CROWD, code=code, chat=(HELLO,)))
    panel.alarm(T("notice.tampered", who="W" * 120))
    for key in ("banner.stop", "people.only_watch", "chat.send"):
        assert on_screen(button(root, T(key)))


def test_the_focus_stays_where_it_was_when_somebody_comes_in(root: tk.Tk, panel: Panel) -> None:
    panel.render(LIVE)
    stop = button(root, T("banner.stop"))
    stop.focus_force()
    until(root, lambda: root.focus_displayof() is stop, "no focus")
    panel.render(replace(LIVE, people=(ANA, BEA)))
    until(root, lambda: root.focus_displayof() is button(root, T("banner.stop")), "the focus is lost")


def test_R3_only_watching_is_offered_where_somebody_may_do_more(
    root: tk.Tk, panel: Panel, commanded: Commanded
) -> None:
    panel.render(replace(LIVE, mode=Mode.OBSERVER, token=Token()))
    assert T("people.only_watch") not in buttons(root)
    panel.render(LIVE)
    press(root, T("people.only_watch"))
    assert commanded.done == [("step_down",)]


def test_N6_the_receipt_is_offered_after_the_end(root: tk.Tk, panel: Panel) -> None:
    panel.render(LIVE)
    panel.render(Snapshot(Phase.ENDED))
    assert T("ended.receipt") not in buttons(root)
    panel.receipt(Path("/r.html"))
    assert T("ended.receipt") in buttons(root)


# --- the chat ---


def field(root: tk.Tk) -> ttk.Entry:
    (found,) = [w for w in shown(root, ttk.Entry) if type(w) is ttk.Entry]
    return found


def type_line(root: tk.Tk, text: str) -> None:
    entry = field(root)
    entry.insert(0, text)
    entry.focus_force()
    until(root, lambda: root.focus_displayof() is entry, "no focus")
    entry.event_generate("<Return>")
    root.update()


def test_T1_enter_sends_a_line_and_what_is_half_typed_outlives_every_change(
    root: tk.Tk, panel: Panel, commanded: Commanded
) -> None:
    panel.render(LIVE)
    type_line(root, "  ¿Qué\ttal?\u202e ")
    assert commanded.done == [("say", "¿Qué tal?")]
    field(root).insert(0, "a medias")
    panel.render(replace(LIVE, people=(ANA, BEA), chat=(HELLO,)))
    assert field(root).get() == "a medias"


@pytest.mark.parametrize("typed", ["", "  \t ", "x" * (MAX_CHAT_CHARS + 1)])
def test_T1_what_cannot_be_sent_is_not(root: tk.Tk, panel: Panel, commanded: Commanded, typed: str) -> None:
    panel.render(LIVE)
    type_line(root, typed)
    assert commanded.done == []
    assert field(root).get() == typed
    assert (T("chat.too_long", limit=MAX_CHAT_CHARS) in words(root)) is (len(typed) > MAX_CHAT_CHARS)


@pytest.mark.parametrize("phase", [Phase.LIVE, Phase.RECONNECTING])
@pytest.mark.parametrize("mode", list(Mode))
def test_T7_the_chat_is_open_in_every_mode_while_somebody_is_in(
    root: tk.Tk, panel: Panel, phase: Phase, mode: Mode
) -> None:
    panel.render(replace(LIVE, phase=phase, mode=mode, token=Token()))
    assert not field(root).instate(["disabled"])
    panel.render(Snapshot(Phase.WAITING))
    assert not shown(root, tk.Text)


def test_lines_that_nobody_has_seen_are_counted(root: tk.Tk, panel: Panel) -> None:
    mine = replace(HELLO, line=2, slot=0, name="")
    root.iconify()
    panel.render(replace(LIVE, chat=(HELLO, mine, replace(HELLO, line=3))))
    assert panel.chat.unread == 2
    panel.chat.mark_read()
    assert panel.chat.unread == 0


# --- all of it together ---


def play(
    small_screen: str, monkeypatch: pytest.MonkeyPatch, scene: Callable[[Window, tk.Tk], None]
) -> Commanded:
    """Run the front in this thread, and a scene in Tk's own time."""
    monkeypatch.setenv("DISPLAY", small_screen)
    commanded, quit_asked = Commanded(), threading.Event()
    failed: list[AssertionError] = []
    window = Window(T, demo=False)
    top = window._root

    def act() -> None:
        try:
            scene(window, top)
        except AssertionError as error:
            failed.append(error)
        finally:
            quit_asked.set()

    top.after(100, act)
    window.run(commanded.commands, quit_asked)
    if failed:
        raise failed[0]
    return commanded


def test_G11_a_veto_waits_behind_no_other_question(
    small_screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scene(window: Window, root: tk.Tk) -> None:
        late_ms = now_ms() + 60_000
        window.ask(replace(ENTRY, deadline_ms=late_ms))
        window.ask(replace(ENTRY, id=2, display_name="Eve", deadline_ms=late_ms))
        window.ask(replace(ENTRY, id=3, kind=QuestionKind.VETO, deadline_ms=late_ms))
        until(root, lambda: {T("veto.away"), T("consent.no")} <= buttons(root), "not both are asked")
        assert "Eve" not in words(root)
        press(root, T("veto.away"))
        yes = button(root, T("consent.yes"))
        until(root, lambda: not yes.instate(["disabled"]), "the answers stay asleep")
        press(root, T("consent.no"))
        until(root, lambda: "Eve" in words(root), "the next question is not put")
        window.withdraw(2)
        until(root, lambda: "Eve" not in words(root), "the question stays")

    commanded = play(small_screen, monkeypatch, scene)
    assert commanded.done == [("answer", 3, False, frozenset()), ("answer", 1, False, frozenset())]


def test_the_window_follows_a_session_from_code_to_receipt(
    small_screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scene(window: Window, root: tk.Tk) -> None:
        window.show(Snapshot(Phase.WAITING, code=ShownCode("482913705146", now_ms() + 60_000)))
        until(root, lambda: T("phase.waiting") in words(root), "no code")
        window.show(replace(LIVE, restart_at_ms=now_ms() + 30_000))
        until(root, lambda: T("restart.cancel") in buttons(root), "no countdown")
        window.show(LIVE)
        until(root, lambda: T("restart.cancel") not in buttons(root), "the countdown stays")
        for notice in Notice:
            window.tell(notice, "Ana")
        window.ended(ErrorCode.HOST_GONE)
        window.show(Snapshot(Phase.ENDED))
        window.receipt(Path("/r.html"))
        until(root, lambda: T("ended.receipt") in buttons(root), "no receipt")

    assert play(small_screen, monkeypatch, scene).done == []


def test_a_notice_before_the_window_is_there_is_not_lost(
    small_screen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", small_screen)
    window, quit_asked = Window(T, demo=False), threading.Event()
    window.tell(Notice.RELAY_BUSY, "")
    read: list[str] = []

    def look(tries: int = 1200) -> None:
        read[:] = words(window._root)
        if T("notice.relay_busy") in read or not tries:
            quit_asked.set()
        else:
            window._root.after(50, look, tries - 1)

    window._root.after(50, look)
    window.run(Commanded().commands, quit_asked)
    assert T("notice.relay_busy") in read


def test_N8_what_came_of_a_report_stays_until_the_next_session(root: tk.Tk, panel: Panel) -> None:
    text = T("notice.reported")
    panel.render(LIVE)
    assert T("report.why") in words(root)
    panel.comfort(text)
    panel.render(Snapshot(Phase.ENDED))
    panel.news("something else")
    assert text in words(root)
    assert str(button(root, T("again")).cget("style")) == "TButton"
    panel.render(Snapshot(Phase.WAITING))
    assert text in words(root)
    panel.render(LIVE)
    assert text not in words(root)


def test_N8_nobody_in_nobody_to_report(root: tk.Tk, panel: Panel) -> None:
    for snapshot in (Snapshot(Phase.WAITING), PRESENTED, replace(LIVE, phase=Phase.ENDED)):
        panel.render(snapshot)
        assert not {T("report.end"), T("report.why")} & set(words(root))


def test_every_notice_has_its_loudness() -> None:
    assert set(LOUDNESS) == set(Notice)
