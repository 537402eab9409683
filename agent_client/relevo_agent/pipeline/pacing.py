"""When a frame may go out, how large it may be, and how coarse: bytes in flight bounded by acknowledgements.

No clock and no I/O: every method takes the time in ms. Any number of viewers may acknowledge; the fastest
decides, because the relay keeps slower ones from holding the others up (SPEC D3). The line's
rate is the largest delivery rate seen lately (bytes acknowledged between sending and acknowledgement of a
frame), as BBR measures it.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from relevo_protocol.limits import OUTBOX_MEDIA_BYTES
from relevo_protocol.messages.screen import Quality

KIB: Final = 1024
MAX_FRAME_BYTES: Final = 512 * KIB
"""What a frame aims at, at most: larger changes go out in several."""
MIN_FRAME_BYTES: Final = 16 * KIB
FIRST_FRAME_BYTES: Final = 64 * KIB
"""As long as the line is unknown: enough to measure it, little enough for a thin one."""
FIRST_WINDOW_BYTES: Final = 2 * FIRST_FRAME_BYTES
FRAME_TIME_MS: Final = 100
"""A frame should not occupy the line longer than this."""
MIN_WINDOW_BYTES: Final = 16 * KIB
MAX_WINDOW_BYTES: Final = OUTBOX_MEDIA_BYTES * 3 // 4
"""In flight at most: below the relay's slot for a viewer, so that it need not drop for the fastest one."""
QUEUE_MS: Final = 60
"""Bytes in flight beyond the line's round trip: what may queue, bought for throughput."""
MAX_ROUND_TRIP_MS: Final = 200
"""A longer one does not widen the window: it may be the queue itself that is measured."""
RATE_MEMORY_MS: Final = 10_000
SAMPLE_BYTES: Final = 32 * KIB
"""A smaller delivery says how much there was to send, not what the line carries."""
FORGIVE_MS: Final = 3000
"""Without any acknowledgement for so long (or four times what is expected) one more frame is tried."""
BUSY_FRAMES: Final = 3
FRAME_INTERVAL_MS: Final = 16

_QUALITY_BY_RATE: Final = ((1_500, 85), (500, 70), (150, 50), (0, 35))
"""(bytes a ms, which is kB/s; JPEG quality): the first floor that the line reaches decides."""
_SHARP: Final = 92
_FAST: Final = 45


@dataclass(slots=True)
class _InFlight:
    frame_id: int
    size_bytes: int
    sent_ms: float
    delivered_before: int


@dataclass(frozen=True, slots=True)
class LineState:
    """What is known of the line: round trip in ms, bytes a second (zero: unknown), bytes in flight."""

    round_trip_ms: float
    rate_bytes_s: int
    in_flight_bytes: int
    quality: int


class Pacing:
    """Window of bytes in flight, estimates of round trip and rate, quality of lossy areas."""

    def __init__(self) -> None:
        self.choice = Quality.AUTO
        self._viewers: set[int] = set()
        self._flight: deque[_InFlight] = deque()
        self._flight_bytes = 0
        self._delivered = 0
        self._round_trip_ms = 0.0
        self._round_trips: deque[tuple[float, float]] = deque()
        self._rates: deque[tuple[float, float]] = deque()
        self._rate = 0.0  # bytes a ms

    def viewer_joined(self, viewer: int) -> None:
        """A viewer will acknowledge from now on."""
        self._viewers.add(viewer)

    def viewer_left(self, viewer: int) -> None:
        """Without viewers nothing is admitted."""
        self._viewers.discard(viewer)
        if not self._viewers:
            self.forget_flight()

    def sent(self, frame_id: int, size_bytes: int, now_ms: float) -> None:
        """A frame of so many bytes went to the link."""
        self._flight.append(_InFlight(frame_id, size_bytes, now_ms, self._delivered))
        self._flight_bytes += size_bytes

    def acked(self, viewer: int, frame_id: int, now_ms: float) -> None:
        """A viewer drew this frame and every earlier one; strangers and frames not in flight are ignored."""
        if viewer not in self._viewers or not self._flight or frame_id > self._flight[-1].frame_id:
            return
        newest: _InFlight | None = None
        while self._flight and self._flight[0].frame_id <= frame_id:
            newest = self._flight.popleft()
            self._flight_bytes -= newest.size_bytes
            self._delivered += newest.size_bytes
        if newest is not None and newest.frame_id == frame_id:
            self._measure(newest, now_ms)

    def forget_flight(self) -> None:
        """What is in flight counts as lost: a keyframe is coming, or nobody is there."""
        self._flight.clear()
        self._flight_bytes = 0

    def admits(self, now_ms: float) -> bool:
        """Whether a frame may be captured and sent now."""
        if not self._viewers:
            return False
        if not self._flight:
            return True
        if now_ms - self._flight[-1].sent_ms > self._forgive_ms():
            self.forget_flight()
            return True
        frames = max(BUSY_FRAMES, int(self._round_trip_ms / FRAME_INTERVAL_MS) + 2)
        return self._flight_bytes < self.window_bytes and len(self._flight) < frames

    @property
    def window_bytes(self) -> int:
        """Bytes that may be in flight before the next frame."""
        if not self._rate:
            return FIRST_WINDOW_BYTES
        wanted = self._rate * (2 * min(self._empty_round_trip_ms(), MAX_ROUND_TRIP_MS) + QUEUE_MS)
        return int(min(max(wanted, MIN_WINDOW_BYTES), MAX_WINDOW_BYTES))

    @property
    def frame_bytes(self) -> int:
        """Bytes a frame aims at."""
        if not self._rate:
            return FIRST_FRAME_BYTES
        return int(min(max(self._rate * FRAME_TIME_MS, MIN_FRAME_BYTES), MAX_FRAME_BYTES))

    @property
    def quality(self) -> int:
        """JPEG quality, 1 to 100, for lossy areas."""
        match self.choice:
            case Quality.SHARP:
                return _SHARP
            case Quality.FAST:
                return _FAST
            case Quality.AUTO:
                return self._quality_of_line()

    @property
    def line(self) -> LineState:
        """The estimates, for display."""
        return LineState(self._round_trip_ms, int(self._rate * 1000), self._flight_bytes, self.quality)

    def _quality_of_line(self) -> int:
        if not self._rate:
            return _QUALITY_BY_RATE[0][1]
        return next(quality for floor, quality in _QUALITY_BY_RATE if self._rate >= floor)

    def _forgive_ms(self) -> float:
        drain_ms = self._flight_bytes / self._rate if self._rate else 0.0
        return max(FORGIVE_MS, 4 * (self._round_trip_ms + drain_ms))

    def _measure(self, frame: _InFlight, now_ms: float) -> None:
        elapsed_ms = max(now_ms - frame.sent_ms, 0.1)
        share = 0.125 if self._round_trip_ms else 1.0
        self._round_trip_ms += share * (elapsed_ms - self._round_trip_ms)
        delivered = self._delivered - frame.delivered_before
        rate = delivered / elapsed_ms
        if delivered >= SAMPLE_BYTES or (self._rate and rate > self._rate):
            self._push_rate(now_ms, rate)
        queued_ms = delivered / self._rate if self._rate else 0.0
        _push_minimum(self._round_trips, now_ms, max(elapsed_ms - queued_ms, 1.0))

    def _push_rate(self, now_ms: float, rate: float) -> None:
        while self._rates and (self._rates[-1][1] <= rate):
            self._rates.pop()
        self._rates.append((now_ms, rate))
        while self._rates[0][0] < now_ms - RATE_MEMORY_MS:
            self._rates.popleft()
        self._rate = self._rates[0][1]

    def _empty_round_trip_ms(self) -> float:
        """The round trip without the time that the bytes themselves take."""
        return self._round_trips[0][1] if self._round_trips else self._round_trip_ms


def _push_minimum(window: deque[tuple[float, float]], now_ms: float, value: float) -> None:
    """Keep a queue of (time, value) whose first is the smallest of the last ``RATE_MEMORY_MS``."""
    while window and window[-1][1] >= value:
        window.pop()
    window.append((now_ms, value))
    while window[0][0] < now_ms - RATE_MEMORY_MS:
        window.popleft()
