import numpy as np
import pytest

from relevo_agent.pipeline.margins import Margins
from relevo_agent.pipeline.types import PixelBuffer, Rect

SCREEN_PX = (400, 640)
CELLS = Rect(128, 64, 384, 256)
"""What the cells of a film span."""
RNG = np.random.default_rng(9)
NOISE: PixelBuffer = RNG.integers(0, 256, (*SCREEN_PX, 4), np.uint8)


def after(screen: PixelBuffer, film: Rect) -> PixelBuffer:
    """The next picture of a film at this place."""
    now = screen.copy()
    film.of(now)[:] = RNG.integers(0, 256, (film.height, film.width, 4), np.uint8)
    return now


def found(film: Rect, rect: Rect = CELLS) -> Margins:
    return Margins(rect, NOISE, after(NOISE, film))


def test_what_lies_beside_the_film_in_its_cells_is_no_video() -> None:
    margins = found(Rect(133, 67, 374, 250))
    assert margins.film == Rect(133, 67, 374, 250)
    assert margins.strips == [
        Rect(128, 64, 384, 3),
        Rect(128, 317, 384, 3),
        Rect(128, 67, 5, 250),
        Rect(507, 67, 5, 250),
    ]


@pytest.mark.parametrize(
    ("film", "video", "lines"),
    [
        (Rect(133, 67, 373, 250), Rect(133, 67, 374, 250), [Rect(506, 67, 1, 250)]),
        (Rect(133, 67, 379, 250), Rect(132, 67, 380, 250), [Rect(132, 67, 1, 250)]),
        (Rect(133, 67, 374, 251), Rect(133, 67, 374, 252), [Rect(133, 318, 374, 1)]),
        (Rect(133, 67, 374, 253), Rect(133, 66, 374, 254), [Rect(133, 66, 374, 1)]),
    ],
)
def test_D4_a_line_that_makes_a_side_even_is_always_painted_anew(
    film: Rect, video: Rect, lines: list[Rect]
) -> None:
    margins = found(film)
    assert margins.film == video
    assert margins.unlike(NOISE, NOISE, 0) == lines


def test_a_film_that_ends_at_the_screens_edge_may_have_odd_sides() -> None:
    cells = Rect(128, 64, 383, 253)
    assert found(cells, cells).film == cells


@pytest.mark.parametrize("moves", [Rect(140, 80, 100, 100), Rect(0, 0, 1, 1)])
def test_where_little_moves_nothing_is_known_of_the_edges(moves: Rect) -> None:
    thin = Rect(128, 64, 384, 16)
    assert found(moves, thin).film == thin
    assert found(moves, thin).strips == []


def test_only_what_has_changed_beside_the_film_is_told() -> None:
    margins = found(Rect(134, 68, 372, 248))
    now = after(NOISE, Rect(200, 65, 30, 1))
    assert margins.unlike(NOISE, now, 0) == [Rect(200, 65, 30, 1)]
    assert margins.unlike(now, now, 33) == []


def test_a_margin_that_changes_again_and_again_belongs_to_the_film() -> None:
    margins = found(Rect(134, 68, 372, 248))
    for tick in range(4):
        margins.unlike(NOISE, after(NOISE, Rect(200, 65, 30, 1)), tick * 33)
    assert margins.film == Rect(134, 64, 372, 252)


def test_a_margin_that_changes_now_and_then_stays_one() -> None:
    margins = found(Rect(134, 68, 372, 248))
    for tick in range(8):
        margins.unlike(NOISE, after(NOISE, Rect(200, 65, 30, 1)), tick * 600)
    assert margins.film == Rect(134, 68, 372, 248)
