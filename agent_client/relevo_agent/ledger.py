"""Files of JSON lines, each with the hash of the one before, so that a change shows (SPEC N5).

The chain shows a change, an insertion or a gap; that the last lines were cut off it cannot show.
"""

import contextlib
import hashlib
import logging
import os
import sys
from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from relevo_agent.session.entries import Entry

GENESIS: Final = "0" * 64
"""What stands for the hash before the first line."""
ROLL_BYTES: Final = 4_000_000
"""A file that has become larger is followed by a new one."""
LOCK_FILE: Final = "lock"
_log = logging.getLogger(__name__)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``at_ms`` is time of day, ms since 1970; ``time`` the same for people, in UTC.

    ``text`` is the version of the wording in ``language``, ``agent`` the program's, ``previous`` the SHA-256
    of the line before without its line end, in hexadecimal digits. ``mended_bytes``: so much of a line that a
    crash had left half written was taken away before this one.
    """

    number: int
    time: str
    at_ms: float
    session: str
    language: str
    text: str
    agent: str
    entry: Entry
    previous: str
    mended_bytes: int = 0


class FlawKind(StrEnum):
    """What is wrong with a line."""

    UNREADABLE = "unreadable"
    NUMBER = "number"
    CHAIN = "chain"
    TORN = "torn"


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, and where; ``line`` counts from 1 in its file."""

    path: Path
    line: int
    kind: FlawKind


class Ledger:
    """The files in one directory, oldest first: ``000001.jsonl``, ``000002.jsonl``, ..."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def append(self, line: Line) -> Line:
        """Write one line to the disk; its number, ``previous`` and ``mended_bytes`` are set here.

        Raises:
            OSError: the disk does not take it.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._directory / LOCK_FILE):
            path, last, number, mended = self._end()
            done = msgspec.structs.replace(
                line, number=number + 1, previous=_hash(last) if last else GENESIS, mended_bytes=mended
            )
            _write(path, msgspec.json.encode(done) + b"\n")
        return done

    def _end(self) -> tuple[Path, bytes, int, int]:
        """The file to write to, the last line, its number, and how much of a torn one was taken away."""
        paths = files(self._directory)
        if not paths:
            return self._directory / _name(1), b"", 0, 0
        path = paths[-1]
        content, mended = _mend(path)
        last = _last_line(content)
        if not last and len(paths) > 1:
            last = _last_line(paths[-2].read_bytes())
        number = _number(last)
        if number is None:
            number = sum(other.read_bytes().count(b"\n") for other in paths)
        if len(content) > ROLL_BYTES:
            path = self._directory / _name(int(path.stem) + 1)
        return path, last, number, mended

    def lines_of(self, session: str) -> list[Line]:
        """Every readable line of a session; sessions span two files at most."""
        return [line for line in self._recent() if line.session == session]

    def last_session(self) -> str | None:
        """The session of the last readable line."""
        recent = self._recent()
        return recent[-1].session if recent else None

    def _recent(self) -> list[Line]:
        raw = (line for path in files(self._directory)[-2:] for line in path.read_bytes().split(b"\n"))
        return [line for line in map(_read, raw) if line is not None]


def verify(path: Path) -> list[Flaw]:
    """Check a file, or a whole directory of them; no flaw means that nothing was changed.

    Raises:
        OSError: it cannot be read.
    """
    flaws: list[Flaw] = []
    previous: tuple[str, int] | None = None
    for part in files(path) if path.is_dir() else [path]:
        previous = _verify_one(part, previous, flaws)
    return flaws


def files(directory: Path) -> list[Path]:
    """The record's files, oldest first."""
    return sorted(p for p in directory.glob("*.jsonl") if p.stem.isascii() and p.stem.isdigit())


def _verify_one(path: Path, before: tuple[str, int] | None, flaws: list[Flaw]) -> tuple[str, int] | None:
    content = path.read_bytes()
    lines = content.split(b"\n")
    if lines.pop():
        flaws.append(Flaw(path, len(lines) + 1, FlawKind.TORN))
    for place, raw in enumerate(lines, 1):
        line = _read(raw)
        if line is None:
            flaws.append(Flaw(path, place, FlawKind.UNREADABLE))
            before = (_hash(raw), before[1] + 1 if before else place)
            continue
        if before is None and line.number == 1:
            before = (GENESIS, 0)
        if before is not None and line.previous != before[0]:
            flaws.append(Flaw(path, place, FlawKind.CHAIN))
        if before is not None and line.number != before[1] + 1:
            flaws.append(Flaw(path, place, FlawKind.NUMBER))
        before = (_hash(raw), line.number)
    return before


def _name(number: int) -> str:
    return f"{number:06}.jsonl"


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _read(raw: bytes) -> Line | None:
    try:
        return msgspec.json.decode(raw, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _number(raw: bytes) -> int | None:
    line = _read(raw)
    return line.number if line is not None else None if raw else 0


def _mend(path: Path) -> tuple[bytes, int]:
    """Take away what a crash has left of a half-written line: what stays, and how many bytes went."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    torn = len(content) - whole
    if torn:
        _log.warning("the record %s ended in a torn line: %d bytes were taken away", path.name, torn)
        with path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
    return content[:whole], torn


def _last_line(content: bytes) -> bytes:
    return content.rstrip(b"\n").rpartition(b"\n")[2]


def _write(path: Path, line: bytes) -> None:
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if new and os.name == "posix":
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(path: Path) -> Generator[None]:
    """One writer at a time, also of another process."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
