"""Watches an X display and writes what changes, about 60 times a second, in a thread of its own."""

import threading
import time
from types import TracebackType
from typing import Final, Self

import numpy as np

from benchmarks.recordings.store import About, Area, Writer
from relevo_agent.pipeline.sources import open_source
from relevo_agent.pipeline.types import CELL_PX, Grab, PixelBuffer, Rect

TICK_S: Final = 1 / 60
START_WITHIN_S: Final = 10.0


class Watcher:
    """Records from entering to leaving; ``areas`` is filled by whoever acts in front of it."""

    def __init__(self, writer: Writer, display: str) -> None:
        self._writer, self._display = writer, display
        self._stop, self._first = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher")
        self._started_s = 0.0
        self._failure: BaseException | None = None
        self._size_px = (0, 0)
        self._end_ms = 0.0
        self.areas: list[Area] = []
        self.changes = 0

    @property
    def now_ms(self) -> float:
        """Since the first picture."""
        return (time.monotonic() - self._started_s) * 1000

    def __enter__(self) -> Self:
        """Begin; the first picture is taken when this returns."""
        self._thread.start()
        if not self._first.wait(START_WITHIN_S):
            self._stop.set()
            self._thread.join()
            raise RuntimeError(f"nothing captured from display {self._display}") from self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def finish(self, name: str, what: str, programs: dict[str, str]) -> About:
        """Close the files, after leaving."""
        if self._failure is not None:
            raise RuntimeError(f"recording {name} broke off") from self._failure
        width, height = self._size_px
        about = About(name, what, width, height, self._end_ms, self.changes + 1, programs, tuple(self.areas))
        self._writer.close(about)
        return about

    def _run(self) -> None:
        try:
            self._watch()
        except BaseException as error:  # noqa: BLE001 - told to whoever finishes the recording
            self._failure = error

    def _watch(self) -> None:
        source = open_source(self._display)
        try:
            grab = source.grab()
            shown = grab.pixels.copy()
            height, width = shown.shape[:2]
            self._size_px = (width, height)
            self._started_s = time.monotonic()
            self._writer.write(0.0, None, (Rect(0, 0, width, height),), shown)
            self._first.set()
            while not self._stop.wait(TICK_S):
                self._look(source.grab(), shown)
            self._end_ms = self.now_ms
        finally:
            source.close()

    def _look(self, grab: Grab, shown: PixelBuffer) -> None:
        if grab.damage.rects == ():
            return
        rects = changed_rects(shown, grab.pixels)
        if not rects:
            return
        self._writer.write(self.now_ms, grab.damage.rects, rects, grab.pixels)
        for rect in rects:
            rect.of(shown)[:] = rect.of(grab.pixels)
        self.changes += 1


def changed_rects(before: PixelBuffer, after: PixelBuffer) -> tuple[Rect, ...]:
    """In each row of cells a rectangle from the first to the last that differs; equal neighbours merged."""
    height, width = after.shape[:2]
    was, now = before.view(np.uint32)[..., 0], after.view(np.uint32)[..., 0]
    rects: list[Rect] = []
    for top in range(0, height, CELL_PX):
        bottom = min(top + CELL_PX, height)
        columns = np.flatnonzero((was[top:bottom] != now[top:bottom]).any(axis=0))
        if not len(columns):
            continue
        left = int(columns[0]) // CELL_PX * CELL_PX
        right = min((int(columns[-1]) // CELL_PX + 1) * CELL_PX, width)
        above = rects[-1] if rects else None
        if above is not None and (above.x, above.width, above.y + above.height) == (left, right - left, top):
            rects[-1] = Rect(left, above.y, right - left, bottom - above.y)
        else:
            rects.append(Rect(left, top, right - left, bottom - top))
    return tuple(rects)
