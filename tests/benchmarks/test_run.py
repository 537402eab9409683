import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import report
from benchmarks.__main__ import main
from benchmarks.core import opened
from benchmarks.relay import room_with
from benchmarks.scenes import HEIGHT, SCENES, WIDTH, Scene


def test_parts_print_and_keep_their_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    assert main(["--quick", "--write", "--only", "relay", "sealing"]) == 0
    printed = capsys.readouterr().out
    assert "Relay core" in printed
    kept = json.loads(next(tmp_path.glob("*.json")).read_text(encoding="utf-8"))
    assert kept["about"]["command"] == "python -m benchmarks --quick --write --only relay sealing"
    assert [table["title"] for table in kept["tables"]] == [
        "Relay core",
        "Sealing a frame (SFrame, AES-256-GCM)",
    ]
    assert "| kB | viewers |" in next(tmp_path.glob("*.md")).read_text(encoding="utf-8")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_scenes_fill_the_screen_and_move_unless_idle(scene: Scene) -> None:
    canvas = scene.start()
    assert canvas.shape == (HEIGHT, WIDTH, 4)
    scene.paint(canvas, 0)
    before = canvas.copy()
    scene.paint(canvas, 1)
    assert np.array_equal(before, canvas) == (scene.name == "idle")


def test_typing_run_gives_frames_and_costs() -> None:
    run = opened(next(scene for scene in SCENES if scene.name == "typing"))
    run.play(1000, moving=False)
    run.forget()
    run.play(300, moving=True)
    assert 3 <= len(run.frames) <= 6
    assert min(run.frame_costs_ms) > 0


@pytest.mark.parametrize("viewers", [1, 5])
def test_room_lets_media_flow(viewers: int) -> None:
    assert len(room_with(viewers).viewers) == viewers
