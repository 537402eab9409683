"""What a relay looks at again and again is due at common times."""

import pytest

from relevo_server.edge.rounds import next_round_s


@pytest.mark.parametrize("pause_s", [3.75, 4.0, 7.5, 10.0])
@pytest.mark.parametrize("now_s", [8.0, 8.3, 10.0, 10.0005, 11.4, 11.5, 11.9999])
def test_long_pauses_end_at_a_fourth_second_and_are_hardly_longer(now_s: float, pause_s: float):
    ends_s = next_round_s(now_s, pause_s)
    assert ends_s % 4 == 0
    assert 0.5 < ends_s - now_s <= max(pause_s, 4.5)


def test_rounds_keep_their_pace_although_each_begins_a_little_late():
    assert next_round_s(next_round_s(7.0, 4.0) + 0.004, 4.0) == 12.0


def test_short_pauses_end_when_they_end():
    assert next_round_s(10.2, 0.25) == pytest.approx(10.45)
