"""The pointer as updates of its own: position and shape, without looking at the screen."""

import zlib
from typing import Final

from relevo_agent.pipeline.types import CaptureFailed, CursorShape, CursorSource, CursorState, OpenCursor
from relevo_protocol.frame import CodecId, Update, UpdateKind
from relevo_protocol.limits import MAX_CURSOR_SIDE_PX

RETRY_MS: Final = 5000
"""A pointer's connection that broke is opened anew after this time."""
TICK_MS: Final = 16
"""Positions go out no oftener."""
ALONG_MS: Final = 50.0
"""While pictures follow each other this closely, as in a drag, positions go with them and not alone."""
ALONG_SLACK: Final = 1.3
"""Of the gap between two pictures: so long is waited for the next."""
POLL_MS: Final = 33
"""Between two looks at a pointer that tells of no changes."""
_LEVEL: Final = 6


class CursorTracker:
    """Remembers what the viewers know of the pointer and tells the difference."""

    def __init__(self, open_cursor: OpenCursor) -> None:
        self._open = open_cursor
        self._source: CursorSource | None = None
        self._retry_ms = float("-inf")
        self._why_not = ""
        self._known: CursorState | None = None
        self._looked_ms = float("-inf")
        self._tick_ms = float("-inf")
        self._along_ms = float("-inf")
        self._next_along_ms = float("-inf")

    @property
    def unavailable(self) -> str:
        """Why no pointer is sent; empty if one is."""
        return self._source.unavailable if self._source is not None else self._why_not

    @property
    def signal(self) -> int | None:
        """What the pointer's source tells its changes by."""
        return None if self._source is None else self._source.signal

    @property
    def open_ms(self) -> float:
        """From when on a change that is told is looked at."""
        return max(self._tick_ms, self._next_along_ms)

    @property
    def due_ms(self) -> float:
        """When to look even if nothing is told."""
        if self._source is None:
            return self._retry_ms
        told = self._source.signal is not None or self._source.unavailable
        return float("inf") if told else self._looked_ms + POLL_MS

    def updates(self, now_ms: float, size_px: tuple[int, int], *, full: bool) -> list[Update]:
        """What to send: what changed, or with ``full`` everything."""
        self._looked_ms = now_ms
        state = self._poll(now_ms)
        if state is None:
            return []
        state = CursorState(_within(state.x, size_px[0]), _within(state.y, size_px[1]), state.shape)
        known, self._known = (None if full else self._known), state
        updates: list[Update] = []
        if known is None or known.shape is not state.shape:
            updates.append(shape_update(state.shape))
        if known is None or (known.x, known.y) != (state.x, state.y):
            updates.append(Update(UpdateKind.CURSOR_POSITION, CodecId.NONE, state.x, state.y, 0, 0))
        if updates:
            self._tick_ms = now_ms + TICK_MS
        return updates

    def goes_along(self, now_ms: float) -> None:
        """A frame with pixels goes out now: the position, asked for next, goes with it."""
        gap_ms, self._along_ms = now_ms - self._along_ms, now_ms
        self._next_along_ms = now_ms + gap_ms * ALONG_SLACK if gap_ms <= ALONG_MS else now_ms

    def close(self) -> None:
        """Give the connection back."""
        source, self._source, self._known = self._source, None, None
        if source is not None:
            source.close()

    def _poll(self, now_ms: float) -> CursorState | None:
        try:
            if self._source is None:
                if now_ms < self._retry_ms:
                    return None
                self._source = self._open()
            return self._source.poll()
        except CaptureFailed as failure:
            self.close()
            self._why_not = str(failure)
            self._retry_ms = now_ms + RETRY_MS
            return None


def shape_update(shape: CursorShape | None) -> Update:
    """The update that gives the pointer this shape; with none, or if too large for the wire, it is hidden."""
    if shape is None or not 0 < max(shape.width, shape.height) <= MAX_CURSOR_SIDE_PX:
        return Update(UpdateKind.CURSOR_SHAPE, CodecId.NONE, 0, 0, 0, 0)
    return Update(
        UpdateKind.CURSOR_SHAPE,
        CodecId.DEFLATE_RGBA,
        shape.hot_x,
        shape.hot_y,
        shape.width,
        shape.height,
        zlib.compress(shape.rgba, _LEVEL),
    )


def _within(position_px: int, size_px: int) -> int:
    return min(max(position_px, 0), size_px - 1)
