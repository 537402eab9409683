"""Windows in a process of their own: they come and go with a display, the session does not."""

import io
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from Xlib import display as xdisplay
from Xlib.error import BadWindow

from relevo_agent.session.actions import Person, Phase, Question, QuestionKind, Snapshot
from relevo_agent.ui import elsewhere
from relevo_agent.ui.elsewhere import WindowElsewhere, obey, plain_commands, speaking
from relevo_agent.ui.front import Commands
from relevo_agent.ui.texts import Language
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.desktop import wait_for, xvfb

LIVE = Snapshot(
    phase=Phase.LIVE,
    mode=Mode.ADMINISTRATOR,
    people=(Person(1, "Ana Ruiz", "Ayuda", Role.LEAD, present=True),),
    grant_ends_at_ms=time.monotonic() * 1000 + 1e6,
)
QUESTION = Question(
    *(3, 1, "Ana Ruiz", "Ayuda", QuestionKind.CAPABILITY, Mode.ADMINISTRATOR, Role.LEAD),
    deadline_ms=time.monotonic() * 1000 + 60_000,
    capability=Capability.TERMINAL_ADMIN,
)


def noting(heard: list[tuple[Any, ...]]) -> Commands:
    def note(name: str) -> Callable[..., None]:
        return lambda *words: heard.append((name, *words))

    return Commands(**{name: note(name) for name in Commands.__dataclass_fields__})


def test_every_command_comes_through() -> None:
    heard: list[tuple[Any, ...]] = []
    pipe = io.BytesIO()
    commands = speaking(lambda command: elsewhere._write(pipe, command))
    commands.answer(3, True, frozenset({Capability.SYSTEM_INFO}))
    commands.say("hola")
    commands.dismiss(2)
    commands.allow_marks(4, False)
    for act in plain_commands(commands).values():
        act()
    pipe.seek(0)
    while (body := elsewhere._read(pipe)) is not None:
        obey(noting(heard), msgspec.msgpack.decode(body, type=elsewhere._Commanded))
    assert heard[:4] == [
        ("answer", 3, True, frozenset({Capability.SYSTEM_INFO})),
        ("say", "hola"),
        ("dismiss", 2),
        ("allow_marks", 4, False),
    ]
    assert {name for name, *_ in heard} == set(Commands.__dataclass_fields__)


def test_a_name_that_is_no_command_does_nothing() -> None:
    heard: list[tuple[Any, ...]] = []
    obey(noting(heard), elsewhere._Plain("answer"))
    assert heard == []


@pytest.mark.parametrize("cut", [b"", b"\0\0", b"\0\0\0\5abc", b"\xff\xff\xff\xffabcd"])
def test_a_pipe_that_breaks_is_the_end(cut: bytes) -> None:
    assert elsewhere._read(io.BytesIO(cut)) is None


def windows(name: str) -> list[str]:
    """The titles of the windows of a display."""
    connection = xdisplay.Display(name)
    try:
        found: list[str] = []
        waiting = [connection.screen().root]
        while waiting:
            window = waiting.pop()
            try:
                waiting += window.query_tree().children
                title = window.get_wm_name()
            except BadWindow:  # it has gone meanwhile
                continue
            if title:
                found.append(str(title))
        return found
    finally:
        connection.close()


def shows(name: str, count: int) -> bool:
    titles = windows(name)
    return len(titles) >= count and any("Relevo" in title for title in titles)


def test_the_windows_follow_the_display_and_the_session_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[Any, ...]] = []
    front = WindowElsewhere(Language.ES)
    front.show(LIVE)
    front.ask(QUESTION)
    for _ in range(2):
        with xvfb() as name:
            monkeypatch.setenv("DISPLAY", name)
            front.open(noting(heard))
            wait_for(partial(shows, name, 2), lambda: "no window, or no dialog")
        # The server is gone, and with it the windows.
        wait_for(lambda: not front.is_open, lambda: "the windows outlive their display")
    front.withdraw(QUESTION.id)
    front.close()
    assert heard == []
