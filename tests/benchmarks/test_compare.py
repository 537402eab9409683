import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import plots
from benchmarks.compare import ResultUnreadable, Value, judged, main, ratio_of, read, warnings

ABOUT = {
    "processor": "P",
    "cores": 2,
    "machine": "M",
    "python": "3",
    "load_before": 0.1,
    "commit": "abc",
    "date": "D",
}


def figure(what: str, value: float, unit: str, section: str = "core", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "section": section,
        "title": "Scene: t",
        "what": what,
        "value": value,
        "unit": unit,
    }
    row |= {"target": None, "peers": dict[str, float](), "samples": 1, **more}
    return row


def result(folder: Path, name: str, figures: list[dict[str, Any]], **about: Any) -> Path:
    path = folder / f"{name}.json"
    tables = [{"section": "old", "title": "Old", "columns": ["encoder", "text ms"], "rows": [["zstd", 4.0]]}]
    path.write_text(json.dumps({"format": 2, "about": ABOUT | about, "figures": figures, "tables": tables}))
    return path


@pytest.mark.parametrize(
    ("ratio", "value", "word"),
    [
        (1.2, Value(1, "ms", False), "same"),
        (1.3, Value(1, "ms", False), "worse"),
        (0.7, Value(1, "ms", False), "better"),
        (1.05, Value(1, "kB", False), "worse"),
        (1.3, Value(1, "Mpx/s", True), "better"),
        (float("inf"), Value(1, "ms", False), "other"),
    ],
)
def test_a_ratio_is_judged_by_noise_and_direction(ratio: float, value: Value, word: str) -> None:
    assert judged(ratio, value) == word


def test_ratios_of_nothing() -> None:
    assert ratio_of(0, 0) == 1
    assert ratio_of(0, 3) == float("inf")
    assert ratio_of(2, 3) == 1.5


def test_comparison_prints_changes_and_leaves_out_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = {"value": 100, "at_least": True}
    before = [figure("step", 10, "ms"), figure("size", 100, "B"), figure("equal", 100, "%", target=target)]
    after = [figure("step", 11, "ms"), figure("size", 150, "B"), figure("equal", 50, "%", target=target)]
    arguments = [
        result(tmp_path, "a", before),
        result(tmp_path, "b", after, load_before=3.0, commit="x-dirty"),
    ]
    assert main([str(path) for path in arguments]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[-1] for line in printed.splitlines() if "Scene: t" in line] == ["worse", "worse"]
    assert "step" not in printed.splitlines()[-1]
    assert "b.json: the machine was busy" in printed
    assert "differ from commit x-dirty" in printed


def test_tables_of_old_results_are_compared_by_row_and_column(tmp_path: Path) -> None:
    found = read(result(tmp_path, "a", []))
    assert found.figures == {("old", "Old", "zstd: text ms"): Value(4.0, "ms", False)}
    assert list(warnings(found, found)) == []


def test_what_is_no_result_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("[]")
    with pytest.raises(ResultUnreadable, match=r"x\.json"):
        read(path)
    assert main([str(path), str(path)]) == 1


def test_pictures_are_drawn_small_and_the_same_each_time(tmp_path: Path) -> None:
    figures = [
        figure("page", 12, "kB", "codecs", peers={"PNG": 90, "Tight": 40}),
        figure("stage: diff", 1.5, "ms", "recorded", title="Recording: page"),
        figure("stage: text", 2.5, "ms", "recorded", title="Recording: page"),
        figure("step", 2, "ms", target={"value": 1, "at_least": False}),
        figure("equal", 100, "%", target={"value": 100, "at_least": True}),
    ]
    paths = plots.draw(figures, plots.foot(ABOUT), tmp_path)
    assert [path.name for path in paths] == ["bench-bytes.svg", "bench-stages.svg", "bench-targets.svg"]
    first = [path.read_bytes() for path in paths]
    assert all(len(content) < 150_000 for content in first)
    assert [path.read_bytes() for path in plots.draw(figures, plots.foot(ABOUT), tmp_path)] == first


def test_nothing_to_draw_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert plots.main([str(result(tmp_path, "a", [])), "--into", str(tmp_path / "p")]) == 1
    assert "no figures" in capsys.readouterr().out
