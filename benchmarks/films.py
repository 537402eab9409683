"""Films for the player: recordings of real programs, and the drawn scenes."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measure import Unavailable
from benchmarks.play import Film, FilmChange
from benchmarks.recordings.store import Recording, recordings
from benchmarks.recordings.watch import changed_rects
from benchmarks.scenes import HEIGHT, WIDTH, Canvas, Scene
from relevo_agent.pipeline.types import PixelBuffer, Rect


@dataclass(frozen=True, slots=True)
class _Painted:
    """What a scene painted; its canvas goes on changing, so apply a change before taking the next."""

    at_ms: float
    rects: tuple[Rect, ...]
    canvas: Canvas

    @property
    def damage(self) -> tuple[Rect, ...] | None:
        """A scene knows exactly."""
        return self.rects

    def apply(self, pixels: PixelBuffer) -> None:
        """Copy what was painted."""
        for rect in self.rects:
            rect.of(pixels)[:] = rect.of(self.canvas)


def drawn(scene: Scene, seconds: float) -> Film:
    """A scene as a film of so many seconds."""

    def changes() -> Iterator[FilmChange]:
        canvas = scene.start()
        yield _Painted(0.0, (Rect(0, 0, WIDTH, HEIGHT),), canvas)
        for tick in range(int(seconds * 1000 / scene.tick_ms)):
            before = canvas.copy()
            scene.paint(canvas, tick)
            rects = changed_rects(before, canvas)
            if rects or scene.name == "idle":
                yield _Painted((tick + 1) * scene.tick_ms, rects, canvas)

    return Film(scene.name, WIDTH, HEIGHT, changes)


def recorded(recording: Recording) -> Film:
    """A recording as a film."""
    about = recording.about
    return Film(about.name, about.width, about.height, recording.changes)


def all_recordings() -> list[Recording]:
    """Those of this machine.

    Raises:
        Unavailable: none was made.
    """
    found = recordings()
    if not found:
        raise Unavailable("No recordings here: python -m benchmarks record --install --small (as root).")
    return found
