"""Records that wait on the disk: in order, none torn, none lost (SECURITY U5)."""

import errno
import os
from pathlib import Path

import pytest

from relevo_server.store import spool as spools
from relevo_server.store.spool import Gap, SetAside, Spool, SpoolFull, rewrite_refused, set_aside

RECORDS = [b"one", b"two" * 100, b"\x00", b"four"]


def waiting(spool: Spool, batch: int = 100) -> list[bytes]:
    return [record for found in spool.replay(batch) for record in found]


def test_U5_what_was_appended_comes_back_in_order_also_to_the_next_process(tmp_path: Path):
    spool = Spool(tmp_path / "spool")
    assert (spool.pending(), waiting(spool)) == (0, [])
    spool.append(RECORDS[:2])
    spool.append(RECORDS[2:])
    for one in (spool, Spool(tmp_path / "spool")):
        assert (one.pending(), waiting(one)) == (4, RECORDS)
        assert list(one.replay(3)) == [RECORDS[:3], RECORDS[3:]]
    assert (tmp_path / "spool" / "records.bin").stat().st_mode & 0o777 == 0o600


def test_U5_done_takes_the_oldest_and_the_last_one_empties_the_file(tmp_path: Path):
    spool = Spool(tmp_path)
    spool.append(RECORDS)
    spool.done(3)
    assert (spool.pending(), waiting(spool)) == (1, RECORDS[3:])
    spool.append([b"five"])
    assert waiting(spool) == [b"four", b"five"]
    assert Spool(tmp_path).pending() == 5  # after a crash all come again
    with pytest.raises(ValueError, match="2 wait"):
        spool.done(3)
    spool.done(2)
    assert (spool.pending(), (tmp_path / "records.bin").stat().st_size) == (0, 0)
    spool.append([b"six"])
    assert waiting(spool) == waiting(Spool(tmp_path)) == [b"six"]


def test_U5_a_write_that_was_torn_at_any_byte_loses_nothing_before_it(tmp_path: Path):
    whole = tmp_path / "whole"
    spool = Spool(whole)
    spool.append(RECORDS[:2])
    kept = (whole / "records.bin").stat().st_size
    spool.append(RECORDS[2:])
    data = (whole / "records.bin").read_bytes()
    for size in range(kept, len(data)):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / "records.bin").write_bytes(data[:size])
        torn = Spool(folder)
        expected = 3 if size >= len(data) - 12 else 2
        assert waiting(torn) == RECORDS[:expected]
        torn.append([b"later"])
        assert waiting(Spool(folder)) == [*RECORDS[:expected], b"later"]


@pytest.mark.parametrize("at", range(16))
def test_U5_a_bit_that_flipped_is_cut_and_kept_for_a_person(tmp_path: Path, at: int):
    Spool(tmp_path).append([b"record 1", b"record 2"])
    data = bytearray((tmp_path / "records.bin").read_bytes())
    data[16 + at] ^= 0x40
    (tmp_path / "records.bin").write_bytes(data)
    spool = Spool(tmp_path)
    assert (waiting(spool), spool.cut_bytes) == ([b"record 1"], 16)
    assert (tmp_path / "cut.bin").read_bytes() == bytes(data[16:])


def test_U5_what_is_behind_a_spoilt_record_is_kept_whole(tmp_path: Path):
    Spool(tmp_path).append([bytes([number]) * 600_000 for number in range(1, 5)])
    data = bytearray((tmp_path / "records.bin").read_bytes())
    data[100] ^= 0x40
    (tmp_path / "records.bin").write_bytes(data)
    assert Spool(tmp_path).cut_bytes == len(data)
    assert (tmp_path / "cut.bin").read_bytes() == bytes(data)


def test_U5_a_full_spool_says_so_and_takes_nothing(tmp_path: Path):
    spool = Spool(tmp_path, limit_bytes=40)
    spool.append([b"x" * 10])
    with pytest.raises(SpoolFull):
        spool.append([b"y", b"z" * 20])
    with pytest.raises(SpoolFull, match="no place"):
        spool.append([b""])
    assert waiting(spool) == waiting(Spool(tmp_path, 40)) == [b"x" * 10]


def test_U5_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = Spool(tmp_path)
    spool.append([b"kept"])
    real = os.pwrite

    def half(file: int, data: bytes, offset: int) -> int:
        if len(data) < 8:
            raise OSError(28, "No space left on device")
        return real(file, data[: len(data) - 7], offset)

    monkeypatch.setattr(os, "pwrite", half)
    with pytest.raises(SpoolFull, match="No space"):
        spool.append([b"half a record"])
    monkeypatch.undo()
    assert waiting(spool) == waiting(Spool(tmp_path)) == [b"kept"]
    spool.append([b"next"])
    assert waiting(Spool(tmp_path)) == [b"kept", b"next"]


def test_U5_an_append_is_on_the_disk_before_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    synced: list[bytes] = []
    real = os.fsync

    def watched(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").resolve().name.encode())
        real(file)

    spool = Spool(tmp_path / "spool")
    monkeypatch.setattr(os, "fsync", watched)
    spool.append([b"one"])
    assert synced[0] == b"records.bin"
    assert b"spool" in synced  # the folder, in which the file is new
    synced.clear()
    spool.append([b"two"])
    assert synced == [b"records.bin"]


def test_U5_what_the_database_refuses_is_kept_for_a_person(tmp_path: Path):
    spool = Spool(tmp_path, limit_bytes=40)
    spool.refuse([b"odd"])
    spool.refuse([b"odder"])
    assert b"odd" in (tmp_path / "refused.bin").read_bytes()
    with pytest.raises(SpoolFull, match=r"refused\.bin"):
        spool.refuse([b"x" * 30])
    assert spool.pending() == 0


def test_U5_what_had_no_room_is_remembered_by_the_next_process_until_it_was_told(tmp_path: Path):
    spool = Spool(tmp_path / "spool")
    spool.lose(2)
    first = spool.gap
    assert first is not None
    spool.lose(3)
    again = Spool(tmp_path / "spool")
    assert (spool.gap, again.gap) == (Gap(5, first.event_id),) * 2
    again.told(first)
    left = again.gap
    assert left is not None
    assert left.count == 3
    assert left.event_id != first.event_id  # it is another event
    again.told(left)
    assert (again.gap, Spool(tmp_path / "spool").gap) == (None, None)


def test_U5_a_full_disk_has_the_place_for_the_count_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spool = Spool(tmp_path)
    spool.append([b"one"])
    assert (tmp_path / "gap.bin").stat().st_size == 28

    def no_more_files(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "ftruncate", no_more_files)
    spool.lose(1)
    assert (tmp_path / "gap.bin").stat().st_size == 28
    found = Spool(tmp_path).gap
    assert found is not None
    assert found.count == 1


@pytest.mark.parametrize("length", [0, 5])
def test_U5_a_count_that_was_torn_when_it_was_made_is_none(tmp_path: Path, length: int):
    Spool(tmp_path).lose(4)
    whole = (tmp_path / "gap.bin").read_bytes()
    (tmp_path / "gap.bin").write_bytes(whole[:length])
    assert Spool(tmp_path).gap is None
    (tmp_path / "gap.bin").write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    found = Spool(tmp_path).gap
    assert found is not None
    assert found.count == 1  # at least


def test_U5_what_was_set_aside_is_counted_without_opening_the_spool(tmp_path: Path):
    assert set_aside(tmp_path / "none") == SetAside(0, 0)
    spool = Spool(tmp_path)
    spool.append(RECORDS)
    spool.refuse(RECORDS[:3])
    spool.refuse(RECORDS[:1])
    (tmp_path / "cut.bin").write_bytes(b"torn")
    before = (tmp_path / "records.bin").read_bytes()
    assert set_aside(tmp_path) == SetAside(4, 4)
    assert (tmp_path / "records.bin").read_bytes() == before


def test_U6_refused_records_are_rewritten_and_later_ones_follow(tmp_path: Path):
    spool = Spool(tmp_path)
    assert rewrite_refused(tmp_path, lambda one: one) == 0
    spool.refuse(RECORDS)
    with (tmp_path / "refused.bin").open("ab") as file:
        file.write(b"torn")
    assert rewrite_refused(tmp_path, lambda one: one) == 0

    def change(record: bytes) -> bytes | None:
        return {b"one": b"someone else", b"four": None}.get(record, record)

    assert rewrite_refused(tmp_path, change) == 2
    data = (tmp_path / "refused.bin").read_bytes()
    assert (b"someone else" in data, b"four" in data, data[-4:]) == (True, False, b"torn")
    spool.refuse([b"later"])
    assert (tmp_path / "refused.bin").read_bytes().endswith(b"later")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["refused.bin", "refused.lock"]


def test_U6_others_read_what_waits_and_change_nothing(tmp_path: Path):
    assert spools.waiting(tmp_path) == []
    spool = Spool(tmp_path)
    spool.append(RECORDS)
    with (tmp_path / "records.bin").open("ab") as file:
        file.write(b"half of the next")  # as it looks while the server writes
    before = (tmp_path / "records.bin").read_bytes()
    assert spools.waiting(tmp_path) == RECORDS
    assert (tmp_path / "records.bin").read_bytes() == before
