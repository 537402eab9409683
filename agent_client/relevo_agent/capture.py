"""The capture's thread: drives the pipeline while somebody may see the screen, and never a moment longer."""

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from relevo_agent.clock import now_ms
from relevo_agent.pipeline.loop import CaptureLoop, CaptureStatus
from relevo_agent.pipeline.sources import open_cursor, open_source
from relevo_agent.pipeline.tally import Tally
from relevo_agent.pipeline.types import CursorSource, Grab, Layout, Outgoing, Source
from relevo_agent.seen import SeenSource, open_state
from relevo_protocol.frame import CodecId
from relevo_protocol.limits import MAX_MONITORS, MAX_NAME_CHARS, MAX_REASON_CHARS
from relevo_protocol.messages.screen import (
    CaptureCondition,
    CaptureState,
    Monitor,
    PictureState,
    Quality,
    ScreenLayout,
)

_log = logging.getLogger(__name__)
MIN_WAIT_MS: Final = 1.0
"""Times are compared to fractions of a millisecond; nobody sees a look that comes so much later."""
FIRST_REST_S: Final = 1.0
MAX_REST_S: Final = 15.0
"""After an error that nobody expected the capture rests, twice as long each time."""
CALM_AFTER_FAILURE_MS: Final = 60_000
"""An error so long after another one is the first again."""
MAX_WAIT_S: Final = 30.0
"""The thread looks up at least this often, whatever the pipeline says."""


class Waker:
    """Ends a wait from any thread; what comes while nobody waits ends the next wait at once."""

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._ours.setblocking(False)
        self._theirs.setblocking(False)
        self._fileno = self._ours.fileno()

    def wake(self) -> None:
        """End the wait."""
        with contextlib.suppress(BlockingIOError, OSError):  # it is awake already, or over
            self._theirs.send(b"x")

    def wait(self, signals: tuple[int, ...], timeout_s: float) -> list[int]:
        """Sleep until woken, until a signal is readable, or for so long; the signals that are."""
        readable, _, _ = select.select([self._fileno, *signals], [], [], timeout_s)
        if self._fileno in readable:
            readable.remove(self._fileno)
            with contextlib.suppress(BlockingIOError):
                self._ours.recv(4096)
        return readable

    def close(self) -> None:
        """Give the sockets back."""
        self._ours.close()
        self._theirs.close()


class FindDisplay(Protocol):
    """Finds the X display to show, which comes, goes and changes hands."""

    def find(self) -> str:
        """The display to open now; CaptureFailed while there is none that may be shown."""
        ...

    def check(self, display: str) -> None:
        """CaptureFailed once this display, opened before, may not be shown any more; returns at once."""
        ...


class _Checked:
    """A source that ends when its display may not be shown any more."""

    def __init__(self, finder: FindDisplay) -> None:
        self._finder = finder
        self._display = finder.find()
        self._source = open_source(self._display)

    @property
    def signal(self) -> int | None:
        """As the source says."""
        return self._source.signal

    def grab(self) -> Grab:
        """The screen now, if it may still be shown."""
        self._finder.check(self._display)
        return self._source.grab()

    def layout(self) -> Layout:
        """As the source says."""
        return self._source.layout()

    def close(self) -> None:
        """Give the source back."""
        self._source.close()


@dataclass(frozen=True, slots=True)
class CaptureEvents:
    """What a run tells, from its own thread; the first argument is the run's number."""

    frame: Callable[[int, Outgoing], None]
    layout: Callable[[int, ScreenLayout], None]
    condition: Callable[[int, CaptureState], None]
    limit: Callable[[int, int, PictureState], None]


class _Opener:
    """Opens screen and pointer. It does not refer to the run: else that would outlive its end in a cycle."""

    def __init__(self, display: str | FindDisplay | None) -> None:
        self._display = display
        self.seen: SeenSource | None = None

    def open_source(self) -> Source:
        """The screen, with the desktop's own state where that is told."""
        display = self._display
        if isinstance(display, str | None):
            self.seen = SeenSource(open_source(display), open_state(display))
        else:
            self.seen = SeenSource(_Checked(display), None)
        return self.seen

    def open_cursor(self) -> CursorSource:
        """The pointer."""
        display = self._display
        return open_cursor(display if isinstance(display, str | None) else display.find())


class CaptureRun:
    """One run of the capture, from consent to its end; it is not started twice.

    A display that is found (``FindDisplay``) is followed: when it goes, the next one that is found is shown.
    """

    def __init__(
        self, run: int, display: str | FindDisplay | None, halted: threading.Event, events: CaptureEvents
    ) -> None:
        self._run = run
        self._events = events
        self._halted = halted
        self._stop = threading.Event()
        self._waker = Waker()
        self._acks_wake = True
        self._failed_ms, self._rest_s = float("-inf"), FIRST_REST_S
        self._watching: frozenset[int] = frozenset()
        self._layout: Layout | None = None
        self._status = CaptureStatus()
        self._no_pointer = ""
        self._opener = _Opener(display)
        self.loop = CaptureLoop(self._opener.open_source, self._opener.open_cursor)
        self._tally = Tally()
        self._thread = threading.Thread(target=self._drive, name=f"capture-{run}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; nothing is delivered after this returns, even if a grab is under way."""
        self._stop.set()
        self._waker.wake()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread, for so long at most."""
        self._thread.join(timeout_s)

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self._halted.is_set()

    def watch(self, links: frozenset[int]) -> None:
        """These viewers see the screen now."""
        before, self._watching = self._watching, links
        for link in before - links:
            self.loop.viewer_left(link)
        for link in links - before:
            self.loop.viewer_joined(link)
        self._waker.wake()

    def acked(self, link: int, frame_id: int, decode_ms: float) -> None:
        """A viewer has drawn a frame, so long after it came."""
        self.loop.acknowledged(link, frame_id, decode_ms, now_ms())
        if self._acks_wake:
            self._waker.wake()

    def need_keyframe(self, *, urgent: bool = False, lost: bool = False, whole: bool = False) -> None:
        """The next frame must need nothing before it."""
        self.loop.request_keyframe(urgent=urgent, lost=lost, whole=whole)
        self._waker.wake()

    def choose_quality(self, quality: Quality) -> None:
        """The viewers' preference."""
        self.loop.choose_quality(quality)

    def choose_decoders(self, codecs: frozenset[CodecId]) -> None:
        """What all viewers decode beyond the base."""
        self.loop.choose_decoders(codecs)
        self._waker.wake()

    def input_carried_out(self) -> None:
        """Something will probably change on the screen."""
        self.loop.expect_change(now_ms())
        self._waker.wake()

    def _drive(self) -> None:
        try:
            while not self._over:
                try:
                    self._step()
                except Exception:  # noqa: BLE001 - whatever the reason: nobody is left with a picture that stands still
                    _log.exception("the capture has failed")
                    self._recover()
        finally:
            self.loop.end()
            self._waker.close()
            _log.info("picture: %s", self._tally)

    def _recover(self) -> None:
        """Say so, rest, and begin anew; what fails again and again is tried less and less often."""
        now = now_ms()
        calm = now - self._failed_ms > CALM_AFTER_FAILURE_MS
        self._rest_s = FIRST_REST_S if calm else min(2 * self._rest_s, MAX_REST_S)
        self._failed_ms = now
        self._tell_status(
            CaptureStatus(CaptureCondition.FAILED, "the capture met an error; it is tried again")
        )
        try:
            self.loop.begin_anew()
        except Exception:  # noqa: BLE001 - what would not close is let go of all the same
            _log.exception("the capture did not let go of its source")
        self._stop.wait(self._rest_s)

    def _step(self) -> None:
        outgoing = self.loop.step(now_ms())
        self._tell_changes()
        if outgoing is not None:
            self._tally.add(outgoing)
            self._deliver(lambda: self._events.frame(self._run, outgoing))
        self._sleep()

    def _sleep(self) -> None:
        """Until there is something to do; what was told, or a time that came, may change what there is."""
        while not self._over:
            self._acks_wake = True  # until it is known: one that comes meanwhile must not be slept over
            waiting = self.loop.waiting(now_ms())
            if waiting.delay_ms <= 0:
                return
            self._acks_wake = waiting.acks
            timeout_s = min(max(waiting.delay_ms, MIN_WAIT_MS) / 1000, MAX_WAIT_S)
            states = () if self._opener.seen is None else self._opener.seen.state_signals
            told = self._waker.wait((*waiting.signals, *states), timeout_s)
            if self._opener.seen is not None and not set(states).isdisjoint(told):
                self._opener.seen.refresh()
            if told:
                return

    def _tell_changes(self) -> None:
        layout, status = self.loop.layout, self.loop.condition
        if self._opener.seen is not None and status.condition is CaptureCondition.OK:
            status = self._opener.seen.status
        self._tell_status(status)
        if self.loop.cursor_unavailable != self._no_pointer:
            self._no_pointer = self.loop.cursor_unavailable
            _log.info("pointer: %s", self._no_pointer or "shown again")
        for link, limit in self.loop.limits(now_ms()):
            self._deliver(partial(self._events.limit, self._run, link, limit))
        if layout is not None and layout is not self._layout:
            self._layout = layout
            self._deliver(lambda: self._events.layout(self._run, screen_layout(layout)))

    def _tell_status(self, status: CaptureStatus) -> None:
        if status != self._status:
            self._status = status
            state = CaptureState(condition=status.condition, detail=status.detail[:MAX_REASON_CHARS])
            self._deliver(lambda: self._events.condition(self._run, state))

    def _deliver(self, tell: Callable[[], None]) -> None:
        if not self._over:
            tell()


def screen_layout(layout: Layout) -> ScreenLayout:
    """The pipeline's layout as the wire says it; a monitor's id is its place in the list, from 1."""
    monitors = [
        Monitor(
            id=number,
            x=area.x,
            y=area.y,
            width=area.width,
            height=area.height,
            primary=area.primary,
            name=area.name[:MAX_NAME_CHARS],
        )
        for number, area in enumerate(layout.monitors[:MAX_MONITORS], 1)
    ]
    return ScreenLayout(width=layout.width, height=layout.height, monitors=monitors)
