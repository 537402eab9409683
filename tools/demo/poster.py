"""A window with a picture and large text, so that a shared screen has something else than terminals on it.

Drawn with Pillow and put up with python-xlib: the demo needs no toolkit.
"""

import importlib
import re
import sys
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_TITLE = "Relevo"
_LINES = ("Remote support in the browser,", "sealed from end to end.")
_ROOT_COLOUR = 0x2B3A4A


def main(geometry: str) -> int:
    """Show the window until the display goes away."""
    found = re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+)", geometry)
    if found is None:
        print(f"poster: {geometry!r} is no geometry such as 620x360+640+20", file=sys.stderr)
        return 2
    width, height, left, top = map(int, found.groups())
    # python-xlib comes without types.
    xlib: Any = importlib.import_module("Xlib.display")
    display: Any = xlib.Display()
    screen: Any = display.screen()
    screen.root.change_attributes(background_pixel=_ROOT_COLOUR)
    screen.root.clear_area()
    _show(display, draw(width, height), (left, top))
    return 0


def draw(width: int, height: int) -> Image.Image:
    """A sunset over hills with text: smooth and rough parts, as a photograph has; the same each time."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    depth = rows / height
    grain = np.random.default_rng(705146).normal(0.0, 6.0, (height, width))
    sun = np.exp(
        -(((columns - 0.7 * width) / (0.16 * width)) ** 2 + ((rows - 0.45 * height) / (0.22 * height)) ** 2)
    )
    red = 70 + 150 * depth + 120 * sun + grain
    green = 60 + 70 * depth + 110 * sun + grain
    blue = 130 - 60 * depth + 40 * sun + grain
    for level, (wave, shade) in enumerate(((0.011, 0.62), (0.017, 0.45), (0.029, 0.3))):
        crest = height * (0.62 + 0.12 * level) - 0.06 * height * np.sin(columns * wave + level)
        for band in (red, green, blue):
            band[rows > crest] *= shade
    picture = Image.fromarray(np.clip(np.dstack((red, green, blue)), 0, 255).astype(np.uint8), "RGB")
    pen = ImageDraw.Draw(picture)
    pen.text((28, 22), _TITLE, fill="white", font=ImageFont.load_default(46))
    for number, line in enumerate(_LINES):
        pen.text((30, 84 + 28 * number), line, fill="white", font=ImageFont.load_default(20))
    return picture


def _show(display: Any, picture: Image.Image, corner: tuple[int, int]) -> None:
    x: Any = importlib.import_module("Xlib.X")
    screen: Any = display.screen()
    window: Any = screen.root.create_window(
        *corner,
        *picture.size,
        0,
        screen.root_depth,
        x.InputOutput,
        x.CopyFromParent,
        event_mask=x.ExposureMask,
    )
    window.set_wm_name(_TITLE)
    # 1|4: the user's position and size; without it the window manager chooses a place.
    window.set_wm_normal_hints(flags=1 | 4 | 2 | 8)
    # The picture is the window's background: the X server itself repaints it.
    pixmap: Any = window.create_pixmap(*picture.size, screen.root_depth)
    pixmap.put_pil_image(pixmap.create_gc(), 0, 0, picture)
    window.change_attributes(background_pixmap=pixmap)
    window.map()
    display.flush()
    while True:
        display.next_event()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "620x360+640+20"))
