"""What goes out together: text and photographs apart, and neither paid for twice."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from relevo_agent.pipeline.diff import Cells
from relevo_agent.pipeline.painter import Budget, Costs, Painter
from relevo_agent.pipeline.plan import quiet_areas, unsent_areas
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import CellMask, Grab, PixelBuffer

pytestmark = pytest.mark.usefixtures("both_ways")

SIZE = (640, 480)


def page_with_photograph() -> PixelBuffer:
    """The photograph fills whole cells and has text on every side."""
    image = Image.new("RGBA", SIZE, "white")
    for y in range(0, SIZE[1], 14):
        ImageDraw.Draw(image).text((3, y), "the quick brown fox jumps over the lazy dog " * 3, fill="black")
    page = np.asarray(image).copy()
    photograph = page[96:384, 160:512]
    photograph[:] = np.random.default_rng(6).integers(0, 256, photograph.shape, np.uint8)
    return page


def covered(page: PixelBuffer) -> tuple[CellMask, CellMask]:
    """The cells of a new page that go out as text, and those that go out as photographs."""
    shown = Shown(*SIZE, 0.0)
    areas = unsent_areas(shown, page, 0.0)
    text, photo = np.zeros_like(shown.unsent), np.zeros_like(shown.unsent)
    for mask, rects in ((text, areas.text), (photo, areas.photo)):
        for cells in rects:
            cells.of(mask)[:] = True
    return text, photo


def test_text_around_a_photograph_goes_out_without_the_photograph() -> None:
    text, photo = covered(page_with_photograph())
    assert photo.any()
    assert not (text & photo).any()
    assert (text | photo).all()


def test_what_is_exact_by_now_is_not_made_exact_again() -> None:
    """On a thin line a frame holds a piece of a row: the next one has to go on behind it."""
    shown = Shown(*SIZE, 0.0)
    shown.sent(Cells(0, 30, 0, 40))
    shown.lossy[:] = True
    shown.lossy[0, :8] = False
    going_out = np.zeros_like(shown.lossy)
    for cells in quiet_areas(shown, 10_000.0):
        cells.of(going_out)[:] = True
    assert np.array_equal(going_out, shown.lossy)


def test_words_beside_what_is_still_rough_go_out_without_it() -> None:
    shown, page = Shown(*SIZE, 0.0), np.full((SIZE[1], SIZE[0], 4), 255, np.uint8)
    shown.sent(Cells(0, 30, 0, 40))
    shown.lossy[4:10, 10:20] = True
    shown.unsent[6, [9, 20]] = True
    areas = unsent_areas(shown, page, 0.0)
    assert not any(cells.of(shown.lossy).any() for cells in areas.text)
    shown.lossy[:] = False
    assert len(unsent_areas(shown, page, 0.0).text) == 1


def test_a_page_goes_out_piece_by_piece_though_a_frame_holds_less_than_a_row_of_it() -> None:
    """What is left is covered by rectangles that begin with what has gone out already."""
    page = np.random.default_rng(6).integers(0, 2, (64, 1920, 4), np.uint8) * 255
    shown, painter = Shown(1920, 64, 0.0), Painter(lambda: 0.0)
    budget = Budget(1500, 50, tight=True, refine_bytes=0, over_bytes=2048)
    for number in range(1, 481):
        if not shown.has_unsent:
            break
        left = np.count_nonzero(shown.unsent)
        painter.updates(shown, Grab(page), budget, 16.0 * number, Costs())
        assert np.count_nonzero(shown.unsent) < left
    assert not shown.has_unsent
