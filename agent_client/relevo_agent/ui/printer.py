"""Writes lines in a thread of its own: a terminal that stands still holds nothing up."""

import contextlib
import queue
import threading
from typing import Final, TextIO

MAX_LINES: Final = 1000
"""What may wait for a terminal that stands still; beyond this lines are lost, the session is not."""


class Printer:
    """A terminal may stand still for ever (Ctrl+S, a full pipe), or be gone."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[TextIO, str] | None] = queue.Queue(MAX_LINES)
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self._thread.start()

    def put(self, out: TextIO, line: str) -> None:
        """Have a line written, if there is room for it."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait((out, line))

    def close(self, timeout_s: float) -> None:
        """Write what waits, for so long at most."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while (entry := self._lines.get()) is not None:
            out, line = entry
            with contextlib.suppress(OSError, ValueError):  # nobody reads any more: the session goes on
                print(line, file=out, flush=True)
