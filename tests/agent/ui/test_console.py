"""The terminal holds nothing up and ends nothing, whatever it does itself."""

import io
import threading
import time

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Person, Phase, Question, ShownCode, Snapshot
from relevo_agent.ui.console import Console
from relevo_agent.ui.texts import Language, Texts
from relevo_agent.ui.words import TABLE
from relevo_protocol.modes import Mode, Role

SPANISH = Texts(Language.ES)


class Standing(io.StringIO):
    """A terminal after Ctrl+S."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, text: str) -> int:
        self.go_on.wait(20)
        return super().write(text)


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def said(console: Console, out: io.StringIO) -> str:
    console.close()
    return out.getvalue()


def test_a_terminal_that_stands_still_holds_nothing_up() -> None:
    out = Standing()
    console = Console(SPANISH, json_events=False, out=out)
    begin_s = time.monotonic()
    for number in range(5000):
        console.say(str(number))
    console.close()
    assert time.monotonic() - begin_s < 5
    out.go_on.set()


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    console = Console(SPANISH, json_events=False, out=Broken())
    for _ in range(3):
        console.say("x")
    console.close()


def test_the_same_failure_is_said_once_until_there_was_a_connection() -> None:
    out = io.StringIO()
    console = Console(SPANISH, json_events=False, out=out)
    for _ in range(3):
        console.failed(FailureKind.UNREACHABLE, final=False)
    console.show(Snapshot(phase=Phase.WAITING))
    console.failed(FailureKind.UNREACHABLE, final=False)
    assert said(console, out).count(TABLE["fail.unreachable"][0]) == 2


def test_who_asks_for_control_is_announced_as_such() -> None:
    out = io.StringIO()
    console = Console(SPANISH, json_events=False, out=out)
    console.ask(Question(1, 1, "Ana", "", Mode.FULL, step_up=False, deadline_ms=0))
    assert TABLE["consent.heading_control"][0] in said(console, out)


def test_somebody_whose_connection_is_cut_is_not_called_connected() -> None:
    out = io.StringIO()
    console = Console(SPANISH, json_events=False, out=out)
    console.show(Snapshot(Phase.LIVE, Mode.FULL, None, (Person(1, "Ana", "Org", Role.LEAD, present=False),)))
    assert "Ana, de Org: conexión cortada" in said(console, out)


def test_C16_with_a_reserved_number_only_six_digits_are_to_be_told() -> None:
    out = io.StringIO()
    console = Console(SPANISH, json_events=False, out=out)
    console.show(Snapshot(Phase.WAITING, code=ShownCode("482913705146", 0, reserved=True)))
    assert "seis últimas" in said(console, out)


def test_every_text_of_the_table_is_in_both_languages() -> None:
    for key, (spanish, english) in TABLE.items():
        assert spanish, key
        assert english, key
