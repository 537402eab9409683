"""A Tk root on a display of one's own, fake commands, and a way to find what a customer would look for."""

import time
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import fields
from tkinter import ttk
from typing import Any

from relevo_agent.session.actions import Person, Phase, Question, QuestionKind, Snapshot, Token
from relevo_agent.ui.front import Commands
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.modes import Mode, Role, SessionKind

WAIT_S = 60.0
SPANISH, ENGLISH = Texts(Language.ES), Texts(Language.EN)
ANA = Person(1, "Ana", "Org", Role.LEAD, present=True)
BEA = Person(2, "Bea", "Org", Role.SUPERVISOR, present=True)
LIVE = Snapshot(Phase.LIVE, Mode.FULL, None, (ANA,), token=Token(1))
ENTRY = Question(
    id=1,
    link=1,
    display_name="Ana",
    organisation="Org",
    kind=QuestionKind.ENTRY,
    mode=Mode.FULL,
    role=Role.LEAD,
    deadline_ms=0,
)
CROWD = tuple(
    Person(slot, "W" * 120, "O" * 120, Role.LEAD if slot == 1 else Role.COLLABORATOR, present=True)
    for slot in range(1, 6)
)
PRESENTED = Snapshot(
    Phase.LIVE,
    Mode.DEMO,
    None,
    (
        Person(1, "Ana", "", Role.DEMO_VIEWER, present=True),
        Person(2, "Bea", "", Role.DEMO_VIEWER, present=True, may_mark=True),
    ),
    kind=SessionKind.PRESENTATION,
    link="https://relay.example/demo#i=abc",
)


class Commanded:
    """Commands that only note what was commanded."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.commands = Commands(**{field.name: self._note(field.name) for field in fields(Commands)})

    def _note(self, name: str) -> Any:
        def note(*values: Any) -> None:
            self.done.append((name, *values))

        return note


def all_in(widget: tk.Misc) -> Iterator[tk.Misc]:
    """A widget and everything in it."""
    yield widget
    for child in widget.winfo_children():
        yield from all_in(child)


def text_of(widget: tk.Misc) -> str:
    """What stands on a widget."""
    try:
        return str(widget.cget("text"))
    except tk.TclError:
        return ""


def shown(root: tk.Misc, kind: type[tk.Misc] = tk.Misc) -> list[tk.Misc]:
    """Every widget of a kind that can be seen now."""
    root.update()
    return [widget for widget in all_in(root) if isinstance(widget, kind) and widget.winfo_viewable()]


def words(root: tk.Misc) -> list[str]:
    """Everything that can be read now."""
    return [text for widget in shown(root) if (text := text_of(widget))]


def button(root: tk.Misc, text: str) -> ttk.Button:
    """The one button that can be seen with this text."""
    (found,) = [w for w in shown(root, ttk.Button) if text_of(w) == text]
    assert isinstance(found, ttk.Button)
    return found


def buttons(root: tk.Misc) -> set[str]:
    """What stands on the buttons that can be seen."""
    return {text_of(widget) for widget in shown(root, ttk.Button)}


def until(root: tk.Misc, condition: Callable[[], bool], what: str) -> None:
    """Let Tk work until something is so."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, what
        root.update()
        time.sleep(0.01)


def press(root: tk.Misc, text: str) -> None:
    """Press a button as soon as it can be pressed."""
    wanted = button(root, text)
    until(root, lambda: not wanted.instate(["disabled"]), f"{text} stays asleep")
    wanted.invoke()
    root.update()


def on_screen(widget: tk.Misc) -> bool:
    """Whether all of a widget is on the screen."""
    right = widget.winfo_rootx() + widget.winfo_width()
    bottom = widget.winfo_rooty() + widget.winfo_height()
    inside = right <= widget.winfo_screenwidth() and bottom <= widget.winfo_screenheight()
    return inside and widget.winfo_rootx() >= 0 and widget.winfo_rooty() >= 0
