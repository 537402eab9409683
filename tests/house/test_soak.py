"""What ``make soak`` makes of what it saw."""

import pytest

from tools.soak import Look, failures, slope_mib_per_hour


def _looks(*resident_mib: float, files: int = 9, threads: int = 5) -> list[Look]:
    return [Look(60.0 * minute, mib, files, threads) for minute, mib in enumerate(resident_mib)]


@pytest.mark.parametrize(
    ("resident_mib", "slope"), [((100.0, 100.0, 100.0), 0.0), ((100.0, 101.0, 102.0), 60.0), ((7.0,), 0.0)]
)
def test_the_slope_is_that_of_the_line_through_all_looks(
    resident_mib: tuple[float, ...], slope: float
) -> None:
    assert slope_mib_per_hour(_looks(*resident_mib)) == pytest.approx(slope)


def test_what_does_not_grow_and_leaves_nothing_is_fine() -> None:
    looks = _looks(*[100.0] * 61)
    assert failures(looks, looks[0], 0.0, 8.0) == []


def test_a_leak_is_found_and_a_little_at_the_beginning_is_none() -> None:
    leaking = _looks(*(100.0 + minute for minute in range(61)))
    assert len(failures(leaking, leaking[0], slope_mib_per_hour(leaking), 8.0)) == 1
    short = _looks(*(100.0 + minute for minute in range(4)))
    assert failures(short, short[0], slope_mib_per_hour(short), 8.0) == []


def test_files_and_threads_that_are_left_are_found() -> None:
    looks = _looks(100.0, 100.0)
    (left,) = _looks(100.0, files=10)
    assert len(failures(looks, left, 0.0, 8.0)) == 1
    (left,) = _looks(100.0, threads=6)
    assert len(failures(looks, left, 0.0, 8.0)) == 1
