"""What files ask of the system, and of Windows by the interface that it documents (SECURITY U5)."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from relevo_server.store import disk


def test_U5_one_process_at_a_time_holds_a_lock(tmp_path: Path):
    path = tmp_path / "spool" / "lock"
    with disk.alone_now(path) as first, disk.alone_now(path) as second:
        assert (first, second) == (True, False)
    with disk.alone(path), disk.alone_now(path) as free:
        assert not free
    with disk.alone_now(path) as free:
        assert free
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """As on Windows: what is locked, by kind, octets and where; what is locked already is another's."""
    asked: list[tuple[int, int, int]] = []

    def locking(file: int, kind: int, count: int) -> None:
        at = os.lseek(file, 0, os.SEEK_CUR)
        taken = any(place == at for _, _, place in asked)
        asked.append((kind, count, at))
        if taken:
            raise OSError(13, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_LOCK=1, LK_NBLCK=2))
    monkeypatch.setattr(disk, "sys", SimpleNamespace(platform="win32"))
    return asked


def test_U5_windows_locks_an_octet_that_no_file_has_and_leaves_the_place_where_it_was(
    tmp_path: Path, windows: list[tuple[int, int, int]]
):
    path = tmp_path / "heads.jsonl"
    path.write_bytes(b"one line\n")
    file = os.open(path, os.O_RDWR)
    try:
        os.lseek(file, 4, os.SEEK_SET)
        disk.lock(file)
        assert not disk.try_lock(file)
        assert os.lseek(file, 0, os.SEEK_CUR) == 4
        disk.write_at(file, b"word", 4)
    finally:
        os.close(file)
    assert path.read_bytes() == b"one word\n"
    assert [kind for kind, _, _ in windows] == [1, 2]
    assert all(count == 1 and at > 1 << 30 for _, count, at in windows)


@pytest.mark.usefixtures("windows")
def test_U5_windows_opens_no_folder_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    disk.sync_folder(tmp_path)
