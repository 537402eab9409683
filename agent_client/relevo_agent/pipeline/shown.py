"""What the viewers have: a picture of our own, and for each cell whether it is theirs, and how well.

``pixels`` equals the viewers' picture wherever a cell is neither *unknown* (nothing was sent for it since
the keyframe) nor *lossy* (it was sent roughly; then it holds what was meant). *Unsent* is what differs from
the newest grab, or is unknown: what goes back to what is shown is never sent. *Moving* is what a video takes
care of, *changed* what the newest comparison found.
"""

from collections.abc import Sequence

import numpy as np

from relevo_agent.pipeline import kernel
from relevo_agent.pipeline.diff import Cells, Differ, cell_shape, covered_cells, covering_cells, trimmed
from relevo_agent.pipeline.types import CELL_PX, CellMask, PixelBuffer, Rect
from relevo_protocol.limits import QUIET_EXACT_MS

_BAND_PX = 32
"""Rows that a copy moves at a time, through memory that stays in the processor's cache."""


class Shown:
    """The viewers' picture for one screen size; times in ms of the caller's clock."""

    def __init__(self, width_px: int, height_px: int, now_ms: float) -> None:
        self.width_px, self.height_px = width_px, height_px
        self.pixels: PixelBuffer = np.zeros((height_px, width_px, 4), np.uint8)
        self.differ = Differ(width_px)
        shape = cell_shape(width_px, height_px)
        self.unsent: CellMask = np.ones(shape, np.bool_)
        self.unknown: CellMask = np.ones(shape, np.bool_)
        self.lossy: CellMask = np.zeros(shape, np.bool_)
        self.quiet_since_ms = np.full(shape, now_ms, np.float64)
        self.changed: CellMask = np.zeros(shape, np.bool_)
        self.moving: CellMask | None = None
        self.frame_id = 1
        """Of the frame that is being made."""
        self._knows_all = False
        self._painted_in = np.zeros(shape, np.int64)
        """The last frame that painted into each cell; 0: none."""
        self._band: PixelBuffer | None = None
        compiled = kernel.current()
        self._kernel = None if compiled is None else kernel.ScreenKernel(compiled, self._books())

    def _books(self) -> kernel.Books:
        masks = (self.unsent, self.unknown, self.lossy, self.changed)
        return kernel.Books(self.pixels, *masks, self.quiet_since_ms)

    def kernel_for(self, pixels: PixelBuffer) -> kernel.ScreenKernel | None:
        """What does the work of this class and of ``Mover`` with this grab; ``None``: numpy does."""
        return self._kernel if self._kernel is not None and self._kernel.takes(pixels) else None

    @property
    def has_unsent(self) -> bool:
        """Whether anything changed that no frame has carried."""
        return bool(self.unsent.any())

    @property
    def has_unknown(self) -> bool:
        """Whether something has not been sent since the keyframe; only another one makes that true again."""
        self._knows_all = self._knows_all or not self.unknown.any()
        return not self._knows_all

    @property
    def is_exact(self) -> bool:
        """Whether the viewers' picture, once drawn, equals the newest grab."""
        return not self.unsent.any() and not self.lossy.any()

    def exact_due_ms(self) -> float | None:
        """When the next lossy area will have been quiet long enough, or ``None``."""
        rough = self._rough()
        return float(self.quiet_since_ms[rough].min()) + QUIET_EXACT_MS if rough.any() else None

    def quiet(self, now_ms: float) -> CellMask:
        """Cells that are lossy, and have been quiet long enough to be made exact."""
        return self._rough() & ~self.unsent & (self.quiet_since_ms + QUIET_EXACT_MS <= now_ms)

    def _rough(self) -> CellMask:
        return self.lossy if self.moving is None else self.lossy & ~self.moving

    def forget(self, drawn_id: int = 0) -> None:
        """A keyframe is due: what was painted after this frame, which everybody has drawn, counts no more.

        What was quiet is soon exact again.
        """
        forgotten = self._painted_in > drawn_id
        if not forgotten.any():
            forgotten[0, 0] = True  # a keyframe is a picture, however little is missing
        self.unknown |= forgotten
        self._knows_all = False
        self.unsent |= forgotten
        self.lossy[forgotten] = False

    def note_painted(self, rect: Rect) -> None:
        """These pixels are other ones from the present frame on."""
        covering_cells(rect).of(self._painted_in)[:] = self.frame_id

    def compare(self, pixels: PixelBuffer, damaged: Sequence[Cells], now_ms: float) -> None:
        """Mark which of the damaged cells differ from what is shown."""
        compiled = self.kernel_for(pixels)
        if compiled is not None:
            compiled.compare(damaged, now_ms)
            return
        self.changed[:] = False
        for cells in damaged:
            self._compare(pixels, cells, now_ms)

    def _compare(self, pixels: PixelBuffer, cells: Cells, now_ms: float) -> None:
        area, differs = self.pixels_of(cells), cells.of(self.changed)
        self.differ.unequal(area.of(pixels), area.of(self.pixels), differs)
        unsent = cells.of(self.unsent)
        np.logical_or(differs, cells.of(self.unknown), out=unsent)
        if differs.any():
            cells.of(self.quiet_since_ms)[differs] = now_ms

    def compare_again(self, pixels: PixelBuffer, cells: Cells) -> None:
        """Bring up to date which of these cells are unsent, after the picture was moved."""
        area = self.pixels_of(cells)
        self.differ.unequal(area.of(pixels), area.of(self.pixels), cells.of(self.unsent))

    def changed_part(self, cells: Cells, pixels: PixelBuffer) -> Rect:
        """The pixels of these cells that have to be sent: what differs, or all if some are unknown."""
        rect = self.pixels_of(cells)
        if self.has_unknown and cells.of(self.unknown).any():
            return rect
        compiled = self.kernel_for(pixels)
        found = None if compiled is None else compiled.trimmed(rect)
        return trimmed(pixels, self.pixels, rect) if found is None else found

    def paint(self, rect: Rect, pixels: PixelBuffer, *, lossless: bool) -> None:
        """These pixels are in a frame: the viewers will have them."""
        self.note_painted(rect)
        compiled = self.kernel_for(pixels)
        if compiled is not None and compiled.paint(rect, lossless=lossless):
            return
        rect.of(self.pixels)[:] = rect.of(pixels)
        if lossless:
            covered_cells(rect, self.width_px, self.height_px).of(self.lossy)[:] = False
        else:
            covering_cells(rect).of(self.lossy)[:] = True

    def sent(self, cells: Cells) -> None:
        """All that differed in these cells was painted."""
        cells.of(self.unsent)[:] = False
        cells.of(self.unknown)[:] = False

    def move(self, to: Rect, from_x: int, from_y: int) -> None:
        """Copy within the picture as the viewers do (SPEC F7), and what is lossy; not ``unsent``."""
        if self._kernel is not None and self._kernel.move(to, from_x, from_y):
            return
        self._move_lossy(to, from_x, from_y)
        if self._band is None:
            self._band = np.empty((_BAND_PX, self.width_px, 4), np.uint8)
        starts = range(0, to.height, _BAND_PX)
        for start in starts if from_y >= to.y else reversed(starts):
            rows = min(_BAND_PX, to.height - start)
            band = self._band[:rows, : to.width]
            band[:] = Rect(from_x, from_y + start, to.width, rows).of(self.pixels)
            Rect(to.x, to.y + start, to.width, rows).of(self.pixels)[:] = band

    def _move_lossy(self, to: Rect, from_x: int, from_y: int) -> None:
        whole = covered_cells(to, self.width_px, self.height_px)
        source = covering_cells(Rect(from_x, from_y, to.width, to.height))
        if not source.of(self.lossy).any():
            whole.of(self.lossy)[:] = False
            return
        touched = covering_cells(to)
        rows = _sources(touched.top, touched.bottom, from_y - to.y, source.top, source.bottom)
        columns = _sources(touched.left, touched.right, from_x - to.x, source.left, source.right)
        moved = np.zeros((touched.bottom - touched.top, touched.right - touched.left), np.bool_)
        for row in rows:
            for column in columns:
                moved |= self.lossy[np.ix_(row, column)]
        whole.of(self.lossy)[:] = False
        touched.of(self.lossy)[:] |= moved

    def pixels_of(self, cells: Cells) -> Rect:
        """The pixels of these cells."""
        return cells.pixels(self.width_px, self.height_px)


def _sources(first: int, end: int, shift_px: int, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """For each cell of a line the two cells that its pixels come from, held inside ``low`` .. ``high``."""
    starts = np.arange(first, end) * CELL_PX + shift_px
    before, after = starts // CELL_PX, (starts + CELL_PX - 1) // CELL_PX
    return np.clip(before, low, high - 1), np.clip(after, low, high - 1)
