"""What lies between a film and the edges of the cells that hold it: a frame, a title, the text beside it.

Video takes whole cells, and each chunk paints over these few rows and columns, too. Those in which nothing
has moved since the video began are no part of the film: they are painted exactly after each chunk.
"""

from typing import Final

import numpy as np

from relevo_agent.pipeline.types import CELL_PX, PixelBuffer, Rect

SETTLED_MS: Final = 250.0
"""By then every row of a film has moved."""


class Margins:
    """The still rows and columns at the four edges of one video's rectangle; they only become fewer."""

    def __init__(self, rect: Rect, pixels: PixelBuffer, now_ms: float) -> None:
        self._rect, self._began_ms, self._now_ms = rect, now_ms, now_ms
        depth = min(CELL_PX - 1, rect.height // 2)
        breadth = min(CELL_PX - 1, rect.width // 2)
        right, bottom = rect.x + rect.width, rect.y + rect.height
        self._edges = (
            Rect(rect.x, rect.y, rect.width, depth),
            Rect(rect.x, bottom - depth, rect.width, depth),
            Rect(rect.x, rect.y, breadth, rect.height),
            Rect(right - breadth, rect.y, breadth, rect.height),
        )
        self._before = [edge.of(pixels).copy() for edge in self._edges]
        self._still_px = [depth, depth, breadth, breadth]

    def observe(self, pixels: PixelBuffer, now_ms: float) -> None:
        """Take in the screen as it is now."""
        self._now_ms = now_ms
        for side, (edge, before) in enumerate(zip(self._edges, self._before, strict=True)):
            if self._still_px[side]:
                self._still_px[side] = min(self._still_px[side], _still_lines(edge.of(pixels), before, side))

    @property
    def strips(self) -> tuple[Rect, ...]:
        """Rectangles that hold no film, none before it is known which."""
        if self._now_ms - self._began_ms < SETTLED_MS:
            return ()
        top, bottom, left, right = self._still_px
        rect = self._rect
        inner_px = rect.height - top - bottom
        strips = (
            Rect(rect.x, rect.y, rect.width, top),
            Rect(rect.x, rect.y + rect.height - bottom, rect.width, bottom),
            Rect(rect.x, rect.y + top, left, inner_px),
            Rect(rect.x + rect.width - right, rect.y + top, right, inner_px),
        )
        return tuple(strip for strip in strips if strip.area_px)


def _still_lines(now: PixelBuffer, before: PixelBuffer, side: int) -> int:
    """How many lines, counted from the rectangle's edge inwards, are as they were: rows or columns."""
    unequal = now.view(np.uint32)[..., 0] != before.view(np.uint32)[..., 0]
    moved = unequal.any(axis=1 if side < 2 else 0)
    lines = np.flatnonzero(moved if side in {0, 2} else moved[::-1])
    return int(lines[0]) if len(lines) else len(moved)
