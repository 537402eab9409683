from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import corpus
from benchmarks.codecs import joined
from benchmarks.display import flashing, x_server
from benchmarks.recordings.acts import ACTS
from benchmarks.recordings.store import About, Area, Recording, RecordingBroken, Writer, recordings
from benchmarks.recordings.watch import Watcher, changed_rects
from relevo_agent.pipeline.types import PixelBuffer, Rect

ABOUT = About("film", "a test", 40, 30, 100.0, 2, {"xterm": "1"}, (Area("photo", 0, 0, 8, 8, 0.0, 50.0),))


def written(folder: Path, *pictures: PixelBuffer) -> Recording:
    writer = Writer(folder, "film")
    for number, pixels in enumerate(pictures):
        damage = (Rect(0, 0, 5, 5),) if number else None
        rect = Rect(3, 2, 7, 9) if number else Rect(0, 0, 40, 30)
        writer.write(number * 10.0, damage, (rect,), pixels)
    writer.close(replace(ABOUT, changes=len(pictures)))
    return Recording(folder, "film")


def random_picture(seed: int) -> PixelBuffer:
    return np.random.default_rng(seed).integers(0, 256, (30, 40, 4), np.uint8)


def test_a_recording_gives_back_what_was_written(tmp_path: Path) -> None:
    first, second = random_picture(1), random_picture(2)
    recording = written(tmp_path, first, second)
    changes = list(recording.changes())
    assert recording.about == ABOUT
    assert [change.at_ms for change in changes] == [0.0, 10.0]
    assert [change.damage for change in changes] == [None, (Rect(0, 0, 5, 5),)]
    canvas = np.zeros_like(first)
    changes[0].apply(canvas)
    assert np.array_equal(canvas[..., :3], first[..., :3])
    changes[1].apply(canvas)
    assert np.array_equal(canvas[2:11, 3:10, :3], second[2:11, 3:10, :3])
    assert np.array_equal(canvas[11:, :, :3], first[11:, :, :3])
    assert [found.about.name for found in recordings(tmp_path)] == ["film"]


@pytest.mark.parametrize("damaged", ["film.screen", "film.json"])
def test_a_broken_file_is_told_by_its_name(tmp_path: Path, damaged: str) -> None:
    written(tmp_path, random_picture(1))
    file = tmp_path / damaged
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(RecordingBroken, match="film"):
        list(Recording(tmp_path, "film").changes())


@given(st.lists(st.tuples(st.integers(0, 69), st.integers(0, 89)), max_size=6))
def test_changed_rects_hold_every_pixel_that_differs(spots: list[tuple[int, int]]) -> None:
    before = np.zeros((70, 90, 4), np.uint8)
    after = before.copy()
    for y, x in spots:
        after[y, x, 1] = 9
    rects = changed_rects(before, after)
    rebuilt = before.copy()
    for rect in rects:
        rect.of(rebuilt)[:] = rect.of(after)
    assert np.array_equal(rebuilt, after)
    assert bool(rects) == bool(spots)
    assert sum(rect.area_px for rect in rects) <= before[..., 0].size


def test_acts_have_names_of_their_own_and_name_their_programs() -> None:
    assert len({act.name for act in ACTS}) == len(ACTS)
    assert all(act.programs and act.what for act in ACTS)


def test_blocks_lie_on_the_grid_and_wholly_inside() -> None:
    blocks = list(corpus.blocks_within(Rect(10, 64, 182, 130)))
    assert blocks == [
        Rect(64, 64, 64, 64),
        Rect(128, 64, 64, 64),
        Rect(64, 128, 64, 64),
        Rect(128, 128, 64, 64),
    ]


def test_pictures_of_a_recording_are_those_of_their_time(tmp_path: Path) -> None:
    first, second = random_picture(1), random_picture(2)
    seen = [
        (at_ms, int(pixels[3, 4, 0]))
        for at_ms, pixels in corpus.pictures(written(tmp_path, first, second), 99.0)
    ]
    assert seen == [(25.0, int(second[3, 4, 0]))]


def test_rectangles_are_joined_where_that_wastes_little() -> None:
    near = (Rect(0, 0, 10, 10), Rect(0, 10, 9, 10))
    far = (Rect(0, 0, 10, 10), Rect(500, 500, 10, 10))
    assert joined(near) == (Rect(0, 0, 10, 20),)
    assert joined(far) == far
    assert joined(()) == ()


@pytest.mark.e2e
def test_a_watcher_records_what_a_display_shows(tmp_path: Path) -> None:
    with x_server() as (display, _), flashing(display) as flash:
        watcher = Watcher(Writer(tmp_path, "film"), display)
        with watcher:
            flash()
            while watcher.changes == 0 and watcher.now_ms < 10_000:
                pass
        about = watcher.finish("film", "a test", {})
    changes = list(Recording(tmp_path, "film").changes())
    assert (about.width, about.height) == (1920, 1080)
    assert changes[0].rects == (Rect(0, 0, 1920, 1080),)
    assert changes[-1].blocks[-1][-1, -1].tolist() == [0x10, 0x10, 0x10, 0]
