"""Moves: found where something moved, never wrong, whatever the pattern."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relevo_agent.pipeline.diff import damaged_cells
from relevo_agent.pipeline.moves import Move, Mover
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import Damage, MoveHint, Rect

pytestmark = pytest.mark.usefixtures("both_ways")

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 640, 400


def text(height: int, width: int, seed: int = 1) -> Picture:
    """White with dark strokes of glyph size, no two lines alike."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 4), 255, np.uint8)
    ink = rng.random((height // 2 + 1, width // 2 + 1)) < 0.4
    ink[::6] = ink[1::6] = False
    picture[ink.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]] = 30
    return picture


def periodic(height: int, width: int) -> Picture:
    """Lines that repeat every 12 pixels, dots that repeat every 8."""
    picture = np.full((height, width, 4), 200, np.uint8)
    picture[::12] = 40
    picture[:, ::8] = 90
    return picture


def noise(height: int, width: int, seed: int = 1) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


class Viewed:
    """A screen and the viewers' copy of it, exact at first."""

    def __init__(self, picture: Picture) -> None:
        height, width = picture.shape[:2]
        self.shown = Shown(width, height, 0.0)
        self.shown.pixels[:] = picture
        self.shown.unknown[:] = self.shown.unsent[:] = False
        self.viewer = picture.copy()
        self.screen = picture.copy()

    def moves(self, hints: tuple[MoveHint, ...] = ()) -> list[Move]:
        """What is found, made by the viewer as well; the books must agree with it."""
        height, width = self.screen.shape[:2]
        self.shown.compare(self.screen, damaged_cells(Damage(), width, height), 1.0)
        moves = Mover().moves(self.shown, self.screen, hints)
        for to, x, y in moves:
            to.of(self.viewer)[:] = self.viewer[y : y + to.height, x : x + to.width].copy()
        assert np.array_equal(self.shown.pixels, self.viewer)
        differs = (self.viewer != self.screen).any(axis=2)
        rows, columns = -(-height // 16) * 16, -(-width // 16) * 16
        padded = np.zeros((rows, columns), np.bool_)
        padded[:height, :width] = differs
        by_cell = padded.reshape(rows // 16, 16, columns // 16, 16).any(axis=(1, 3))
        assert np.array_equal(self.shown.unsent, by_cell)
        return moves

    @property
    def left_px(self) -> int:
        return int((self.viewer != self.screen).any(axis=2).sum())


@pytest.mark.parametrize("distance", [3, 54, 181, -1, -40])
def test_vertical_scrolling_of_a_pane_is_one_copy(distance: int) -> None:
    page = text(HEIGHT * 2, 500)
    view = Viewed(noise(HEIGHT, WIDTH))
    view.screen[30:390, 70:570] = view.viewer[30:390, 70:570] = page[200:560]
    view.shown.pixels[:] = view.viewer
    view.screen[30:390, 70:570] = page[200 + distance : 560 + distance]
    moves = view.moves()
    assert len(moves) == 1
    assert (moves[0].from_x - moves[0].to.x, moves[0].from_y - moves[0].to.y) == (0, distance)
    assert view.left_px <= 500 * (abs(distance) + 1)


@pytest.mark.parametrize("distance", [5, -90])
def test_horizontal_scrolling_of_a_pane_is_one_copy(distance: int) -> None:
    page = text(300, WIDTH * 2)
    view = Viewed(text(HEIGHT, WIDTH, 9))
    for picture in (view.viewer, view.shown.pixels):
        picture[50:350, 20:620] = page[:, 300:900]
    view.screen[50:350, 20:620] = page[:, 300 + distance : 900 + distance]
    moves = view.moves()
    assert len(moves) == 1
    assert moves[0].from_x - moves[0].to.x == distance
    assert view.left_px <= 300 * (abs(distance) + 1)


def test_two_panes_that_scroll_apart_from_each_other_are_two_copies() -> None:
    left, right = text(900, 300, 1), text(900, 300, 2)
    view = Viewed(text(HEIGHT, WIDTH, 3))
    for picture in (view.viewer, view.shown.pixels):
        picture[20:380, 10:310], picture[20:380, 330:630] = left[100:460], right[400:760]
    view.screen[20:380, 10:310], view.screen[20:380, 330:630] = left[122:482], right[367:727]
    moves = view.moves()
    assert sorted(move.from_y - move.to.y for move in moves) == [-33, 22]
    assert view.left_px <= 300 * (22 + 33 + 2)


@pytest.mark.parametrize("to", [(133, 90), (97, 61), (100, 117), (171, 80)])
@pytest.mark.parametrize("below", [text, noise])
def test_a_dragged_window_is_copied_and_only_what_it_uncovers_is_left(
    to: tuple[int, int], below: Callable[[int, int], Picture]
) -> None:
    background, window = below(HEIGHT, WIDTH), text(200, 300, 7)
    window[:20] = 120
    view = Viewed(background)
    for picture in (view.viewer, view.shown.pixels):
        picture[80:280, 100:400] = window
    x, y = to
    view.screen[y : y + 200, x : x + 300] = window
    moves = view.moves()
    assert len(moves) == 1
    assert moves[0].to.area_px >= 0.9 * 200 * 300
    assert (moves[0].to.x - moves[0].from_x, moves[0].to.y - moves[0].from_y) == (x - 100, y - 80)
    uncovered = 200 * 300 - max(0, 300 - abs(x - 100)) * max(0, 200 - abs(y - 80))
    assert view.left_px <= uncovered + 0.1 * 200 * 300


def test_a_drag_farther_than_is_searched_is_found_by_the_hint_of_the_source() -> None:
    view, window = Viewed(text(HEIGHT, WIDTH)), noise(100, 150, 7)
    for picture in (view.viewer, view.shown.pixels):
        picture[20:120, 30:180] = window
    view.screen[281:381, 451:601] = window
    hint = MoveHint(Rect(451, 281, 150, 100), 30, 20)
    moves = view.moves((hint,))
    assert moves == [Move(hint.to, 30, 20)]


def test_a_lying_hint_is_not_believed() -> None:
    view = Viewed(text(HEIGHT, WIDTH, 1))
    view.screen[:] = noise(HEIGHT, WIDTH, 2)
    lies = (
        MoveHint(Rect(0, 0, WIDTH, HEIGHT), 0, 20),
        MoveHint(Rect(-500, -9000, 30_000, 30_000), 7, 9),
        MoveHint(Rect(10, 10, 0, 0), 90, 90),
    )
    assert view.moves(lies) == []


@pytest.mark.parametrize(
    "after",
    [noise(HEIGHT, WIDTH, 5), text(HEIGHT, WIDTH, 5), np.full((HEIGHT, WIDTH, 4), 255, np.uint8)],
    ids=["noise", "another page", "blank"],
)
def test_what_did_not_move_makes_no_copy(after: Picture) -> None:
    view = Viewed(text(HEIGHT, WIDTH, 1))
    view.screen[:] = after
    assert view.moves() == []


def test_a_letter_is_not_searched() -> None:
    view = Viewed(text(HEIGHT, WIDTH, 1))
    view.screen[100:110, 100:109] = 0
    assert view.moves() == []


def test_nothing_is_copied_from_what_the_viewers_do_not_have() -> None:
    page = text(HEIGHT * 2, WIDTH)
    view = Viewed(page[:HEIGHT])
    view.screen[:] = page[30 : 30 + HEIGHT]
    view.shown.forget()
    assert Mover().moves(view.shown, view.screen, ()) == []


def test_F12_a_copy_of_what_is_lossy_is_lossy_and_a_copy_of_what_is_exact_is_exact() -> None:
    page = text(HEIGHT * 2, WIDTH)
    view = Viewed(page[:HEIGHT])
    view.shown.lossy[10:12, 5:9] = True
    view.shown.lossy[20:22, 5:9] = True
    view.screen[:] = page[24 : 24 + HEIGHT]
    assert len(view.moves()) == 1
    lossy = view.shown.lossy
    assert lossy[8:11, 5:9].all()  # pixels 160..191 moved up by 24: they lie in rows 136..167
    assert not lossy[11:18].any()
    assert lossy[18:21, 5:9].all()
    assert not lossy[:, :5].any()
    assert not lossy[:, 9:].any()


PATTERNS: list[Picture] = [
    text(480, 720),
    periodic(480, 720),
    np.full((480, 720, 4), 7, np.uint8),
    noise(480, 720),
    text(24, 720).repeat(1, axis=0)[np.arange(480) % 24],
]


@st.composite
def patches(draw: st.DrawFn) -> tuple[int, Rect, int, int]:
    x, y = draw(st.integers(0, 180)), draw(st.integers(0, 120))
    width, height = draw(st.integers(16, 201 - x)), draw(st.integers(16, 141 - y))
    rect = Rect(x, y, width, height)
    return draw(st.integers(0, len(PATTERNS) - 1)), rect, draw(st.integers(0, 300)), draw(st.integers(0, 300))


@settings(max_examples=150, deadline=None)
@given(patches(), st.lists(st.tuples(patches(), st.integers(-40, 40), st.integers(-40, 40)), max_size=3))
def test_whatever_is_copied_the_books_say_what_the_viewers_have(
    first: tuple[int, Rect, int, int], changes: list[tuple[tuple[int, Rect, int, int], int, int]]
) -> None:
    view = Viewed(np.full((143, 203, 4), 255, np.uint8))
    for (pattern, rect, from_x, from_y), shift_x, shift_y in [(first, 0, 0), *changes]:
        x, y = max(0, from_x + shift_x), max(0, from_y + shift_y)
        rect.of(view.screen)[:] = PATTERNS[pattern][y : y + rect.height, x : x + rect.width]
        view.moves()  # compares the books with what a viewer has drawn
        hints = (MoveHint(rect, rect.x + shift_x, rect.y + shift_y),)
        view.moves(hints)
        cells = np.argwhere(view.shown.unsent)
        for row, column in cells.tolist():  # what is left is sent
            cell = Rect(column * 16, row * 16, 16, 16)
            for picture in (view.viewer, view.shown.pixels):
                cell.of(picture)[:] = cell.of(view.screen)
        view.shown.unsent[:] = False
