"""Plays a film (a recording, or a drawn scene) to the capture loop, on the film's own clock.

The loop is driven as the agent's driver does it: called when it asks to be, or when the film moves and the
source tells so. Each call runs for real and is timed; a model viewer draws what comes
out, outside the timing.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.stages import REST, StageClock
from relevo_agent.pipeline.loop import CaptureLoop, monotonic_ms
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.types import Damage, Grab, Layout, Outgoing, PixelBuffer, Rect
from relevo_protocol.frame import CodecId
from tests.support.decoder import Viewer

VIEWER: Final = 1
LINE_MS: Final = 4.0
"""From a frame's sending to its acknowledgement: a local network."""
DECODE_MS: Final = 3.0
QUIET_MS: Final = 3000.0
"""After a film, for what is lossy to become exact."""
DECODERS: Final = frozenset({CodecId.ZSTD_STREAM_BGRX, CodecId.VP8, CodecId.VP9, CodecId.AV1})
"""What the model viewer, and a present browser, decode beyond the base."""
TICK_MS: Final = 0.25
"""The clock's smallest step."""
MOST_STEPS_PER_MS: Final = 4
"""A loop that asks to be called again at once for ever is a mistake that must not hang the suite."""


class FilmChange(Protocol):
    """Something new on the screen."""

    @property
    def at_ms(self) -> float:
        """Since the film began."""
        ...

    @property
    def damage(self) -> tuple[Rect, ...] | None:
        """What the display said of it, ``None`` if it said nothing."""
        ...

    @property
    def rects(self) -> tuple[Rect, ...]:
        """What really changed, or more."""
        ...

    def apply(self, pixels: PixelBuffer) -> None:
        """Paint it."""
        ...


@dataclass(frozen=True, slots=True)
class Film:
    """A name, a size, and changes from 0 on, the first of which paints everything."""

    name: str
    width: int
    height: int
    changes: Callable[[], Iterator[FilmChange]]


class FilmSource:
    """A film as a screen: ``screen`` changes as it plays, a grab copies what was damaged."""

    def __init__(self, film: Film, *, tells: bool) -> None:
        self.screen = np.zeros((film.height, film.width, 4), np.uint8)
        self.capture_ms: list[float] = []
        self.changed_px: list[int] = []
        self._buffer = self.screen.copy()
        self._damage: list[Rect] = [Rect(0, 0, film.width, film.height)]
        self._tells = tells
        self._ends: tuple[int, ...] = os.pipe()
        os.set_blocking(self._ends[0], False)

    @property
    def signal(self) -> int | None:
        """Readable while something is damaged; ``None`` if this source is to be polled."""
        return self._ends[0] if self._tells and self._ends else None

    @property
    def is_damaged(self) -> bool:
        """Whether a driver that waits on :attr:`signal` would wake now."""
        return self._tells and bool(self._damage)

    def show(self, change: FilmChange) -> None:
        """The film goes on by one change."""
        change.apply(self.screen)
        self.changed_px.append(sum(rect.area_px for rect in change.rects))
        if not self._damage and self._tells and self._ends:
            os.write(self._ends[1], b"!")
        self._damage += change.rects if change.damage is None else change.damage

    def grab(self) -> Grab:
        """Copy what was damaged."""
        started_s = time.perf_counter()
        damage, self._damage = tuple(self._damage), []
        for rect in damage:
            rect.of(self._buffer)[:] = rect.of(self.screen)
        self.capture_ms.append((time.perf_counter() - started_s) * 1000)
        if self._ends:
            with contextlib.suppress(BlockingIOError):
                os.read(self._ends[0], 64)
        return Grab(self._buffer, Damage(damage if self._tells else None))

    def layout(self) -> Layout:
        """The film's size."""
        return Layout(self.screen.shape[1], self.screen.shape[0])

    def close(self) -> None:
        """Give the signal back."""
        ends, self._ends = self._ends, ()
        for end in ends:
            os.close(end)


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame, when it was made, and what the step took without the source's copy, also by stage."""

    at_ms: float
    outgoing: Outgoing
    step_ms: float
    stages_ms: dict[str, float]
    whole: bool
    """Whether with it everything that was grabbed has been sent."""

    @property
    def size_bytes(self) -> int:
        """Of the container."""
        return len(self.outgoing.data)


@dataclass(frozen=True, slots=True)
class Joining:
    """From a viewer's joining until every pixel was sent once."""

    frames: int
    size_bytes: int
    step_ms: float
    stages_ms: dict[str, float]


@dataclass
class Player:
    """One film before one loop and its model viewer; costs gather until :meth:`forget`."""

    film: Film
    tells: bool = True
    clock: StageClock = field(default_factory=StageClock)
    now_ms: float = 0.0
    sent: list[Sent] = field(default_factory=list[Sent])
    look_ms: list[float] = field(default_factory=list[float])
    cpu_ms: float = 0.0
    drawn: Callable[["Player"], None] | None = None
    """Called after each frame that the model viewer drew."""
    cost_clock_ms: Callable[[], float] = monotonic_ms
    """By which the loop knows what its looks cost, and rests after dear ones."""

    def __post_init__(self) -> None:
        self.source = FilmSource(self.film, tells=self.tells)
        self.loop = CaptureLoop(lambda: self.source, lambda: NoCursor("a benchmark"), self.cost_clock_ms)
        self.viewer = Viewer()
        self.joining = Joining(0, 0, 0.0, {})
        self._acks: list[tuple[float, int]] = []
        self.loop.viewer_joined(VIEWER)
        self.loop.choose_decoders(DECODERS)

    def play(self, longest_ms: float = float("inf")) -> float:
        """The whole film or its beginning, joining and rest not counted; gives the ms that it played."""
        changes = self.film.changes()
        self.source.show(next(changes))
        self.rest()
        self.joining = _joining(self.sent)
        self.forget()
        began_ms, end_ms = self.now_ms, 0.0
        for change in changes:
            if change.at_ms > longest_ms:
                break
            end_ms = change.at_ms
            self.run_until(began_ms + change.at_ms)
            self.source.show(change)
        self.run_until(began_ms + end_ms + LINE_MS)
        return self.now_ms - began_ms

    def rest(self) -> None:
        """Time for the picture to become whole and exact."""
        self.run_until(self.now_ms + QUIET_MS)

    def forget(self) -> None:
        """Count from here."""
        self.sent.clear()
        self.look_ms.clear()
        self.source.capture_ms.clear()
        self.source.changed_px.clear()
        self.cpu_ms = 0.0

    def run_until(self, end_ms: float) -> None:
        """Do what the driver does until then."""
        steps, most = 0, MOST_STEPS_PER_MS * (end_ms - self.now_ms) + 1000
        while self.now_ms < end_ms:
            self._acknowledge()
            if self._is_due():
                self.step()
                steps += 1
                assert steps < most, f"{self.film.name}: the loop asks to be called without end"
            self.now_ms = min(end_ms, max(self._next_ms(), self.now_ms + TICK_MS))

    def step(self) -> Outgoing | None:
        """One call of the loop."""
        looked = len(self.source.capture_ms)
        cpu_s, started_s = time.process_time(), time.perf_counter()
        outgoing = self.loop.step(self.now_ms)
        took_ms = (time.perf_counter() - started_s) * 1000
        self.cpu_ms += (time.process_time() - cpu_s) * 1000
        took_ms -= sum(self.source.capture_ms[looked:])
        stages = self.clock.take()
        if outgoing is not None:
            stages[REST] = max(0.0, took_ms - sum(stages.values()))
            self.sent.append(Sent(self.now_ms, outgoing, took_ms, stages, not self.loop.has_unsent))
            self._acks.append((self.now_ms + LINE_MS, outgoing.frame_id))
            self._draw(outgoing)
        elif len(self.source.capture_ms) > looked:
            self.look_ms.append(took_ms)
        return outgoing

    @property
    def unequal_px(self) -> int:
        """Pixels in which the viewer's picture differs from the screen, colour for colour."""
        if self.viewer.picture.shape[:2] != self.source.screen.shape[:2]:
            return self.film.width * self.film.height
        return int((self.viewer.picture != self.source.screen[..., 2::-1]).any(axis=2).sum())

    def psnr_db(self, rect: Rect) -> float:
        """Of the viewer's picture against the screen inside a rectangle; 99 where they are equal."""
        shown = self.viewer.picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        wanted: NDArray[np.int32] = rect.of(self.source.screen)[..., 2::-1].astype(np.int32)
        error = float(np.square(wanted - shown).mean())
        return 99.0 if error == 0 else float(10 * np.log10(255 * 255 / error))

    def _draw(self, outgoing: Outgoing) -> None:
        self.viewer.apply(outgoing.frame_id, outgoing.data, keyframe=outgoing.keyframe)
        if self.drawn is not None:
            self.drawn(self)

    def _is_due(self) -> bool:
        """Whether a driver would call the loop now: it asked for it, or waits for a signal that is there."""
        waiting = self.loop.waiting(self.now_ms)
        return waiting.delay_ms <= 0 or (self.source.is_damaged and self.source.signal in waiting.signals)

    def _next_ms(self) -> float:
        """When something may happen: the loop's own time, an acknowledgement; a change ends the run."""
        if self._is_due():
            return self.now_ms
        due_ms = self.now_ms + self.loop.waiting(self.now_ms).delay_ms
        return min([due_ms, *(at_ms for at_ms, _ in self._acks[:1])])

    def _acknowledge(self) -> None:
        while self._acks and self._acks[0][0] <= self.now_ms:
            at_ms, frame_id = self._acks.pop(0)
            self.loop.acknowledged(VIEWER, frame_id, DECODE_MS, at_ms)


def _joining(sent: list[Sent]) -> Joining:
    needed = next((number for number, one in enumerate(sent, 1) if one.whole), len(sent))
    stages: dict[str, float] = {}
    for one in sent[:needed]:
        for stage, took_ms in one.stages_ms.items():
            stages[stage] = stages.get(stage, 0.0) + took_ms
    size_bytes = sum(one.size_bytes for one in sent[:needed])
    return Joining(needed, size_bytes, sum(one.step_ms for one in sent[:needed]), stages)
