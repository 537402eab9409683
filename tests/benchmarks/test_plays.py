"""The scenes on a real X display, drawn step by step."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from benchmarks.display import x_server
from benchmarks.end_to_end import picture, stamp
from benchmarks.end_to_end.layout import PAGE, VIDEO, WINDOW
from benchmarks.end_to_end.stamp import BITS
from benchmarks.programs.canvas import Canvas
from benchmarks.programs.plays import PLAYS
from benchmarks.scenes import HEIGHT, WIDTH

STEPS = 5


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with x_server() as (name, _):
        yield name


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise in the shapes of the real material, with as many pictures as a few steps need."""
    folder, noise = tmp_path_factory.mktemp("material"), np.random.default_rng(1)
    shapes = {
        "desktop": (HEIGHT, WIDTH, 4),
        "scrolled": (PAGE[3] + 400, PAGE[2], 4),
        "pages": (4, HEIGHT, WIDTH, 4),
        "window": (WINDOW[1], WINDOW[0], 4),
        "glyphs": (18, 8 * 95, 4),
        "video": (STEPS + 1, VIDEO[3], VIDEO[2], 4),
    }
    for name, shape in shapes.items():
        np.save(folder / f"{name}.npy", noise.integers(0, 256, shape, np.uint8))
    return folder


def _stamped(canvas: Canvas, shown: picture.Rgb) -> int:
    cells = (canvas.stamp.cell(bit) for bit in reversed(range(BITS)))
    return stamp.read([int(shown[y + height // 2, x + width // 2, 1]) for x, y, width, height in cells])


@pytest.mark.parametrize("scene", ["typing", "scroll", "drag", "video", "pages"])
def test_each_frame_changes_the_screen_and_carries_its_number(display: str, kept: Path, scene: str) -> None:
    canvas = Canvas(display, scene, kept)
    with closing(canvas.connection):
        draw = PLAYS[scene].prepare(canvas)
        before = picture.of_display(display)
        for number in range(1, STEPS + 1):
            draw(number)
            canvas.connection.sync()
            shown = picture.of_display(display)
            assert _stamped(canvas, shown) == number
            assert picture.exact_percent(before, shown) < 100
            before = shown


def test_video_shows_its_frames_beneath_the_stamp(display: str, kept: Path) -> None:
    canvas = Canvas(display, "video", kept)
    with closing(canvas.connection):
        PLAYS["video"].prepare(canvas)(2)
        canvas.connection.sync()
        x, y, width, height = VIDEO
        shown = picture.of_display(display)[y + 40 : y + height, x : x + width]
    assert np.array_equal(shown, np.load(kept / "video.npy")[2, 40:, :, 2::-1])
