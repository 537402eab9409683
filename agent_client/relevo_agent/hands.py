"""What acts on this PC for a session: features' workers, marks on the screen, the watch of local input."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

from relevo_agent.features.input import place_of
from relevo_agent.features.worker import FeatureWorker, Task
from relevo_agent.platform.base import (
    LocalInput,
    LocalInputEvents,
    LocalInputUnavailable,
    Overlay,
    OverlayUnavailable,
)
from relevo_agent.platform.choose import open_local_input, open_overlay
from relevo_agent.session.actions import CloseFeatures, HideMarks, Perform, ShowMark, WatchLocalInput
from relevo_protocol.messages.base import Message
from relevo_protocol.messages.marks import Laser

_log = logging.getLogger(__name__)


class Hands:
    """Hands messages to the feature that carries them out, and marks to the screen."""

    def __init__(self, display: str | None, routes: Sequence["Route"]) -> None:
        self._display = display
        self._routes: Final = tuple(routes)
        self._overlay: Overlay | None = None
        self._no_overlay = False
        self._local: LocalInput | None = None
        self._watching = False
        self._events: LocalInputEvents | None = None

    def start(self, used: Callable[[], None], panic: Callable[[], None]) -> None:
        """Begin; ``used`` and ``panic`` are called from another thread."""
        for route in self._routes:
            route.worker.start()
        self._events = LocalInputEvents(used, panic)
        self._watch_desktop()

    def desktop_changed(self, display: str | None) -> None:
        """The desktop is another one, or (``None``) gone: watch and draw where it is now."""
        local, self._local = self._local, None
        overlay, self._overlay = self._overlay, None
        if local is not None:
            local.close()
        if overlay is not None:
            overlay.close()
        self._display, self._no_overlay = display, display is None
        if display is not None:
            self._watch_desktop()

    def _watch_desktop(self) -> None:
        if self._events is None:
            return
        try:
            local = open_local_input(self._display, self._events)
            local.start()
        except LocalInputUnavailable as error:
            _log.info("local input is not watched: %s", error)
            return
        local.watch(on=self._watching)
        self._local = local

    def perform(self, action: Perform) -> None:
        """Queue one admitted message for its feature."""
        for route in self._routes:
            if isinstance(action.message, route.kinds):
                route.worker.put(Task(action.link, action.message, action.layout))
                return
        _log.warning("no feature for %s", type(action.message).__name__)

    @property
    def hold(self) -> bool:
        """Whether a key or button is held down now."""
        return any(route.holds is not None and route.holds() for route in self._routes)

    def release_held(self) -> None:
        """Let every key and button go now."""
        for route in self._routes:
            if route.holds is not None:
                route.worker.release()

    def release_all(self) -> None:
        """Stop: let everything go, whatever it is."""
        for route in self._routes:
            route.worker.release()
        self.hide(HideMarks())

    def forget(self, action: CloseFeatures) -> None:
        """Somebody is gone: what was opened for them ends."""
        for route in self._routes:
            route.worker.forget(action.link)

    def watch(self, action: WatchLocalInput) -> None:
        """Report the person at the PC from now on, or no longer."""
        self._watching = action.on
        if self._local is not None:
            self._local.watch(on=action.on)

    def show(self, action: ShowMark) -> None:
        """Show a mark, where this desktop can."""
        overlay = self._opened()
        if overlay is None:
            return
        mark, pen = action.mark, action.pen
        if isinstance(mark, Laser):
            place = place_of(action.layout, mark.monitor, mark.x, mark.y)
            if place is not None:
                overlay.laser(pen.slot, pen.name, place)
            return
        pairs = zip(mark.points[::2], mark.points[1::2], strict=False)
        places = [place_of(action.layout, mark.monitor, x, y) for x, y in pairs]
        overlay.stroke(pen.slot, mark.stroke, [place for place in places if place is not None])

    def hide(self, action: HideMarks) -> None:
        """Take marks away."""
        if self._overlay is not None:
            self._overlay.clear(action.slot, laser_only=action.laser_only)

    def close(self, timeout_s: float) -> None:
        """End, within so long."""
        for route in self._routes:
            route.worker.close(timeout_s)
        if self._local is not None:
            self._local.close()
        if self._overlay is not None:
            self._overlay.close()

    def _opened(self) -> Overlay | None:
        if self._overlay is None and not self._no_overlay:
            try:
                self._overlay = open_overlay(self._display)
            except OverlayUnavailable as error:
                self._no_overlay = True
                _log.info("marks are not shown on the screen: %s", error)
        return self._overlay


class Route:
    """Which messages go to which worker; ``holds``, where it presses keys: whether one is down."""

    def __init__(
        self, kinds: tuple[type[Message], ...], worker: FeatureWorker, holds: Callable[[], bool] | None = None
    ) -> None:
        self.kinds = kinds
        self.worker = worker
        self.holds = holds
