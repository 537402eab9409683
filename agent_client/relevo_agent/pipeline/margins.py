"""What lies between a film and the edges of the cells that hold it: a frame, a title, the text beside it.

Motion is known by whole cells. The rows and columns at their edges in which nothing moves are no part of the
film: its video leaves them out, and what changes there now and then goes out exactly.
"""

from math import exp
from typing import Final

import numpy as np
from numpy.typing import NDArray

from relevo_agent.pipeline.diff import trimmed
from relevo_agent.pipeline.types import CELL_PX, PixelBuffer, Rect

COOLING_MS: Final = 500.0
RESTLESS: Final = 2.5
"""What a third change within 100 ms comes to: such a margin belongs to the film after all."""
MIN_FILM_SHARE: Final = 0.5
"""Of the rectangle: if less than this moves, nothing is known of its edges."""


class Margins:
    """The still rows and columns at the four edges of one film's rectangle; they only become fewer.

    ``before`` and ``now`` are two pictures of the whole screen between which the film has moved. ``film`` is
    the rectangle to send as video: ``rect`` without margins, its sides even where they can be (SPEC D4).
    """

    def __init__(self, rect: Rect, before: PixelBuffer, now: PixelBuffer) -> None:
        self.rect = rect
        self._heat = [0.0] * 4
        self._changed_ms = [0.0] * 4
        self._depths_px = _still_lines(rect.of(before), rect.of(now))
        if _inside(rect, self._depths_px).area_px < MIN_FILM_SHARE * rect.area_px:
            self._depths_px = [0] * 4
        self._lay_out()

    @property
    def strips(self) -> list[Rect]:
        """All margins."""
        return [strip for strip in self._strips if strip.area_px]

    def unlike(self, shown: PixelBuffer, now: PixelBuffer, now_ms: float) -> list[Rect]:
        """Parts of margins that differ between two screens, and lines of them that the video paints over.

        A margin that changes again and again is none from then on: ask for ``film`` after this.
        """
        found = [line for line in self._lines if line.area_px]
        for side, strip in enumerate(self._strips):
            if strip.area_px and not np.array_equal(_pixels_of(shown, strip), _pixels_of(now, strip)):
                found.append(trimmed(now, shown, strip))
                self._note_change(side, now_ms)
        return found

    def _note_change(self, side: int, now_ms: float) -> None:
        cooled = self._heat[side] * exp(min(self._changed_ms[side] - now_ms, 0.0) / COOLING_MS)
        self._heat[side], self._changed_ms[side] = cooled + 1.0, now_ms
        if self._heat[side] >= RESTLESS:
            self._depths_px[side] = 0
            self._lay_out()

    def _lay_out(self) -> None:
        rect, (top, bottom, left, right) = self.rect, self._depths_px
        x, y, width, height = inner = _inside(rect, self._depths_px)
        odd_x, odd_y = width % 2 * bool(left or right), height % 2 * bool(top or bottom)
        # The line that makes a side even lies to the right or below, unless there is no margin.
        from_x, from_y = odd_x if not right else 0, odd_y if not bottom else 0
        self.film = Rect(x - from_x, y - from_y, width + odd_x, height + odd_y)
        self._lines = (
            Rect(x - 1 if from_x else x + width, self.film.y, odd_x, self.film.height),
            Rect(self.film.x, y - 1 if from_y else y + height, self.film.width, odd_y),
        )
        self._strips = (
            Rect(rect.x, rect.y, rect.width, top),
            Rect(rect.x, inner.y + inner.height, rect.width, bottom),
            Rect(rect.x, inner.y, left, inner.height),
            Rect(inner.x + inner.width, inner.y, right, inner.height),
        )


def _inside(rect: Rect, depths_px: list[int]) -> Rect:
    top, bottom, left, right = depths_px
    return Rect(rect.x + left, rect.y + top, rect.width - left - right, rect.height - top - bottom)


def _still_lines(before: PixelBuffer, now: PixelBuffer) -> list[int]:
    """How many rows and columns, less than a cell, are alike from the top, bottom, left and right inwards."""
    unequal = before.view(np.uint32)[..., 0] != now.view(np.uint32)[..., 0]
    moved = unequal.any(axis=1), unequal.any(axis=0)
    return [_still(lines) for line in moved for lines in (line, line[::-1])]


def _still(moved: NDArray[np.bool_]) -> int:
    most_px = min(CELL_PX - 1, len(moved) // 2)
    found = np.flatnonzero(moved[:most_px])
    return int(found[0]) if len(found) else most_px


def _pixels_of(pixels: PixelBuffer, rect: Rect) -> NDArray[np.uint32]:
    return rect.of(pixels).view(np.uint32)[..., 0]
