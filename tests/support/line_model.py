"""Lines, a relay and viewers as a model in steps of a millisecond: pacing and dropping without a network.

The host makes frames as the real one does (text first, then video, then what completes a keyframe, then
refinement), as ``Pacing`` admits them. The relay's outboxes are the real ones; behind each lies a socket's
buffer and a line with a rate, a delay and no bound on its queue. Deterministic; times in ms, rates in bytes a
ms.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.pipeline.line import SMALL_FRAME_BYTES, Line
from relevo_agent.pipeline.pacing import Pacing
from relevo_server.relay.outbox import Kind, Outbox

TICK_MS: Final = 16
HEAD_BYTES: Final = 120
"""Of a frame: header, seal, container, an update."""
SOCKET_BYTES: Final = 24 * 1024
"""What the relay's transport and kernel take beyond what is on the line."""
DECODE_MS: Final = 3
RELAY_ASKS_MS: Final = 1000


def fastest(pacing: Pacing) -> Line:
    """The line that sets size and coarseness."""
    return pacing._fastest or Line()


@dataclass(frozen=True, slots=True)
class Frame:
    """One media message; ``events`` are when the things that it shows for the first time happened."""

    number: int
    size: int
    sent_ms: int
    keyframe: bool
    whole: bool
    events: tuple[int, ...]


@dataclass(slots=True)
class Pipe:
    """One direction: bytes leave at the rate, whole messages arrive after the delay."""

    rate: float
    delay_ms: float
    free_ms: float = 0.0
    under_way: deque[tuple[float, float, Frame]] = field(default_factory=deque[tuple[float, float, Frame]])

    def put(self, frame: Frame, now_ms: float) -> None:
        self.free_ms = max(self.free_ms, now_ms) + frame.size / self.rate
        self.under_way.append((self.free_ms, self.free_ms + self.delay_ms, frame))

    def unsent_bytes(self, now_ms: float) -> float:
        return max(self.free_ms - now_ms, 0.0) * self.rate

    def arrived(self, now_ms: float) -> list[Frame]:
        frames: list[Frame] = []
        while self.under_way and self.under_way[0][1] <= now_ms:
            frames.append(self.under_way.popleft()[2])
        return frames

    def change(self, rate: float, now_ms: float) -> None:
        """Another rate; what is not on its way yet takes it."""
        waiting = [(left, frame) for left, _, frame in self.under_way if left > now_ms]
        kept = [one for one in self.under_way if one[0] <= now_ms]
        factor, self.rate = self.rate / rate, rate
        again = [(now_ms + (left - now_ms) * factor, frame) for left, frame in waiting]
        self.under_way = deque([*kept, *((left, left + self.delay_ms, frame) for left, frame in again)])
        if waiting:
            self.free_ms = again[-1][0]


@dataclass(slots=True)
class Seen:
    """What a viewer saw: ages of events when drawn, ages of the whole picture, queueing of frames; ms.

    ``waits`` is what a key press would have waited for at each moment: all that lay before it then.
    """

    event_ages: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    picture_ages: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    queues: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    waits: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    bytes: int = 0
    frames: int = 0


class Viewer:
    """One viewer with its outbox on the relay and its line."""

    def __init__(self, number: int, rate: float, round_trip_ms: float, clock: "Model") -> None:
        self.number, self.round_trip_ms = number, round_trip_ms
        self.outbox = Outbox(clock_s=lambda: clock.now_ms / 1000)
        self.frames: dict[bytes, Frame] = {}
        self.down = Pipe(rate, round_trip_ms / 2)
        self.seen = Seen()
        self.acks: deque[tuple[float, int, float]] = deque()
        self.asked_ms = -RELAY_ASKS_MS
        self._last: int = 0
        self._needs_keyframe = True
        self._busy_ms = 0.0
        self._shown_ms = 0
        self._pending: list[int] = []

    def offer(self, frame: Frame) -> None:
        message = frame.number.to_bytes(8, "big") + bytes(frame.size - 8)
        self.outbox.put_media(message, Kind(frame.keyframe, frame.whole and not frame.keyframe))
        self.frames[message[:8]] = frame

    def step(self, now_ms: int) -> None:
        while self.down.unsent_bytes(now_ms) < SOCKET_BYTES and (message := self.outbox.pop()) is not None:
            self.down.put(self.frames.pop(message[:8]), now_ms)
        waiting_bytes = self.down.unsent_bytes(now_ms) + self.outbox.media_bytes
        self.seen.waits.append((now_ms, waiting_bytes / self.down.rate))
        for frame in self.down.arrived(now_ms):
            self._take(frame, now_ms)
        if now_ms % 50 == 0 and self._shown_ms:
            self.seen.picture_ages.append((now_ms, now_ms - self._shown_ms))

    def pause(self, until_ms: float) -> None:
        """Draw nothing before then: the page has something else to do."""
        self._busy_ms = max(self._busy_ms, until_ms)

    def _take(self, frame: Frame, now_ms: int) -> None:
        own_ms = self.down.delay_ms + frame.size / self.down.rate
        self.seen.queues.append((now_ms, now_ms - frame.sent_ms - own_ms))
        self.seen.bytes += frame.size
        if frame.keyframe:
            self._needs_keyframe = False
        elif frame.number != self._last + 1:
            self._needs_keyframe = True
        self._last = frame.number
        self._pending.extend(frame.events)
        if self._needs_keyframe:
            return
        self._busy_ms = max(self._busy_ms, now_ms) + DECODE_MS
        self.acks.append((self._busy_ms + self.round_trip_ms / 2, frame.number, self._busy_ms - now_ms))
        self.seen.frames += 1
        if frame.whole:
            self._shown_ms = frame.sent_ms
        self.seen.event_ages.extend((event, now_ms + DECODE_MS - event) for event in self._pending)
        self._pending.clear()


@dataclass(slots=True)
class Demand:
    """What happens on the host's screen; sizes in bytes as they leave the encoders."""

    typing_ms: int = 0
    scroll_ms: int = 0
    scroll_bytes: int = 18_000
    video: bool = False
    photo_bytes_ms: float = 0.0
    keyframe_bytes: int = 120_000
    refine_bytes: int = 0


class Model:
    """A session: ``run`` until a time, read ``viewers[n].seen``."""

    def __init__(self, demand: Demand) -> None:
        self.now_ms = 0
        self.demand = demand
        self.pacing = Pacing()
        self.viewers: dict[int, Viewer] = {}
        self.keyframes: list[int] = []
        self._keyframe_due_ms: float | None = None
        self._picture_bytes = self._refine_bytes = self._scroll_bytes = self._photo_bytes = 0
        self._events: list[int] = []
        self._typed = 0
        self._video_due = False
        self._number = 0

    def join(self, number: int, rate: float, round_trip_ms: float) -> Viewer:
        viewer = self.viewers[number] = Viewer(number, rate, round_trip_ms, self)
        self.pacing.viewer_joined(number)
        self._keyframe_due_ms = float("-inf")
        return viewer

    def run(self, until_ms: int) -> None:
        while self.now_ms < until_ms:
            self.now_ms += 1
            self._happen()
            for viewer in self.viewers.values():
                viewer.step(self.now_ms)
                self._hear(viewer)
            if self.now_ms % TICK_MS == 0:
                self._frame()

    def _happen(self) -> None:
        now, demand = self.now_ms, self.demand
        if demand.typing_ms and now % demand.typing_ms == 0:
            self._typed += 30
            self._events.append(now)
        if demand.scroll_ms and now % demand.scroll_ms == 0:
            self._scroll_bytes = demand.scroll_bytes
            self._events.append(now)
        if demand.video and now % 33 == 0:
            self._video_due = True
        if demand.photo_bytes_ms:
            self._photo_bytes = min(self._photo_bytes + int(demand.photo_bytes_ms), demand.keyframe_bytes)

    def _hear(self, viewer: Viewer) -> None:
        while viewer.acks and viewer.acks[0][0] <= self.now_ms:
            _, number, decode_ms = viewer.acks.popleft()
            self.pacing.acked(viewer.number, number, decode_ms, self.now_ms)
        if viewer.outbox.starving and self.now_ms - viewer.asked_ms >= RELAY_ASKS_MS:
            viewer.asked_ms = self.now_ms
            due_ms = (self.keyframes[-1] if self.keyframes else 0) + self.pacing.keyframe_gap_ms
            self._keyframe_due_ms = min(self._keyframe_due_ms or float("inf"), due_ms)

    def _frame(self) -> None:
        now = self.now_ms
        keyframe = self._keyframe_due_ms is not None and now >= self._keyframe_due_ms
        if keyframe:
            self.pacing.keyframe_begins(now)
        budget = self.pacing.budget_bytes(now)
        if budget == 0:
            return
        if keyframe:
            self._keyframe_due_ms = None
            self.keyframes.append(now)
            self._picture_bytes, self._refine_bytes = self.demand.keyframe_bytes, self.demand.refine_bytes
        size, events = self._content(budget)
        if not size:
            return
        whole = not self._picture_bytes
        if whole:
            self.pacing.completed()
        self._number += 1
        frame = Frame(self._number, size + HEAD_BYTES, now, keyframe, whole, events)
        self.pacing.sent(frame.number, frame.size, now, keyframe=keyframe)
        for viewer in self.viewers.values():
            viewer.offer(frame)

    def _content(self, budget: int) -> tuple[int, tuple[int, ...]]:
        """Bytes of the next frame, text first; events are shown when their text is all out."""
        room = budget
        room -= min(self._typed, room)
        self._typed = 0
        self._scroll_bytes, room = _taken(self._scroll_bytes, room)
        events: tuple[int, ...] = ()
        if not self._scroll_bytes:
            events, self._events = tuple(self._events), []
        if self._video_due and budget > SMALL_FRAME_BYTES:
            room -= self.pacing.video_bytes_s // 30
            self._video_due = False
        self._picture_bytes, room = _taken(self._picture_bytes, room)
        self._photo_bytes, room = _taken(self._photo_bytes, room)
        free = min(room, self.pacing.refinement_bytes(self.now_ms))
        self._refine_bytes, left = _taken(self._refine_bytes, free)
        room -= free - left
        return budget - room, events


def _taken(waiting: int, room: int) -> tuple[int, int]:
    """What waits and what is free after as much as fits was taken."""
    taken = min(waiting, max(room, 0))
    return waiting - taken, room - taken


def after(samples: list[tuple[int, float]] | list[tuple[int, int]], from_ms: int) -> list[float]:
    """The values of samples taken from a time on."""
    return [float(value) for at_ms, value in samples if at_ms >= from_ms]
