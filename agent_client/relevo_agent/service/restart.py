"""The restart of this PC: what is kept is on the disk before anything goes down."""

import logging
import subprocess
import threading
from collections.abc import Sequence
from typing import Final

from relevo_agent.service.sealed import Sealed

COMMAND_S: Final = 30.0
_log = logging.getLogger(__name__)


class Restart:
    """At most one restart is under way; ``command`` restarts the PC."""

    def __init__(self, sealed: Sealed, command: Sequence[str]) -> None:
        self._sealed = sealed
        self._command = tuple(command)
        self._timer: threading.Timer | None = None
        self._uid = -1
        self._lock = threading.Lock()

    def soon(self, uid: int, state: bytes, deadline_s: int, in_s: float) -> None:
        """Keep the state and restart ``in_s`` from now; a later request takes the place of an earlier one.

        Raises:
            OSError: it could not be kept; nothing restarts.
        """
        with self._lock:
            self._stop_timer()
            self._sealed.put(uid, state, deadline_s)
            self._uid = uid
            self._timer = threading.Timer(in_s, self._go)
            self._timer.daemon = True
            self._timer.start()

    def cancel(self, uid: int, *, forget: bool = False) -> None:
        """Call one's own restart off.

        Too late where the PC goes down already; with ``forget`` it then does not come back to the session.
        """
        with self._lock:
            own = self._uid >= 0 and uid in {0, self._uid}
            if own and (forget or self._timer is not None):
                self._stop_timer()
                self._sealed.drop()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer = None
        _log.info("restarting")
        try:
            subprocess.run(self._command, check=True, capture_output=True, timeout=COMMAND_S)
        except (OSError, subprocess.SubprocessError) as error:
            _log.error("this PC does not restart: %s", error)
            with self._lock:
                if self._timer is None:  # else another one is under way, with a state of its own
                    self._sealed.drop()
