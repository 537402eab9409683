"""What is acknowledged is there without the page cache (SECURITY U8): power cuts, by strace."""

import asyncio
import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from tests.support.chaos_power import cut_again_and_again
from tests.support.power_cut import Deed, NoStrace, deeds, left_behind

_FILE = "spool/records.bin"
_TRACE = r"""
1.000100 pwrite64(9<\x2f\x64\x2f\x73\x70\x6f\x6f\x6c\x2f\x72\x65\x63\x6f\x72\x64\x73\x2e\x62\x69\x6e>, "\x61\x62", 2, 0) = 2
1.000300 fsync(9<\x2f\x64\x2f\x73\x70\x6f\x6f\x6c\x2f\x72\x65\x63\x6f\x72\x64\x73\x2e\x62\x69\x6e>) = 0
1.000400 pwrite64(9<\x2f\x64\x2f\x73\x70\x6f\x6f\x6c\x2f\x72\x65\x63\x6f\x72\x64\x73\x2e\x62\x69\x6e>, "\x63", 1, 2) = ?
1.000500 fsync(8<\x2f\x65>) = 0
"""  # noqa: E501 - as strace writes them
_OTHER = r"""
1.000200 ftruncate(9<\x2f\x64\x2f\x73\x70\x6f\x6f\x6c\x2f\x72\x65\x63\x6f\x72\x64\x73\x2e\x62\x69\x6e>, 1) = 0
"""


@pytest.mark.slow
def test_U8_a_power_cut_takes_nothing_that_was_answered(tmp_path: Path) -> None:
    try:
        tally = asyncio.run(cut_again_and_again(tmp_path, rounds=2, seed=3))
    except NoStrace as reason:
        pytest.skip(str(reason))
    assert tally.runs == 2
    assert tally.answered >= 20 * tally.states > 0
    assert tally.lost_deeds > 0, "nothing was ever lost: that says nothing"
    one, nothing = tmp_path / "cut-0", tmp_path / "nothing"
    unsynced = [deed for deed in deeds(one / "data", one / "trace") if not deed.is_sync]
    left_behind(one / "before", nothing, unsynced, None)
    asked = "SELECT count(*) FROM audit_records WHERE cause LIKE 'act:%'"
    with contextlib.closing(sqlite3.connect(nothing / "relevo.db")) as database:
        assert database.execute(asked).fetchone() == (0,), (
            "without a sync something is there: these are no cuts"
        )


def test_the_doings_of_all_threads_are_read_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "trace.1").write_text(_TRACE.lstrip(), encoding="ascii")
    (tmp_path / "trace.2").write_text(_OTHER.lstrip(), encoding="ascii")
    assert deeds(Path("/d"), tmp_path / "trace") == [
        Deed(1.0001, _FILE, b"ab", 0),
        Deed(1.0002, _FILE, size=1),
        Deed(1.0003, _FILE, is_sync=True),
    ]


def test_what_was_not_synced_is_gone_or_there_in_part(tmp_path: Path) -> None:
    before = tmp_path / "before"
    (before / "spool").mkdir(parents=True)
    (before / _FILE).write_bytes(b"old")
    done = [Deed(1, _FILE, b"new", 3), Deed(2, _FILE, is_sync=True), Deed(3, _FILE, b"?", 6)]
    done.append(Deed(4, _FILE, size=2))
    assert left_behind(before, tmp_path / "none", done, None) == 2
    assert (tmp_path / "none" / _FILE).read_bytes() == b"oldnew"
    found: set[bytes] = set()
    for draw in range(20):
        left_behind(before, tmp_path / str(draw), done, random.Random(draw))
        found.add((tmp_path / str(draw) / _FILE).read_bytes())
    assert found == {b"oldnew", b"oldnew?", b"ol"}
