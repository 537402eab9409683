"""The attacks that are quick, each with the end it must come to; `make attack` carries out all of them."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.attacks.__main__ import main
from tests.attacks.client import Ground, own_ground
from tests.attacks.runner import chosen
from tests.attacks.table import ATTACKS, Attack, Broken, Needs, must

_LONG = {"F3", "F5", "F6", "G6", "H6", "H7", "A4"}
"""They wait for deadlines, or need a minute of a server for themselves."""
_QUICK = [one for one in chosen() if one.id not in _LONG]


@pytest.mark.parametrize("one", [a for a in _QUICK if a.needs is Needs.HOST], ids=lambda one: one.id)
def test_X9_an_attack_on_a_session_comes_to_its_end(one: Attack) -> None:
    asyncio.run(one.run(Ground(None)))


@pytest.mark.parametrize("letter", sorted({a.id[0] for a in _QUICK if a.needs is not Needs.HOST}))
def test_X9_attacks_on_a_server_come_to_their_ends(tmp_path: Path, letter: str) -> None:
    async def play() -> None:
        shared = [a for a in _QUICK if a.id[0] == letter and a.needs is not Needs.HOST and not a.apart]
        async with own_ground(tmp_path / "shared") as ground:
            for one in shared:
                await one.run(ground)
        for one in [a for a in _QUICK if a.id[0] == letter and a.apart]:
            async with own_ground(tmp_path / one.id) as ground:
                await one.run(ground)

    asyncio.run(play())


def test_every_attack_has_a_name_an_end_and_rules() -> None:
    assert len(ATTACKS) > 50
    assert set(ATTACKS) >= _LONG
    for one in ATTACKS.values():
        assert all((one.name, one.expects, one.rules)), one.id


def _only_this(one: Attack, _only: list[str]) -> list[Attack]:
    return [one]


def test_the_status_tells_a_broken_defence_and_an_attack_that_could_not_be_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(_ground: Ground) -> None:
        must(False, "the treasure")

    async def failed(_ground: Ground) -> None:
        raise ValueError("no way there")

    assert issubclass(Broken, AssertionError)
    for run, status, told in ((broken, 1, "the treasure"), (failed, 2, "no way there")):
        one = Attack("Q1", "a try", "nothing", "X2", Needs.HOST, run)
        monkeypatch.setattr("tests.attacks.__main__.chosen", partial(_only_this, one))
        assert main([]) == status
        assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    "url", ["https://shop.example", "https://127.0.0.1.evil.example", "http://127.0.0.1"]
)
def test_nobody_is_attacked_who_has_not_agreed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--url", url, "--only", "H1"])
    assert "--" in capsys.readouterr().err
