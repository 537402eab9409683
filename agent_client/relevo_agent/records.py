"""The customer's own record and receipts, written by a thread of their own: no disk holds a session up."""

import contextlib
import logging
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from relevo_agent import receipt
from relevo_agent.clock import now_ms
from relevo_agent.ledger import Flaw, FlawKind, Ledger, Line, verify
from relevo_agent.session.entries import Entry, EntryKind
from relevo_agent.ui.texts import Texts, text_version

__all__ = ["Flaw", "FlawKind", "Records", "verify"]

RECORD_FOLDER: Final = "record"
RECEIPT_FOLDER: Final = "receipts"
RECEIPTS_KEPT: Final = 50
MAX_LINES_TOLD: Final = 2000
"""Lines of one session that its receipt tells; the record on the disk has them all."""
MAX_WAITING: Final = 10_000
_TOLD: Final = frozenset(
    {EntryKind.CONSENT, EntryKind.JOINED, EntryKind.REFUSED, EntryKind.REPORTED, EntryKind.ACT}
)
"""A session with none of these has nothing to tell."""
_log = logging.getLogger(__name__)


class Records:
    """Takes entries from any thread and returns at once.

    ``told`` is called from the writing thread with the path of a receipt, once the session has ended.
    ``restored``: the session was brought back after a restart, and its lines go on.
    """

    def __init__(
        self,
        directory: Path,
        texts: Texts,
        agent: str,
        told: Callable[[Path], None],
        *,
        restored: bool = False,
    ) -> None:
        self._directory = directory
        self._texts = texts
        self._agent = agent
        self._told = told
        self._ledger = Ledger(directory / RECORD_FOLDER)
        self._lines: list[Line] = []
        self._session = ""
        self._started = False
        self._damaged = False
        self._restored = restored
        self._waiting: queue.Queue[tuple[Entry, float] | threading.Event | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._write_all, name="records", daemon=True)
        self._thread.start()

    def keep(self, entry: Entry) -> None:
        """Write an entry down; after ``SESSION_ENDED`` the receipt is made."""
        age_ms = max(0.0, now_ms() - entry.at_ms)
        try:
            self._waiting.put_nowait((entry, time.time() * 1000 - age_ms))
        except queue.Full:
            self._damaged = True
            _log.error("the record does not keep up: an entry is lost (%s)", entry.kind)

    def flush(self, timeout_s: float) -> bool:
        """Wait until all of it is on the disk, for so long at most; true if it is."""
        done = threading.Event()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(done)
        return done.wait(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Write what waits, for so long at most."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join(timeout_s)

    # --- the writing thread ---

    def _write_all(self) -> None:
        while (given := self._waiting.get()) is not None:
            if isinstance(given, threading.Event):
                given.set()
                continue
            try:
                self._write(*given)
            except OSError as error:
                self._damaged = True
                _log.error("the record could not be written: %s", error)

    def _write(self, entry: Entry, at_ms: float) -> None:
        self._open_session(entry)
        line = Line(
            number=0,
            time=datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat(timespec="milliseconds"),
            at_ms=at_ms,
            session=self._session,
            language=self._texts.language.value,
            text=text_version(),
            agent=self._agent,
            entry=entry,
            previous="",
        )
        if len(self._lines) < MAX_LINES_TOLD or entry.kind is EntryKind.SESSION_ENDED:
            self._lines.append(line)
        else:
            self._damaged = True
        try:
            self._ledger.append(line)
        finally:
            if entry.kind is EntryKind.SESSION_ENDED:
                self._close_session()

    def _open_session(self, entry: Entry) -> None:
        if self._session and not (entry.kind is EntryKind.SESSION_STARTED and self._started):
            self._started = self._started or entry.kind is EntryKind.SESSION_STARTED
            return
        self._lines, self._damaged = [], False
        self._session = secrets.token_hex(8)
        self._started = entry.kind is EntryKind.SESSION_STARTED
        if self._restored:
            self._restored = False
            self._go_on()

    def _go_on(self) -> None:
        """Take up the session of before the restart."""
        session = self._ledger.last_session()
        if session is not None:
            lines = self._ledger.lines_of(session)
            if not any(line.entry.kind is EntryKind.SESSION_ENDED for line in lines):
                self._session, self._lines, self._started = session, lines[-MAX_LINES_TOLD:], True

    def _close_session(self) -> None:
        lines, self._lines, self._session = self._lines, [], ""
        self._started = False
        if not any(line.entry.kind in _TOLD for line in lines):
            return
        record = self._directory / RECORD_FOLDER
        page = receipt.page(lines, self._texts, receipt.Origin(record, damaged=self._damaged))
        path = self._receipt_path(lines[-1])
        _write_whole(path, page.encode())
        self._forget_old(path.parent)
        self._told(path)

    def _receipt_path(self, last: Line) -> Path:
        folder = self._directory / RECEIPT_FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        when = datetime.fromtimestamp(last.at_ms / 1000, tz=UTC).astimezone()
        return folder / f"{when:%Y-%m-%d-%H%M%S}-{last.session}.html"

    def _forget_old(self, folder: Path) -> None:
        receipts = sorted(folder.glob("*.html"), key=lambda path: path.stat().st_mtime)
        for old in receipts[:-RECEIPTS_KEPT]:
            old.unlink(missing_ok=True)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file for this user alone, whole or not at all."""
    part = path.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
