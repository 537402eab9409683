"""The rectangle that moves like a film: found by ``motion``, sent as video, and painted into ``Shown``."""

from collections.abc import Iterator

import numpy as np

from relevo_agent.pipeline.diff import Cells, merged_rects
from relevo_agent.pipeline.encoders import Video
from relevo_agent.pipeline.margins import Margins
from relevo_agent.pipeline.motion import Motion
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.traces import Traces
from relevo_agent.pipeline.types import PixelBuffer, Rect
from relevo_protocol.frame import CodecId, Update


class Film:
    """At most one video at a time, over one screen after another; times in ms of the caller's clock."""

    def __init__(self) -> None:
        self._video = Video()
        self._shown: Shown | None = None
        self._motion = Motion(1, 1)
        self._traces = Traces()
        self._margins: Margins | None = None
        self._beside_rough = False
        self._beside: list[Rect] = []

    @property
    def due_ms(self) -> float | None:
        """When to look although nothing changes: then the video ends."""
        return self._motion.due_ms

    def choose(self, decoders: frozenset[CodecId]) -> None:
        """What all viewers decode; a keyframe must follow."""
        self._video.choose(decoders)

    def begin(self) -> None:
        """A keyframe begins: the next chunk begins a stream."""
        self._video.begin()

    def look(self, shown: Shown, pixels: PixelBuffer, now_ms: float, held_ms: float) -> None:
        """Take in what changed at this grab, and let ``shown.moving`` say which cells video takes care of.

        ``held_ms``: for how long before this grab the line kept the loop from looking.
        """
        if shown is not self._shown:
            self._shown, self._motion = shown, Motion(shown.width_px, shown.height_px)
            self._traces.forget()
            self._video.end()
        if not self._video.available:
            self._end(shown)
            return
        changed, still = shown.changed & shown.unsent, self._traces.still(pixels)
        if still is not None:
            changed &= ~still
        self._motion.observe(pixels, changed, now_ms, held_ms=held_ms)
        rect, cells = self._motion.rect, self._motion.cells
        if rect is None or cells is None:
            self._end(shown)
            return
        if self._margins is None or self._margins.rect != rect:
            self._margins = Margins(rect, shown.pixels, pixels)
            self._beside_rough = True  # the film's cells have gone out whole, as photographs
        moving = np.zeros_like(shown.unsent)
        cells.of(moving)[:] = ~cells.of(self._motion.overlay)
        shown.moving = moving

    def leave(self, shown: Shown, pixels: PixelBuffer) -> None:
        """The frame is made: what is unsent now waits for the next one."""
        if self._video.available:
            self._traces.leave(pixels, shown.unsent)

    def chunk(self, shown: Shown, pixels: PixelBuffer, now_ms: float, bytes_per_s: float) -> Update | None:
        """The video's next chunk, if the picture under it has changed."""
        margins, cells = self._margins, self._motion.cells
        if shown.moving is None or margins is None or cells is None:
            return None
        if not (shown.unsent & shown.moving).any():
            return None
        unlike = margins.unlike(shown.pixels, pixels, now_ms)
        film = margins.film
        update = self._video.encode(film, pixels, now_ms, bytes_per_s)
        if update is None:  # no encoder is left: what moves goes out as photographs
            self._end(shown)
            return None
        rough = self._beside_rough or cells.of(shown.unknown).any()
        self._beside, self._beside_rough = margins.strips if rough else unlike, False
        for strip in self._beside:
            shown.paint(strip, pixels, lossless=True)
        shown.paint(film, pixels, lossless=False)
        shown.sent(cells)
        return update

    def _end(self, shown: Shown) -> None:
        if self._motion.cells is not None:
            self._motion.forget()
        shown.moving = self._margins = None
        self._video.end()

    def covered(self) -> Iterator[Cells]:
        """What stands still over the film, and is to be painted anew after each chunk."""
        overlay = self._motion.overlay
        if overlay.any():
            yield from merged_rects(overlay, gap_cells=0, waste=0.0)

    def margins(self) -> list[Rect]:
        """Pixels beside the film that are to be painted exactly after the chunk, in the cells that it holds.

        They are painted into ``shown`` already.
        """
        return self._beside
