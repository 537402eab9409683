import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relevo_agent.pipeline.diff import (
    Cells,
    Differ,
    cell_shape,
    covered_cells,
    covering_cells,
    damaged_cells,
    merged_rects,
    trimmed,
)
from relevo_agent.pipeline.types import CELL_PX, CellMask, Damage, PixelBuffer, Rect

pytestmark = pytest.mark.usefixtures("both_ways")

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
    assert np.array_equal(unequal(before, after), expected)
    assert not unequal(after, after.copy()).any()


def unequal(before: PixelBuffer, after: PixelBuffer) -> CellMask:
    out = np.ones(cell_shape(before.shape[1], before.shape[0]), np.bool_)
    Differ(before.shape[1]).unequal(before, after, out)
    return out


@pytest.mark.parametrize("shift_px", [(1, 0), (2, 3), (0, 17), (5, 1)])
def test_a_part_is_compared_with_a_part_that_begins_anywhere(shift_px: tuple[int, int]) -> None:
    whole = np.random.default_rng(1).integers(0, 256, (150, 203, 4), np.uint8)
    x, y = shift_px
    a, b = whole[16:112, 32:130], whole[y : y + 96, x : x + 98].copy()
    assert unequal(a, b).all()
    whole[16:112, 32:130] = b
    assert not unequal(whole[16:112, 32:130], b).any()
    whole[16 + 95, 32 + 97, 3] ^= 1
    assert np.argwhere(unequal(whole[16:112, 32:130], b)).tolist() == [[5, 6]]


def test_one_comparison_does_not_leak_into_the_next() -> None:
    differ = Differ(64)
    large, small = np.ones((4, 4), np.bool_), np.ones((1, 2), np.bool_)
    differ.unequal(np.zeros((64, 64, 4), np.uint8), np.ones((64, 64, 4), np.uint8), large)
    differ.unequal(np.zeros((7, 18, 4), np.uint8), np.zeros((7, 18, 4), np.uint8), small)
    assert large.all()
    assert not small.any()


def test_damage_far_apart_stays_apart_and_what_overlaps_becomes_one() -> None:
    far = Damage((Rect(0, 0, 5, 5), Rect(900, 900, 5, 5), Rect(3, 3, 40, 3)))
    assert damaged_cells(far, 1000, 1000) == [Cells(56, 57, 56, 57), Cells(0, 1, 0, 3)]


@pytest.mark.parametrize("rect", [Rect(-50, -50, 20, 20), Rect(0, 500, 10, 10), Rect(3, 3, 0, 9)])
def test_damage_outside_the_screen_is_harmless(rect: Rect) -> None:
    assert damaged_cells(Damage((rect,)), 64, 64) == []


def test_damage_that_leaves_the_screen_is_cut_and_unknown_damage_is_everything() -> None:
    assert damaged_cells(Damage((Rect(-9, -9, 300, 10),)), 64, 40) == [Cells(0, 1, 0, 4)]
    assert damaged_cells(Damage(), 64, 40) == [Cells(0, 3, 0, 4)]
    assert damaged_cells(Damage(()), 64, 40) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=1, max_size=6))
def test_trimmed_bounds_are_those_of_what_differs(dots: list[tuple[int, int]]) -> None:
    a = np.zeros((31, 41, 4), np.uint8)
    b = a.copy()
    for x, y in dots:
        b[y, x] = 9
    xs, ys = [x for x, _ in dots], [y for _, y in dots]
    bounds = Rect(min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1)
    assert trimmed(a, b, Rect(0, 0, 41, 31)) == bounds


def test_nothing_to_trim_keeps_the_rectangle() -> None:
    pixels = np.zeros((31, 41, 4), np.uint8)
    assert trimmed(pixels, pixels, Rect(3, 4, 20, 20)) == Rect(3, 4, 20, 20)


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


@given(st.integers(0, 60), st.integers(0, 40), st.integers(1, 60), st.integers(1, 40))
def test_covered_cells_lie_inside_and_their_neighbours_do_not(
    x: int, y: int, width: int, height: int
) -> None:
    rect = Rect(x, y, min(width, 75 - x), min(height, 50 - y))
    cells = covered_cells(rect, 75, 50)
    if not cells.area:
        return
    inside = cells.pixels(75, 50)
    assert rect.x <= inside.x < rect.x + CELL_PX
    assert rect.y <= inside.y < rect.y + CELL_PX
    assert 0 <= rect.x + rect.width - inside.x - inside.width < CELL_PX
    assert 0 <= rect.y + rect.height - inside.y - inside.height < CELL_PX
