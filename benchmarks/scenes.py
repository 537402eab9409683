"""Desktop scenes of 1920x1080 pixels, the same at every run: real glyphs, synthetic photographs."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1920
HEIGHT: Final = 1080
FONT: Final = "DejaVuSansMono.ttf"
FONT_PX: Final = 15
LINE_PX: Final = 19
_SYLLABLES: Final = (
    "ta",
    "lo",
    "re",
    "vi",
    "mos",
    "quen",
    "sa",
    "tri",
    "bel",
    "no",
    "dur",
    "ik",
    "par",
    "ze",
    "un",
)

Canvas = NDArray[np.uint8]
Paint = Callable[[Canvas, int], None]
"""Paints what is new at this tick."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A first picture, and what changes at each tick of ``tick_ms``."""

    name: str
    tick_ms: float
    start: Callable[[], Canvas]
    paint: Paint


@functools.cache
def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans Mono, or Pillow's own font where that is not installed."""
    try:
        return ImageFont.truetype(FONT, FONT_PX)
    except OSError:
        return ImageFont.load_default(FONT_PX)


def words(seed: int, count: int) -> list[str]:
    """Invented words, 2 to 10 letters."""
    rng = np.random.default_rng(seed)
    picks: list[list[int]] = rng.integers(0, len(_SYLLABLES), (count, 4)).tolist()
    lengths: list[int] = rng.integers(1, 5, count).tolist()
    return ["".join(_SYLLABLES[i] for i in row[:n]) for row, n in zip(picks, lengths, strict=True)]


@functools.cache
def text_page(width: int, height: int, seed: int = 1) -> Canvas:
    """A page of text, dark on white, BGRX."""
    image = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    stock = words(seed, height // LINE_PX * 40 + 40)
    for line, y in enumerate(range(4, height, LINE_PX)):
        draw.text((8, y), " ".join(stock[line * 40 : line * 40 + 40]), font=font(), fill=(32, 32, 40))
    return _bgrx(np.asarray(image))


@functools.cache
def photograph(width: int, height: int, seed: int = 1) -> Canvas:
    """Noise with the spectrum of natural pictures and a little grain, BGRX."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = 1 / width
    channels: list[NDArray[np.uint8]] = []
    shared = np.fft.rfft2(rng.standard_normal((height, width)))
    for _ in range(3):
        own = np.fft.rfft2(rng.standard_normal((height, width)))
        picture = np.fft.irfft2((shared + 0.3 * own) / frequency, s=(height, width))
        low, high = np.percentile(picture, (1, 99))
        grained = (picture - low) / (high - low) * 235 + rng.normal(0, 2, (height, width))
        channels.append(np.clip(grained, 0, 255).astype(np.uint8))
    return _bgrx(np.stack(channels, axis=-1))


def _bgrx(rgb: NDArray[np.uint8]) -> Canvas:
    canvas = np.zeros((*rgb.shape[:2], 4), np.uint8)
    canvas[..., :3] = rgb[..., ::-1]
    return canvas


def _glyph(letter: str) -> Canvas:
    image = Image.new("RGB", (9, LINE_PX), (255, 255, 255))
    ImageDraw.Draw(image).text((0, 0), letter, font=font(), fill=(32, 32, 40))
    return _bgrx(np.asarray(image))


def _desktop() -> Canvas:
    canvas = photograph(WIDTH, HEIGHT, 3).copy()
    canvas[60:1040, 120:1770] = text_page(1650, 980)
    canvas[0:32] = 48
    return canvas


def _nothing(_canvas: Canvas, _tick: int) -> None:
    """Stands still."""


def _type(canvas: Canvas, tick: int) -> None:
    column, line = tick % 170, tick // 170
    x, y = 128 + column * 9, 64 + line * LINE_PX
    canvas[y : y + LINE_PX, x : x + 9] = _glyph("abcdefghijklmnopqrstuvwxyz"[tick * 7 % 26])
    canvas[y : y + LINE_PX, x + 9 : x + 11] = 0


def _scroll(canvas: Canvas, tick: int) -> None:
    page = text_page(1650, 6000, 5)
    top = tick * 48 % (6000 - 980)
    canvas[60:1040, 120:1770] = page[top : top + 980]


def _drag(canvas: Canvas, tick: int) -> None:
    canvas[:] = photograph(WIDTH, HEIGHT, 3)
    x, y = 40 + tick * 12 % 1100, 60 + tick * 5 % 450
    canvas[y : y + 500, x : x + 700] = text_page(700, 500, 7)
    canvas[y : y + 24, x : x + 700] = (120, 80, 40, 0)


def _video(canvas: Canvas, tick: int) -> None:
    shots = photograph(1400, 900, 11)
    x, y = tick * 6 % 400, tick * 3 % 300
    canvas[200:740, 400:1360] = shots[y : y + 540, x : x + 960]


def _pages(canvas: Canvas, tick: int) -> None:
    canvas[:] = text_page(WIDTH, HEIGHT, 20 + tick % 2)


SCENES: Final = (
    Scene("idle", 1000 / 60, _desktop, _nothing),
    Scene("typing", 60.0, _desktop, _type),
    Scene("scrolling 1650x980", 1000 / 60, _desktop, _scroll),
    Scene("window drag 700x500", 1000 / 60, _desktop, _drag),
    Scene("video 960x540", 1000 / 30, _desktop, _video),
    Scene("full text page", 500.0, lambda: text_page(WIDTH, HEIGHT, 20).copy(), _pages),
)
