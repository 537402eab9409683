import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relevo_agent.pipeline.diff import Cells, Differ, cell_shape, covering_cells, merged_rects
from relevo_agent.pipeline.types import CELL_PX, CellMask, Damage, Rect

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.lists(st.tuples(st.integers(0, 69), st.integers(0, 69), st.integers(0, 2))),
)
def test_every_changed_pixel_and_no_other_marks_its_cell(
    width: int, height: int, dots: list[tuple[int, int, int]]
) -> None:
    before = np.zeros((height, width, 4), np.uint8)
    after = before.copy()
    expected = np.zeros(cell_shape(width, height), np.bool_)
    for x, y, channel in dots:
        if x < width and y < height:
            after[y, x, channel] = 1
            expected[y // CELL_PX, x // CELL_PX] = True
    differ = Differ(width, height)
    assert np.array_equal(differ.changed(before, after, Damage()), expected)
    assert not differ.changed(after, after.copy(), Damage()).any()


def test_damage_that_is_partial_does_not_leak_from_the_comparison_before() -> None:
    before, after = np.zeros((64, 64, 4), np.uint8), np.ones((64, 64, 4), np.uint8)
    differ = Differ(64, 64)
    assert differ.changed(before, after, Damage()).all()
    assert differ.changed(before, after, Damage((Rect(0, 0, 64, 16),))).sum() == 4
    assert not differ.changed(before, after, Damage(())).any()


@pytest.mark.parametrize("rect", [Rect(-50, -50, 20, 20), Rect(0, 500, 10, 10)])
def test_damage_outside_the_screen_is_harmless(rect: Rect) -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    assert not Differ(64, 64).changed(pixels, pixels + 1, Damage((rect,))).any()


@settings(max_examples=150, deadline=None)
@given(MASKS)
def test_merged_rectangles_cover_all(mask: CellMask) -> None:
    covered = np.zeros_like(mask)
    for cells in merged_rects(mask):
        cells.of(covered)[:] = True
    assert (covered | ~mask).all()


@settings(max_examples=150, deadline=None)
@given(MASKS)
def test_exact_rectangles_cover_nothing_else_and_do_not_overlap(mask: CellMask) -> None:
    count = np.zeros(mask.shape, np.int64)
    for cells in merged_rects(mask, gap_cells=0, waste=0.0):
        cells.of(count)[:] += 1
    assert np.array_equal(count, mask.astype(np.int64))


def test_ragged_paragraph_becomes_one_rectangle() -> None:
    mask = np.zeros((20, 60), np.bool_)
    for row in range(20):
        mask[row, 5 : 45 + row % 5] = True
    assert merged_rects(mask) == [Cells(0, 20, 5, 49)]


def test_far_corners_stay_apart() -> None:
    mask = np.zeros((20, 60), np.bool_)
    mask[0, 0] = mask[19, 59] = mask[0, 30] = True
    assert len(merged_rects(mask)) == 3


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 100), st.integers(1, 100))
def test_cells_of_a_rectangle_contain_it(x: int, y: int, width: int, height: int) -> None:
    cells = covering_cells(Rect(x, y, width, height))
    around = cells.pixels(1000, 1000)
    assert around.x <= x < around.x + CELL_PX
    assert around.y <= y < around.y + CELL_PX
    assert 0 <= around.x + around.width - x - width < CELL_PX
    assert 0 <= around.y + around.height - y - height < CELL_PX
