import base64
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.end_to_end import picture, stamp, tables
from benchmarks.end_to_end.__main__ import main
from benchmarks.end_to_end.counters import difference, parsed
from benchmarks.end_to_end.layout import SCREEN, STAMP, VIDEO, VIDEO_STAMP
from benchmarks.end_to_end.material import SCROLLED_PX, back_and_forth, moving_frames, prose, text
from benchmarks.end_to_end.peers.registry import PEERS, USUAL
from benchmarks.end_to_end.processes import (
    NotRunning,
    Programs,
    cpu_percent,
    cpu_s,
    family,
    parent_in,
    wait_for,
)
from benchmarks.end_to_end.scenes import LINES, SCENES, named, played_on, targets_on
from benchmarks.end_to_end.session import Raw
from benchmarks.end_to_end.values import UNITS, Played, ages, values_of
from benchmarks.measure import NOTHING
from benchmarks.programs.plays import PLAYS
from tools import node

PROBE = Path(stamp.__file__).with_name("probe.js")


def _shades(number: int, *, black: int = 0, white: int = 255) -> list[int]:
    code = stamp.coded(number)
    return [white if code >> bit & 1 else black for bit in reversed(range(stamp.BITS))]


@pytest.mark.parametrize("number", [0, 1, 2, 29, 240, 1023, 4095])
def test_a_stamp_reads_as_what_was_drawn_also_smeared(number: int) -> None:
    assert stamp.read(_shades(number)) == number
    assert stamp.read(_shades(number, black=70, white=180)) == number


def test_from_a_frame_to_the_next_one_square_changes() -> None:
    drawn = [0] * stamp.BITS
    for number in range(1, 1 << stamp.BITS):
        changes = stamp.changed_bits(number - 1, number)
        assert len(changes) == 1
        bit, white = changes[0]
        drawn[stamp.BITS - 1 - bit] = 255 * white
        assert stamp.read(drawn) == number


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="4096"):
        stamp.coded(4096)


@pytest.mark.parametrize(("box", "within"), [(STAMP.box, SCREEN), (VIDEO_STAMP.box, VIDEO)])
def test_stamps_stand_within_what_they_number(
    box: tuple[int, int, int, int], within: tuple[int, int, int, int]
) -> None:
    assert within[0] <= box[0]
    assert within[1] <= box[1]
    assert box[0] + box[2] <= within[0] + within[2]
    assert box[1] + box[3] <= within[1] + within[3]
    assert STAMP.cell(stamp.BITS - 1)[:2] == (STAMP.x, STAMP.y)


def test_the_probe_in_the_page_reads_stamps_as_they_are_drawn() -> None:
    """Its own function, taken out of the file and run by Node on pixels that were drawn here."""
    source = PROBE.read_text(encoding="utf-8")
    begin = source.index("function number(")
    function = source[begin : source.index("\n  }\n", begin) + 5]
    cell, cases = 8, [0, 1, 5, 1000, 4095]
    rows = {str(n): np.repeat(np.array(_shades(n), np.uint8), cell).tolist() for n in cases}
    script = f"""{function}
    const rows = {json.dumps(rows)};
    const wanted = {{ bits: {stamp.BITS}, cell: {cell} }};
    for (const shades of Object.values(rows)) {{
      const data = Array.from({{ length: {cell} }}, () => shades).flat().flatMap((s) => [s, s, s, 255]);
      console.log(number(data, shades.length, 0, 0, wanted));
    }}"""
    environment = node.environment()
    program = shutil.which("node", path=environment["PATH"])
    assert program is not None
    done = subprocess.run(
        [program, "-e", script], capture_output=True, text=True, check=True, env=environment
    )
    assert [int(line) for line in done.stdout.split()] == cases


_SS = """\
0      0         127.0.0.1:41002    127.0.0.1:8443  users:(("chromium",pid=7,fd=21))
\t bbr wscale:7,7 rto:200 bytes_sent:2100 bytes_acked:2100 bytes_received:9000 segs_out:30
0      77        127.0.0.1:41004    127.0.0.1:8443   users:(("chromium",pid=7,fd=22)) timer:(on,200ms,0)
\t bbr wscale:7,7 bytes_sent:10
0      0         127.0.0.1:41006    127.0.0.1:8443  users:(("relevo-agent",pid=9,fd=9))
\t bbr wscale:7,7 bytes_received:777
"""


def test_received_bytes_are_counted_for_each_connection_of_the_browser() -> None:
    counts = parsed(_SS)
    assert counts == {"127.0.0.1:41002 127.0.0.1:8443": 9000, "127.0.0.1:41004 127.0.0.1:8443": 0}
    assert difference({"127.0.0.1:41002 127.0.0.1:8443": 8000, "gone": 5}, counts) == 1000
    assert difference({}, counts) == 9000


def test_a_program_may_have_brackets_in_its_name() -> None:
    assert parent_in("41 (a) R (b) S 40 41 41 0") == 40


def test_processor_time_holds_children_and_what_came_since(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        pid = programs.start("parent", ["sh", "-c", "sleep 60 & wait"])
        wait_for(lambda: len(family(pid)) == 2, "a child")
        assert set(cpu_s([pid])) == set(family(pid))
        child = family(pid)[1]
    assert not Path(f"/proc/{pid}").exists()
    # The child is killed with its group, but ends and is reaped in its own time.
    wait_for(lambda: _has_ended(child), "the child to end")
    assert cpu_percent({1: 1.0}, {1: 1.5, 2: 0.25}, 2.0) == pytest.approx(37.5)
    assert cpu_s([os.getpid()])[os.getpid()] > 0


def _has_ended(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def test_a_program_that_ends_is_told_with_what_it_said(tmp_path: Path) -> None:
    with Programs(tmp_path) as programs:
        programs.start("brief", [sys.executable, "-c", "print('no such display')"])
        with pytest.raises(NotRunning, match="no such display"):
            programs.wait_for(lambda: False, "never")


def test_pictures_are_compared_by_pixel_and_by_noise() -> None:
    one = np.zeros((10, 10, 3), np.uint8)
    other = one.copy()
    assert (picture.exact_percent(one, other), picture.psnr_db(one, other)) == (100.0, picture.EXACT_DB)
    other[0, 0, 1] = 255
    assert picture.exact_percent(one, other) == 99.0
    assert picture.psnr_db(one, other) == pytest.approx(24.77, abs=0.01)


def test_a_canvas_comes_as_rgba() -> None:
    rgba = np.arange(2 * 3 * 4, dtype=np.uint8)
    rgb = picture.of_rgba(base64.b64encode(rgba.tobytes()).decode(), 3)
    assert rgb.shape == (2, 3, 3)
    assert rgb[0, 1].tolist() == [4, 5, 6]


def test_age_counts_first_sights_and_leaves_torn_stamps_out() -> None:
    drawn = {1: 10.0, 2: 10.1, 3: 10.2}
    seen = [(7, 9.9), (3, 10.0), (1, 10.03), (2, 10.15), (1, 10.16), (2, 10.3)]
    assert ages(drawn, seen) == pytest.approx([30.0, 50.0])


def _raw() -> Raw:
    return Raw(
        seconds=2.0,
        received_bytes=10_000,
        cpu={"peer": 12.0, "x": 1.0, "browser": 30.0, "stage": 1.0},
        drawn={1: 1.0, 2: 2.0},
        seen=[(1, 1.02)],
        exact_percent=100.0,
        quiet_db=99.0,
    )


def test_values_hold_what_the_scene_gave_and_nothing_else() -> None:
    values = values_of(_raw())
    assert values["kB/s"] == 5.0
    assert values["fps"] == 0.5
    assert values["seen %"] == 50.0
    assert values["age ms p50"] == pytest.approx(20.0)
    assert "key ms p50" not in values
    assert "shown dB" not in values


def test_a_scene_without_a_frame_seen_has_no_age() -> None:
    raw = _raw()
    raw.seen = []
    values = values_of(raw)
    assert values["seen %"] == 0
    assert "age ms p50" not in values


def test_every_bound_is_on_a_value_that_exists() -> None:
    for line in LINES:
        for scene in played_on(line, [scene.name for scene in SCENES]):
            assert set(targets_on(line, scene)) <= set(UNITS)
            assert scene.name in PLAYS
    assert {scene.name for scene in SCENES} == set(PLAYS)
    assert set(USUAL) <= set(PEERS)


def test_the_comparison_has_bound_verdict_and_peers_in_a_row() -> None:
    played = [
        Played("relevo", "loopback", "scroll", {"kB/s": 400.0, "seen %": 100.0}),
        Played("tigervnc", "loopback", "scroll", {"kB/s": 6000.0}),
        Played("relevo", "10mbit-40ms", "scroll", {"fps": 9.9}),
    ]
    loopback, shaped = tables.judged(played, "here")
    table = loopback.table()
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["figure"] == "scroll: kB/s"
    assert (row["target"], row["verdict"], row["tigervnc"]) == ("<= 200", "missed 2.00x", 6000)
    assert dict(zip(table.columns, table.rows[1], strict=True))["tigervnc"] == NOTHING
    assert [figure.verdict for figure in shaped.rows] == ["reached"]


def test_all_values_come_in_the_order_of_the_scenes() -> None:
    played = [
        Played("x11vnc", "loopback", "pages", {"kB/s": 1.0}),
        Played("x11vnc", "loopback", "idle", {"exact %": 42.0}),
    ]
    (table,) = tables.everything(played, "here")
    assert table.columns == ("scene", "peer", "kB/s", "exact %")
    assert table.rows == [("idle", "x11vnc", NOTHING, 42), ("pages", "x11vnc", 1, NOTHING)]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--peers", "nobody"],
        ["--scenes", "idle,nothing"],
        ["--lines", ""],
        ["--seconds", "x"],
        ["--seconds", "600"],
    ],
)
def test_what_is_not_known_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage: make bench-peers" in capsys.readouterr().err


def test_pages_are_real_text_that_does_not_repeat() -> None:
    lines = prose()
    page = text(900, 540, lines)
    assert page.shape == (540, 900, 4)
    assert not np.array_equal(page, text(900, 540, lines))
    assert 0.02 < float(np.mean(page[..., 0] < 128)) < 0.4
    assert SCROLLED_PX < 1 << 15, "an X pixmap's coordinates have 16 bits"


def test_the_video_moves_everywhere_and_stays_a_photograph() -> None:
    first, second = list(moving_frames(2))
    assert first.shape == (VIDEO[3], VIDEO[2], 4)
    changed = np.any(first != second, axis=2)
    assert changed.mean() > 0.8
    equal_neighbours = np.all(first[:, 1:] == first[:, :-1], axis=2).mean()
    assert equal_neighbours < 0.05


def test_playing_forth_and_back_never_jumps() -> None:
    places = [back_and_forth(number, 5) for number in range(20)]
    assert places[:10] == [0, 1, 2, 3, 4, 3, 2, 1, 0, 1]
    assert {abs(a - b) for a, b in pairwise(places)} == {1}


def test_scenes_are_found_by_name() -> None:
    assert named("key").keys
    assert [scene.name for scene in played_on("1mbit-100ms", ["typing", "video", "scroll"])] == [
        "typing",
        "scroll",
    ]
    assert [scene.name for scene in played_on("10mbit-40ms", ["typing", "video"])] == []
