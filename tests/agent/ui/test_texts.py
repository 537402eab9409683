"""Both languages say the same, about everything that there is."""

import json
import re
from enum import StrEnum
from pathlib import Path

import pytest

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Phase
from relevo_agent.session.entries import DecidedBy
from relevo_agent.ui.keyboard import carry_out
from relevo_agent.ui.texts import Language, Texts
from relevo_agent.ui.words import TABLE, capabilities, consent, doctor, failures, receipt, session, team
from relevo_protocol.modes import Capability, Mode, Role
from tests.agent.ui.stage import Commanded

PARTS = (capabilities, consent, doctor, failures, receipt, session, team)


def test_both_languages_have_the_same_values_and_none_is_empty() -> None:
    for key, (spanish, english) in TABLE.items():
        assert spanish.strip(), key
        assert english.strip(), key
        assert sorted(re.findall(r"{(\w+)}", spanish)) == sorted(re.findall(r"{(\w+)}", english)), key


def test_no_key_is_in_two_tables() -> None:
    assert sum(len(part.TABLE) for part in PARTS) == len(TABLE)


@pytest.mark.parametrize(
    ("prefix", "kinds"),
    [
        ("can", Capability),
        ("role", Role),
        ("mode", Mode),
        ("mode_name", Mode),
        ("notice", Notice),
        ("phase", Phase),
        ("fail", FailureKind),
        ("receipt.by", DecidedBy),
    ],
)
def test_everything_has_its_words(prefix: str, kinds: type[StrEnum]) -> None:
    join = "_" if prefix == "receipt.by" else "."
    assert {f"{prefix}{join}{kind.value}" for kind in kinds} <= TABLE.keys()


@pytest.mark.parametrize(
    ("left_ms", "spanish"),
    [
        (-5, "0 s"),
        (59_400, "59 s"),
        (61_000, "1 min"),
        (3_600_000, "1 h 0 min"),
        (8 * 3_600_000 + 60_000, "8 h 1 min"),
    ],
)
def test_how_long_something_lasts(left_ms: float, spanish: str) -> None:
    assert Texts(Language.ES).left(left_ms) == spanish


def test_what_they_may_do_reads_on_behind_its_colon() -> None:
    assert Texts(Language.ES).may(Mode.OBSERVER) == "Qué pueden hacer: solo ver su pantalla, sin tocar nada."
    assert (
        Texts(Language.EN).may(Mode.OBSERVER)
        == "What they may do: only see your screen, without touching anything."
    )


@pytest.mark.parametrize("language", list(Language))
def test_N8_window_terminal_and_browser_call_a_report_the_same(language: Language) -> None:
    texts = Texts(language)
    pages = Path(__file__).parents[3] / "viewer" / "src" / "ui" / "texts" / f"security.{language}.json"
    browser = json.loads(pages.read_text(encoding="utf-8"))["report"]
    assert texts("report.end") == browser["hostOpen"]
    assert texts("report.end") in texts("report.why")
    word = texts("report.end").split()[0].lower()
    assert word == browser["only"].lower()
    commanded = Commanded()
    assert carry_out(word, frozenset(), commanded.commands) is True
    assert commanded.done == [("report",)]
    assert f" {word} (" in texts("term.help")
