"""The loop: one ``step`` captures, compares, plans and encodes at most one frame, when pacing lets it go.

The driver calls :meth:`CaptureLoop.step` from one thread, seals and sends what it returns, then waits
:meth:`CaptureLoop.delay_ms` or until something is told to it. Everything that is *told* (acknowledgements,
viewers, keyframes wanted, input injected) may come from any thread: it is queued and taken at the next
step.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from relevo_agent.pipeline.cursor import CursorTracker
from relevo_agent.pipeline.diff import Differ
from relevo_agent.pipeline.encoders import encoder_for
from relevo_agent.pipeline.pacing import LineState, Pacing
from relevo_agent.pipeline.plan import MAX_RECT_PX, Plan
from relevo_agent.pipeline.rhythm import Rhythm
from relevo_agent.pipeline.types import (
    CaptureFailed,
    Grab,
    Layout,
    OpenCursor,
    OpenSource,
    Outgoing,
    PixelBuffer,
    PlannedRect,
    Reason,
    Source,
    Stats,
)
from relevo_protocol.frame import UPDATE_HEAD_BYTES, CodecId, Frame, Update, UpdateKind, encode_frame
from relevo_protocol.limits import MAX_UPDATES_PER_FRAME, screen_fits
from relevo_protocol.messages.screen import CaptureCondition, Quality

REOPEN_MS: Final = 1000
"""A source that failed is opened anew after this time."""
KEYFRAME_INTERVAL_MS: Final = 1000
"""Keyframes that a viewer asks for come no faster than this; those for a join come at once."""
LAYOUT_INTERVAL_MS: Final = 2000
"""How often the monitors are asked for while the size of the whole stays as it is."""
_UPDATE_RESERVE: Final = 8
"""Updates of a frame kept free for the cursor."""


@dataclass(frozen=True, slots=True)
class CaptureStatus:
    """Whether there is a picture; ``detail`` names cause and remedy."""

    condition: CaptureCondition = CaptureCondition.OK
    detail: str = ""


def monotonic_ms() -> float:
    """Clock of the cost figures, ms."""
    return time.perf_counter() * 1000


@dataclass(slots=True)
class _Costs:
    capture_ms: float = 0.0
    diff_ms: float = 0.0
    rects: int = 0
    changed_px: int = 0
    lossy_px: int = 0
    exact_px: int = 0


class CaptureLoop:
    """Screen to frames, numbered from 1. ``now_ms`` is any monotonic clock, the same one in every call."""

    def __init__(
        self,
        open_source: OpenSource,
        open_cursor: OpenCursor,
        clock_ms: Callable[[], float] = monotonic_ms,
    ) -> None:
        self._open_source = open_source
        self._clock_ms = clock_ms
        self._cursor = CursorTracker(open_cursor)
        self._told: deque[Callable[[], None]] = deque()
        self._pacing = Pacing()
        self._rhythm = Rhythm()
        self._source: Source | None = None
        self._reopen_ms = float("-inf")
        self._grab: Grab | None = None
        self._differ: Differ | None = None
        self._plan: Plan | None = None
        self._layout: Layout | None = None
        self._layout_looked_ms = float("-inf")
        self._state = CaptureStatus()
        self._decoders: frozenset[CodecId] = frozenset()
        self._frame_id = 0
        self._keyframe_due_ms: float | None = 0.0
        self._last_keyframe_ms = float("-inf")

    # ------ told from any thread

    def viewer_joined(self, viewer: int) -> None:
        """A live viewer (its link) will draw and acknowledge; the next frame is a keyframe, at once."""
        self._tell(lambda: self._pacing.viewer_joined(viewer))
        self.request_keyframe(urgent=True)

    def viewer_left(self, viewer: int) -> None:
        """Without viewers nothing is captured."""
        self._tell(lambda: self._pacing.viewer_left(viewer))

    def acknowledged(self, viewer: int, frame_id: int, decode_ms: float, now_ms: float) -> None:
        """``FrameAck`` of a viewer."""
        del decode_ms
        self._tell(lambda: self._pacing.acked(viewer, frame_id, now_ms))

    def request_keyframe(self, *, urgent: bool = False) -> None:
        """A keyframe is wanted; ``urgent`` (new epoch, new viewer) ignores the limit on their rate."""
        self._tell(lambda: self._want_keyframe(urgent=urgent))

    def expect_change(self, now_ms: float) -> None:
        """Input was injected: look soon, and often."""
        self._tell(lambda: self._rhythm.hurry(now_ms))

    def choose_quality(self, choice: Quality) -> None:
        """The most modest choice of the viewers."""
        self._tell(lambda: setattr(self._pacing, "choice", choice))

    def choose_decoders(self, codecs: frozenset[CodecId]) -> None:
        """What all viewers decode beyond ``BASE_CODECS``; another choice begins with a keyframe."""
        self._tell(lambda: setattr(self, "_decoders", codecs))

    # ------ the driver's side

    @property
    def layout(self) -> Layout | None:
        """Size and monitors of the newest grab; a new object at each change; ``None`` before the first."""
        return self._layout

    @property
    def condition(self) -> CaptureStatus:
        """Whether there is a picture, and why not."""
        return self._state

    @property
    def line(self) -> LineState:
        """What pacing knows of the line."""
        return self._pacing.line

    @property
    def cursor_unavailable(self) -> str:
        """Why no pointer is sent, empty where one is."""
        return self._cursor.unavailable

    @property
    def has_unsent(self) -> bool:
        """Whether part of the newest grab has not been sent at all; true before the first one."""
        return self._plan is None or self._plan.has_unsent

    @property
    def is_exact(self) -> bool:
        """Whether everything of the newest grab has been sent lossless."""
        return self._plan is not None and self._plan.is_exact

    def delay_ms(self, now_ms: float) -> float:
        """Time until :meth:`step` has something to do, as far as is known without looking."""
        self._take_told()
        if self._keyframe_ready(now_ms):
            return 0.0
        due = self._rhythm.due_ms(now_ms, unsent=self._has_work(now_ms))
        if not self._pacing.admits(now_ms):
            return max(due - now_ms, self._rhythm.WAITING_MS)
        return max(due - now_ms, 0.0)

    def step(self, now_ms: float) -> Outgoing | None:
        """The next frame, or nothing: not due, not admitted, nothing new, no picture (see ``condition``)."""
        self._take_told()
        keyframe = self._keyframe_ready(now_ms)
        if keyframe:
            self._pacing.forget_flight()
        if not self._pacing.admits(now_ms):
            return None
        started_ms = self._clock_ms()
        costs = _Costs()
        grabbed = keyframe or self._rhythm.screen_due(now_ms, unsent=self._has_work(now_ms))
        if grabbed:
            try:
                resized = self._capture(now_ms, costs)
            except CaptureFailed as failure:
                self._fail(failure, now_ms)
                return None
            keyframe = keyframe or resized
        if self._plan is None or self._grab is None:
            return None
        outgoing = self._frame(now_ms, keyframe=keyframe, grabbed=grabbed, costs=costs)
        if grabbed:
            self._rhythm.looked(now_ms, self._clock_ms() - started_ms, changed=outgoing is not None)
        return outgoing

    def close(self) -> None:
        """Give the source and the cursor's connection back; a later step opens them anew."""
        self._close_source()
        self._cursor.close()

    # ------ inside

    def _tell(self, event: Callable[[], None]) -> None:
        self._told.append(event)

    def _take_told(self) -> None:
        while self._told:
            self._told.popleft()()

    def _want_keyframe(self, *, urgent: bool) -> None:
        due_ms = float("-inf") if urgent else self._last_keyframe_ms + KEYFRAME_INTERVAL_MS
        self._keyframe_due_ms = (
            due_ms if self._keyframe_due_ms is None else min(self._keyframe_due_ms, due_ms)
        )

    def _keyframe_ready(self, now_ms: float) -> bool:
        return self._keyframe_due_ms is not None and now_ms >= self._keyframe_due_ms

    def _has_work(self, now_ms: float) -> bool:
        if self._plan is None:
            return True
        exact_due_ms = self._plan.exact_due_ms()
        return self._plan.has_unsent or (exact_due_ms is not None and exact_due_ms <= now_ms)

    def _capture(self, now_ms: float, costs: _Costs) -> bool:
        """Grab and mark what changed; tells whether the screen has another size than before."""
        if self._source is None:
            if now_ms < self._reopen_ms:
                raise CaptureFailed(self._state.condition, self._state.detail)
            self._source = self._open_source()
        started_ms = self._clock_ms()
        before, after = self._grab, self._source.grab()
        costs.capture_ms = self._clock_ms() - started_ms
        height, width = after.pixels.shape[:2]
        if not screen_fits(width, height):
            raise CaptureFailed(
                CaptureCondition.FAILED, f"a desktop of {width}x{height} pixels is too large to be shown"
            )
        resized = before is None or before.pixels.shape != after.pixels.shape or self._layout is None
        if resized:
            self._layout = self._source.layout()
            self._differ, self._plan = Differ(width, height), Plan(width, height, now_ms)
        elif before is not None and self._differ is not None and self._plan is not None:
            self._plan.mark(self._differ.changed(before.pixels, after.pixels, after.damage), now_ms)
        self._look_at_layout(now_ms, resized=resized)
        self._grab = after
        self._state = CaptureStatus()
        costs.diff_ms = self._clock_ms() - started_ms - costs.capture_ms
        return resized

    def _look_at_layout(self, now_ms: float, *, resized: bool) -> None:
        """Monitors may be moved, added or turned off while the whole keeps its size."""
        if resized:
            self._layout_looked_ms = now_ms
        elif self._source is not None and now_ms - self._layout_looked_ms >= LAYOUT_INTERVAL_MS:
            self._layout_looked_ms = now_ms
            found = self._source.layout()
            if found != self._layout:
                self._layout = found

    def _fail(self, failure: CaptureFailed, now_ms: float) -> None:
        if self._source is not None or self._state.condition is CaptureCondition.OK:
            self._reopen_ms = now_ms + REOPEN_MS
        self._state = CaptureStatus(failure.condition, str(failure))
        self._close_source()
        self._rhythm.looked(now_ms, 0.0, changed=False)

    def _close_source(self) -> None:
        source, self._source = self._source, None
        # The old grab's memory belongs to the source: without it the next grab counts as a new screen.
        self._grab = self._differ = self._plan = self._layout = None
        if source is not None:
            source.close()

    def _frame(self, now_ms: float, *, keyframe: bool, grabbed: bool, costs: _Costs) -> Outgoing | None:
        if self._plan is None or self._grab is None:
            return None
        if keyframe:
            self._plan.mark_all()
        started_ms = self._clock_ms()
        pixels = self._grab.pixels
        height, width = pixels.shape[:2]
        updates = self._screen_updates(self._plan, pixels, now_ms, costs) if grabbed else []
        updates += self._cursor.updates(now_ms, (width, height), full=keyframe)
        if not updates:
            return None
        data = encode_frame(Frame(width, height, int(now_ms), tuple(updates)))
        self._frame_id += 1
        self._pacing.sent(self._frame_id, len(data), now_ms)
        if keyframe:
            self._keyframe_due_ms, self._last_keyframe_ms = None, now_ms
        stats = Stats(
            costs.capture_ms,
            costs.diff_ms,
            self._clock_ms() - started_ms,
            costs.rects,
            costs.changed_px,
            costs.lossy_px,
            costs.exact_px,
        )
        kinds = tuple(sorted({update.kind for update in updates}))
        return Outgoing(self._frame_id, keyframe, data, width, height, kinds, stats)

    def _screen_updates(self, plan: Plan, pixels: PixelBuffer, now_ms: float, costs: _Costs) -> list[Update]:
        """Encode the plan's rectangles until the frame is as large as the line takes well."""
        updates: list[Update] = []
        left_bytes = self._pacing.frame_bytes
        for planned in plan.choose(pixels, now_ms, min(2 * left_bytes, MAX_RECT_PX)):
            update = self._encoded(planned, pixels, costs)
            plan.sent(planned, lossless=update.kind is UpdateKind.LOSSLESS)
            updates.append(update)
            left_bytes -= UPDATE_HEAD_BYTES + len(update.payload)
            if left_bytes <= 0 or len(updates) >= MAX_UPDATES_PER_FRAME - _UPDATE_RESERVE:
                break
        return updates

    def _encoded(self, planned: PlannedRect, pixels: PixelBuffer, costs: _Costs) -> Update:
        rect, exact = planned.rect, planned.reason is Reason.EXACT
        encoder = encoder_for(planned.content, exact=exact)
        payload = encoder.encode(rect.of(pixels), self._pacing.quality)
        costs.rects += 1
        costs.changed_px += 0 if exact else rect.area_px
        costs.exact_px += rect.area_px if exact else 0
        costs.lossy_px += 0 if encoder.lossless else rect.area_px
        kind = UpdateKind.LOSSLESS if encoder.lossless else UpdateKind.LOSSY
        return Update(kind, encoder.codec, rect.x, rect.y, rect.width, rect.height, payload)
