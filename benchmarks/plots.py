"""``python -m benchmarks plots RESULT.json``: pictures of a result, small, under ``docs/pictures``.

Bytes and time beside other codecs and peers, where the time of a step goes, and how each target stands. A
picture whose figures the result lacks is not drawn.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.stages import REST

FOLDER: Final = Path(__file__).parents[1] / "docs" / "pictures"
OURS: Final = "Relevo"
_OURS_COLOUR: Final = "#1f5fa8"
_PEER_COLOURS: Final = ("#b9c4cf", "#8fa1b3", "#d9b38c", "#c98f5a", "#9bbf9b", "#b58fb5")
_STAGE_COLOURS: Final = (
    "#1f5fa8",
    "#5b8fc9",
    "#a9c6e6",
    "#d9b38c",
    "#c98f5a",
    "#9bbf9b",
    "#b58fb5",
    "#8fa1b3",
    "#6d5a8c",
    "#e0c34c",
    "#c8553d",
    "#dddddd",
)
_MET, _MISSED = "#4c9a5b", "#c8553d"
_STYLE: Final[Any] = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "svg.hashsalt": "relevo",  # the same figures give the same file
    "svg.fonttype": "path",
    "figure.facecolor": "white",
}

Rows = list[dict[str, Any]]


def main(arguments: Sequence[str]) -> int:
    """Draw what the result has; 1 if it has nothing that can be drawn."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks plots", description=__doc__)
    parser.add_argument("result", type=Path, help="a JSON file of results/")
    parser.add_argument("--into", type=Path, default=FOLDER, help="another folder")
    options = parser.parse_args(arguments)
    found = json.loads(options.result.read_text(encoding="utf-8"))
    drawn = draw(found.get("figures", []), foot(found["about"]), options.into)
    for path in drawn:
        print(f"{path} ({path.stat().st_size / 1000:.0f} kB)")
    if not drawn:
        print(f"{options.result} has no figures of the sections core, recorded, codecs or those of the peers")
    return 0 if drawn else 1


def foot(about: dict[str, Any]) -> str:
    """The line under each picture."""
    return f"{about['processor']}, {about['cores']} cores, {about['date']}, {about['commit']}"


def draw(figures: Rows, note: str, folder: Path) -> list[Path]:
    """Every picture whose figures are there."""
    import matplotlib as mpl

    library: Any = mpl
    library.use("svg")
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    with library.rc_context(_STYLE):
        for name, rows, paint in _pictures(figures):
            if rows:
                path = folder / f"bench-{name}.svg"
                paint(rows, note, path)
                paths.append(path)
    return paths


def _pictures(figures: Rows) -> list[tuple[str, Rows, Callable[[Rows, str, Path], None]]]:
    sized = [row for row in figures if row["section"] == "codecs" and row["unit"] == "kB"]
    stages = [row for row in figures if row["section"] == "recorded" and row["what"].startswith("stage: ")]
    targets = [row for row in figures if row["target"]]
    return [("bytes", sized, _beside), ("stages", stages, _stages), ("targets", targets, _targets)]


def _beside(rows: Rows, note: str, path: Path) -> None:
    """Bars of each row's value and its peers', on a logarithmic scale."""
    names = [OURS, *dict.fromkeys(name for row in rows for name in row["peers"])]
    colours = dict(zip(names, (_OURS_COLOUR, *_PEER_COLOURS), strict=False))
    figure, axes = _sheet(8, 0.35 + 0.17 * len(rows) * (len(names) + 1))
    step = 1 / (len(names) + 1)
    for number, name in enumerate(names):
        values = [row["value"] if name == OURS else row["peers"].get(name, 0) for row in rows]
        places = [index + number * step for index in range(len(rows))]
        bars = axes.barh(places, values, height=step, color=colours[name], label=name)
        axes.bar_label(bars, [_short(value) for value in values], padding=2, fontsize=7)
    axes.set_yticks([index + (len(names) - 1) * step / 2 for index in range(len(rows))])
    axes.set_yticklabels([row["what"] for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(names), frameon=False, fontsize=8)
    _save(figure, axes, f"{rows[0]['title']}, {rows[0]['unit']}, logarithmic. {note}", path)


def _stages(rows: Rows, note: str, path: Path) -> None:
    """Where the median step of each recording goes; capture is not in it."""
    rows = [row for row in rows if not row["what"].startswith("stage: copy")]
    films = list(dict.fromkeys(row["title"] for row in rows))
    steps = {film: max(row["samples"] for row in rows if row["title"] == film) for film in films}
    stages = list(dict.fromkeys(row["what"].removeprefix("stage: ") for row in rows))
    stages.sort(key=lambda stage: stage == REST)
    values: dict[tuple[str, str], float] = {}
    for row in rows:
        film, stage = row["title"], row["what"].removeprefix("stage: ")
        values[film, stage] = row["value"] * row["samples"] / steps[film]
    figure, axes = _sheet(8, 0.9 + 0.3 * len(films))
    left = [0.0] * len(films)
    for number, stage in enumerate(stages):
        widths = [values.get((film, stage), 0.0) for film in films]
        colour = _STAGE_COLOURS[number % len(_STAGE_COLOURS)]
        axes.barh(films, widths, left=left, color=colour, label=stage, height=0.7)
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(films)), [film.partition(": ")[2] for film in films])
    axes.invert_yaxis()
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=7, frameon=False, fontsize=7)
    what = "ms of a step that gives a frame: each stage's median, by how often it has anything to do"
    _save(figure, axes, f"{what}. {note}", path)


def _targets(rows: Rows, note: str, path: Path) -> None:
    """Each target as 1, and how far the figure is to its better (left) or worse side."""
    shown = [(row, _share(row)) for row in rows if not _is_detail(row)]
    figure, axes = _sheet(8, 0.6 + 0.21 * len(shown))
    names = [f"{row['title'].partition(': ')[2] or row['title']}: {row['what']}" for row, _ in shown]
    colours = [_MET if share <= 1 else _MISSED for _, share in shown]
    places = range(len(shown))
    bars = axes.barh(places, [max(share, 0.01) for _, share in shown], color=colours, height=0.7)
    texts = [f"{_short(row['value'])} of {_short(row['target']['value'])} {row['unit']}" for row, _ in shown]
    axes.bar_label(bars, texts, padding=2, fontsize=7)
    axes.axvline(1, color="#444444", linewidth=1)
    axes.set_yticks(places, names, fontsize=7)
    axes.invert_yaxis()
    axes.set_xscale("log")
    _save(figure, axes, f"share of what is allowed (1: just reached; left is better). {note}", path)


def _is_detail(row: dict[str, Any]) -> bool:
    """Reached by every film as it must be, or a part of a sum that is shown."""
    exact = row["what"].startswith("pixels equal") and _share(row) <= 1
    return exact or (row["section"] == "classify" and not row["what"].endswith(": all"))


def _share(row: dict[str, Any]) -> float:
    value, target = float(row["value"]), row["target"]
    bound = float(target["value"])
    if target["at_least"]:
        return bound / value if value > 0 else 100.0
    return value / bound if bound > 0 else 100.0


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _sheet(width: float, height: float) -> tuple[Any, Any]:
    """Figure and axes, inches. Their types are more than half unknown: they are not looked at."""
    from matplotlib import pyplot as plt

    drawing: Any = plt
    made: tuple[Any, Any] = drawing.subplots(figsize=(width, height), layout="constrained")
    return made


def _save(figure: Any, axes: Any, foot: str, path: Path) -> None:
    from matplotlib import pyplot as plt

    axes.margins(y=0.01)
    figure.supxlabel(foot, fontsize=7)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
