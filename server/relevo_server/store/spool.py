"""Records that wait on the disk while the database is away.

``records.bin`` holds ``u32 length | u32 CRC-32 | record``, big-endian, in the order in which they came. An
append is one write and one fsync: what returned outlives the process and the machine. A torn end, of a write
that was never answered, is cut when the file is opened. `gap.bin` holds how many had no room, under the id of
the event that will tell so: `u64 count | id(16) | u32 CRC-32`.
"""

import contextlib
import itertools
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relevo_server.store.disk import BINARY, alone, sync_folder, write_at

_FRAME: Final = struct.Struct(">II")
_MAX_RECORD_BYTES: Final = 1 << 20
_MIB: Final = 1 << 20
_GAP: Final = struct.Struct(">Q16sI")
_ID_BYTES: Final = 16
SERVER_LOCK: Final = "server.lock"
"""Held for as long as a server runs: the queue is that one's alone. An erasure holds it while none runs."""
ERASES: Final = "relevo-server erase"
"""What an erasure is called there."""
_LOCK: Final = "refused.lock"
"""Held by who changes `refused.bin`: the server, or the command line that erases there."""


@dataclass(frozen=True)
class Gap:
    """How many records were lost for want of room, and the id of the event that tells it."""

    count: int
    event_id: bytes


@dataclass(frozen=True)
class SetAside:
    """What a person should look at: records that the database never takes, bytes that could not be read."""

    refused: int
    cut_bytes: int


class SpoolFull(Exception):
    """There is no room for these records, in the file's limit or on the disk."""


class Spool:
    """A queue of records in a folder; one caller at a time. Everything raises OSError when the disk does."""

    def __init__(self, folder: Path, limit_bytes: int = 64 * _MIB) -> None:
        self._folder = folder
        self._file = folder / "records.bin"
        self._refused = folder / "refused.bin"
        self._cut = folder / "cut.bin"
        self._gap_file = folder / "gap.bin"
        self._limit_bytes = limit_bytes
        self._start = 0
        self._end = 0
        self._pending = 0
        self._cut_bytes = 0
        self._gap: Gap | None = None
        self._open()

    @property
    def cut_bytes(self) -> int:
        """How many bytes at the end could not be read when it was opened; they are kept in `cut.bin`."""
        return self._cut_bytes

    @property
    def gap(self) -> Gap | None:
        """What had no room and was not told yet, by this process or one before it."""
        return self._gap

    def lose(self, count: int) -> None:
        """Remember that so many had no room. Raises OSError: this process alone remembers it."""
        known = self._gap or Gap(0, os.urandom(_ID_BYTES))
        self._gap = Gap(known.count + count, known.event_id)
        self._save_gap()

    def told(self, gap: Gap) -> None:
        """This gap is in the record; what was lost since is one of its own."""
        left = (self._gap.count if self._gap is not None else 0) - gap.count
        self._gap = Gap(left, os.urandom(_ID_BYTES)) if left > 0 else None
        self._save_gap()

    def append(self, records: Sequence[bytes]) -> None:
        """Add records behind all others; returns once they are on the disk. Raises SpoolFull: none was."""
        block = b"".join(_framed(record) for record in records)
        if self._end + len(block) > self._limit_bytes:
            raise SpoolFull(f"the spool {self._file} would grow over {self._limit_bytes} bytes")
        try:
            self._write(block)
        except OSError as error:
            raise SpoolFull(f"the spool {self._file} cannot be written: {error}") from error
        self._end += len(block)
        self._pending += len(records)

    def pending(self) -> int:
        """How many records wait."""
        return self._pending

    def replay(self, batch: int) -> Iterator[list[bytes]]:
        """The records that wait, oldest first, at most `batch` at a time; they stay until `done`."""
        waiting = self._waiting()
        while found := [record for record, _ in itertools.islice(waiting, batch)]:
            yield found

    def done(self, count: int) -> None:
        """The oldest `count` are kept elsewhere; after a crash they may come once more."""
        if count > self._pending:
            raise ValueError(f"{count} records cannot be done: {self._pending} wait")
        if count == self._pending:
            self._truncate(0)
            self._start = self._end = self._pending = 0
            return
        for _, end in itertools.islice(self._waiting(), count):
            self._start = end
        self._pending -= count

    def refuse(self, records: Sequence[bytes]) -> None:
        """Keep what the database will never take, for a person to look at."""
        block = b"".join(_framed(record) for record in records)
        if self._refused.exists() and self._refused.stat().st_size + len(block) > self._limit_bytes:
            raise SpoolFull(f"{self._refused} would grow over {self._limit_bytes} bytes: look at it, move it")
        with alone(self._folder / _LOCK):
            self._on_disk(self._refused, lambda file: _append(file, block))

    def _open(self) -> None:
        if self._gap_file.exists():
            self._gap = _gap_of(self._gap_file.read_bytes())
        if not self._file.exists():
            return
        size = self._file.stat().st_size
        self._end = size
        whole = [end for _, end in self._waiting()]
        end = whole[-1] if whole else 0
        self._pending, self._end, self._cut_bytes = len(whole), end, size - end
        if self._cut_bytes:
            with self._file.open("rb") as file:
                file.seek(end)
                # All of it: behind one spoilt record there may be many that are whole.
                rest = file.read()
            self._on_disk(self._cut, lambda cut: _append(cut, rest))
            self._truncate(end)

    def _waiting(self) -> Iterator[tuple[bytes, int]]:
        """Each whole record with the offset behind it, up to the first that is torn."""
        if self._start == self._end:
            return
        yield from _records(self._file, self._start, self._end)

    def _save_gap(self) -> None:
        count, event_id = (self._gap.count, self._gap.event_id) if self._gap else (0, bytes(_ID_BYTES))
        checksum = zlib.crc32(_GAP.pack(count, event_id, 0))
        self._on_disk(self._gap_file, lambda file: write_at(file, _GAP.pack(count, event_id, checksum), 0))

    def _write(self, block: bytes) -> None:
        try:
            self._on_disk(self._file, lambda file: write_at(file, block, self._end))
        except OSError:
            # Half a record must not stand before those that come later.
            self._truncate(self._end)
            raise
        if not self._gap_file.exists():
            # Its place on the disk is taken while there is room.
            with contextlib.suppress(OSError):
                self._save_gap()

    def _truncate(self, size: int) -> None:
        if self._file.exists():
            self._on_disk(self._file, lambda file: os.ftruncate(file, size))

    def _on_disk(self, path: Path, work: Callable[[int], None]) -> None:
        is_new = not path.exists()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
        try:
            work(file)
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            sync_folder(self._folder)
            sync_folder(self._folder.parent)


def waiting(folder: Path) -> list[bytes]:
    """The records that the server of this folder has not brought to the database, and maybe some that it has.

    For others than the server: nothing is changed. Raises OSError.
    """
    file = folder / "records.bin"
    return [record for record, _ in _records(file, 0, file.stat().st_size)] if file.exists() else []


def rewrite_refused(folder: Path, change: Callable[[bytes], bytes | None]) -> int:
    """Put what `change` makes of each refused record in its place, nothing for None; how many differ.

    The server may run meanwhile. Raises OSError.
    """
    file, anew = folder / "refused.bin", folder / "refused.new"
    if not file.exists():
        return 0
    with alone(folder / _LOCK):
        data = file.read_bytes()
        found = list(_records(file, 0, len(data)))
        changed = [(record, change(record)) for record, _ in found]
        count = sum(before != after for before, after in changed)
        if count:
            kept = b"".join(_framed(after) for _, after in changed if after is not None)
            anew.unlink(missing_ok=True)
            _write_new(anew, kept + data[found[-1][1] :])
            anew.replace(file)
            sync_folder(folder)
    return count


def set_aside(folder: Path) -> SetAside:
    """What lies beside the spool of this folder. Raises OSError."""
    refused, cut = folder / "refused.bin", folder / "cut.bin"
    count = 0
    if refused.exists():
        with refused.open("rb") as file:
            while len(head := file.read(_FRAME.size)) == _FRAME.size:
                file.seek(_FRAME.unpack(head)[0], os.SEEK_CUR)
                count += 1
    return SetAside(count, cut.stat().st_size if cut.exists() else 0)


def _records(path: Path, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Each whole record between two offsets, with the offset behind it, up to the first that is torn."""
    with path.open("rb") as file:
        at = file.seek(start)
        while at + _FRAME.size <= end:
            head = file.read(_FRAME.size)
            if len(head) < _FRAME.size:
                return  # it was cut meanwhile
            length, checksum = _FRAME.unpack(head)
            at += _FRAME.size + length
            if not 0 < length <= _MAX_RECORD_BYTES or at > end:
                return
            record = file.read(length)
            if zlib.crc32(record) != checksum:
                return
            yield record, at


def _gap_of(data: bytes) -> Gap | None:
    try:
        count, event_id, checksum = _GAP.unpack(data)
    except struct.error:
        return None  # torn while it was made: nothing was lost yet
    if zlib.crc32(_GAP.pack(count, event_id, 0)) != checksum:
        return Gap(1, os.urandom(_ID_BYTES))  # at least one
    return Gap(count, event_id) if count else None


def _framed(record: bytes) -> bytes:
    if not 0 < len(record) <= _MAX_RECORD_BYTES:
        raise SpoolFull(f"a record of {len(record)} bytes has no place in the spool")
    return _FRAME.pack(len(record), zlib.crc32(record)) + record


def _write_new(path: Path, data: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
    try:
        write_at(file, data, 0)
        os.fsync(file)
    finally:
        os.close(file)


def _append(file: int, block: bytes) -> None:
    write_at(file, block, os.lseek(file, 0, os.SEEK_END))
