"""Questions to the customer: nothing ticked, No first, awake a moment later, all of it on a small screen."""

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from tkinter import ttk

import pytest

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Question, QuestionKind
from relevo_agent.ui import consent, theme
from relevo_agent.ui.consent import ConsentDialog
from relevo_agent.ui.countdown import RestartCountdown
from relevo_agent.ui.texts import Language, Texts
from relevo_agent.ui.veto import VetoNotice
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.ui.stage import (
    ENTRY,
    SPANISH,
    Commanded,
    button,
    on_screen,
    press,
    shown,
    text_of,
    until,
    words,
)

OFFERS = (Capability.INPUT_SPECIAL, Capability.FILE_SEND, Capability.VOICE, Capability.RECORD)
EVERYTHING = tuple(Capability)
ASKED = replace(ENTRY, mode=Mode.SHARED, offers=OFFERS, each_time=(Capability.FILE_FETCH,))
Answers = list[tuple[bool, frozenset[Capability]]]


@pytest.fixture
def root(small_root: tk.Tk) -> tk.Tk:
    small_root.withdraw()
    theme.set_up(small_root)
    return small_root


def ask(root: tk.Tk, question: Question, texts: Texts = SPANISH) -> tuple[ConsentDialog, Answers]:
    answers: Answers = []
    asked = replace(question, deadline_ms=now_ms() + 60_000)
    return ConsentDialog(root, texts, asked, lambda yes, ticked: answers.append((yes, ticked))), answers


def boxes(root: tk.Tk) -> dict[str, ttk.Checkbutton]:
    """The tick-boxes by the words beside them, also those that have to be scrolled to."""
    root.update()
    found: dict[str, ttk.Checkbutton] = {}
    for window in root.winfo_children():
        for box in _all(window):
            if isinstance(box, ttk.Checkbutton):
                beside = box.master.winfo_children()
                found[text_of(next(w for w in beside if isinstance(w, ttk.Label)))] = box
    return found


def _all(widget: tk.Misc) -> Iterator[tk.Misc]:
    yield widget
    for child in widget.winfo_children():
        yield from _all(child)


def test_N1_no_box_is_ticked_and_yes_alone_gives_nothing_more(root: tk.Tk) -> None:
    _, answers = ask(root, ASKED)
    assert len(boxes(root)) == len(OFFERS) + 1
    assert not any(box.instate(["selected"]) for box in boxes(root).values())
    press(root, SPANISH("consent.yes"))
    assert answers == [(True, frozenset())]


def test_N1_what_is_ticked_is_given_and_nothing_else(root: tk.Tk) -> None:
    _, answers = ask(root, ASKED)
    for capability in (Capability.VOICE, Capability.RECORD):
        boxes(root)[SPANISH.capability(capability)].invoke()
    press(root, SPANISH("consent.yes"))
    assert answers == [(True, frozenset({Capability.VOICE, Capability.RECORD}))]


def test_N2_everything_is_all_but_the_recording(root: tk.Tk) -> None:
    _, answers = ask(root, ASKED)
    boxes(root)[SPANISH("consent.tick_all")].invoke()
    assert not boxes(root)[SPANISH.capability(Capability.RECORD)].instate(["selected"])
    boxes(root)[SPANISH.capability(Capability.VOICE)].invoke()
    assert not boxes(root)[SPANISH("consent.tick_all")].instate(["selected"])
    press(root, SPANISH("consent.yes"))
    assert answers == [(True, frozenset({Capability.INPUT_SPECIAL, Capability.FILE_SEND}))]


def test_N1_a_no_gives_nothing_whatever_was_ticked(root: tk.Tk) -> None:
    _, answers = ask(root, ASKED)
    boxes(root)[SPANISH("consent.tick_all")].invoke()
    until(root, lambda: not button(root, SPANISH("consent.yes")).instate(["disabled"]), "asleep")
    press(root, SPANISH("consent.no"))
    assert answers == [(False, frozenset())]


def test_P1_no_has_the_focus_and_stands_before_a_yes_that_sleeps_at_first(
    root: tk.Tk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "AWAKE_AFTER_MS", 60_000)
    _, answers = ask(root, ASKED)
    no, yes = button(root, SPANISH("consent.no")), button(root, SPANISH("consent.yes"))
    until(root, lambda: root.focus_displayof() is no, "the focus is elsewhere")
    assert no.winfo_rootx() < yes.winfo_rootx()
    assert yes.instate(["disabled"])
    no.invoke()
    yes.invoke()
    assert answers == []


def test_every_box_and_answer_is_reached_by_the_tab_key(root: tk.Tk) -> None:
    ask(root, ASKED)
    no = button(root, SPANISH("consent.no"))
    until(root, lambda: not button(root, SPANISH("consent.yes")).instate(["disabled"]), "asleep")
    reached: list[tk.Misc] = [no]
    while (following := reached[-1].tk_focusNext()) not in reached:
        assert following is not None
        reached.append(following)
    assert {button(root, SPANISH("consent.yes")), *boxes(root).values()} <= set(reached)


def test_N1_a_box_that_gets_the_focus_comes_into_sight(root: tk.Tk) -> None:
    ask(root, replace(ASKED, offers=EVERYTHING))
    no = button(root, SPANISH("consent.no"))
    for box in boxes(root).values():
        box.focus_force()
        until(root, lambda box=box: root.focus_displayof() is box, "no focus")  # type: ignore[misc]
        root.update()
        assert box.winfo_rooty() + box.winfo_height() <= no.winfo_rooty()
        assert box.winfo_rooty() >= 0


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", [kind for kind in QuestionKind if kind is not QuestionKind.VETO])
@pytest.mark.parametrize("mode", list(Mode))
def test_whatever_is_asked_the_answers_are_on_a_small_screen(
    root: tk.Tk, language: Language, kind: QuestionKind, mode: Mode
) -> None:
    texts = Texts(language)
    question = replace(
        ENTRY,
        display_name="W" * 120,
        organisation="O" * 120,
        kind=kind,
        mode=mode,
        role=Role.EXTERNAL,
        offers=EVERYTHING,
        each_time=EVERYTHING,
        capability=Capability.RECORD if kind is QuestionKind.CAPABILITY else None,
        detail="y" * 200,
    )
    dialog, _ = ask(root, question, texts)
    root.update()
    for key in ("consent.no", "consent.yes"):
        assert on_screen(button(root, texts(key)))
    assert any(str(text).startswith("W") for text in words(root))
    dialog.close()


@pytest.mark.parametrize("kind", [QuestionKind.ENTRY, QuestionKind.MODE, QuestionKind.CONTROL])
def test_N1_whoever_asks_for_much_is_shown_with_the_warning(root: tk.Tk, kind: QuestionKind) -> None:
    dialog, _ = ask(root, replace(ENTRY, kind=kind))
    assert SPANISH("consent.warning") in words(root)
    dialog.close()


# --- a colleague comes in ---


def veto(root: tk.Tk) -> tuple[VetoNotice, list[bool]]:
    answers: list[bool] = []
    question = replace(ENTRY, kind=QuestionKind.VETO, deadline_ms=now_ms() + 8000)
    notice = VetoNotice(root, SPANISH, question, answers.append)
    notice.place(0)
    return notice, answers


@pytest.mark.parametrize(("key", "answer"), [("veto.away", False), ("veto.fine", True)])
def test_G11_a_colleague_can_be_turned_away(root: tk.Tk, key: str, answer: bool) -> None:
    _, answers = veto(root)
    press(root, SPANISH(key))
    assert answers == [answer]


def test_G11_silence_answers_nothing_and_no_focus_is_taken(root: tk.Tk) -> None:
    root.deiconify()
    field = ttk.Entry(root)
    field.pack()
    field.focus_force()
    until(root, lambda: root.focus_displayof() is field, "no focus")
    notice, answers = veto(root)
    until(root, lambda: not button(root, SPANISH("veto.away")).instate(["disabled"]), "asleep")
    assert root.focus_displayof() is field
    notice.close()
    root.update()
    assert answers == []


def test_G11_a_veto_stands_on_a_small_screen_whatever_the_names(root: tk.Tk) -> None:
    question = replace(ENTRY, display_name="W" * 120, organisation="O" * 120, deadline_ms=now_ms() + 8000)
    notice = VetoNotice(root, SPANISH, question, lambda _: None)
    notice.place(0)
    until(root, lambda: bool(shown(root, ttk.Button)), "not shown")
    assert on_screen(button(root, SPANISH("veto.away")))
    notice.close()


# --- before a restart ---


@pytest.mark.parametrize("way", ["button", "escape", "cross"])
def test_V5_a_restart_is_called_off_in_every_way_of_closing_its_window(root: tk.Tk, way: str) -> None:
    commanded = Commanded()
    countdown = RestartCountdown(root, SPANISH, commanded.commands)
    countdown.render(now_ms() + 30_000)
    cancel = button(root, SPANISH("restart.cancel"))
    until(root, lambda: root.focus_displayof() is cancel, "the focus is elsewhere")
    window = cancel.winfo_toplevel()
    if way == "button":
        cancel.invoke()
    elif way == "escape":
        cancel.event_generate("<Escape>")
    else:
        window.tk.call(window.tk.call("wm", "protocol", str(window), "WM_DELETE_WINDOW"))
    root.update()
    assert commanded.done == [("cancel_restart",)]
    assert window.winfo_viewable(), "it goes when the session says so, not before"
    countdown.render(None)
    assert not window.winfo_exists()


def test_V5_the_seconds_are_counted_down(root: tk.Tk) -> None:
    countdown = RestartCountdown(root, SPANISH, Commanded().commands)
    countdown.render(now_ms() + 30_000)

    def seconds() -> int:
        read = words(root)
        return next(left for left in range(31) if SPANISH("restart.heading", seconds=left) in read)

    before = seconds()
    until(root, lambda: seconds() < before, "it stands still")
    countdown.render(None)
