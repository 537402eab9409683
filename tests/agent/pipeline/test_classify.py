import numpy as np
import pytest
from PIL import Image, ImageDraw

from relevo_agent.pipeline.classify import photo_cells
from relevo_agent.pipeline.diff import cell_shape
from relevo_agent.pipeline.types import PixelBuffer

pytestmark = pytest.mark.usefixtures("both_ways")

SHAPE = (256, 384)


def text_page() -> PixelBuffer:
    image = Image.new("RGBA", (SHAPE[1], SHAPE[0]), "white")
    draw = ImageDraw.Draw(image)
    for y in range(0, SHAPE[0], 14):
        draw.text((3, y), "the quick brown fox jumps over the lazy dog 0123456789 " * 2, fill="black")
    return np.asarray(image).copy()


def photograph() -> PixelBuffer:
    return np.random.default_rng(4).integers(0, 256, (*SHAPE, 4), np.uint8)


def everything() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.ones(cell_shape(SHAPE[1], SHAPE[0]), np.bool_)


def test_text_is_no_photograph() -> None:
    assert not photo_cells(text_page(), everything()).any()


def test_photograph_is_one() -> None:
    assert photo_cells(photograph(), everything()).all()


def test_photograph_in_a_page_is_found_where_it_is() -> None:
    page = text_page()
    page[64:192, 128:320] = photograph()[64:192, 128:320]
    expected = np.zeros_like(everything())
    expected[4:12, 8:20] = True
    assert np.array_equal(photo_cells(page, everything()), expected)


def test_only_dirty_cells_are_judged() -> None:
    dirty = np.zeros_like(everything())
    assert not photo_cells(photograph(), dirty).any()
    dirty[7, 9] = True
    assert np.array_equal(photo_cells(photograph(), dirty), dirty)


def test_areas_cut_by_the_edge_are_judged_by_what_they_have() -> None:
    pixels = np.zeros((70, 71, 4), np.uint8)
    pixels[64:, 64:] = np.random.default_rng(1).integers(0, 256, (6, 7, 4))
    photo = photo_cells(pixels, np.ones((5, 5), np.bool_))
    assert photo[4, 4]
    assert photo.sum() == 1


def over(background: PixelBuffer) -> PixelBuffer:
    """The page's strokes, white on another background."""
    strokes = 255 - text_page()[..., :3].astype(np.uint16)
    mixed = background.copy()
    mixed[..., :3] = np.maximum(background[..., :3] // 2, strokes)
    return mixed


def gradient() -> PixelBuffer:
    """Steep enough that hardly any pixel equals the one beside it."""
    y, x = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    return np.stack([(3 * x + y) % 256, (x + y) // 3, 60 + x // 3, 0 * x], axis=-1).astype(np.uint8)


def soft_picture() -> PixelBuffer:
    """Out of focus: long runs of equal pixels, and nothing sharp."""
    coarse = Image.fromarray(np.random.default_rng(6).integers(60, 160, (6, 8, 4), np.uint8))
    return np.asarray(coarse.resize((SHAPE[1], SHAPE[0]), Image.Resampling.BICUBIC)).copy()


def test_text_over_a_gradient_is_no_photograph() -> None:
    page = over(gradient())
    assert photo_cells(gradient(), everything()).mean() > 0.9
    assert photo_cells(page, everything()).mean() < 0.1


def test_text_over_a_soft_picture_is_no_photograph() -> None:
    assert photo_cells(over(soft_picture()), everything()).mean() < 0.1


def test_a_picture_out_of_focus_is_a_photograph() -> None:
    picture = soft_picture()
    assert (picture[:, 1:] == picture[:, :-1]).all(axis=-1).mean() > 0.05
    assert photo_cells(picture, everything()).mean() > 0.9


def test_faint_text_is_no_photograph() -> None:
    faint = 255 - (255 - text_page()) // 7
    assert not photo_cells(faint, everything()).any()


def test_dark_text_is_no_photograph() -> None:
    assert not photo_cells(np.asarray(255 - text_page(), np.uint8), everything()).any()
