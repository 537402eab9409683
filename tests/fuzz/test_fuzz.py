"""Spoilt messages are refused with a typed error of the wire, in both languages alike (SPEC M1, W1, F1).

The viewer's half is `viewer/tests/fuzz/agreement.test.ts`; both compare with `verdicts.json`.
"""

import json
from pathlib import Path

import pytest

from tests.fuzz.mutate import Random, Target, spoil, targets

_KEPT = json.loads((Path(__file__).parent / "verdicts.json").read_text(encoding="utf-8"))


def test_the_numbers_are_those_of_the_other_language() -> None:
    random = Random(1)
    assert [random.below(1000) for _ in range(5)] == [627, 2, 527, 981, 968]


def test_a_spoilt_message_is_the_same_in_every_run() -> None:
    one, again = (spoil(bytes(range(50)), Random(9)) for _ in range(2))
    assert one == again != bytes(range(50))


@pytest.mark.parametrize("target", targets(), ids=lambda one: one.name)
def test_X8_M1_what_is_spoilt_is_taken_or_refused_as_written_down(target: Target) -> None:
    taken = target.verdicts(_KEPT["seed"], _KEPT["count"])
    told = f'{target.name} is read otherwise; if the wire has changed: make fuzz ARGS="--write"'
    assert taken == _KEPT["verdicts"][target.name], told
    count = int(taken, 16).bit_count()
    assert 0 < count < _KEPT["count"] / 2, f"{count} of {_KEPT['count']} are taken: that says nothing"


def test_twenty_thousand_cases_are_written_down() -> None:
    assert _KEPT["count"] * len(targets()) >= 20_000
    assert set(_KEPT["verdicts"]) == {one.name for one in targets()}


def test_a_difference_has_a_name() -> None:
    from tools.fuzz import Verdicts, _differences

    (one, *_) = targets()
    ours: Verdicts = {"seed": 1, "count": 8, "verdicts": {one.name: "12"}}
    theirs: Verdicts = {"seed": 1, "count": 8, "verdicts": {one.name: "13"}}
    assert _differences(one, 1, ours, ours) == []
    (told,) = _differences(one, 1, ours, theirs)
    assert told.startswith(f"{one.name}, seed 1, case 7: Python 0, viewer 1: ")
