from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_agent.pipeline.pacing import (
    FIRST_WINDOW_BYTES,
    FORGIVE_MS,
    MAX_FRAME_BYTES,
    MAX_WINDOW_BYTES,
    MIN_FRAME_BYTES,
    MIN_WINDOW_BYTES,
    Pacing,
)
from relevo_protocol.messages.screen import Quality


def paced(*viewers: int) -> Pacing:
    pacing = Pacing()
    for viewer in viewers:
        pacing.viewer_joined(viewer)
    return pacing


def over_line(pacing: Pacing, rate_bytes_ms: float, round_trip_ms: float, frames: int) -> float:
    """Send as fast as admitted over a line that carries one frame at a time; return the longest queue."""
    now, free_at, longest = 0.0, 0.0, 0.0
    acks: list[tuple[float, int]] = []
    sent = 0
    while sent < frames:
        if pacing.admits(now):
            sent += 1
            size = pacing.frame_bytes
            pacing.sent(sent, size, now)
            free_at = max(free_at, now) + size / rate_bytes_ms
            if sent > frames // 2:
                longest = max(longest, free_at - now)
            acks.append((free_at + round_trip_ms, sent))
        elif acks:
            now, frame_id = acks.pop(0)
            pacing.acked(1, frame_id, now)
    return longest


def test_nobody_there_nothing_admitted() -> None:
    pacing = paced()
    assert not pacing.admits(0)
    pacing.viewer_joined(1)
    assert pacing.admits(0)
    pacing.viewer_left(1)
    assert not pacing.admits(0)


def test_unacknowledged_bytes_stop_the_flow_and_an_acknowledgement_frees_it() -> None:
    pacing = paced(1)
    pacing.sent(1, FIRST_WINDOW_BYTES, 0)
    assert not pacing.admits(1)
    pacing.acked(1, 1, 20)
    assert pacing.admits(20)
    assert pacing.line.in_flight_bytes == 0


def test_small_frames_are_bounded_in_number() -> None:
    pacing = paced(1)
    sent = 0
    while pacing.admits(0) and sent < 1000:
        sent += 1
        pacing.sent(sent, 100, 0)
    assert sent == 3


def test_D2_acknowledgement_covers_earlier_frames() -> None:
    pacing = paced(1)
    for frame_id in (1, 2, 3):
        pacing.sent(frame_id, 10, 0)
    pacing.acked(1, 3, 9)
    assert pacing.line.in_flight_bytes == 0


def test_D3_fastest_viewer_decides() -> None:
    pacing = paced(1, 2)
    pacing.sent(1, FIRST_WINDOW_BYTES, 0)
    pacing.acked(2, 1, 10)
    assert pacing.admits(10)
    pacing.acked(1, 1, 5000)
    assert pacing.line.round_trip_ms == 10


def test_acknowledgements_of_strangers_and_of_unsent_frames_change_nothing() -> None:
    pacing = paced(1)
    pacing.sent(1, FIRST_WINDOW_BYTES, 0)
    pacing.acked(9, 1, 10)
    pacing.acked(1, 2, 10)
    pacing.acked(1, 2**32 - 1, 10)
    pacing.acked(1, 0, 10)
    assert pacing.line.in_flight_bytes == FIRST_WINDOW_BYTES
    assert not pacing.admits(10)


def test_silence_is_probed_once_in_a_while_not_flooded() -> None:
    pacing = paced(1)
    pacing.sent(1, FIRST_WINDOW_BYTES, 0)
    assert not pacing.admits(FORGIVE_MS - 1)
    assert pacing.admits(FORGIVE_MS + 1)
    pacing.sent(2, FIRST_WINDOW_BYTES, FORGIVE_MS + 1)
    assert not pacing.admits(FORGIVE_MS + 2)


def test_thin_line_gets_small_frames_coarse_photographs_and_a_short_queue() -> None:
    pacing = paced(1)
    queue_ms = over_line(pacing, rate_bytes_ms=50, round_trip_ms=80, frames=200)  # 0.4 Mbit/s
    assert 40_000 < pacing.line.rate_bytes_s < 60_000
    assert pacing.frame_bytes == MIN_FRAME_BYTES
    assert pacing.quality == 35
    assert queue_ms < 1000


def test_wide_line_gets_large_frames_and_fine_photographs() -> None:
    pacing = paced(1)
    over_line(pacing, rate_bytes_ms=50_000, round_trip_ms=4, frames=200)
    assert pacing.frame_bytes == MAX_FRAME_BYTES
    assert pacing.quality == 85


def test_typing_on_a_wide_line_does_not_look_like_a_thin_line() -> None:
    pacing = paced(1)
    over_line(pacing, rate_bytes_ms=50_000, round_trip_ms=40, frames=50)
    quality, now = pacing.quality, 10_000.0
    for frame_id in range(51, 400):
        now += 60
        pacing.sent(frame_id, 200, now)
        pacing.acked(1, frame_id, now + 40)
    assert pacing.quality == quality


def test_line_that_grows_thin_is_noticed() -> None:
    pacing = paced(1)
    now = 0.0
    for frame_id in range(1, 400):
        size = 60_000
        now += size / (5000 if frame_id < 100 else 100)
        pacing.sent(frame_id, size, now)
        pacing.acked(1, frame_id, now + size / (5000 if frame_id < 100 else 100))
    assert pacing.line.rate_bytes_s < 200_000


def test_choice_of_the_viewer_overrides_the_line() -> None:
    pacing = paced(1)
    pacing.choice = Quality.SHARP
    sharp = pacing.quality
    pacing.choice = Quality.FAST
    assert pacing.quality < 60 < sharp


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 2**21), st.floats(0, 5000), st.integers(-5, 5), st.integers(0, 3)),
        max_size=60,
    )
)
def test_bounds_hold_whatever_is_acknowledged(events: list[tuple[int, float, int, int]]) -> None:
    pacing = paced(1, 2)
    now, frame_id = 0.0, 0
    for size, pause, offset, viewer in events:
        now += pause
        before = pacing.line.in_flight_bytes
        if pacing.admits(now):
            assert before < max(pacing.window_bytes, FIRST_WINDOW_BYTES) or pacing.line.in_flight_bytes == 0
            frame_id += 1
            pacing.sent(frame_id, size, now)
        pacing.acked(viewer, frame_id + offset, now + pause)
        assert MIN_WINDOW_BYTES <= pacing.window_bytes <= MAX_WINDOW_BYTES
        assert MIN_FRAME_BYTES <= pacing.frame_bytes <= MAX_FRAME_BYTES
        assert 1 <= pacing.quality <= 100
        assert pacing.line.in_flight_bytes >= 0
