"""What the customer's own screen is like while it is captured: never a black picture without a word.

A locked screen is shown as the customer sees it: the lock is a picture too. But where it is locked or asleep
and all of one colour, or belongs to another session at the moment, there is nothing to see, and that is what
viewers are told, with its cause.
"""

import sys
from typing import Final, Protocol

import numpy as np

from relevo_agent.pipeline.loop import CaptureStatus
from relevo_agent.pipeline.types import CaptureFailed, Grab, Layout, PixelBuffer, Source
from relevo_protocol.messages.screen import CaptureCondition

_COARSE: Final = 16
_FINE: Final = CaptureStatus()
_CAUSES: Final = {
    CaptureCondition.LOCKED: "the screen is locked and dark; unlock it on the PC",
    CaptureCondition.ASLEEP: "the screen is asleep; move the mouse or press a key on the PC",
}
_AWAY: Final = "another session has the screen of this PC at the moment; switch back to the one that is shown"


class ScreenState(Protocol):
    """A platform's word about the screen."""

    condition: CaptureCondition
    is_in_front: bool

    @property
    def signal(self) -> int | None:
        """Readable when :meth:`refresh` may find something new."""
        ...

    def refresh(self) -> None:
        """Look."""
        ...

    def close(self) -> None:
        """Give back what was opened."""
        ...


def open_state(display: str | None, platform: str = sys.platform) -> ScreenState | None:
    """The state of this desktop's screen, where the platform tells it without being asked all the time."""
    if not platform.startswith("linux"):
        return None
    from relevo_agent.portal.choice import shows_by_portal

    if shows_by_portal(display):
        return None
    from relevo_agent.pipeline.sources.state_x11 import X11State

    try:
        return X11State(display)
    except CaptureFailed:  # the source says why, and is tried again
        return None


def status_of(state: ScreenState | None, pixels: PixelBuffer | None) -> CaptureStatus:
    """What viewers are told of a screen whose newest picture this is."""
    if state is None or pixels is None:
        return _FINE
    if not state.is_in_front:
        locked = state.condition is CaptureCondition.LOCKED
        return CaptureStatus(CaptureCondition.LOCKED if locked else CaptureCondition.NO_DISPLAY, _AWAY)
    cause = _CAUSES.get(state.condition)
    return CaptureStatus(state.condition, cause) if cause and is_blank(pixels) else _FINE


def is_blank(pixels: PixelBuffer) -> bool:
    """Whether the picture is of one colour all over."""
    colours = pixels[..., :3]
    coarse = colours[::_COARSE, ::_COARSE]
    return bool(np.all(coarse == coarse[0, 0]) and np.all(colours == colours[0, 0]))


class SeenSource:
    """A source beside the state of its screen."""

    def __init__(self, source: Source, state: ScreenState | None) -> None:
        self._source = source
        self._state = state
        self._pixels: PixelBuffer | None = None

    @property
    def signal(self) -> int | None:
        """As the source says."""
        return self._source.signal

    @property
    def state_signals(self) -> tuple[int, ...]:
        """What :meth:`refresh` is to be called after."""
        signal = None if self._state is None else self._state.signal
        return () if signal is None else (signal,)

    @property
    def status(self) -> CaptureStatus:
        """What viewers are told of the newest picture."""
        return status_of(self._state, self._pixels)

    def refresh(self) -> None:
        """Look at the state again."""
        if self._state is not None:
            self._state.refresh()

    def grab(self) -> Grab:
        """As the source says."""
        grab = self._source.grab()
        self._pixels = grab.pixels
        return grab

    def layout(self) -> Layout:
        """As the source says."""
        return self._source.layout()

    def close(self) -> None:
        """Give both back."""
        self._pixels = None
        self._source.close()
        state, self._state = self._state, None
        if state is not None:
            state.close()
