"""The loop: one ``step`` captures, compares, moves, plans and encodes at most one frame.

The driver calls :meth:`CaptureLoop.step` from one thread, seals and sends what it returns, then waits as
:meth:`CaptureLoop.waiting` says, or until something is told to it. Everything that is *told*
(acknowledgements, viewers, keyframes wanted, input injected) may come from any thread: it is queued and
taken at the next step.
"""

import time
from collections import deque
from collections.abc import Callable

from relevo_agent.pipeline.cursor import CursorTracker
from relevo_agent.pipeline.desktop import REOPEN_MS, CaptureStatus, Desktop
from relevo_agent.pipeline.diff import damaged_cells
from relevo_agent.pipeline.pacing import KEYFRAME_GAP_MS, Pacing
from relevo_agent.pipeline.painter import Budget, Costs, Painter
from relevo_agent.pipeline.rhythm import WAITING_MS, Rhythm
from relevo_agent.pipeline.shown import Shown
from relevo_agent.pipeline.types import (
    CaptureFailed,
    Grab,
    Layout,
    OpenCursor,
    OpenSource,
    Outgoing,
    Stats,
    Waiting,
)
from relevo_protocol.frame import CodecId, Frame, Update, encode_frame
from relevo_protocol.messages.screen import PictureState, Quality

__all__ = ["REOPEN_MS", "CaptureLoop", "CaptureStatus"]


def monotonic_ms() -> float:
    """Clock of the cost figures, ms."""
    return time.perf_counter() * 1000


class CaptureLoop:
    """Screen to frames, numbered from 1. ``now_ms`` is any monotonic clock, the same one in every call."""

    def __init__(
        self,
        open_source: OpenSource,
        open_cursor: OpenCursor,
        clock_ms: Callable[[], float] = monotonic_ms,
    ) -> None:
        self._clock_ms = clock_ms
        self._desktop = Desktop(open_source)
        self._cursor = CursorTracker(open_cursor)
        self._told: deque[Callable[[], None]] = deque()
        self._pacing = Pacing()
        self._rhythm = Rhythm()
        self._painter = Painter(clock_ms)
        self._viewers: set[int] = set()
        self._shown: Shown | None = None
        self._grab: Grab | None = None
        self._decoders: frozenset[CodecId] = frozenset()
        self._frame_id = 0
        self._keyframe_due_ms: float | None = 0.0
        self._keyframe_whole = True
        self._held_since_ms: float | None = None
        self._has_rest = False
        self._exact_due_ms: float | None = None
        self._last_keyframe_ms = float("-inf")

    # ------ told from any thread

    def viewer_joined(self, viewer: int) -> None:
        """A live viewer (its link) will draw and acknowledge; the next frame is a keyframe, at once."""
        self._tell(lambda: self._joined(viewer))
        self.request_keyframe(urgent=True)

    def viewer_left(self, viewer: int) -> None:
        """Without viewers nothing is captured."""
        self._tell(lambda: self._left(viewer))

    def acknowledged(self, viewer: int, frame_id: int, decode_ms: float, now_ms: float) -> None:
        """``FrameAck`` of a viewer."""
        self._tell(lambda: self._pacing.acked(viewer, frame_id, decode_ms, now_ms))

    def request_keyframe(self, *, urgent: bool = False, lost: bool = False, whole: bool = False) -> None:
        """A keyframe is wanted; ``urgent`` (new epoch, new viewer) ignores the limit on their rate.

        Only an urgent or ``whole`` one shows everything: others leave out what every viewer has acknowledged
        (SPEC F9). ``lost``: a frame has gone to nobody, so that nobody's picture goes on without one.
        """
        self._tell(lambda: self._want_keyframe(urgent=urgent, lost=lost, whole=whole))

    def expect_change(self, now_ms: float) -> None:
        """Input was injected: look soon, and often."""
        self._tell(lambda: self._rhythm.hurry(now_ms))

    def choose_quality(self, choice: Quality) -> None:
        """The most modest choice of the viewers."""
        self._tell(lambda: setattr(self._pacing, "choice", choice))

    def choose_decoders(self, codecs: frozenset[CodecId]) -> None:
        """What all viewers decode beyond ``BASE_CODECS``; another choice begins with a keyframe."""
        self._tell(lambda: self._chose_decoders(codecs))

    # ------ the driver's side

    @property
    def layout(self) -> Layout | None:
        """Size and monitors of the newest grab; a new object at each change; ``None`` before the first."""
        return self._desktop.layout

    @property
    def condition(self) -> CaptureStatus:
        """Whether there is a picture, and why not."""
        return self._desktop.status

    @property
    def cursor_unavailable(self) -> str:
        """Why no pointer is sent, empty where one is."""
        return self._cursor.unavailable

    @property
    def has_unsent(self) -> bool:
        """Whether part of the newest grab has not been sent at all; true before the first one."""
        return self._shown is None or self._shown.has_unsent

    @property
    def is_exact(self) -> bool:
        """Whether everything of the newest grab has been sent lossless."""
        return self._shown is not None and self._shown.is_exact

    def delay_ms(self, now_ms: float) -> float:
        """Time until :meth:`step` has something to do, as far as is known without looking."""
        return self.waiting(now_ms).delay_ms

    def waiting(self, now_ms: float) -> Waiting:
        """How long, and for which signals, the driver may sleep."""
        self._take_told()
        if not self._viewers:
            return Waiting(float("inf"), ())
        retry_ms = self._desktop.retry_ms
        if retry_ms is not None and retry_ms > now_ms:
            return Waiting(retry_ms - now_ms, ())
        if not self._pacing.admits(now_ms):
            self._note_held(now_ms)
            return Waiting(WAITING_MS, ())
        if self._keyframe_ready(now_ms):
            return Waiting(0.0, ())
        signals: list[int] = []
        due_ms = [self._screen_due_ms(now_ms), self._cursor.due_ms, self._pacing.due_ms(now_ms)]
        if self._keyframe_due_ms is not None:
            due_ms.append(self._keyframe_due_ms)
        for signal, open_ms in (
            (self._desktop.signal, self._rhythm.open_ms),
            (self._cursor.signal, self._cursor.open_ms),
        ):
            if signal is not None and open_ms <= now_ms:
                signals.append(signal)
            elif signal is not None:
                due_ms.append(open_ms)
        return Waiting(max(min(due_ms) - now_ms, 0.0), tuple(signals), acks=self._wants_room(now_ms))

    def step(self, now_ms: float) -> Outgoing | None:
        """The next frame, or nothing: not due, not admitted, nothing new, no picture (see ``condition``)."""
        self._take_told()
        keyframe = self._keyframe_ready(now_ms)
        if keyframe:
            self._pacing.keyframe_begins(now_ms)
        if not self._pacing.admits(now_ms):
            self._note_held(now_ms)
            return None
        costs, started_ms = Costs(), self._clock_ms()
        looks = keyframe or self._screen_due(now_ms)
        if looks:
            try:
                keyframe |= self._look(now_ms, costs)
            except CaptureFailed:
                self._grab = self._shown = self._exact_due_ms = None
                self._rhythm.looked(now_ms, 0.0, changed=False)
                return None
        outgoing = self._frame(now_ms, keyframe=keyframe, looked=looks, costs=costs)
        if looks:
            cost_ms = self._clock_ms() - started_ms
            self._rhythm.looked(now_ms, cost_ms, changed=outgoing is not None)
            self._pacing.worked(cost_ms, keyframe=keyframe)
            self._note_rest()
        return outgoing

    def limits(self, now_ms: float) -> list[tuple[int, PictureState]]:
        """What limits whose picture, where that is news (SPEC D6); asked after each step."""
        return self._pacing.limits(now_ms)

    def begin_anew(self) -> None:
        """After an error in the midst of a step: nothing of what it left is used; a keyframe follows."""
        self.close()
        self._painter = Painter(self._clock_ms)
        self._painter.choose(self._decoders)
        self._want_keyframe(urgent=True)

    def close(self) -> None:
        """Give the source and the cursor's connection back; a later step opens them anew."""
        self._grab = self._shown = self._exact_due_ms = None
        self._desktop.close()
        self._cursor.close()

    def end(self) -> None:
        """Close for good: what was told and not heard any more would hold on to all the pictures."""
        self.close()
        self._told.clear()

    # ------ inside

    def _tell(self, event: Callable[[], None]) -> None:
        self._told.append(event)

    def _take_told(self) -> None:
        while self._told:
            self._told.popleft()()

    def _joined(self, viewer: int) -> None:
        self._viewers.add(viewer)
        self._pacing.viewer_joined(viewer)

    def _left(self, viewer: int) -> None:
        self._viewers.discard(viewer)
        self._pacing.viewer_left(viewer)

    def _chose_decoders(self, codecs: frozenset[CodecId]) -> None:
        if codecs != self._decoders:
            self._decoders = codecs
            self._painter.choose(codecs)
            self._want_keyframe(urgent=True)

    def _want_keyframe(self, *, urgent: bool, lost: bool = False, whole: bool = False) -> None:
        gap_ms = KEYFRAME_GAP_MS if lost else self._pacing.keyframe_gap_ms
        due_ms = float("-inf") if urgent else self._last_keyframe_ms + gap_ms
        self._keyframe_whole |= urgent or whole
        self._keyframe_due_ms = (
            due_ms if self._keyframe_due_ms is None else min(self._keyframe_due_ms, due_ms)
        )

    def _keyframe_ready(self, now_ms: float) -> bool:
        return self._keyframe_due_ms is not None and now_ms >= self._keyframe_due_ms

    def _note_held(self, now_ms: float) -> None:
        if self._held_since_ms is None:
            self._held_since_ms = now_ms

    def _wants_room(self, now_ms: float) -> bool:
        """Whether more could go out if less were in flight: what is left over, or rough."""
        if self._pacing.is_tight(now_ms):
            return True
        return self._exact_due_ms is not None and not self._pacing.refinement_bytes(now_ms)

    def _note_rest(self) -> None:
        """What is left over, or rough, after a look: nothing else changes it, and it is asked for often."""
        self._has_rest = self._shown is not None and self._shown.has_unsent
        self._exact_due_ms = None if self._shown is None else self._shown.exact_due_ms()

    def _screen_due(self, now_ms: float) -> bool:
        due_ms = self._screen_due_ms(now_ms)
        told = self._desktop.signal is not None
        return now_ms >= (min(due_ms, self._rhythm.open_ms) if told else due_ms)

    def _screen_due_ms(self, now_ms: float) -> float:
        """When to look, or to make exact what is quiet, even if the source tells nothing.

        What is left over, or only rough, waits for the line; what changes now is looked at all the same.
        """
        if self._shown is None:
            return self._desktop.retry_ms or self._rhythm.due_ms(unsent=True, told=False)
        told = self._desktop.signal is not None
        unsent = self._has_rest and not self._pacing.is_tight(now_ms)
        due_ms = min(self._rhythm.due_ms(unsent=unsent, told=told), self._painter.due_ms or float("inf"))
        exact_due_ms = self._exact_due_ms
        if exact_due_ms is None:
            return due_ms
        if not self._pacing.refinement_bytes(now_ms):
            return min(due_ms, max(exact_due_ms, now_ms + WAITING_MS))
        return min(due_ms, max(exact_due_ms, self._rhythm.due_ms(unsent=True, told=told)))

    def _look(self, now_ms: float, costs: Costs) -> bool:
        """Grab and mark what changed; tells whether the screen has another size than before."""
        started_ms = self._clock_ms()
        self._grab, resized = self._desktop.grab(now_ms)
        grabbed_ms = self._clock_ms()
        height, width = self._grab.pixels.shape[:2]
        if resized or self._shown is None:
            self._shown, resized = Shown(width, height, now_ms), True
            self._want_keyframe(urgent=True)  # until one has gone out: this look may lead to no frame
        else:
            damaged = damaged_cells(self._grab.damage, width, height)
            self._shown.compare(self._grab.pixels, damaged, now_ms)
        costs.capture_ms = grabbed_ms - started_ms
        costs.diff_ms = self._clock_ms() - grabbed_ms
        return resized

    def _frame(self, now_ms: float, *, keyframe: bool, looked: bool, costs: Costs) -> Outgoing | None:
        if self._shown is None or self._grab is None:
            return None
        self._shown.frame_id = self._frame_id + 1
        if keyframe:
            self._shown.forget(0 if self._keyframe_whole else self._pacing.drawn_id)
            self._painter.begin()
        started_ms = self._clock_ms()
        size_px = (self._shown.width_px, self._shown.height_px)
        updates: list[Update] = []
        if looked:
            budget = Budget(
                self._pacing.budget_bytes(now_ms),
                self._pacing.quality,
                tight=not keyframe and self._pacing.is_tight(now_ms),
                refine_bytes=self._pacing.refinement_bytes(now_ms),
                video_bytes_s=self._pacing.video_bytes_s,
                held_ms=0.0 if self._held_since_ms is None else now_ms - self._held_since_ms,
                over_bytes=self._pacing.over_bytes,
            )
            self._held_since_ms = None
            updates = self._painter.updates(self._shown, self._grab, budget, now_ms, costs)
            if updates:
                self._cursor.goes_along(now_ms)
        updates += self._cursor.updates(now_ms, size_px, full=keyframe)
        if not updates:
            return None
        data = encode_frame(Frame(*size_px, int(now_ms), tuple(updates)))
        self._frame_id += 1
        self._pacing.sent(self._frame_id, len(data), now_ms, keyframe=keyframe)
        completes = self._shown.has_unknown
        if not completes:
            self._pacing.completed()
        if keyframe:
            self._keyframe_due_ms, self._last_keyframe_ms = None, now_ms
            self._keyframe_whole = False
        parts = tuple((update.kind, update.codec) for update in updates)
        stats = Stats(
            costs.capture_ms,
            costs.diff_ms,
            self._clock_ms() - started_ms,
            costs.rects,
            costs.changed_px,
            costs.lossy_px,
            costs.exact_px,
            costs.move_ms,
            costs.moved_px,
            costs.video_px,
        )
        droppable = not (keyframe or completes)
        return Outgoing(self._frame_id, keyframe, data, *size_px, parts, stats, droppable)
