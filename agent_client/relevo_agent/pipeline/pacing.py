"""When a frame may go out, how large, and how coarse: each viewer by its own acknowledgements (SPEC D3).

No clock and no I/O: every method takes the time in ms. The viewer with most room decides when a frame is made
and how large it is; for those that do not keep up the relay drops up to the next keyframe, and such keyframes
take no more than a tenth of the fastest line. What each line is like is in :mod:`relevo_agent.pipeline.line`,
what is told about it in :mod:`relevo_agent.pipeline.limit`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.pipeline.limit import JUDGE_MS, Facts, Period, Verdict, limit_of
from relevo_agent.pipeline.line import (
    BULK_QUEUE_MS,
    FRAME_TIME_MS,
    LATE_MS,
    SMALL_FRAME_BYTES,
    UNKNOWN_FRAME_BYTES,
    Line,
    Sent,
)
from relevo_agent.pipeline.rhythm import WAITING_MS
from relevo_protocol.messages.screen import PictureLimit, PictureState, Quality

KIB: Final = 1024
MAX_FRAME_BYTES: Final = 512 * KIB
"""What a frame aims at, at most: larger changes go out in several."""
OVER_TIME_MS: Final = 100
"""What stands over a film goes out with it, up to so much of the line: a key press is to wait no longer."""
UNKNOWN_OVER_BYTES: Final = 8 * KIB
BEHIND_MS: Final = 300
"""A viewer whose oldest frame is unacknowledged so long beyond its round trip is behind."""
KEYFRAME_GAP_MS: Final = 1000
"""Keyframes that somebody asks for come no faster than this; those for a join come at once."""
KEYFRAME_SHARE: Final = 0.1
"""Of the fastest line, and of the host's time, for keyframes that slower viewers need."""
MAX_KEYFRAME_GAP_MS: Final = 8_000
KEEPS_UP: Final = 1.1
"""A line that carries this much more than what changes would keep up, were it not for keyframes."""
CHANGE_MS: Final = 1000
"""How long is looked at to know how much changes."""
FREE_SHARE: Final = 0.5
"""Refinement follows when no more than this share of what the line holds without a queue is in flight."""
PATIENCE_MS: Final = 2000
"""Refinement waits so long for whoever is behind; then the relay has dropped for them, or they are gone."""
VIDEO_SHARE: Final = 0.6
"""Of the line for a moving rectangle: the rest is for text, and for what the encoder overshoots."""
MIN_VIDEO_BYTES_S: Final = 8_000
GOOD_VIDEO_BYTES_S: Final = 200_000
"""A film looks well with this: it takes no more where that lets a further viewer keep up."""
MAX_VIDEO_BYTES_S: Final = 500_000
UNKNOWN_VIDEO_BYTES_S: Final = 100_000

_QUALITY_BY_RATE: Final = ((1_500, 85), (500, 70), (150, 50), (0, 35))
"""(bytes a ms, which is kB/s; JPEG quality): the first floor that the line reaches decides."""
UNKNOWN_RATE: Final = 200
"""What a line is taken for, bytes a ms, before it was measured: its first picture is soon there, not fine."""
_SHARP: Final = 92
_FAST: Final = 45


@dataclass(slots=True)
class _Viewer:
    line: Line = field(default_factory=Line)
    period: Period = field(default_factory=Period)
    verdict: Verdict = field(default_factory=Verdict)
    lost_before: int = 0
    full: bool = False


class Pacing:
    """Admission and size of frames, coarseness of what is lossy, and what limits whom."""

    def __init__(self) -> None:
        self.choice = Quality.AUTO
        self._viewers: dict[int, _Viewer] = {}
        self._keyframe_bytes = 0
        self._keyframe_cost_ms = 0.0
        self._completing = False
        self._change_rate = 0.0
        self._change_bytes = 0
        self._change_since_ms = 0.0
        self._host_ms = 0.0
        self._worked_ms = 0.0
        self._looked_ms: float | None = None
        self._judged_ms: float | None = None
        self._reckoned_ms: float | None = None
        self._reckoned_bytes = 0

    # ------ viewers

    def viewer_joined(self, viewer: int) -> None:
        """A viewer will acknowledge from now on."""
        self._viewers.setdefault(viewer, _Viewer())
        self._reckoned_ms = None

    def viewer_left(self, viewer: int) -> None:
        """Without viewers nothing is admitted."""
        self._viewers.pop(viewer, None)
        self._reckoned_ms = None

    def acked(self, viewer: int, frame_id: int, decode_ms: float, now_ms: float) -> None:
        """A viewer drew this frame and every earlier one; strangers and frames not in flight are ignored."""
        known = self._viewers.get(viewer)
        if known is not None:
            known.line.acked(frame_id, decode_ms, now_ms)
            self._reckoned_ms = None
            known.period.decode_ms += max(decode_ms, 0.0)

    # ------ frames

    def admits(self, now_ms: float) -> bool:
        """Whether a frame may be captured and sent now, even if only a small one."""
        return self.budget_bytes(now_ms) > 0

    def budget_bytes(self, now_ms: float) -> int:
        """Bytes that a frame of this moment may hold; 0: none may go.

        A small budget (``SMALL_FRAME_BYTES``) is for what has changed, text first, while large frames are
        under way. It is asked for many times at one moment, and reckoned once.
        """
        if self._reckoned_ms != now_ms:
            self._reckoned_bytes = min(self._most_room_bytes(now_ms), self.frame_bytes)
            self._reckoned_ms = now_ms
        return self._reckoned_bytes

    def is_tight(self, now_ms: float) -> bool:
        """Whether a frame of this moment may only be a small one, or none may go."""
        return self.budget_bytes(now_ms) <= SMALL_FRAME_BYTES

    def refinement_bytes(self, now_ms: float) -> int:
        """What a frame may hold of what is shown already, only coarser; 0 unless every line is free enough.

        The slowest viewer who keeps up sets its pace: else a keyframe would be needed, and all of it again.
        """
        if self.is_tight(now_ms):
            return 0
        rooms = [
            line.time_bytes(BULK_QUEUE_MS) if line.flight_bytes <= FREE_SHARE * line.window_bytes(0) else 0
            for line in (viewer.line for viewer in self._viewers.values())
            if line.overdue_ms(now_ms) <= PATIENCE_MS and not line.is_silent(now_ms)
        ]
        return min(min(rooms, default=0), MAX_FRAME_BYTES)

    @property
    def drawn_id(self) -> int:
        """The newest frame that every viewer has drawn; 0 where somebody has drawn none."""
        return min((viewer.line.drawn_id for viewer in self._viewers.values()), default=0)

    @property
    def frame_bytes(self) -> int:
        """Bytes a frame aims at when nothing is under way."""
        best = self._fastest
        return UNKNOWN_FRAME_BYTES if best is None else min(best.time_bytes(FRAME_TIME_MS), MAX_FRAME_BYTES)

    @property
    def over_bytes(self) -> int:
        """What a frame may hold beyond its budget, of what cannot wait for the next one."""
        best = self._fastest
        if best is None or not best.known:
            return UNKNOWN_OVER_BYTES
        return min(best.time_bytes(OVER_TIME_MS), MAX_FRAME_BYTES)

    def sent(self, frame_id: int, size_bytes: int, now_ms: float, *, keyframe: bool = False) -> None:
        """A frame of so many bytes went to the link."""
        frame = Sent(frame_id, size_bytes, now_ms, keyframe)
        self._reckoned_ms = None
        for viewer in self._viewers.values():
            viewer.line.sent(frame)
            viewer.period.sent_bytes += size_bytes
        if keyframe:
            self._keyframe_bytes, self._completing = 0, True
        if self._completing:
            self._keyframe_bytes += size_bytes
            self._change_bytes, self._change_since_ms = 0, now_ms
        else:
            self._note_change(size_bytes, now_ms)

    def completed(self) -> None:
        """Everything has been sent once since the last keyframe."""
        self._completing = False

    def keyframe_begins(self, now_ms: float) -> None:
        """A keyframe is to be made: who needs it has lost what is in flight, and will not acknowledge it.

        With several viewers these are those whose acknowledgements are missing; the others go on as before.
        """
        self._completing = True
        self._reckoned_ms = None
        for viewer in self._viewers.values():
            if len(self._viewers) == 1 or viewer.line.overdue_ms(now_ms) > LATE_MS:
                viewer.line.forget_flight()

    @property
    def keyframe_gap_ms(self) -> float:
        """Shortest time between two keyframes that nobody needs at once, from the start of the first.

        With several viewers they must leave nine tenths of this PC's time to the rest, and of every line
        that would keep up without them.
        """
        rates = [viewer.line.rate for viewer in self._viewers.values() if viewer.line.known]
        if len(self._viewers) < 2 or not rates:
            return KEYFRAME_GAP_MS
        keeping_up = [rate for rate in rates if rate > KEEPS_UP * self._change_rate]
        cost_ms = max(self._keyframe_bytes / min(keeping_up, default=max(rates)), self._keyframe_cost_ms)
        return min(max(cost_ms / KEYFRAME_SHARE, KEYFRAME_GAP_MS), MAX_KEYFRAME_GAP_MS)

    # ------ coarseness

    @property
    def quality(self) -> int:
        """JPEG quality, 1 to 100, for lossy areas: by the fastest line, for a keyframe by the slowest."""
        match self.choice:
            case Quality.SHARP:
                return _SHARP
            case Quality.FAST:
                return _FAST
            case Quality.AUTO:
                return self._quality_of_line()

    @property
    def video_bytes_s(self) -> int:
        """What a moving rectangle may take, bytes a second."""
        shares = [viewer.line.rate * 1000 * VIDEO_SHARE for viewer in self._viewers.values()]
        best = max(shares, default=0.0)
        if best == 0.0:
            return UNKNOWN_VIDEO_BYTES_S
        wanted = min((share for share in shares if share >= GOOD_VIDEO_BYTES_S), default=best)
        return int(min(max(wanted, MIN_VIDEO_BYTES_S), MAX_VIDEO_BYTES_S))

    # ------ what limits

    def worked(self, cost_ms: float, *, keyframe: bool = False) -> None:
        """A step took this long to capture, compare and encode."""
        self._host_ms += (0.2 if self._host_ms else 1.0) * (cost_ms - self._host_ms)
        self._worked_ms += cost_ms
        if keyframe:
            self._keyframe_cost_ms = cost_ms

    def limits(self, now_ms: float) -> list[tuple[int, PictureState]]:
        """What is to be told to whom; asked after every step. Nothing most of the time.

        No viewer hears twice in a second.
        """
        if self._judged_ms is None:
            self._judged_ms = now_ms
        length_ms = now_ms - self._judged_ms
        if length_ms < JUDGE_MS:
            return []
        self._most_room_bytes(now_ms)  # whose line is full counts up to now
        news = list(self._judge(now_ms, length_ms))
        self._judged_ms, self._worked_ms = now_ms, 0.0
        return news

    def due_ms(self, now_ms: float) -> float:
        """When to ask again although nothing happens: the end of a limit is news too, and so is silence."""
        due_ms = now_ms + WAITING_MS if self.is_tight(now_ms) else float("inf")
        told = any(
            viewer.verdict.told.limit is not PictureLimit.NONE or viewer.verdict.periods
            for viewer in self._viewers.values()
        )
        return due_ms if self._judged_ms is None or not told else min(due_ms, self._judged_ms + JUDGE_MS)

    # ------ inside

    @property
    def _fastest(self) -> Line | None:
        """The line that sets size and coarseness: the best known one."""
        return max(
            (viewer.line for viewer in self._viewers.values()), key=lambda line: line.rate, default=None
        )

    def _note_change(self, size_bytes: int, now_ms: float) -> None:
        """Keep how many bytes a ms there are to send when no keyframe is under way."""
        self._change_bytes += size_bytes
        length_ms = now_ms - self._change_since_ms
        if length_ms >= CHANGE_MS:
            self._change_rate += 0.5 * (self._change_bytes / length_ms - self._change_rate)
            self._change_bytes, self._change_since_ms = 0, now_ms

    def _most_room_bytes(self, now_ms: float) -> int:
        """What the viewer with most room takes; keeps for how long each has had none but for small frames."""
        since_ms, self._looked_ms = self._looked_ms, now_ms
        most_bytes = 0
        for viewer in self._viewers.values():
            if viewer.full and since_ms is not None:
                viewer.period.full_ms += now_ms - since_ms
            if viewer.line.is_stuck(now_ms):
                viewer.line.forget_flight()
            room_bytes = viewer.line.room_bytes(now_ms)
            viewer.full = room_bytes <= SMALL_FRAME_BYTES
            most_bytes = max(most_bytes, room_bytes)
        return most_bytes

    def _quality_of_line(self) -> int:
        rates = [viewer.line.rate or UNKNOWN_RATE for viewer in self._viewers.values()]
        # Everybody waits for a keyframe, and what is coarse of it is soon made exact.
        rate = (min if self._completing else max)(rates, default=UNKNOWN_RATE)
        return next(quality for floor, quality in _QUALITY_BY_RATE if rate >= floor)

    def _judge(self, now_ms: float, length_ms: float) -> Iterator[tuple[int, PictureState]]:
        for number, viewer in self._viewers.items():
            line, period = viewer.line, viewer.period
            period.behind = line.lost_frames > viewer.lost_before or line.queue_ms(now_ms) > BEHIND_MS
            facts = Facts(int(line.rate * 1000), self._host_ms, line.decode_ms)
            limit = limit_of(period, facts, self._worked_ms, length_ms)
            viewer.lost_before, viewer.period = line.lost_frames, Period()
            news = viewer.verdict.after(limit, facts)
            if news is not None:
                yield number, news
