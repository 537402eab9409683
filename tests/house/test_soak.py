"""What ``make soak`` and ``make chaos`` make of what they saw."""

from pathlib import Path

import psutil
import pytest

from tests.support.chaos import percentile
from tools.soak import Look, Seen, failures, files_of, slope


def _looks(*resident_mib: float, files: int = 9, threads: int = 5) -> list[Look]:
    return [Look(60.0 * minute, mib, files, threads) for minute, mib in enumerate(resident_mib)]


@pytest.mark.parametrize(
    ("resident_mib", "rise", "give"),
    [
        ((100.0, 100.0, 100.0), 0.0, 0.0),
        ((100.0, 101.0, 102.0), 60.0, 0.0),
        ((7.0,), 0.0, 0.0),
        ((0.0, 3.0, 0.0, 3.0), 36.0, 120 * 0.72**0.5),
    ],
)
def test_the_slope_is_that_of_the_line_through_all_looks(
    resident_mib: tuple[float, ...], rise: float, give: float
) -> None:
    found = slope(_looks(*resident_mib))
    assert found.mib_per_hour == pytest.approx(rise)
    assert found.give == pytest.approx(give)


def test_what_does_not_grow_and_leaves_nothing_is_fine() -> None:
    looks = _looks(*[100.0] * 61)
    assert failures("relay", Seen(looks, looks[0]), 8.0) == []
    assert failures("agent", Seen(looks), 8.0) == []


def test_a_leak_is_found_and_a_little_at_the_beginning_is_none() -> None:
    leaking = _looks(*(100.0 + minute for minute in range(61)))
    (told,) = failures("relay", Seen(leaking, leaking[0]), 8.0)
    assert told == "relay: memory rises by 60.0 MiB an hour, 8 are allowed"
    short = _looks(*(100.0 + minute for minute in range(4)))
    assert failures("relay", Seen(short, short[0]), 8.0) == []
    warm_up = _looks(*(100.0 + 10 * minute for minute in range(20)), *[300.0] * 60)
    assert failures("relay", Seen(warm_up, warm_up[0]), 8.0) == []


def test_files_and_threads_that_are_left_are_found() -> None:
    looks = _looks(100.0, 100.0)
    (left,) = _looks(100.0, files=10)
    assert len(failures("relay", Seen(looks, left), 8.0)) == 1
    (left,) = _looks(100.0, threads=6)
    assert len(failures("relay", Seen(looks, left), 8.0)) == 1


def test_connections_to_the_database_are_its_pool_and_no_leak(tmp_path: Path) -> None:
    process = psutil.Process()
    before = files_of(process)
    with (tmp_path / "relevo.db").open("w"), (tmp_path / "relevo.db-wal").open("w"):
        assert files_of(process) == before
        with (tmp_path / "other").open("w"):
            assert files_of(process) == before + 1


def test_files_that_pile_up_in_a_process_that_stays_busy_are_found() -> None:
    looks = [Look(60.0 * n, 100.0, 9 + n // 10 + n % 2, 5) for n in range(61)]
    (told,) = failures("agent", Seen(looks), 8.0)
    assert told == "agent: 2 files more than after the warm-up"


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(one) for one in range(1, 101)]
    assert [percentile(values, part) for part in (0.0, 0.5, 0.95, 1.0)] == [1.0, 50.0, 95.0, 100.0]
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([], 0.95) == 0.0
