"""Beginning, modes and end of the record, read off the session after each event (SPEC N5)."""

from relevo_agent.session.actions import CloseFeatures, Ended, Keep
from relevo_agent.session.desk import Desk
from relevo_agent.session.entries import Entry, EntryKind


class Chronicle:
    """Compares what is with what was, so that no way into a mode is forgotten."""

    def __init__(self, desk: Desk, *, started: bool) -> None:
        self._desk = desk
        self._mode = desk.mode
        self._started = started

    def settle(self) -> None:
        """At the end of each event: keep what is new."""
        if not self._started and self._desk.seated:
            self._started = True
            start = Entry(EntryKind.SESSION_STARTED, self._desk.now_ms)
            self._desk.out.insert(self._first_kept(), Keep(start))
        if self._mode is not self._desk.mode:
            self._mode = self._desk.mode
            self._desk.keep(Entry(EntryKind.MODE, self._desk.now_ms, mode=self._mode))
        self._end()

    def _first_kept(self) -> int:
        out = self._desk.out
        return next((place for place, action in enumerate(out) if isinstance(action, Keep)), len(out))

    def _end(self) -> None:
        """The record closes before the session does: who writes it down ends with ``Ended``."""
        end = next((action for action in self._desk.out if isinstance(action, Ended)), None)
        if end is None:
            return
        self._desk.out.remove(end)
        if self._started:
            self._desk.keep(Entry(EntryKind.SESSION_ENDED, self._desk.now_ms, detail=end.code.value))
        self._desk.act(CloseFeatures(), end)
