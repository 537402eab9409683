"""The compiled kernel does what numpy does, to the pixel, and only with what it may touch."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relevo_agent.pipeline import diff, kernel
from relevo_agent.pipeline.classify import photo_cells
from relevo_agent.pipeline.diff import Cells, Differ, cell_shape, damaged_cells, merged_rects
from relevo_agent.pipeline.moves import Move, Mover
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import CellMask, Damage, MoveHint, PixelBuffer, Rect
from tests.agent.pipeline.test_moves import PATTERNS

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 20)))
SIDES = st.integers(1, 90)
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module", autouse=True)
def compiled() -> kernel.Kernel:
    found = kernel.current()
    assert found is not None, f"{kernel.state.why_not}: run make setup"
    return found


def without_kernel() -> AbstractContextManager[pytest.MonkeyPatch]:
    return pytest.MonkeyPatch.context()


def by_numpy(call: Callable[[], Any]) -> Any:
    with without_kernel() as patch:
        patch.setattr(kernel, "state", kernel.State(None))
        return call()


def spotted(rng: np.random.Generator, width: int, height: int) -> tuple[PixelBuffer, PixelBuffer]:
    """Two pictures inside larger ones, so that their rows lie apart, which differ in a few places or many."""
    left, right = rng.integers(0, 9, 2)
    whole = rng.integers(0, 3, (height + 3, left + width + right, 4), np.uint8)
    other = np.zeros((height, width + int(rng.integers(0, 5)), 4), np.uint8)
    a, b = whole[2 : 2 + height, left : left + width], other[:, :width]
    b[:] = a
    for _ in range(rng.integers(0, 6)):
        x, y = rng.integers(0, width), rng.integers(0, height)
        b[y : y + rng.integers(1, 40), x : x + rng.integers(1, 40), rng.integers(0, 4)] ^= 1
    return a, b


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES, SEEDS)
def test_it_marks_the_cells_that_numpy_marks(width: int, height: int, seed: int) -> None:
    a, b = spotted(np.random.default_rng(seed), width, height)
    wide = np.ones((20, 9), np.bool_)
    rows, columns = cell_shape(width, height)
    ours, theirs = wide[1 : 1 + rows, 2 : 2 + columns], np.ones((rows, columns), np.bool_)
    Differ(width).unequal(a, b, ours)
    by_numpy(lambda: Differ(width).unequal(a, b, theirs))
    assert np.array_equal(ours, theirs)
    ours[:] = True
    assert wide.all(), "a cell outside was written"


@settings(max_examples=200, deadline=None)
@given(SIDES, SIDES, SEEDS)
def test_it_trims_as_numpy_does(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = spotted(rng, width, height)
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    rect = Rect(x, y, int(rng.integers(1, width - x + 1)), int(rng.integers(1, height - y + 1)))
    assert diff.trimmed(a, b, rect) == diff._trimmed(a, b, rect)


@settings(max_examples=300, deadline=None)
@given(MASKS, st.integers(0, 3), st.sampled_from([0.0, 0.25, 0.5, 1.0]))
def test_it_merges_as_numpy_does(mask: CellMask, gap: int, waste: float) -> None:
    assert merged_rects(mask, gap, waste) == diff._merged_rects(mask, gap, waste)
    assert merged_rects(mask.T, gap, waste) == diff._merged_rects(mask.T, gap, waste)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), SEEDS)
def test_it_judges_photographs_as_numpy_does(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    smooth = np.cumsum(rng.integers(-3, 4, (height, width, 4)), axis=1).astype(np.uint8)
    rough = rng.integers(0, 256, (height, width, 4), np.uint8)
    flat = np.full((height, width, 4), 200, np.uint8)
    pixels = np.where(
        rng.random((height // 32 + 1, width // 32 + 1, 1)).repeat(32, 0).repeat(32, 1)[:height, :width] < 0.5,
        smooth,
        np.where(rng.random((height, width, 1)) < 0.4, rough, flat),
    )
    pixels = np.ascontiguousarray(pixels, np.uint8)
    dirty = rng.random(cell_shape(width, height)) < rng.choice([0.02, 0.3, 1.0])
    assert np.array_equal(photo_cells(pixels, dirty), by_numpy(lambda: photo_cells(pixels, dirty)))


def twins(width: int, height: int, picture: PixelBuffer) -> tuple[Shown, Shown]:
    """Two of the same, one for the kernel and one for numpy."""
    ours: Shown = Shown(width, height, 0.0)
    theirs: Shown = by_numpy(lambda: Shown(width, height, 0.0))
    for shown in (ours, theirs):
        shown.pixels[:] = picture
        shown.unknown[:] = shown.unsent[:] = False
    return ours, theirs


def assert_alike(ours: Shown, theirs: Shown) -> None:
    for name in ("pixels", "unsent", "unknown", "lossy", "changed", "quiet_since_ms"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name


@settings(max_examples=150, deadline=None)
@given(st.integers(20, 200), st.integers(20, 150), SEEDS)
def test_the_books_are_those_of_numpy(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture, screen = spotted(rng, width, height)
    ours, theirs = twins(width, height, picture)
    unknown, lossy = rng.random(ours.unknown.shape) < 0.1, rng.random(ours.unknown.shape) < 0.2

    def rect() -> Rect:
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        return Rect(x, y, int(rng.integers(1, width - x + 1)), int(rng.integers(1, height - y + 1)))

    damage, sent, rough, to = Damage((rect(), rect())), rect(), rect(), rect()
    from_x, from_y = int(rng.integers(0, width - to.width + 1)), int(rng.integers(0, height - to.height + 1))
    for shown in (ours, theirs):
        shown.unknown[:], shown.lossy[:] = unknown, lossy
        shown.compare(screen, damaged_cells(damage, width, height), 7.0)
        shown.paint(sent, screen, lossless=True)
        shown.paint(rough, screen, lossless=False)
        shown.move(to, from_x, from_y)
        shown.compare_again(screen, Cells(0, *cell_shape(width, height)[:1], 0, cell_shape(width, height)[1]))
    assert_alike(ours, theirs)


@st.composite
def patches(draw: st.DrawFn) -> tuple[int, Rect, int, int]:
    x, y = draw(st.integers(0, 300)), draw(st.integers(0, 200))
    rect = Rect(x, y, draw(st.integers(100, 403 - x)), draw(st.integers(80, 283 - y)))
    return draw(st.integers(0, len(PATTERNS) - 1)), rect, draw(st.integers(0, 200)), draw(st.integers(0, 150))


@settings(max_examples=150, deadline=None)
@given(patches(), st.lists(patches(), max_size=2), st.integers(-40, 40), st.integers(-40, 40), st.booleans())
def test_what_is_not_unsent_after_its_moves_is_what_the_screen_shows(
    moved: tuple[int, Rect, int, int],
    others: list[tuple[int, Rect, int, int]],
    shift_x: int,
    shift_y: int,
    told: bool,
) -> None:
    before = np.full((283, 403, 4), 255, np.uint8)
    pattern, rect, x, y = moved
    rect.of(before)[:] = PATTERNS[pattern][y : y + rect.height, x : x + rect.width]
    after = before.copy()
    x, y = max(0, x + shift_x), max(0, y + shift_y)
    rect.of(after)[:] = PATTERNS[pattern][y : y + rect.height, x : x + rect.width]
    for pattern, other, from_x, from_y in others:
        other.of(after)[:] = PATTERNS[pattern][from_y : from_y + other.height, from_x : from_x + other.width]
    hints = (MoveHint(rect, rect.x + shift_x, rect.y + shift_y),) if told else ()
    ours, theirs = twins(403, 283, before)
    found: list[list[Move]] = []
    for shown in (ours, theirs):
        shown.compare(after, damaged_cells(Damage(), 403, 283), 1.0)
        found.append(Mover().moves(shown, after, hints))
    if found[0] == found[1]:
        assert_alike(ours, theirs)
    else:  # where a pattern repeats each may guess another place first: what counts is that it is right
        claimed = ours.unsent.copy()
        rows, columns = cell_shape(403, 283)
        ours.compare_again(after, Cells(0, rows, 0, columns))
        assert not (ours.unsent & ~claimed).any()


def test_pixels_that_are_no_words_are_left_to_numpy(compiled: kernel.Kernel) -> None:
    odd = np.zeros(40 * 40 * 4 + 1, np.uint8)[1:].reshape(40, 40, 4)
    out = np.ones(cell_shape(40, 40), np.bool_)
    assert not compiled.unequal(odd, odd, out)
    Differ(40).unequal(odd, odd, out)
    assert not out.any()


@pytest.mark.parametrize(
    "rect", [Rect(30, 0, 11, 5), Rect(-1, 0, 4, 4), Rect(0, 38, 4, 4), Rect(0, 0, 4, -1)]
)
def test_nothing_outside_is_touched(compiled: kernel.Kernel, rect: Rect) -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)
    shown = Shown(40, 40, 0.0)
    books = shown.kernel_for(pixels)
    assert books is not None
    assert compiled.trimmed(pixels, pixels, rect) is None
    assert books.trimmed(rect) is None
    assert not books.paint(rect, lossless=True)
    assert not books.move(rect, 0, 0)
    assert not books.move(Rect(0, 0, 9, 9), rect.x + 10, 32)
    assert compiled.photo_cells(pixels, shown.unsent, (0, 4, 0, 3), (0.0,) * 5) is None


def test_a_grab_of_another_size_is_not_for_it() -> None:
    shown = Shown(40, 40, 0.0)
    assert shown.kernel_for(np.zeros((40, 41, 4), np.uint8)) is None
    assert shown.kernel_for(np.zeros((40, 80, 4), np.uint8)[:, ::2]) is None


def test_masks_that_are_not_whole_are_refused(compiled: kernel.Kernel) -> None:
    shown = Shown(64, 64, 0.0)
    apart = np.zeros((4, 8), np.bool_)[:, ::2]
    masks = (shown.unsent, shown.unknown, shown.lossy)
    with pytest.raises(ValueError, match="whole masks"):
        kernel.ScreenKernel(compiled, kernel.Books(shown.pixels, *masks, apart, shown.quiet_since_ms))


def test_a_file_that_is_no_kernel_is_told_and_numpy_goes_on(tmp_path: Path) -> None:
    wrong = tmp_path / kernel.FILE_NAME
    wrong.write_bytes(b"no library")
    assert kernel.loaded(tmp_path / "none").why_not
    state = kernel.loaded(wrong)
    assert state.kernel is None
    assert state.why_not


def test_no_hint_is_too_far_out() -> None:
    screen = np.random.default_rng(2).integers(0, 256, (128, 160, 4), np.uint8)
    ours, _ = twins(160, 128, np.zeros_like(screen))
    ours.compare(screen, damaged_cells(Damage(), 160, 128), 1.0)
    far = 2**31 - 1
    hints = [MoveHint(Rect(0, 0, 160, 128), far, -far), MoveHint(Rect(-far, far, far, far), far, far)]
    near = [MoveHint(Rect(-9, 120, 9000, 9), x, -x) for x in range(300)]
    assert Mover().moves(ours, screen, (*hints, *near)) == []
