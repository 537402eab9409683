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
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from Xlib import X
from Xlib.display import Display

STEP_S = 1 / 25
PAGE = 40, 60, 620, 520
"""Where the page lies: x, y, width, height."""
PAGE_LINES = 160
LINE_PX = 16
SCROLL_PX = 48
DRAG_STEP = 23, 9
NOTE = 260, 180
FILM = 760, 120, 480, 272
FILM_PICTURES = 24


def report(**event: object) -> None:
    """Write one line at once."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def shapes(width: int, height: int) -> NDArray[np.float64]:
    """Soft colours, as a camera sees them, whose edges fit each other: height x width x 4."""
    rows, columns = np.mgrid[:height, :width]
    down, across = 2 * np.pi * rows / height, 2 * np.pi * columns / width
    planes = [
        middle + 60 * np.sin(wide * across + phase) + 50 * np.cos(high * down - phase)
        for middle, wide, high, phase in ((125, 2, 1, 0.0), (120, 1, 2, 1.0), (115, 1, 1, 2.0))
    ]
    return np.stack([*planes, np.zeros((height, width))], axis=2)


# The types that come with python-xlib take a resource for its number.
_Window: TypeAlias = Any
_Pixmap: TypeAlias = Any


class Desk:
    """The windows; ``step`` moves on what is in motion."""

    def __init__(self) -> None:
        self._display = Display()
        self._screen = self._display.screen()
        self._root: Any = self._screen.root
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

    def _window(self, parent: _Window, place: tuple[int, int, int, int], content: _Pixmap | None) -> _Window:
        """Managed by nobody; the server itself keeps it painted."""
        more = {} if content is None else {"background_pixmap": content}
        window: Any = parent.create_window(*place, 0, self._screen.root_depth, override_redirect=1, **more)
        return window

    def _text(self, size: tuple[int, int], title: str, paper: int) -> _Pixmap:
        pixmap: Any = self._root.create_pixmap(*size, self._screen.root_depth)
        gc = pixmap.create_gc(foreground=paper, background=paper)
        pixmap.fill_rectangle(gc, 0, 0, *size)
        gc.change(foreground=0x202020)
        words = random.Random(title)
        for number in range(size[1] // LINE_PX):
            line = " ".join(f"{words.randrange(10**7):x}" for _ in range(size[0] // 45))
            pixmap.draw_text(gc, 8, number * LINE_PX + 12, f"{title}{number} {line}".encode())
        return pixmap

    def _film_pictures(self) -> list[_Pixmap]:
        whole = shapes(*FILM[2:])
        grain = np.random.default_rng(5)
        pictures: list[_Pixmap] = []
        for number in range(FILM_PICTURES):
            part = np.roll(whole, (4 * number, 10 * number), (0, 1))
            # Another grain on each picture, as a camera has it: nothing of a film has only moved.
            noisy = np.clip(part + grain.normal(0, 5, part.shape), 0, 255)
            pictures.append(self._picture(noisy.astype(np.uint8)))
        return pictures

    def _picture(self, pixels: NDArray[np.uint8]) -> _Pixmap:
        height, width = pixels.shape[:2]
        depth = self._screen.root_depth
        pixmap: Any = self._root.create_pixmap(width, height, depth)
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
