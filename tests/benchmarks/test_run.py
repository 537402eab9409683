import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import benchmarks.__main__
from benchmarks.__main__ import main
from benchmarks.measure import Block, Table, Unavailable
from benchmarks.relay import room_with
from benchmarks.scenes import HEIGHT, SCENES, WIDTH, Scene
from benchmarks.sections import SECTIONS, Section, named


def test_parts_print_and_keep_their_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--quick", "--write", "--into", str(tmp_path), "--only", "relay", "sealing"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "Relay core" in printed
    kept = json.loads(next(tmp_path.glob("*.json")).read_text(encoding="utf-8"))
    assert kept["about"]["command"] == " ".join(["python -m benchmarks", *arguments])
    assert {table["title"] for table in kept["tables"]} == {
        "Relay core",
        "Sealing a frame (SFrame, AES-256-GCM)",
    }
    assert "| kB | viewers |" in next(tmp_path.glob("*.md")).read_text(encoding="utf-8")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_scenes_fill_the_screen_and_move_unless_idle(scene: Scene) -> None:
    canvas = scene.start()
    assert canvas.shape == (HEIGHT, WIDTH, 4)
    scene.paint(canvas, 0)
    before = canvas.copy()
    scene.paint(canvas, 1)
    assert np.array_equal(before, canvas) == (scene.name == "idle")


def test_a_section_that_breaks_or_lacks_something_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(_quick: bool) -> list[Block]:
        raise RuntimeError("broken on purpose")

    def lacks(_quick: bool) -> list[Block]:
        raise Unavailable("install this")

    chosen = [
        Section("a", "", breaks),
        Section("b", "", lacks),
        Section("c", "", lambda _: [Table("T", "", ("x",))]),
    ]

    def those(_names: Sequence[str]) -> list[Section]:
        return chosen

    monkeypatch.setattr(benchmarks.__main__, "named", those)
    assert main(["--quick"]) == 1
    captured = capsys.readouterr()
    assert "b: not measured here. install this" in captured.out
    assert captured.out.index("\nT\n") > 0
    assert "broke, see above: a" in captured.err


def test_sections_have_names_of_their_own_and_asked_ones_wait_to_be_asked() -> None:
    names = [section.name for section in SECTIONS]
    assert len(set(names)) == len(names)
    assert named([]) == [section for section in SECTIONS if not section.asked_only]
    assert [section.name for section in named(["relay"])] == ["relay"]
    assert main(["--list"]) == 0


@pytest.mark.parametrize("viewers", [1, 5])
def test_room_lets_media_flow(viewers: int) -> None:
    assert len(room_with(viewers).viewers) == viewers
