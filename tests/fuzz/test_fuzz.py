"""What is spoilt is refused with a typed error of the wire, in both languages alike (SPEC M1; SECURITY X8).

The viewer's half is `viewer/tests/fuzz/agreement.test.ts`; both read `verdicts.json` and `corpus.json`.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.duel import (
    Duel,
    Finding,
    Hung,
    Side,
    Tally,
    differences,
    growth_mib,
    hanging,
    is_flat,
    python_side,
    shorter,
)
from tests.fuzz.mutate import Outcome, Random, Target, conversation, packed, spoil, unpacked
from tests.fuzz.readers import targets
from tests.fuzz.side import answer
from tools import fuzz

_HOME = Path(__file__).parent
_KEPT = json.loads((_HOME / "verdicts.json").read_text(encoding="utf-8"))
_CORPUS = json.loads((_HOME / "corpus.json").read_text(encoding="utf-8"))


def test_the_numbers_are_those_of_the_other_language() -> None:
    random = Random(1)
    assert [random.below(1000) for _ in range(5)] == [627, 2, 527, 981, 968]


def test_a_spoilt_message_is_the_same_in_every_run() -> None:
    one, again = (spoil(bytes(range(50)), Random(9)) for _ in range(2))
    assert one == again != bytes(range(50))


@pytest.mark.parametrize("target", targets().values(), ids=list(targets()))
def test_X8_M1_what_is_spoilt_is_taken_or_refused_as_written_down(target: Target) -> None:
    due = _KEPT["signs"][target.name]
    signs = target.signs(_KEPT["seed"], 0, len(due))
    assert signs == due, f'{target.name} is read otherwise; if the wire has changed: make fuzz ARGS="--write"'
    assert signs.strip("0"), "nothing is taken: that says nothing"


@pytest.mark.parametrize("kept", _CORPUS, ids=[one["why"] for one in _CORPUS])
def test_X8_what_was_found_once_is_read_right_since(kept: dict[str, str]) -> None:
    assert targets()[kept["target"]].read(bytes.fromhex(kept["hex"])) == kept["sign"]


def test_twenty_thousand_cases_are_written_down() -> None:
    assert sum(len(signs) for signs in _KEPT["signs"].values()) >= 20_000
    assert list(_KEPT["signs"]) == list(targets())


def test_a_case_of_several_messages_holds_them() -> None:
    parts = [b"one", b"", b"three"]
    assert unpacked(packed(parts)) == parts
    assert unpacked(b"\0\3on") == [b"on"]
    assert 1 <= len(unpacked(conversation(parts, Random(3)))) <= 6


def test_an_outcome_tells_what_was_read_and_what_was_refused() -> None:
    refused, one, other = Outcome(), Outcome(), Outcome()
    refused.refuse("malformed")
    one.take(b"1", 2)
    other.take(b"1", 3)
    assert refused.sign == "0" != one.sign != other.sign != "0"


def test_a_difference_has_a_name() -> None:
    one = targets()["header"]
    assert differences(one, 1, "0101", "0101") == []
    (told,) = differences(one, 1, "0101", "0111")
    assert told == Finding("header", one.case(1, 2).hex(), "seed 1, case 2: Python says 0, the viewer 1")


def test_a_crash_is_told_with_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(body: bytes) -> str:
        raise IndexError("ours")

    bad = Target("bad", lambda random: b"\1", fail)
    monkeypatch.setattr("tests.fuzz.side.targets", lambda: {"bad": bad})
    assert answer({"target": "bad", "seed": 1, "first": 0, "count": 3}) == {
        "crash": "IndexError: ours",
        "hex": "01",
    }


def test_a_case_is_shortened_to_what_matters() -> None:
    case = bytes(40) + b"\xab\xcd" + bytes(100)
    assert shorter(case.hex(), lambda hexed: "abcd" in hexed) == "abcd"
    assert shorter("0102", lambda hexed: False) == "0102"


def test_memory_that_rises_is_seen() -> None:
    assert is_flat([300.0] * 4 + [60.0] * 20)
    assert not is_flat([60.0 + 10 * n for n in range(40)])
    assert growth_mib([1.0, 500.0]) == 0.0


class _Stuck(Side):
    """A side that does not come back from one case."""

    def __init__(self, at: int) -> None:
        super().__init__("Python", [])
        self._at = at

    def say(self, asked: dict[str, Any]) -> None: ...

    def hear(self, deadline_s: float = 0.0) -> dict[str, Any]:
        raise Hung

    def ask(self, asked: dict[str, Any], deadline_s: float = 0.0) -> dict[str, Any]:
        if "hex" in asked or asked["first"] <= self._at < asked["first"] + asked["count"]:
            raise Hung
        return {"signs": "0" * asked["count"]}


@pytest.mark.parametrize("at", [0, 1, 7, 99])
def test_the_case_at_which_a_side_hangs_is_found(at: int) -> None:
    target = targets()["header"]
    found = hanging(_Stuck(at), target, 3, 0, 100)
    assert found.hex == target.case(3, at).hex()
    assert found.why == f"seed 3, case {at}: Python hangs"


def test_X8_a_hang_is_told_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = tmp_path / "corpus.json"
    corpus.write_text("[]", encoding="utf-8")
    monkeypatch.setattr(fuzz, "_CORPUS", corpus)
    run = fuzz.Run([targets()["header"]], seed=3, end_s=math.inf, max_rounds=1, max_cases=1000)
    fuzz._work(run, Duel((_Stuck(7), _Stuck(7))))
    (told,) = run.findings
    assert (told.hex, told.why) == (targets()["header"].case(3, 7).hex(), "seed 3, case 7: Python hangs")
    assert json.loads(corpus.read_text(encoding="utf-8")) == [told.kept("0")]


def test_a_case_on_which_a_side_hangs_is_no_shorter_case_of_a_crash() -> None:
    crash = Finding("header", "0102", "seed 1: Python: IndexError")
    assert Duel((_Stuck(0), _Stuck(0))).shrunk(crash) == crash


class _Broken(Duel):
    def block(self, target: Target, seed: int, count: int, tally: Tally) -> list[Finding]:
        raise RuntimeError("a mistake of ours")


def test_what_could_not_be_carried_out_is_no_agreement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "bundled", Path)
    monkeypatch.setattr(fuzz, "Duel", _Broken)
    with pytest.raises(RuntimeError, match="ours"):
        fuzz.main(["--rounds", "1", "--target", "header"])


def test_a_side_that_does_not_answer_is_ended() -> None:
    with Side("Python", [sys.executable, "-c", "import time; time.sleep(60)"]) as side, pytest.raises(Hung):
        side.ask({}, 0.2)


def test_a_side_that_ends_is_a_crash() -> None:
    with Side("Python", [sys.executable, "-c", ""]) as side:
        assert side.ask({})["crash"] == "the process of the Python side has ended"


_OTHERWISE = """
import tests.fuzz.side, tests.fuzz.mutate, tests.fuzz.readers
known = tests.fuzz.readers.targets()
right = known["header"]
read = lambda body: "0" if body[1:2] == b"\\3" else right.read(body)
known["header"] = tests.fuzz.mutate.Target("header", right.make, read)
tests.fuzz.side.main()
"""


def test_a_side_that_reads_otherwise_is_found_out_with_a_short_case() -> None:
    header, tally = targets()["header"], Tally()
    with python_side() as one, Side("viewer", [sys.executable, "-c", _OTHERWISE]) as other:
        duel = Duel((one, other))
        duel.begin_round()
        found = duel.block(header, 1, 3000, tally)
        assert found, "no handshake was among the cases"
        short = duel.shrunk(found[0])
    assert tally.cases == 3000
    assert header.read(bytes.fromhex(short.hex)) == "1"
    assert len(short.hex) <= len(found[0].hex)
    assert short.kept("1") == {"target": "header", "hex": short.hex, "sign": "1", "why": found[0].why}
