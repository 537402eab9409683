"""What the scenes show: pages of real prose in real fonts, and moving pictures made of real photographs.

Made once and kept under ``.cache``; the text is the documentation that every Python carries, the photographs
are those of Debian's ``mate-backgrounds``, or noise with the spectrum of photographs without them.
"""

import hashlib
import io
import pydoc_data.topics
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.end_to_end.layout import HEIGHT, LINE_PX, PAGE, TITLE_PX, VIDEO, WIDTH, WINDOW
from benchmarks.scenes import photograph
from tools.paths import CACHE

Pixels = NDArray[np.uint8]
"""Rows of BGRX."""

PHOTOGRAPHS: Final = Path("/usr/share/backgrounds/mate/nature")
FRAMES: Final = 120
"""Of the video: shown forth and back, four seconds each way."""
SCROLLED_PX: Final = 9000
PAGES: Final = 4
_FONTS: Final = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf")


def back_and_forth(number: int, count: int) -> int:
    """0, 1, ... count - 1, count - 2, ... 1, 0, 1, ...; which picture of the video a frame's number shows."""
    around = number % (2 * count - 2)
    return min(around, 2 * count - 2 - around)


@cache
def folder() -> Path:
    """Where the material is kept; made if it is not there yet. Named by the program that makes it."""
    own = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode())
    own.update(f"{PHOTOGRAPHS.is_dir()} {WIDTH}x{HEIGHT}".encode())
    kept = CACHE / "end-to-end" / own.hexdigest()[:16]
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix="half-", dir=kept.parent))
        _make(half)
        # In one move; another run may have been quicker.
        with suppress(OSError):
            half.rename(kept)
        shutil.rmtree(half, ignore_errors=True)
    return kept


def loaded(kept: Path, name: str) -> Pixels:
    """One piece of material, mapped and not read: video and pages have a first axis of pictures."""
    return cast("Pixels", np.load(kept / f"{name}.npy", mmap_mode="r"))


def describe() -> str:
    """Of what the moving pictures are made."""
    return "photographs of mate-backgrounds" if PHOTOGRAPHS.is_dir() else "synthetic photographs (1/f noise)"


def _make(kept: Path) -> None:
    lines = prose()
    np.save(kept / "desktop.npy", _desktop(lines))
    np.save(kept / "scrolled.npy", text(PAGE[2], SCROLLED_PX, lines))
    np.save(kept / "pages.npy", np.stack([_full_page(lines, number) for number in range(PAGES)]))
    np.save(kept / "window.npy", _window(lines))
    np.save(kept / "glyphs.npy", _glyphs())
    video = open_memmap(kept / "video.npy", "w+", np.uint8, (FRAMES, VIDEO[3], VIDEO[2], 4))
    for number, frame in enumerate(moving_frames(FRAMES)):
        video[number] = frame
    video.flush()


def prose() -> Iterator[str]:
    """Lines of real text without an end worth minding."""
    while True:
        for _, article in sorted(pydoc_data.topics.topics.items()):
            yield from article.expandtabs(4).splitlines()


@cache
def _font(style: int, size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    try:
        return ImageFont.truetype(_FONTS[style], size_px)
    except OSError:
        return ImageFont.load_default(size_px)


def text(width: int, height: int, lines: Iterator[str]) -> Pixels:
    """A page as a browser shows one: headings, prose, code; dark on white."""
    image = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for y in range(6, height - LINE_PX, LINE_PX):
        line = next(lines)
        if line.startswith("   "):
            draw.text((24, y), line, font=_font(2, 13), fill=(20, 60, 110))
        elif line and (line[0] in "*-=" or line.istitle()):
            draw.text((16, y), line, font=_font(1, 14), fill=(120, 20, 20))
        else:
            while len(line) < width // 8:
                line += f" {next(lines).strip()}"
            draw.text((16, y), line, font=_font(0, 13), fill=(28, 28, 32))
    return _bgrx(image)


def _desktop(lines: Iterator[str]) -> Pixels:
    """A bar on top, and a page whose lower half is empty."""
    canvas = np.full((HEIGHT, WIDTH, 4), (110, 84, 60, 0), np.uint8)
    canvas[:32] = (48, 44, 40, 0)
    x, y, width, height = PAGE
    canvas[y : y + height, x : x + width] = 255
    canvas[y : y + height // 2, x : x + width] = text(width, height // 2, lines)
    return canvas


def _full_page(lines: Iterator[str], number: int) -> Pixels:
    canvas = text(WIDTH, HEIGHT, lines)
    canvas[:32] = (90 + 40 * number, 70, 50, 0)
    canvas[32:, : 60 + 90 * number] = (235, 235 - 10 * number, 225, 0)
    return canvas


def _window(lines: Iterator[str]) -> Pixels:
    width, height = WINDOW
    canvas = text(width, height, islice(lines, 300))
    canvas[:TITLE_PX] = (150, 100, 50, 0)
    canvas[:, :1] = canvas[:, -1:] = 90
    canvas[-1:] = 90
    return canvas


def _glyphs() -> Pixels:
    """Printable ASCII side by side, 8 x ``LINE_PX`` pixels each."""
    image = Image.new("RGB", (8 * 95, LINE_PX), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for code in range(95):
        draw.text((code * 8, 1), chr(32 + code), font=_font(2, 13), fill=(20, 20, 24))
    return _bgrx(image)


def moving_frames(count: int) -> Iterator[Pixels]:
    """A camera that pans, turns and nears, somebody's flower passing in front, and a sensor's grain."""
    width, height = VIDEO[2:]
    behind, front = _photo("GreenMeadow.jpg", 1), _photo("YellowFlower.jpg", 2)
    side = 260
    front = front.resize((side, side))
    disc = Image.new("L", (side, side))
    ImageDraw.Draw(disc).ellipse((12, 12, side - 12, side - 12), fill=255)
    disc = disc.filter(ImageFilter.GaussianBlur(4))
    grain = np.random.default_rng(5).normal(0, 2.5, (8, height, width, 1))
    for number in range(count):
        at = number / count
        picture = _view(behind, at, (width, height))
        turn = 50 * at
        place = (int(60 + at * (width - side - 120)), int(110 + 90 * np.sin(at * 9)))
        picture.paste(front.rotate(turn, Image.Resampling.BILINEAR), place, disc)
        seen = np.asarray(picture, np.float32) + grain[number % 8]
        yield _bgrx(Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)))


def _view(photo: Image.Image, at: float, size: tuple[int, int]) -> Image.Image:
    zoom, turn = 1.5 - 0.35 * at, 0.03 * np.sin(at * 5)
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    left, top = 40 + at * 260, 60 + 40 * np.sin(at * 6)
    affine = (c, s, left, -s, c, top + 30)
    return photo.transform(size, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR)


def _photo(name: str, seed: int) -> Image.Image:
    """A photograph 1700 pixels wide."""
    path = PHOTOGRAPHS / name
    if not path.exists():
        return Image.fromarray(photograph(1700, 1060, seed)[..., 2::-1].copy())
    with Image.open(io.BytesIO(path.read_bytes())) as opened:
        return opened.convert("RGB").resize((1700, 1060), Image.Resampling.LANCZOS)


def _bgrx(image: Image.Image) -> Pixels:
    rgb = np.asarray(image)
    canvas = np.zeros((*rgb.shape[:2], 4), np.uint8)
    canvas[..., :3] = rgb[..., ::-1]
    return canvas
