import numpy as np
import pytest

from relevo_agent.pipeline.diff import Cells, cell_shape
from relevo_agent.pipeline.motion import Motion
from relevo_agent.pipeline.types import CellMask, PixelBuffer, Rect
from relevo_protocol.limits import QUIET_EXACT_MS
from tests.agent.pipeline.test_classify import text_page

WIDTH, HEIGHT = 640, 400
FILM = Cells(4, 20, 8, 32)
"""256 rows from 64, 384 columns from 128."""
RNG = np.random.default_rng(9)


def noise() -> PixelBuffer:
    return RNG.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)


NOISE = noise()


def cells_of(*areas: Cells) -> CellMask:
    mask = np.zeros(cell_shape(WIDTH, HEIGHT), np.bool_)
    for area in areas:
        area.of(mask)[:] = True
    return mask


def play(
    motion: Motion, changed: CellMask, *, from_ms: float, to_ms: float, hz: float, pixels: PixelBuffer = NOISE
) -> None:
    for now_ms in np.arange(from_ms, to_ms, 1000 / hz).tolist():
        motion.observe(pixels, changed, now_ms)


def started(hz: float = 30, for_ms: float = 1000) -> Motion:
    motion = Motion(WIDTH, HEIGHT)
    play(motion, cells_of(FILM), from_ms=0, to_ms=for_ms, hz=hz)
    return motion


def test_film_is_found_within_a_quarter_of_a_second() -> None:
    assert started(for_ms=250).rect == Rect(128, 64, 384, 256)


@pytest.mark.parametrize(("hz", "is_video"), [(60, True), (24, True), (10, True), (6, False), (2, False)])
def test_only_what_changes_about_eight_times_a_second_is_video(hz: float, is_video: bool) -> None:
    assert (started(hz, 3000).rect is not None) is is_video


def test_on_a_thin_line_what_changes_at_each_look_is_video() -> None:
    motion = Motion(WIDTH, HEIGHT)
    for look in range(8):
        motion.observe(NOISE, cells_of(FILM), look * 300, held_ms=290)
    assert motion.rect == Rect(128, 64, 384, 256)


def test_a_slide_show_on_an_idle_line_is_no_video() -> None:
    motion = Motion(WIDTH, HEIGHT)
    play(motion, cells_of(FILM), from_ms=0, to_ms=9000, hz=1)
    assert motion.rect is None


def test_text_is_never_video_however_often_it_changes() -> None:
    page = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    page[:256, :384] = text_page()
    motion = Motion(WIDTH, HEIGHT)
    play(motion, cells_of(Cells(0, 16, 0, 24)), from_ms=0, to_ms=2000, hz=60, pixels=page)
    assert motion.rect is None


def test_a_spinner_is_too_small() -> None:
    motion = Motion(WIDTH, HEIGHT)
    play(motion, cells_of(Cells(4, 8, 8, 12)), from_ms=0, to_ms=2000, hz=60)
    assert motion.rect is None


def test_the_larger_one_of_two_films_is_video() -> None:
    motion = Motion(WIDTH, HEIGHT)
    small = Cells(2, 12, 0, 10)
    large = Cells(2, 22, 16, 38)
    play(motion, cells_of(small, large), from_ms=0, to_ms=1000, hz=30)
    assert motion.cells == large


def test_pieces_of_one_film_are_one_rectangle() -> None:
    motion = Motion(WIDTH, HEIGHT)
    half = Cells(4, 20, 8, 18), Cells(4, 20, 20, 32)  # a still tree in the middle
    play(motion, cells_of(*half), from_ms=0, to_ms=1000, hz=30)
    assert motion.cells == FILM


def test_a_title_line_above_is_left_out() -> None:
    motion = Motion(WIDTH, HEIGHT)
    spinner = Cells(3, 4, 8, 10)
    play(motion, cells_of(FILM, spinner), from_ms=0, to_ms=1000, hz=30)
    assert motion.cells == FILM


def test_D4_the_rectangle_stays_while_less_of_it_moves() -> None:
    motion = started()
    play(motion, cells_of(Cells(8, 16, 12, 24)), from_ms=1000, to_ms=1500, hz=30)
    assert motion.cells == FILM


def test_D4_a_film_that_has_become_larger_gets_another_rectangle_after_a_while() -> None:
    motion, full = started(), Cells(0, 25, 0, 40)
    play(motion, cells_of(full), from_ms=1000, to_ms=1300, hz=30)
    assert motion.cells == FILM
    play(motion, cells_of(full), from_ms=1300, to_ms=2500, hz=30)
    assert motion.rect == Rect(0, 0, WIDTH, HEIGHT)


def test_F10_video_ends_half_a_second_after_the_last_change() -> None:
    motion = started()
    last_ms = 1000 - 1000 / 30
    assert motion.due_ms == pytest.approx(last_ms + QUIET_EXACT_MS, abs=35)
    still = cells_of()
    play(motion, still, from_ms=1000, to_ms=last_ms + QUIET_EXACT_MS - 10, hz=60)
    before = motion.rect
    motion.observe(NOISE, still, last_ms + QUIET_EXACT_MS + 40)
    assert before is not None
    assert motion.rect is None


def test_a_film_paused_under_a_turning_spinner_has_ended() -> None:
    motion = started()
    play(motion, cells_of(Cells(11, 13, 18, 21)), from_ms=1000, to_ms=1600, hz=30)
    assert motion.rect is None


def test_still_text_over_the_film_is_kept_exact() -> None:
    screen, menu = NOISE.copy(), Cells(8, 12, 8, 20)
    screen[128:192, 128:320] = text_page()[:64, :192]
    motion, moving = Motion(WIDTH, HEIGHT), cells_of(FILM)
    play(motion, moving, from_ms=0, to_ms=1000, hz=30, pixels=screen)
    assert not motion.overlay.any()
    menu.of(moving)[:] = False
    play(motion, moving, from_ms=1000, to_ms=1400, hz=30, pixels=screen)
    assert np.array_equal(motion.overlay, cells_of(menu))
    play(motion, cells_of(FILM), from_ms=1400, to_ms=1500, hz=30, pixels=screen)
    assert not motion.overlay.any()


def test_forgotten_motion_has_to_be_found_anew() -> None:
    motion = started()
    motion.forget()
    assert motion.rect is None
    assert not motion.overlay.any()
    motion.observe(NOISE, cells_of(FILM), 1100)
    assert motion.rect is None


def test_a_rectangle_at_the_edge_ends_there() -> None:
    motion = Motion(WIDTH - 5, HEIGHT - 3)
    everything = np.ones(cell_shape(WIDTH - 5, HEIGHT - 3), np.bool_)
    play(motion, everything, from_ms=0, to_ms=500, hz=30, pixels=NOISE[:-3, :-5])
    assert motion.rect == Rect(0, 0, WIDTH - 5, HEIGHT - 3)
