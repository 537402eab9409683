"""The thread in which features act, so that neither the network nor the window waits for the desktop."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from relevo_agent.features.base import Feature, FeatureMessage, FeatureRefusal
from relevo_protocol.messages.input import PointerMove
from relevo_protocol.messages.screen import ScreenLayout

_log = logging.getLogger(__name__)
MAX_WAITING: Final = 2000
"""A desktop that takes nothing gets nothing more: what waits is thrown away, never carried out late."""


@dataclass(frozen=True, slots=True)
class Halts:
    """``stopped``: the customer has ended everything. ``interrupted``: what is being done now is to end."""

    stopped: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Task:
    """One admitted message and the layout that it was meant for."""

    link: int
    message: FeatureMessage
    layout: ScreenLayout | None


@dataclass(frozen=True, slots=True)
class _Leaving:
    link: int | None


class FeatureWorker:
    """Carries tasks out in order; of waiting moves of the pointer only the newest counts.

    A release interrupts a task that takes long, such as a text of thousands of characters.
    """

    def __init__(
        self,
        feature: Feature,
        halts: Halts,
        refused: Callable[[int, FeatureRefusal], None],
        done: Callable[[], None],
    ) -> None:
        self._feature = feature
        self._halts = halts
        self._refused = refused
        self._done = done
        self._tasks: deque[Task] = deque()
        self._release = False
        self._over = False
        self._changed = threading.Condition()
        self._leaving: list[int | None] = []
        self._thread = threading.Thread(target=self._work, name=type(feature).__name__, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, task: Task) -> None:
        """Add a task."""
        with self._changed:
            if len(self._tasks) >= MAX_WAITING:
                self._ask_release()
            waiting = self._tasks[-1] if self._tasks else None
            if waiting and isinstance(task.message, PointerMove) and isinstance(waiting.message, PointerMove):
                self._tasks.pop()
            self._tasks.append(task)
            self._changed.notify()

    def release(self) -> None:
        """Forget what waits and let everything go."""
        with self._changed:
            self._ask_release()
            self._changed.notify()

    def forget(self, link: int | None) -> None:
        """This viewer (``None``: everybody) is gone: what waits of theirs is dropped, what is open ends."""
        with self._changed:
            kept = [task for task in self._tasks if link is not None and task.link != link]
            self._tasks = deque(kept)
            self._leaving.append(link)
            self._changed.notify()

    def _ask_release(self) -> None:
        self._tasks.clear()
        self._release = True
        self._halts.interrupted.set()

    def close(self, timeout_s: float) -> None:
        """Let everything go and end the thread, within so long."""
        with self._changed:
            self._over = True
            self._ask_release()
            self._changed.notify()
        self._thread.join(timeout_s)

    def _next(self) -> "Task | _Leaving | None":
        """The next task; ``None`` when it is time to let go."""
        with self._changed:
            while not (self._tasks or self._release or self._leaving):
                self._changed.wait()
            if self._leaving:
                return _Leaving(self._leaving.pop(0))
            if self._release:
                self._release = False
                self._halts.interrupted.clear()
                return None
            return self._tasks.popleft()

    def _work(self) -> None:
        while True:
            task = self._next()
            try:
                if task is None:
                    self._feature.release()
                    if self._over:
                        self._feature.close()
                        return
                elif isinstance(task, _Leaving):
                    self._feature.forget(task.link)
                elif not self._halts.stopped.is_set():
                    self._feature.perform(task.link, task.message, task.layout)
                    self._done()
            except FeatureRefusal as refusal:
                _log.info("not carried out: %s, %s", refusal.capability, refusal.code)
                if isinstance(task, Task):
                    self._refused(task.link, refusal)
            except Exception:  # noqa: BLE001 - one bad task must not take the thread, and with it the release of keys
                _log.exception("a feature has failed")
