"""What a page was given to draw, and whether its canvas is the real screen, pixel by pixel."""

import base64
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page
from Xlib import X
from Xlib import display as xdisplay

from tests.e2e.browser import pixels
from tests.e2e.stack import Display
from tests.support.processes import wait_until

# The page's own messages are counted where they come in; nothing of the viewer knows of it. What a decoder of
# video gave has a time, what one of pictures gave has none.
_COUNT = """(() => {
  const drawn = (globalThis.drawn = {frames: 0, pixels: 0, picture: 0, video: 0, copy: 0, shifts: []});
  const overlaps = (op) => Math.abs(op.x - op.fromX) < op.width && Math.abs(op.y - op.fromY) < op.height;
  const kind = ({k, bitmap}) => k !== 'bitmap' ? k : bitmap.timestamp > 0 ? 'video' : 'picture';
  const count = ({data}) => {
    if (data.t !== 'drawing') return;
    drawn.frames += 1;
    for (const op of data.drawing.ops) {
      drawn[kind(op)] += 1;
      if (op.k === 'copy' && overlaps(op)) drawn.shifts.push([op.x - op.fromX, op.y - op.fromY]);
    }
  };
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', count);
    }
  };
})()"""


_TONE_ERROR = 3.0
"""Of 255: what a video loses of the film's grain, and of its colours between two pixels."""


@dataclass(frozen=True)
class Drawn:
    """Frames and drawing operations since the page was opened; ``shifts`` are the copies onto themselves."""

    frames: int
    pixels: int
    picture: int
    video: int
    copy: int
    shifts: list[tuple[int, int]]


def count_drawing(context: BrowserContext) -> None:
    """Let the pages that are opened from now on count."""
    context.add_init_script(_COUNT)


def drawn(page: Page) -> Drawn:
    """The figures of a page whose context counts."""
    return Drawn(**page.evaluate("globalThis.drawn"))


def await_drawn(page: Page, enough: Callable[[Drawn], bool], what: str) -> None:
    """Return once the figures are enough."""
    wait_until(lambda: enough(drawn(page)), what)


def screen(display: Display) -> NDArray[np.uint8]:
    """What the X server shows, by a plain XGetImage: height x width x 3."""
    with closing(xdisplay.Display(display.name)) as connection:
        root = connection.screen().root
        size = root.get_geometry()
        image = root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
        rows = np.frombuffer(image.data, np.uint8).reshape(size.height, size.width, 4)
        return rows[..., 2::-1]


def canvas(page: Page) -> NDArray[np.uint8]:
    """What the page shows: height x width x 3."""
    shown = pixels(page)
    rgba = np.frombuffer(base64.b64decode(str(shown["rgba"])), np.uint8)
    return rgba.reshape(int(str(shown["height"])), int(str(shown["width"])), 4)[..., :3]


def await_tones(page: Page, display: Display, area: tuple[int, int, int, int]) -> None:
    """Return once brightness and contrast of each colour are the screen's there, while a film plays.

    Two looks never see the same picture of it, but the film has the same tones throughout. Taking full range
    for limited makes its contrast a sixth larger; another matrix makes green's larger, the others' smaller.
    """
    seen: list[NDArray[np.float64]] = []

    def alike() -> bool:
        seen[:] = [_tones(picture, area) for picture in (canvas(page), screen(display))]
        return bool((np.abs(seen[0] - seen[1]) <= _TONE_ERROR).all())

    try:
        wait_until(alike, "")
    except AssertionError:
        told = [one.round(1).tolist() for one in seen]
        raise AssertionError(f"mean and deviation of red, green and blue: {told[0]}, not {told[1]}") from None


def _tones(picture: NDArray[np.uint8], area: tuple[int, int, int, int]) -> NDArray[np.float64]:
    x, y, width, height = area
    part = picture[y : y + height, x : x + width].reshape(-1, 3)
    return np.concatenate([part.mean(axis=0), part.std(axis=0)])


def await_exact(page: Page, display: Display, who: str) -> None:
    """Return once the canvas is the screen, which rests; a failure says where it is not."""
    wanted = screen(display)
    try:
        wait_until(lambda: bool(np.array_equal(canvas(page), wanted)), "")
    except AssertionError:
        seen = canvas(page)
        assert seen.shape == wanted.shape, f"{who}: {seen.shape} instead of {wanted.shape}"
        wrong = np.argwhere((seen != wanted).any(axis=2))
        assert not len(wrong), (
            f"{who}: {len(wrong)} pixels differ within rows and columns "
            f"{wrong.min(axis=0).tolist()} to {wrong.max(axis=0).tolist()}"
        )
