"""The pointer where the source of the pictures tells it: beside the pixels, or drawn into them."""

import threading
from typing import Final, Protocol

from relevo_agent.pipeline.sources.bell import Bell
from relevo_agent.pipeline.types import CursorState


class PointsOut(Protocol):
    """The source whose screens are shown now."""

    def pointer(self) -> CursorState | None:
        """The pointer now."""
        ...


class Board:
    """Where the source of the pictures and the pointer's reader meet; any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._source: PointsOut | None = None
        self._readers: set[Bell] = set()
        self.drawn_in = False
        """Whether the system draws the pointer into the pixels."""

    def show(self, source: PointsOut, *, apart: bool) -> None:
        """From now on the pointer comes from here."""
        self._source, self.drawn_in = source, not apart
        self.told()

    def leave(self, source: PointsOut) -> None:
        """From here it comes no more."""
        if self._source is source:
            self._source = None

    def told(self) -> None:
        """The pointer has moved or looks different."""
        with self._lock:
            for bell in self._readers:
                bell.ring()

    def read(self) -> CursorState | None:
        """The pointer now, if it is known."""
        return None if self._source is None or self.drawn_in else self._source.pointer()

    def join(self, bell: Bell) -> None:
        """Ring this one when the pointer is new."""
        with self._lock:
            self._readers.add(bell)

    def part(self, bell: Bell) -> None:
        """Ring it no more."""
        with self._lock:
            self._readers.discard(bell)


BOARD: Final = Board()


class ToldCursor:
    """Reads what the source of the pictures tells."""

    def __init__(self, board: Board = BOARD) -> None:
        self._board = board
        self._bell = Bell()
        self._bell.ring()
        board.join(self._bell)

    @property
    def signal(self) -> int | None:
        """Readable when the pointer is new."""
        return self._bell.fileno

    @property
    def unavailable(self) -> str:
        """Why there is none apart."""
        return "this system draws the pointer into the picture" if self._board.drawn_in else ""

    def poll(self) -> CursorState | None:
        """The pointer now."""
        self._bell.hush()
        return self._board.read()

    def close(self) -> None:
        """Give the bell back."""
        self._board.part(self._bell)
        self._bell.close()
