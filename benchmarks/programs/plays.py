"""The scenes as they are drawn: what is prepared, what each frame does, how often one is due."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from Xlib import X

from benchmarks.end_to_end.layout import (
    LINE_PX,
    PAGE,
    REST,
    SCREEN,
    TITLE_PX,
    TYPED_AT,
    TYPED_COLUMNS,
    VIDEO,
    WINDOW,
)
from benchmarks.end_to_end.material import FRAMES, PAGES, SCROLLED_PX, back_and_forth, loaded
from benchmarks.programs.canvas import Canvas

STEP_PX: Final = 3 * LINE_PX
TYPED_LINES: Final = 24
_TYPED: Final = "The quick brown fox jumps over the lazy dog; it is 17:45, and 2 + 2 = 4. "

Draw = Callable[[int], None]
"""Draws the frame of a number, counted from 1."""


def idle(_canvas: Canvas) -> Draw:
    """Nothing moves."""
    return lambda _: None


def scroll(canvas: Canvas) -> Draw:
    """The page by three lines, painted anew as browsers and most toolkits do."""
    page = canvas.pixmap(loaded(canvas.kept, "scrolled"))
    canvas.copy(page, (0, 0), PAGE)
    steps = (SCROLLED_PX - PAGE[3]) // STEP_PX

    def draw(number: int) -> None:
        canvas.copy(page, (0, back_and_forth(number, steps) * STEP_PX), PAGE)
        canvas.mark(number)

    return draw


def typing(canvas: Canvas) -> Draw:
    """A letter and the caret behind it."""
    glyphs = canvas.pixmap(loaded(canvas.kept, "glyphs"))

    def draw(number: int) -> None:
        line, column = divmod(number - 1, TYPED_COLUMNS)
        x, y = TYPED_AT[0] + column * 8, TYPED_AT[1] + line % TYPED_LINES * LINE_PX
        glyph = ord(_TYPED[(number * 7 + number // 5) % len(_TYPED)]) - 32
        canvas.copy(glyphs, (glyph * 8, 0), (x, y, 8, LINE_PX))
        canvas.fill((x + 9, y + 1, 2, LINE_PX - 2), 0)  # the caret; the next letter covers it
        canvas.mark(number)

    return draw


def drag(canvas: Canvas) -> Draw:
    """A window over a full page, held by the pointer; the X server moves it and paints what was behind."""
    canvas.window.change_attributes(background_pixmap=_with_page(canvas))
    canvas.window.clear_area()
    canvas.fill(canvas.stamp.box, 0)
    width, height = WINDOW
    window = canvas.child((300, 200, width, height), canvas.pixmap(loaded(canvas.kept, "window")))

    def draw(number: int) -> None:
        drag_to(canvas, window, number, first=number == 1)
        canvas.mark(number)

    return draw


def drag_to(canvas: Canvas, window: Any, number: int, *, first: bool) -> None:
    """One step of a drag."""
    x, y = 140 + back_and_forth(number * 12, 1020), 80 + back_and_forth(number * 5, 550)
    canvas.point(x + WINDOW[0] // 2, y + TITLE_PX // 2)
    if first:
        canvas.button(down=True)
    window.configure(x=x, y=y, stack_mode=X.Above)


def drop(canvas: Canvas) -> None:
    """Let go of the window."""
    canvas.button(down=False)
    canvas.point(*REST)


def _with_page(canvas: Canvas) -> Any:
    """The desktop with a full page: what the X server puts back where the window was."""
    x, y, width, height = PAGE
    whole = np.array(loaded(canvas.kept, "desktop"))
    whole[y : y + height, x : x + width] = loaded(canvas.kept, "scrolled")[:height]
    return canvas.pixmap(whole)


def video(canvas: Canvas) -> Draw:
    """A player's window."""
    frames = [canvas.pixmap(frame) for frame in loaded(canvas.kept, "video")]
    back = canvas.screen.root.create_pixmap(VIDEO[2], VIDEO[3], canvas.screen.root_depth)
    whole = (0, 0, VIDEO[2], VIDEO[3])

    def draw(number: int) -> None:
        # Put together out of sight, so that nobody can catch a frame without its stamp.
        canvas.copy(frames[back_and_forth(number, FRAMES)], (0, 0), whole, back)
        left, top, width, height = canvas.stamp.box
        canvas.fill((left - VIDEO[0], top - VIDEO[1], width, height), 0, back)
        canvas.mark(number, back, VIDEO[:2])
        canvas.copy(back, (0, 0), VIDEO)

    return draw


def pages(canvas: Canvas) -> Draw:
    """Another program's window over the whole screen."""
    kept = [canvas.pixmap(page) for page in loaded(canvas.kept, "pages")]

    def draw(number: int) -> None:
        canvas.copy(kept[number % PAGES], (0, 0), SCREEN)
        canvas.fill(canvas.stamp.box, 0)
        canvas.stamped = 0
        canvas.mark(number)

    return draw


@dataclass(frozen=True, slots=True)
class Play:
    """How a scene is prepared, and how often it draws; a ``patch`` turns over at each key press."""

    prepare: Callable[[Canvas], Draw]
    frames_a_second: float
    patch: bool = False


PLAYS: Final[dict[str, Play]] = {
    "idle": Play(idle, 0.0),
    "key": Play(idle, 0.0, patch=True),
    "video-key": Play(video, 30.0, patch=True),
    "typing": Play(typing, 8.0),
    "scroll": Play(scroll, 10.0),
    "drag": Play(drag, 30.0),
    "video": Play(video, 30.0),
    "pages": Play(pages, 1.0),
}
