"""What a relay looks at again and again is due at common times."""

import pytest

from relevo_server.edge.rounds import next_round_s


@pytest.mark.parametrize("pause_s", [2.0, 3.75, 7.5])
@pytest.mark.parametrize("now_s", [10.0, 10.0005, 10.3, 11.9999])
def test_long_pauses_end_at_an_even_second_a_second_off_at_most(now_s: float, pause_s: float):
    ends_s = next_round_s(now_s, pause_s)
    assert ends_s % 2 == 0
    assert abs(ends_s - now_s - pause_s) <= 1


def test_rounds_keep_their_pace_although_each_begins_a_little_late():
    assert next_round_s(next_round_s(7.0, 2.0) + 0.004, 2.0) == 10.0


def test_short_pauses_end_when_they_end():
    assert next_round_s(10.2, 0.25) == pytest.approx(10.45)
