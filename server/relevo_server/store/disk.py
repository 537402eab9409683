"""What the files of the record ask of the system: to be on the disk, to be one process's at a time.

Where systems differ: Windows opens no folder as a file, translates line ends unless told not to, knows no
writing at an offset, and locks octets for readers too, hence one far behind what any file holds.
"""

import contextlib
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final

BINARY: Final = int(getattr(os, "O_BINARY", 0))
"""For `os.open`: every octet as it is."""
_LOCKED_AT: Final = 0x7FFF_FFF0
_NAMED_BYTES: Final = 200


def sync_folder(folder: Path) -> None:
    """Let a name that is new in a folder outlive a loss of power. Raises OSError.

    Windows has no such call for folders: NTFS writes names to its journal by itself.
    """
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_at(file: int, block: bytes, offset: int) -> None:
    """Write all of it at this offset of an open file. Raises OSError."""
    while block:
        if sys.platform == "win32":
            os.lseek(file, offset, os.SEEK_SET)
            written = os.write(file, block)
        else:
            written = os.pwrite(file, block, offset)
        block, offset = block[written:], offset + written


def lock(file: int) -> None:
    """Keep other processes out until this descriptor is closed; waits for them. Raises OSError.

    On Windows it gives up after ten seconds (`msvcrt.locking`).
    """
    if sys.platform == "win32":
        import msvcrt

        with _at_locked_octet(file):
            msvcrt.locking(file, msvcrt.LK_LOCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)


def try_lock(file: int) -> bool:
    """The same without waiting; False while another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            with _at_locked_octet(file):
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def alone(path: Path) -> Generator[None]:
    """Be the one process that holds this lock file, which is made; waits for others. Raises OSError."""
    with _opened(path) as handle:
        lock(handle)
        yield


@contextlib.contextmanager
def alone_now(path: Path, name: str = "") -> Generator[bool]:
    """The same without waiting: whether nobody else has it. Others read there who does. Raises OSError."""
    with _opened(path) as handle:
        free = try_lock(handle)
        if free:
            with contextlib.suppress(OSError):  # on a full disk nobody is named
                os.ftruncate(handle, 0)
                write_at(handle, f"{name}, process {os.getpid()}".encode() if name else b"", 0)
        yield free


def holder_of(path: Path) -> str:
    """Who holds this lock file, or held it last, as they are called; empty where they did not say."""
    with contextlib.suppress(OSError):
        return path.read_bytes()[:_NAMED_BYTES].decode("utf-8", "replace")
    return ""


@contextlib.contextmanager
def _opened(path: Path) -> Generator[int]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _at_locked_octet(file: int) -> Generator[None]:
    at = os.lseek(file, 0, os.SEEK_CUR)
    os.lseek(file, _LOCKED_AT, os.SEEK_SET)
    try:
        yield
    finally:
        os.lseek(file, at, os.SEEK_SET)
