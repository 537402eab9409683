"""The terminal holds nothing up and ends nothing, whatever it does itself; and it says and hears the same."""

import io
import json
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from relevo_agent.clock import now_ms
from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import (
    ChatEntry,
    Notice,
    Person,
    Phase,
    Question,
    QuestionKind,
    ShownCode,
    Snapshot,
    Token,
)
from relevo_agent.ui.console import Console
from relevo_agent.ui.front import Commands
from relevo_agent.ui.texts import Language, Texts
from relevo_agent.ui.words import TABLE
from relevo_protocol.errors import ErrorCode
from relevo_protocol.limits import MAX_CHAT_CHARS
from relevo_protocol.modes import Capability, Mode, Role, SessionKind

SPANISH = Texts(Language.ES)
ANA = Person(1, "Ana", "Org", Role.LEAD, present=True)
BEA = Person(2, "Bea", "Org", Role.SUPERVISOR, present=True)
LIVE = Snapshot(Phase.LIVE, Mode.FULL, None, (ANA,), token=Token(1))
OFFERS = (Capability.FILE_SEND, Capability.VOICE, Capability.RECORD)
ENTRY = Question(
    id=1,
    link=1,
    display_name="Ana",
    organisation="",
    kind=QuestionKind.ENTRY,
    mode=Mode.OBSERVER,
    role=Role.LEAD,
    deadline_ms=0,
    offers=OFFERS,
)
VETO = replace(ENTRY, id=2, kind=QuestionKind.VETO, display_name="Bea", offers=())


class Standing(io.StringIO):
    """A terminal after Ctrl+S."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, text: str) -> int:
        self.go_on.wait(120)
        return super().write(text)


class Broken(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


class Customer:
    """A console, what it wrote, and what was commanded by it."""

    def __init__(self, *, json_events: bool = False) -> None:
        self.out = io.StringIO()
        self.done: list[tuple[Any, ...]] = []
        self.console = Console(SPANISH, json_events=json_events, out=self.out)
        self.commands = Commands(**{field.name: self._note(field.name) for field in fields(Commands)})

    def _note(self, name: str) -> Any:
        def note(*values: Any) -> None:
            self.done.append((name, *values))

        return note

    def types(self, *lines: str) -> list[tuple[Any, ...]]:
        for line in lines:
            self.console.heard(line + "\n", self.commands)
        return self.done

    @property
    def said(self) -> str:
        with pytest.MonkeyPatch.context() as patience:
            patience.setattr("relevo_agent.ui.console.FLUSH_S", 60.0)
            self.console.close()
        return self.out.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.splitlines()]


@pytest.fixture
def customer() -> Customer:
    return Customer()


@pytest.fixture
def script() -> Customer:
    return Customer(json_events=True)


def test_a_terminal_that_stands_still_holds_nothing_up() -> None:
    out = Standing()
    console = Console(SPANISH, json_events=False, out=out)
    for number in range(5000):
        console.say(str(number))
    console.close()
    assert out.getvalue() == "", "the terminal has taken nothing yet"
    out.go_on.set()


def test_a_terminal_that_is_gone_ends_nothing() -> None:
    console = Console(SPANISH, json_events=False, out=Broken())
    for _ in range(3):
        console.say("x")
    console.close()


def test_the_same_failure_is_said_once_until_there_was_a_connection(customer: Customer) -> None:
    for _ in range(3):
        customer.console.failed(FailureKind.UNREACHABLE, final=False)
    customer.console.show(Snapshot(phase=Phase.WAITING))
    customer.console.failed(FailureKind.UNREACHABLE, final=False)
    assert customer.said.count(TABLE["fail.unreachable"][0]) == 2


@pytest.mark.parametrize(
    ("question", "key"),
    [
        (ENTRY, "consent.heading"),
        (replace(ENTRY, mode=Mode.FULL), "consent.heading_control"),
        (replace(ENTRY, kind=QuestionKind.MODE, mode=Mode.SHARED), "consent.heading_step_up"),
        (replace(ENTRY, kind=QuestionKind.MODE, mode=Mode.ADMINISTRATOR), "consent.heading_administrator"),
        (replace(ENTRY, kind=QuestionKind.MODE, mode=Mode.DEMO), "consent.demo"),
        (replace(ENTRY, kind=QuestionKind.CONTROL), "consent.heading_drive"),
        (
            replace(ENTRY, kind=QuestionKind.CAPABILITY, capability=Capability.POWER_REBOOT),
            "can.power.reboot",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_N1_what_is_asked_is_said_in_plain_words(customer: Customer, question: Question, key: str) -> None:
    customer.console.ask(question)
    assert TABLE[key][0] in customer.said


def test_N1_the_terminal_shows_each_box_what_is_asked_each_time_and_the_detail(customer: Customer) -> None:
    customer.console.ask(replace(ENTRY, each_time=(Capability.FILE_FETCH,)))
    customer.console.withdraw(1)
    asked = replace(ENTRY, kind=QuestionKind.CAPABILITY, capability=Capability.SYSTEM_PROCESSES_END)
    customer.console.ask(replace(asked, detail="firefox 1234"))
    said = customer.said
    for capability in OFFERS:
        assert SPANISH.capability(capability) in said
    assert "llevarse un archivo" in said
    assert "firefox 1234" in said


@pytest.mark.parametrize(
    ("line", "granted", "ticked"),
    [
        ("s", True, ()),
        ("YES", True, ()),
        ("sí todo", True, (Capability.FILE_SEND, Capability.VOICE)),
        ("y all", True, (Capability.FILE_SEND, Capability.VOICE)),
        ("s 1 3", True, (Capability.FILE_SEND, Capability.RECORD)),
        ("y 2,3", True, (Capability.VOICE, Capability.RECORD)),
        ("s 4", False, ()),
        ("s quizá", False, ()),
        ("", False, ()),
        ("n", False, ()),
        ("no todo", False, ()),
    ],
)
def test_N2_yes_alone_ticks_nothing_and_yes_to_all_leaves_the_recording_out(
    customer: Customer, line: str, granted: bool, ticked: tuple[Capability, ...]
) -> None:
    customer.console.ask(ENTRY)
    assert customer.types(line) == [("answer", 1, granted, frozenset(ticked))]


def test_N2_all_leaves_out_what_needs_elevation(customer: Customer) -> None:
    offers = (Capability.SYSTEM_SERVICES, Capability.TERMINAL_ADMIN)
    customer.console.ask(replace(ENTRY, mode=Mode.ADMINISTRATOR, offers=offers))
    assert customer.types("s todo") == [("answer", 1, True, frozenset({Capability.SYSTEM_SERVICES}))]


def test_an_answer_is_never_taken_for_another_question(customer: Customer) -> None:
    customer.console.ask(ENTRY)
    customer.console.ask(replace(ENTRY, id=3, display_name="Eve"))
    customer.console.ask(VETO)
    assert "Eve" not in customer.out.getvalue()
    assert customer.types("n", "s") == [
        ("answer", 1, False, frozenset()),
        ("answer", 3, True, frozenset()),
    ]
    assert "Eve" in customer.said


def test_a_question_that_waits_is_put_when_the_one_before_is_withdrawn(customer: Customer) -> None:
    customer.console.ask(ENTRY)
    customer.console.ask(replace(ENTRY, id=3, display_name="Eve"))
    customer.console.withdraw(1)
    customer.types("s")
    assert customer.done == [("answer", 3, True, frozenset())]
    assert "Eve" in customer.said


def test_G11_a_colleague_is_turned_away_by_a_word_of_its_own_only(customer: Customer) -> None:
    customer.console.ask(VETO)
    assert customer.types("s", "", "n") == []
    assert customer.types("fuera") == [("answer", 2, False, frozenset())]
    assert customer.types("fuera") == customer.done[:1]
    assert "\a" in customer.said


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("parar", ("stop",)),
        ("stop", ("stop",)),
        ("control", ("take_control",)),
        ("devolver", ("give_control",)),
        ("give", ("give_control",)),
        ("mirar", ("step_down",)),
        ("nuevo", ("new_code",)),
        ("cancelar", ("cancel_restart",)),
        ("cancel", ("cancel_restart",)),
        ("retirar", ("revoke_grant",)),
        ("revoke", ("revoke_grant",)),
        ("borrar", ("clear_marks",)),
        ("quitar 1", ("dismiss", 1)),
        ("draw 1", ("allow_marks", 1, True)),
        ("nodraw 1", ("allow_marks", 1, False)),
        ("decir ¿Qué tal?  bien", ("say", "¿Qué tal?  bien")),
        ("say a\u202eb", ("say", "a b")),
    ],
)
def test_what_is_typed_is_commanded_also_while_something_is_asked(
    customer: Customer, line: str, command: tuple[Any, ...]
) -> None:
    customer.console.show(LIVE)
    customer.console.ask(ENTRY)
    assert customer.types(line) == [command]


@pytest.mark.parametrize("line", ["quitar 9", "remove x", "say " + "x" * (MAX_CHAT_CHARS + 1)])
def test_what_cannot_be_done_is_said(customer: Customer, line: str) -> None:
    customer.console.show(LIVE)
    before = customer.out.getvalue()
    assert customer.types(line) == []
    assert len(customer.said) > len(before)


def test_somebody_whose_connection_is_cut_is_not_called_connected(customer: Customer) -> None:
    customer.console.show(replace(LIVE, people=(replace(ANA, present=False),)))
    assert "Ana, de Org: conexión cortada" in customer.said


def test_V5_a_restart_is_not_told_as_a_lost_connection(customer: Customer) -> None:
    customer.console.show(replace(LIVE, restart_at_ms=now_ms() + 30_000))
    customer.console.show(replace(LIVE, phase=Phase.RECONNECTING, restart_at_ms=now_ms() - 1))
    said = customer.said
    assert "Este PC se reinicia ahora." in said
    assert "Volviendo a conectar" not in said


def test_G2_who_has_the_control_is_said(customer: Customer) -> None:
    customer.console.show(replace(LIVE, people=(ANA, BEA)))
    customer.console.show(replace(LIVE, people=(ANA, BEA), token=Token(0)))
    said = customer.said
    assert "Ana, de Org controla su PC\nBea, de Org ve su pantalla" in said
    assert "Ana, de Org y Bea, de Org ven su pantalla\nUsted tiene el control" in said


def test_G13_in_a_demo_nobody_is_said_to_see_the_customers_screen(customer: Customer) -> None:
    customer.console.show(replace(LIVE, mode=Mode.DEMO, token=Token(), people=(ANA, BEA)))
    said = customer.said
    assert "Ana, de Org le enseña su pantalla" in said
    assert "ven su pantalla" not in said


def test_C16_with_a_reserved_number_only_six_digits_are_to_be_told(customer: Customer) -> None:
    customer.console.show(Snapshot(Phase.WAITING, code=ShownCode("482913705146", 0, reserved=True)))
    assert "seis últimas" in customer.said


@pytest.mark.parametrize("notice", list(Notice))
@pytest.mark.parametrize("who", ["Ana", ""])
def test_every_notice_is_said_with_and_without_a_name(customer: Customer, notice: Notice, who: str) -> None:
    customer.console.tell(notice, who)
    assert "{" not in customer.said


# --- events for scripts ---


def test_a_script_is_told_of_a_question_with_everything_that_it_is_about(script: Customer) -> None:
    script.console.ask(replace(ENTRY, each_time=(Capability.FILE_FETCH,), detail="x", deadline_ms=now_ms()))
    (asking,) = script.events
    assert asking["kind"] == "entry"
    assert asking["offers"] == ["file.send", "voice", "record"]
    assert asking["each_time"] == ["file.fetch"]
    assert (asking["role"], asking["mode"], asking["detail"], asking["capability"]) == (
        "lead",
        "observer",
        "x",
        None,
    )


def test_a_script_is_told_of_everything_that_changes(
    script: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall_ms, at_ms = 1.8e12, now_ms()
    monkeypatch.setattr("relevo_agent.ui.console.now_ms", lambda: at_ms)
    script.console.show(replace(LIVE, people=(ANA, BEA)))
    changed = replace(
        LIVE,
        people=(replace(ANA, role=Role.COLLABORATOR), replace(BEA, role=Role.LEAD)),
        token=Token(0, 2, at_ms + 1500),
        chat=(ChatEntry(1, 2, "Bea", "hola", wall_ms),),
        restart_at_ms=at_ms + 30_000,
        grant_ends_at_ms=at_ms + 60_000,
        hold_ends_at_ms=at_ms + 3_600_000,
        marks=True,
    )
    script.console.show(changed)
    script.console.show(replace(changed, restart_at_ms=None))
    script.console.receipt(Path("/r.html"))
    events: dict[str, list[dict[str, Any]]] = {}
    for event in script.events:
        events.setdefault(event["event"], []).append(event)
    assert [event["name"] for event in events["lead"]] == ["Ana", "Bea"]
    assert [event["holder"] for event in events["token"]] == [1, 0]
    assert events["token"][1]["next"] == 2
    assert [event["text"] for event in events["chat"]] == ["hola"]
    assert [event["in_s"] for event in events["restart"]] == [30, None]
    assert events["grant"][0]["ends_in_s"] == 60
    assert events["hold"][0]["ends_in_s"] == 3600
    assert events["marks"][0]["shown"] is True
    assert events["receipt"][0]["path"] == "/r.html"


def test_G12_a_script_gets_the_link_of_a_presentation(script: Customer) -> None:
    script.console.show(
        Snapshot(Phase.LIVE, Mode.DEMO, kind=SessionKind.PRESENTATION, link="https://r/demo#i=a")
    )
    assert [event for event in script.events if event["event"] == "link"] == [
        {"event": "link", "url": "https://r/demo#i=a"}
    ]


def test_after_the_end_nothing_can_be_answered(customer: Customer) -> None:
    customer.console.ask(ENTRY)
    customer.console.ask(VETO)
    customer.console.ended(ErrorCode.SESSION_ENDED)
    assert customer.types("s", "fuera") == []


def test_an_octet_that_is_no_character_does_not_end_the_keyboard(customer: Customer) -> None:
    heard = threading.Event()
    commands = replace(customer.commands, stop=heard.set)
    customer.console.show(LIVE)
    typed = io.TextIOWrapper(io.BytesIO(b"\xf1\nstop\n"), encoding="utf-8")
    customer.console.listen(commands, typed)
    assert heard.wait(60)


@pytest.mark.parametrize(("snapshots", "key"), [((), "ended.never"), ((LIVE,), "phase.ended")])
def test_who_was_never_connected_is_not_told_of_the_end_of_a_session(
    snapshots: tuple[Snapshot, ...], key: str
) -> None:
    customer = Customer()
    for snapshot in (Snapshot(Phase.CONNECTING), *snapshots, Snapshot(Phase.ENDED)):
        customer.console.show(snapshot)
    customer.console.ended(ErrorCode.SESSION_ENDED)
    assert SPANISH(key) in customer.said
