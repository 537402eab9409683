import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("av", reason="video is an optional part of the agent")

from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.encoders import video_colours
from relevo_agent.pipeline.types import PixelBuffer

RNG = np.random.default_rng(3)
SIZES = [(64, 48), (63, 48), (64, 47), (2, 2), (1, 1), (333, 5)]
Planes = list[NDArray[np.float64]]


def screen_part(width: int, height: int, *, smooth: bool) -> PixelBuffer:
    """A part of a larger screen: its rows are apart in memory."""
    screen = RNG.integers(0, 256, (height + 9, width + 7, 4), np.uint8)
    if smooth:
        screen = screen // 16 + RNG.integers(0, 240, 4, np.uint8)
    return screen[3 : 3 + height, 5 : 5 + width]


def meant(block: PixelBuffer) -> Planes:
    """BT.709 in full range, the colour of 2x2 pixels as their mean."""
    height, width = block.shape[:2]
    bgr = np.pad(block[..., :3].astype(np.float64), ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    brightness = bgr @ (0.0722, 0.7152, 0.2126)
    differences = (bgr[..., 0] - brightness) / 1.8556, (bgr[..., 2] - brightness) / 1.5748
    halves = [plane.reshape(len(plane) // 2, 2, -1, 2).mean(axis=(1, 3)) + 128 for plane in differences]
    return [brightness[:height, :width], *halves]


def made(colours: video_colours.Colours, block: PixelBuffer) -> Planes:
    height, width = block.shape[:2]
    sizes = [(height, width), (-(-height // 2), -(-width // 2)), (-(-height // 2), -(-width // 2))]
    planes = colours.picture(block).planes
    return [
        np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)[:rows, :columns].astype(np.float64)
        for plane, (rows, columns) in zip(planes, sizes, strict=True)
    ]


@pytest.mark.skipif(kernel.current() is None, reason="the kernel is not built")
@pytest.mark.parametrize("size_px", SIZES)
def test_D4_the_kernels_colours_are_those_meant(size_px: tuple[int, int]) -> None:
    for smooth in (True, False):
        block = screen_part(*size_px, smooth=smooth)
        for plane, wanted in zip(
            made(video_colours.Colours("yuv420p", size_px), block), meant(block), strict=True
        ):
            assert np.abs(plane - wanted).max() < 2


@pytest.mark.parametrize("size_px", SIZES[:3])
def test_D4_without_the_kernel_they_are_those_meant_too(
    size_px: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_colours, "_compiled", lambda: None)
    block = screen_part(*size_px, smooth=True)
    for plane, wanted in zip(
        made(video_colours.Colours("yuv420p", size_px), block), meant(block), strict=True
    ):
        assert np.abs(plane - wanted).mean() < 4


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)])
def test_D4_the_ends_of_the_range_do_not_wrap(colour: tuple[int, int, int]) -> None:
    block = np.full((16, 32, 4), (*colour, 0), np.uint8)
    for plane, wanted in zip(
        made(video_colours.Colours("yuv420p", (32, 16)), block), meant(block), strict=True
    ):
        assert np.abs(plane - wanted.clip(0, 255)).max() <= 2


def test_each_picture_is_the_newest() -> None:
    colours = video_colours.Colours("yuv420p", (64, 48))
    first, second = (screen_part(64, 48, smooth=True) for _ in range(2))
    made(colours, first)
    again = made(colours, second)[0]
    assert np.abs(again - meant(second)[0]).max() < 2


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="64x48"):
        video_colours.Colours("yuv420p", (64, 48)).picture(screen_part(64, 47, smooth=True))
