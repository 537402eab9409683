"""What a power cut leaves of a relay's data: the page cache is gone, and with it what was not synced.

The relay runs under strace, which writes down what is done to the files that hold acts. After a kill they
are made anew from what stood there before and from what was synced; of what came after a file's last sync any
part may have reached the disk, so several of these are made. The sizes of files count as their content does.
That a new file has its name on the disk is taken for granted: a folder's syncs are not looked at.
"""

import random
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILES: Final = ("relevo.db", "relevo.db-wal", "spool/records.bin")
_CALLS: Final = "pwrite64,pwritev,pwritev2,write,writev,ftruncate,fsync,fdatasync,unlink"
_LINE: Final = re.compile(
    r"^(?P<at>\d+\.\d+) (?P<call>\w+)\("
    r"(?:\d+<(?P<file>[^>]*)>|\"(?P<name>[^\"]*)\")(?:, )?(?P<rest>.*)\)\s+= \d+$"
)
_WRITTEN: Final = re.compile(r'^"(?P<data>[^"]*)", (?P<length>\d+), (?P<offset>\d+)$')
_LONGEST_WRITE: Final = 1 << 22


class NoStrace(Exception):
    """There is no strace here, or it may not look at other processes."""


@dataclass(frozen=True)
class Deed:
    """Something that was done to a file: bytes at an offset, a new size, or a sync of all before.

    ``at_s``: when it was begun, seconds since 1970.
    """

    at_s: float
    file: str
    data: bytes = b""
    offset: int = 0
    size: int | None = None
    is_sync: bool = False
    is_removed: bool = False


def watched(data: Path, trace: Path) -> list[str]:
    """The words before a command whose doings at these files go to ``trace.<thread>``."""
    program = shutil.which("strace")
    if program is None:
        raise NoStrace("no strace here: apt-get install strace")
    paths = [word for name in FILES for word in ("-P", str(data / name))]
    how = [
        "-ff",
        "-ttt",
        "-y",
        "-xx",
        "-s",
        str(_LONGEST_WRITE),
        "-e",
        "signal=none",
        "-e",
        f"trace={_CALLS}",
    ]
    return [program, *how, *paths, "-o", str(trace)]


def deeds(data: Path, trace: Path) -> list[Deed]:
    """What was done, of all threads, in the order in which it was begun."""
    found: list[Deed] = []
    for log in sorted(trace.parent.glob(f"{trace.name}.*")):
        with log.open(encoding="ascii") as lines:
            found += list(_deeds_of(lines, data))
    return sorted(found, key=lambda deed: deed.at_s)


def _deeds_of(lines: Iterator[str], data: Path) -> Iterator[Deed]:
    for line in lines:
        match = _LINE.match(line.rstrip())
        if match is None:
            continue  # a call that failed, or one that the kill has cut off
        path = Path(_unhexed(match["file"] or match["name"]).decode())
        if not path.is_relative_to(data) or str(path.relative_to(data)) not in FILES:
            continue
        yield _deed(float(match["at"]), str(path.relative_to(data)), match["call"], match["rest"])


def _deed(at_s: float, file: str, call: str, rest: str) -> Deed:
    match call:
        case "fsync" | "fdatasync":
            return Deed(at_s, file, is_sync=True)
        case "ftruncate":
            return Deed(at_s, file, size=int(rest))
        case "unlink":
            return Deed(at_s, file, is_removed=True)
        case "pwrite64":
            written = _WRITTEN.match(rest)
            assert written is not None, f"a write that is not understood: {rest[-80:]}"
            content = _unhexed(written["data"])
            assert len(content) == int(written["length"]), "a write that was not seen whole"
            return Deed(at_s, file, content, int(written["offset"]))
        case _:
            raise AssertionError(f"{file} is written by {call}, which is not understood")


def _unhexed(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def left_behind(before: Path, into: Path, done: Sequence[Deed], chance: random.Random | None) -> int:
    """Make the data folder that a power cut leaves; how many deeds it loses.

    ``before``: a copy from when it began. ``chance`` chooses which of the deeds after a file's last sync have
    reached the disk; None: none of them.
    """
    shutil.copytree(before, into)
    lost = 0
    for name in FILES:
        file = into / name
        content = bytearray(file.read_bytes()) if file.exists() else bytearray()
        mine = [deed for deed in done if deed.file == name]
        synced = max((number for number, deed in enumerate(mine) if deed.is_sync), default=-1)
        for number, deed in enumerate(mine):
            if number < synced or deed.is_removed or (chance is not None and chance.random() < 0.5):
                _apply(deed, content)
            else:
                lost += not deed.is_sync
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (into / "relevo.db-shm").unlink(missing_ok=True)  # an index in memory, made anew
    return lost


def _apply(deed: Deed, content: bytearray) -> None:
    if deed.is_removed:
        content.clear()
    elif deed.size is not None:
        del content[deed.size :]
        content += bytes(deed.size - len(content))
    elif deed.data:
        content += bytes(max(0, deed.offset - len(content)))
        content[deed.offset : deed.offset + len(deed.data)] = deed.data
