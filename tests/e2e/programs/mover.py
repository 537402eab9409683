"""A page of text that scrolls, a window that is dragged over it, and a film: what a busy desktop does.

python mover.py

It reads one command a line: ``scroll``, ``drag``, ``film`` begin a motion, ``rest`` ends it. Each ``rest`` is
answered by ``{"event": "rest", "steps": n}`` when the X server has drawn everything.
"""

import json
import os
import random
import select
import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Pixmap, Window

STEP_S = 1 / 25
PAGE = 40, 60, 620, 520
"""Where the page lies: x, y, width, height."""
PAGE_LINES = 160
LINE_PX = 16
SCROLL_PX = 48
DRAG_STEP = 23, 9
NOTE = 260, 180
FILM = 720, 120, 480, 272
FILM_PICTURES = 24


def report(**event: object) -> None:
    """Write one line at once."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def photograph(width: int, height: int) -> NDArray[np.uint8]:
    """Soft shapes with a little grain, as a camera sees: height x width x 4."""
    generator = np.random.default_rng(5)
    rows, columns = np.mgrid[:height, :width]
    planes = [
        120 + 60 * np.sin(columns / wide + phase) + 50 * np.cos(rows / high - phase)
        for wide, high, phase in ((41, 67, 0.0), (59, 37, 1.0), (83, 53, 2.0))
    ]
    soft = np.stack([*planes, np.zeros((height, width))], axis=2)
    return np.clip(soft + generator.normal(0, 5, soft.shape), 0, 255).astype(np.uint8)


class Desk:
    """The windows; ``step`` moves on what is in motion."""

    def __init__(self) -> None:
        self._display = Display()
        self._screen = self._display.screen()
        self._root: Window = self._screen.root
        self._steps = 0
        page_height = PAGE_LINES * LINE_PX
        self._page = self._text((PAGE[2], page_height), "", 0xFFFFF4)
        frame = self._window(self._root, PAGE, None)
        self._scrolled = self._window(frame, (0, 0, PAGE[2], page_height), self._page)
        self._note = self._window(self._root, (0, 0, *NOTE), self._text(NOTE, "note", 0xE0F0FF))
        self._pictures = self._film_pictures()
        self._film = self._window(self._root, FILM, self._pictures[0])
        for window in (self._scrolled, frame, self._film):
            window.map()

    def _window(self, parent: Window, place: tuple[int, int, int, int], content: Pixmap | None) -> Window:
        """Managed by nobody; the server itself keeps it painted."""
        more = {} if content is None else {"background_pixmap": content}
        window: Window = parent.create_window(*place, 0, self._screen.root_depth, override_redirect=1, **more)
        return window

    def _text(self, size: tuple[int, int], title: str, paper: int) -> Pixmap:
        pixmap: Pixmap = self._root.create_pixmap(*size, self._screen.root_depth)
        gc = pixmap.create_gc(foreground=paper, background=paper)
        pixmap.fill_rectangle(gc, 0, 0, *size)
        gc.change(foreground=0x202020)
        words = random.Random(title)
        for number in range(size[1] // LINE_PX):
            line = " ".join(f"{words.randrange(10**7):x}" for _ in range(size[0] // 45))
            pixmap.draw_text(gc, 8, number * LINE_PX + 12, f"{title}{number} {line}".encode())
        return pixmap

    def _film_pictures(self) -> list[Pixmap]:
        width, height = FILM[2:]
        whole = photograph(width + 10 * FILM_PICTURES, height + 4 * FILM_PICTURES)
        return [
            self._picture(whole[4 * n : 4 * n + height, 10 * n : 10 * n + width])
            for n in range(FILM_PICTURES)
        ]

    def _picture(self, pixels: NDArray[np.uint8]) -> Pixmap:
        height, width = pixels.shape[:2]
        depth = self._screen.root_depth
        pixmap: Pixmap = self._root.create_pixmap(width, height, depth)
        gc = pixmap.create_gc()
        for top in range(0, height, LINE_PX):  # a request is limited to 256 kB
            rows = np.ascontiguousarray(pixels[top : top + LINE_PX])
            pixmap.put_image(gc, 0, top, width, len(rows), X.ZPixmap, depth, 0, rows.tobytes())
        return pixmap

    def scroll(self) -> None:
        """Up and down again."""
        length = (PAGE_LINES * LINE_PX - PAGE[3]) // SCROLL_PX
        self._scrolled.configure(y=-SCROLL_PX * _there_and_back(self._steps, length))

    def drag(self) -> None:
        """Over the page and back again."""
        at = _there_and_back(self._steps, 16)
        self._note.configure(x=PAGE[0] + DRAG_STEP[0] * at, y=PAGE[1] + DRAG_STEP[1] * at)
        self._note.configure(stack_mode=X.Above)
        self._note.map()

    def film(self) -> None:
        """The next picture; it stays when the film stops."""
        self._film.change_attributes(
            background_pixmap=self._pictures[_there_and_back(self._steps, FILM_PICTURES - 1)]
        )
        self._film.clear_area()

    def step(self, motion: Callable[[], None]) -> None:
        """Move on by one step, and wait until it is drawn."""
        self._steps += 1
        motion()
        self._display.sync()

    def rest(self) -> None:
        """Say that all is drawn."""
        self._display.sync()
        report(event="rest", steps=self._steps)


def _there_and_back(step: int, length: int) -> int:
    return length - abs(step % (2 * length) - length)


def main() -> None:
    """Show the windows until standard input ends."""
    desk = Desk()
    motions = {"scroll": desk.scroll, "drag": desk.drag, "film": desk.film}
    desk.rest()
    motion: Callable[[], None] | None = None
    typed = b""
    while True:
        readable, _, _ = select.select([0], [], [], None if motion is None else STEP_S)
        if readable:
            more = os.read(0, 256)
            if not more:
                return
            *lines, typed = (typed + more).split(b"\n")
            for line in lines:
                motion = motions.get(line.decode())
                if motion is None:
                    desk.rest()
        if motion is not None:
            desk.step(motion)


if __name__ == "__main__":
    main()
