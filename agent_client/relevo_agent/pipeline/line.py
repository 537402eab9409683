"""One viewer's line as acknowledgements tell it: empty round trip, rate, bytes in flight, and its window.

No clock and no I/O: every method takes the time in ms. The rate is how fast frames came off a line that was
busy, their round trip and the time for decoding taken away: a train of a few kilobytes suffices to know it.
What may be in flight is what the line holds when it is empty, and a little more; when acknowledgements come
later than that allows, what was believed of the rate is forgotten (as in BBR, one storey higher).
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

FIRST_TRAIN_BYTES: Final = 14 * 1024
"""In flight as long as nothing is known: TCP's own first window; 0.1 s of 1 Mbit/s."""
PROBE_BYTES: Final = 2 * 1024
"""The very first frame, whose acknowledgement tells the round trip; what follows it tells the rate."""
MIN_FRAME_BYTES: Final = 2 * 1024
UNKNOWN_FRAME_BYTES: Final = 16 * 1024
FRAME_TIME_MS: Final = 40
"""A frame should not occupy an empty line longer than this: so long a key press waits behind it."""
BULK_QUEUE_MS: Final = 20
"""What may wait at the thin end, bought for throughput; what follows a frame comes in pieces of this length.
Where the rate falls to a tenth, what waits, or is sent before that can be known, takes ten times as long:
this, and a round trip."""
SMALL_QUEUE_MS: Final = 100
"""The same when a small frame (typing) goes out behind large ones."""
SMALL_FRAME_BYTES: Final = 1500
"""What a small frame aims at: one packet."""
LATE_MS: Final = 100
"""An acknowledgement later than expected by this: the line is slower than was believed."""
LEAST_PATIENCE_MS: Final = 15
MOST_PATIENCE_MS: Final = 90
"""An acknowledgement that is missing for longer tells how slow the line may be by now; between these bounds
it is learned how much they vary."""
PATIENCE_GAINED: Final = 0.25
PATIENCE_KEPT: Final = 0.98
"""By each acknowledgement: of what it was later than that, and of what there was where it was in time."""
GROWTH: Final = 2
"""Bytes by which the window may grow for each byte that came in time: a round trip triples it at most."""
MIN_WINDOW_BYTES: Final = 2 * 1024
MAX_WINDOW_BYTES: Final = 1536 * 1024
"""Below the relay's slot for a viewer, so that it need not drop for whoever sets the pace."""
MAX_ROUND_TRIP_MS: Final = 400
"""A longer one does not widen the window."""
DOUBT_SHARE: Final = 1 / 8
"""Of a round trip longer than that: so little is known of when the line was empty."""
ROUND_TRIP_MEMORY_MS: Final = 10_000
TRAIN_BYTES: Final = 8 * 1024
"""Less than this, off a busy line, says little about its rate."""
TRAIN_MS: Final = 4.0
"""A train that takes less is measured by the clock's grain: it says how slow the line is at most."""
TRAINS_KEPT: Final = 8
FEW_TRAINS: Final = 4
FORGIVE_MS: Final = 3000
"""Without any acknowledgement for so long (or four times what is expected) one more frame is tried."""
MAX_FLIGHT: Final = 2000
"""Frames remembered of a viewer for whom the relay drops."""
BUSY_FRAMES: Final = 3
FRAME_INTERVAL_MS: Final = 16


@dataclass(frozen=True, slots=True)
class Sent:
    """A frame that went to the link."""

    frame_id: int
    size_bytes: int
    sent_ms: float
    keyframe: bool


@dataclass(slots=True)
class _Train:
    """Bytes that came off the line without a pause, and since when."""

    bytes: int = 0
    began_ms: float = 0.0
    ended_ms: float = float("-inf")
    met_idle: bool = False
    """Its start is reckoned from when it was sent, so that acknowledgements that come together do no harm."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """When a frame was sent: bytes that had come by then, when the last of them came, when it was sent."""

    came_bytes: int
    came_ms: float
    sent_ms: float


class Line:
    """What is known of one viewer's line."""

    def __init__(self) -> None:
        self.rate = 0.0
        """Bytes a ms; 0 as long as nothing was large enough to measure it."""
        self.round_trip_ms = 0.0
        """Smoothed, with what queues and without decoding."""
        self.decode_ms = 0.0
        """Smoothed: from arrival to drawn."""
        self.flight_bytes = 0
        self.patience_ms = float(MOST_PATIENCE_MS)
        """How late an acknowledgement may be without meaning anything."""
        self.drawn_id = 0
        """The newest frame that was acknowledged; 0: none."""
        self.lost_frames = 0
        """Frames that never came, as the relay dropped them."""
        self._flight: deque[Sent] = deque()
        self._rates: deque[float] = deque(maxlen=TRAINS_KEPT)
        self._train = _Train()
        self._came = _Mark(0, 0.0, 0.0)
        self._marks: deque[_Mark] = deque()
        """One for each frame in flight."""
        self._empty_ms: float | None = None
        self._empty_bytes = 0
        self._empty_at_ms = 0.0
        self._idle_ids: deque[int] = deque(maxlen=64)
        self._allowed = FIRST_TRAIN_BYTES
        self._draining = False
        self._acked_ms = float("-inf")
        self._doubtful_rate = float("inf")
        """Of the newest train, where that took too long: no more is sent until something comes in time."""

    @property
    def empty_ms(self) -> float:
        """Round trip of the empty line; 0 before the first acknowledgement."""
        return self._empty_ms or 0.0

    @property
    def known(self) -> bool:
        """Whether its rate has been measured."""
        return self.rate > 0

    def window_bytes(self, queue_ms: float) -> int:
        """Bytes that may be in flight so that so many ms of them wait at the thin end."""
        return self._window_bytes(self.rate, queue_ms)

    def time_bytes(self, time_ms: float) -> int:
        """What the line carries in so many ms, for the size of a frame; unknown lines get a modest one."""
        return int(max(self.rate * time_ms, MIN_FRAME_BYTES)) if self.known else UNKNOWN_FRAME_BYTES

    def room_bytes(self, now_ms: float) -> int:
        """What a frame may hold now; 0 where none may go. A small one may where a large one may not."""
        if not self._flight:
            room = self._window_bytes(self._sure_rate, FRAME_TIME_MS)
            return max(room, SMALL_FRAME_BYTES) if self.empty_ms else PROBE_BYTES
        if self._draining or self.overdue_ms(now_ms) > LATE_MS or len(self._flight) >= self._most_frames():
            return 0
        rate = self._rate_now(now_ms)
        left = self._window_bytes(rate, BULK_QUEUE_MS) - self.flight_bytes
        room = min(left, self.time_bytes(BULK_QUEUE_MS))
        if room >= SMALL_FRAME_BYTES:
            return room
        small = self._window_bytes(rate, SMALL_QUEUE_MS) + SMALL_FRAME_BYTES
        return SMALL_FRAME_BYTES if self.known and self.flight_bytes < small else 0

    def overdue_ms(self, now_ms: float) -> float:
        """How long ago the oldest frame should have been acknowledged; negative where there is time."""
        if not self._flight or not self.known:
            return float("-inf")
        oldest = self._flight[0]
        return now_ms - self._due_ms(oldest, oldest.size_bytes)

    def is_stuck(self, now_ms: float) -> bool:
        """Whether acknowledgements have been missing for so long that those frames count as lost."""
        if not self._flight:
            return False
        drain_ms = self.flight_bytes / self.rate if self.known else 0.0
        since_ms = max(self._flight[-1].sent_ms, self._acked_ms)
        return now_ms - since_ms > max(FORGIVE_MS, 4 * (self.round_trip_ms + drain_ms))

    def is_silent(self, now_ms: float) -> bool:
        """Whether nothing at all has been heard of what went out, for so long that none may wait for it."""
        return self._empty_ms is None and bool(self._flight) and self.queue_ms(now_ms) > FORGIVE_MS

    def queue_ms(self, now_ms: float) -> float:
        """How much later than an empty line allows the oldest unacknowledged frame is by now."""
        return max(now_ms - self._flight[0].sent_ms - self.empty_ms, 0.0) if self._flight else 0.0

    def sent(self, frame: Sent) -> None:
        """A frame is on its way."""
        if not self._flight:
            self._idle_ids.append(frame.frame_id)
            self._draining = False
            self._came = _Mark(self._came.came_bytes, frame.sent_ms, frame.sent_ms)
        self._marks.append(self._came)
        self._flight.append(frame)
        self.flight_bytes += frame.size_bytes
        while len(self._flight) > MAX_FLIGHT:
            self._take(self._flight[0].frame_id)

    def forget_flight(self) -> None:
        """What is in flight counts as lost."""
        self._flight.clear()
        self._marks.clear()
        self.flight_bytes = 0
        self._train = _Train()

    def acked(self, frame_id: int, decode_ms: float, now_ms: float) -> None:
        """The viewer drew this frame; what is not in flight changes nothing."""
        if not self._flight or not self._flight[0].frame_id <= frame_id <= self._flight[-1].frame_id:
            return
        taken, mark = self._take(frame_id)
        self.drawn_id = frame_id
        newest = taken[-1]
        # What came before a keyframe may have been dropped by the relay: it says nothing about the line.
        arrived = _since_keyframe(taken)
        self.lost_frames += len(taken) - len(arrived)
        elapsed_ms = max(now_ms - newest.sent_ms, 0.1)
        decode_ms = min(max(decode_ms, 0.0), elapsed_ms)
        on_line_ms = elapsed_ms - decode_ms
        self.decode_ms += (0.25 if self.decode_ms else 1.0) * (decode_ms - self.decode_ms)
        self.round_trip_ms += (0.125 if self.round_trip_ms else 1.0) * (on_line_ms - self.round_trip_ms)
        late = self._lateness_ms(newest, on_line_ms) > LATE_MS
        overdue_ms = now_ms - self._due_ms(newest, _bytes_of(arrived))
        self._expect(overdue_ms)
        if self._empty_ms is not None:
            self._measure_rate(arrived, now_ms - decode_ms, late=late)
            self._prove(arrived, mark, now_ms - decode_ms, late=late)
        self._measure_empty(newest, on_line_ms, now_ms)
        self._acked_ms = now_ms
        if not late:
            # A line that is not known is never late: a probe that turned out too large allows no more for it.
            proven = _bytes_of(arrived) if self.known else min(_bytes_of(arrived), PROBE_BYTES)
            self._allowed = min(self._allowed + GROWTH * proven, MAX_WINDOW_BYTES)
        if now_ms - self._empty_at_ms > ROUND_TRIP_MEMORY_MS and self._flight:
            self._draining = True  # once in a while the line must be empty for its round trip to be seen

    def _window_bytes(self, rate: float, queue_ms: float) -> int:
        if not self.known:
            return self._allowed
        wanted = rate * (min(self.empty_ms, MAX_ROUND_TRIP_MS) + queue_ms)
        return int(min(max(wanted, MIN_WINDOW_BYTES), self._allowed, MAX_WINDOW_BYTES))

    @property
    def _sure_rate(self) -> float:
        return min(self.rate, self._doubtful_rate)

    def _rate_now(self, now_ms: float) -> float:
        """The rate, or what is left of it by a train that took too long, or by a frame that has not come yet.

        Of next to nothing that is under way no more than the next frame's time can be lost.
        """
        missing_ms = self.overdue_ms(now_ms) - self.patience_ms
        if missing_ms <= 0 or self.flight_bytes < SMALL_FRAME_BYTES:
            return self._sure_rate
        size = self._flight[0].size_bytes
        return min(self._sure_rate, size / (size / self.rate + missing_ms))

    @property
    def _doubt_ms(self) -> float:
        """How far off the empty round trip may be: one so long may be that of a line which others had filled.

        Only the first measurement doubts it: else a long line would never be known as a wide one.
        """
        return DOUBT_SHARE * self.empty_ms if self.empty_ms > MAX_ROUND_TRIP_MS and not self.known else 0.0

    def _due_ms(self, frame: Sent, size_bytes: int) -> float:
        """When a frame should be acknowledged, the last of so many bytes that none has been of."""
        began_ms = max(frame.sent_ms, self._acked_ms - self.empty_ms)
        on_line_ms = size_bytes / self.rate if self.known else 0.0
        return began_ms + self.empty_ms + self.decode_ms + on_line_ms

    def _expect(self, overdue_ms: float) -> None:
        """Where acknowledgements often come later than expected, more patience is needed."""
        more_ms = PATIENCE_GAINED * (overdue_ms - self.patience_ms)
        wanted_ms = self.patience_ms + more_ms if more_ms > 0 else self.patience_ms * PATIENCE_KEPT
        self.patience_ms = min(max(wanted_ms, LEAST_PATIENCE_MS), MOST_PATIENCE_MS)

    def _take(self, frame_id: int) -> tuple[list[Sent], _Mark]:
        taken: list[Sent] = []
        mark = self._came
        while self._flight and self._flight[0].frame_id <= frame_id:
            taken.append(self._flight.popleft())
            mark = self._marks.popleft()
            self.flight_bytes -= taken[-1].size_bytes
        return taken, mark

    def _lateness_ms(self, frame: Sent, on_line_ms: float) -> float:
        """How much later than the rate allows a frame came; unknown lines are never late."""
        if not self.known or self._empty_ms is None:
            return 0.0
        ahead_ms = max(self._train.ended_ms - frame.sent_ms - self._empty_ms, 0.0)
        return on_line_ms - self._empty_ms - min(ahead_ms, SMALL_QUEUE_MS) - frame.size_bytes / self.rate

    def _measure_empty(self, frame: Sent, on_line_ms: float, now_ms: float) -> None:
        """Keep the shortest round trip of the last seconds, and the size of its frame."""
        value = max(on_line_ms, 1.0)
        idle = frame.frame_id in self._idle_ids
        old = now_ms - self._empty_at_ms > ROUND_TRIP_MEMORY_MS
        if self._empty_ms is None or value <= self._empty_ms or (idle and old):
            self._empty_ms, self._empty_at_ms, self._empty_bytes = value, now_ms, frame.size_bytes
        elif idle and value < self._empty_ms * 1.25:
            self._empty_at_ms = now_ms

    def _measure_rate(self, arrived: list[Sent], came_ms: float, *, late: bool) -> None:
        """Add what came to the train that it belongs to, and measure the train when it is long enough.

        A train that met an idle line is compared with the frame of the shortest round trip: what it has
        more in bytes took what it has more in time.
        """
        train, size = self._train, _bytes_of(arrived)
        reached_ms = arrived[0].sent_ms + self.empty_ms
        if reached_ms > train.ended_ms:
            began_ms = min(reached_ms, came_ms) - self._doubt_ms
            self._train = train = _Train(-self._empty_bytes, began_ms, met_idle=True)
        train.bytes += size
        train.ended_ms = came_ms
        span_ms = came_ms - train.began_ms
        if self.known and max(train.bytes, size) >= SMALL_FRAME_BYTES:
            # A frame alone tells no rate, but that it came in time: a doubt must not outlast its cause.
            if span_ms - max(train.bytes, 0) / self.rate <= self.patience_ms:
                self._doubtful_rate = float("inf")
            elif train.bytes >= SMALL_FRAME_BYTES:
                self._doubtful_rate = train.bytes / span_ms
        if train.bytes >= TRAIN_BYTES and span_ms >= TRAIN_MS:
            self._learn(train.bytes / span_ms, late=late)
            self._train = _Train(0, came_ms, came_ms)
        elif train.met_idle and train.bytes >= SMALL_FRAME_BYTES:
            at_least = train.bytes / max(span_ms, TRAIN_MS)
            if at_least > self.rate:
                self._learn(at_least, late=False)

    def _prove(self, arrived: list[Sent], mark: _Mark, came_ms: float, *, late: bool) -> None:
        """More has come since a frame was sent than was believed to fit: the line has become wider.

        Trains do not tell: none is long enough where little is dared. Neither acknowledgements that come
        together nor frames that were sent together count for more than they are (BBR's delivery rate).
        """
        newest = arrived[-1]
        self._came = _Mark(self._came.came_bytes + _bytes_of(arrived), came_ms, newest.sent_ms)
        span_ms = max(came_ms - mark.came_ms, newest.sent_ms - mark.sent_ms, self.empty_ms, TRAIN_MS)
        rate = (self._came.came_bytes - mark.came_bytes) / span_ms
        if self.known and not late and rate > self.rate:
            self._learn(rate, late=False)

    def _learn(self, rate: float, *, late: bool) -> None:
        if late:
            self._rates.clear()
        self._rates.append(rate)
        # The best but one: a train looks faster than its line when two acknowledgements came as one.
        self.rate = sorted(self._rates)[-2] if len(self._rates) >= FEW_TRAINS else max(self._rates)
        if late:
            self._allowed = max(int(self.rate * (self.empty_ms + BULK_QUEUE_MS)), FIRST_TRAIN_BYTES)

    def _most_frames(self) -> int:
        return max(BUSY_FRAMES, int(self.round_trip_ms / FRAME_INTERVAL_MS) + 2)


def _since_keyframe(taken: list[Sent]) -> list[Sent]:
    start = max((number for number, frame in enumerate(taken) if frame.keyframe), default=0)
    return taken[start:]


def _bytes_of(frames: list[Sent]) -> int:
    return sum(one.size_bytes for one in frames)
