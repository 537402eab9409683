"""The one question that is open, or was answered: shared by what shows the screen and what moves the pointer.

A person is asked for the screen alone while the technician only watches. Where the technician may drive,
pointer and keys are asked for in the same window of the desktop; if the driving begins later, a second
question takes the first one's place once it is answered.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from relevo_agent.portal.session import PortalSession, Progress, Stage


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a stream's screen stands in the picture (pixels), and its size in the compositor's own pixels."""

    node: int
    left: int
    top: int
    width: int
    height: int
    logical: tuple[int, int]


class Desk:
    """Keeps the newest session; every method may be called from any thread."""

    def __init__(self, ask: Callable[[bool], PortalSession]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._screen: PortalSession | None = None
        self._control: PortalSession | None = None
        self.placements: tuple[Placement, ...] = ()
        """Of the pictures that are shown now; set by the source that shows them."""

    def screen(self) -> PortalSession:
        """The session whose pictures are to be shown; asks if nobody has, or the answer was forgotten."""
        with self._lock:
            self._promote()
            session = self._screen
            if session is None or session.is_forgotten:
                session = self._screen = self._ask(False)
                self._control = None
            return session

    def control(self) -> tuple[PortalSession, Progress]:
        """The session that takes input, and how far it has come; asks once for each session of the screen."""
        with self._lock:
            self._promote()
            screen = self._screen
            if screen is not None and screen.with_input and not screen.is_forgotten:
                return screen, screen.progress
            if self._control is None or (screen is None and self._control.is_forgotten):
                self._control = self._ask(True)
                # Whoever shows the screen may be asleep, and an answer that nobody looks at is taken back.
                self._control.granted = self._wake_screen
            return self._control, self._control.progress

    def close(self) -> None:
        """Take every question and every answer back."""
        with self._lock:
            for session in (self._screen, self._control):
                if session is not None:
                    session.close()
            self._screen = self._control = None

    def _wake_screen(self) -> None:
        screen = self._screen
        if screen is not None:
            screen.nudge()

    def _promote(self) -> None:
        """A question for input that was granted brought screens too: they take the place of the old ones."""
        control = self._control
        if control is not None and control.progress.stage is Stage.GRANTED:
            old, self._screen, self._control = self._screen, control, None
            if old is not None:
                old.nudge()


@cache
def shared() -> Desk:
    """The desk of this program."""
    return Desk(lambda with_input: PortalSession(with_input=with_input))
