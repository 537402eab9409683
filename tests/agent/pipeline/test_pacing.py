from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_agent.pipeline.line import (
    FIRST_TRAIN_BYTES,
    FORGIVE_MS,
    MAX_WINDOW_BYTES,
    MIN_FRAME_BYTES,
    PROBE_BYTES,
    SMALL_FRAME_BYTES,
    Line,
    Sent,
)
from relevo_agent.pipeline.pacing import (
    GOOD_VIDEO_BYTES_S,
    KEYFRAME_GAP_MS,
    MAX_FRAME_BYTES,
    MAX_KEYFRAME_GAP_MS,
    MAX_VIDEO_BYTES_S,
    MIN_VIDEO_BYTES_S,
    Pacing,
)
from relevo_protocol.messages.screen import PictureLimit, Quality
from tests.support.line_model import fastest

TICK_MS = 16


class Wire:
    """A pacing whose viewers are behind lines of a rate (bytes a ms) and an empty round trip (ms)."""

    def __init__(self, *lines: tuple[float, float], decode_ms: float = 2.0) -> None:
        self.pacing = Pacing()
        self.lines = dict(enumerate(lines, 1))
        self.decode_ms = decode_ms
        self.now_ms = 0.0
        self.frame_id = 0
        self.longest_ms = dict.fromkeys(self.lines, 0.0)
        self._free_ms = dict.fromkeys(self.lines, 0.0)
        self._acks: list[tuple[float, int, int]] = []
        for viewer in self.lines:
            self.pacing.viewer_joined(viewer)

    def send(self, size: int, *, keyframe: bool = False) -> None:
        self.frame_id += 1
        self.pacing.sent(self.frame_id, size, self.now_ms, keyframe=keyframe)
        for viewer, (rate, round_trip_ms) in self.lines.items():
            self._free_ms[viewer] = max(self._free_ms[viewer], self.now_ms) + size / rate
            self.longest_ms[viewer] = max(self.longest_ms[viewer], self._free_ms[viewer] - self.now_ms)
            came_ms = self._free_ms[viewer] + round_trip_ms + self.decode_ms
            self._acks.append((came_ms, viewer, self.frame_id))

    def run(self, for_ms: float, size: int | None = None, every_ms: int = TICK_MS) -> None:
        """Send frames of this size, or as large as admitted, one each so many ms."""
        end_ms = self.now_ms + for_ms
        while self.now_ms < end_ms:
            budget = self.pacing.budget_bytes(self.now_ms)
            if budget:
                self.send(min(size or budget, MAX_FRAME_BYTES))
            self.wait(every_ms)

    def wait(self, for_ms: float) -> None:
        self.now_ms += for_ms
        self._acks.sort()
        while self._acks and self._acks[0][0] <= self.now_ms:
            at_ms, viewer, frame_id = self._acks.pop(0)
            self.pacing.acked(viewer, frame_id, self.decode_ms, at_ms)

    def watch(self, seconds: float, size: int | None = None) -> list[tuple[int, PictureLimit]]:
        """Run as a driver does, asking what limits after each step; what was told to whom."""
        told: list[tuple[int, PictureLimit]] = []
        for _ in range(int(seconds * 1000 / TICK_MS)):
            self.run(TICK_MS, size)
            told += [(viewer, state.limit) for viewer, state in self.pacing.limits(self.now_ms)]
        return told


def test_nobody_there_nothing_admitted() -> None:
    pacing = Pacing()
    assert not pacing.admits(0)
    pacing.viewer_joined(1)
    assert pacing.admits(0)
    pacing.viewer_left(1)
    assert not pacing.admits(0)


def test_an_unknown_line_gets_a_probe_then_a_train_then_waits() -> None:
    wire = Wire((125.0, 100.0))
    assert wire.pacing.budget_bytes(0) == PROBE_BYTES
    wire.send(PROBE_BYTES)
    assert wire.pacing.budget_bytes(1) == FIRST_TRAIN_BYTES - PROBE_BYTES
    wire.send(FIRST_TRAIN_BYTES - PROBE_BYTES)
    assert not wire.pacing.admits(2)
    wire.wait(400)
    assert 100 < fastest(wire.pacing).rate < 150
    assert wire.pacing.admits(wire.now_ms)


def test_D2_acknowledgement_covers_earlier_frames() -> None:
    wire = Wire((1000.0, 10.0))
    for _ in range(3):
        wire.send(10)
    wire.pacing.acked(1, 3, 0.0, 30)
    assert fastest(wire.pacing).flight_bytes == 0


def test_D3_each_viewer_has_its_own_line_and_the_fastest_decides() -> None:
    wire = Wire((60.0, 40.0), (12_500.0, 10.0))
    wire.run(3000)
    slow, fast = (viewer.line for viewer in wire.pacing._viewers.values())
    assert 50 < slow.rate < 80
    assert fast.rate > 9_000
    assert fast.round_trip_ms < 60
    assert wire.pacing.quality == 85
    assert wire.pacing.frame_bytes > 300_000
    assert wire.longest_ms[2] < 100


def test_D3_a_viewer_that_stalls_does_not_stop_the_others() -> None:
    wire = Wire((0.001, 10.0), (1250.0, 40.0))
    wire.run(5000)
    sent = wire.frame_id
    wire.run(1000)
    assert wire.frame_id > sent + 20


def test_acknowledgements_of_strangers_and_of_unsent_frames_change_nothing() -> None:
    pacing = Pacing()
    pacing.viewer_joined(1)
    pacing.sent(1, 20_000, 0)
    for viewer, frame_id in ((9, 1), (1, 2), (1, 2**32 - 1), (1, 0)):
        pacing.acked(viewer, frame_id, 0.0, 10)
    assert fastest(pacing).flight_bytes == 20_000
    assert not pacing.admits(10)


def test_silence_is_probed_once_in_a_while_not_flooded() -> None:
    pacing = Pacing()
    pacing.viewer_joined(1)
    pacing.sent(1, 20_000, 0)
    assert not pacing.admits(FORGIVE_MS - 1)
    assert pacing.admits(FORGIVE_MS + 1)
    pacing.sent(2, 20_000, FORGIVE_MS + 1)
    assert not pacing.admits(FORGIVE_MS + 2)


def test_thin_line_gets_small_frames_coarse_photographs_and_a_short_queue() -> None:
    wire = Wire((50.0, 80.0))  # 0.4 Mbit/s
    wire.run(10_000)
    assert 40 < fastest(wire.pacing).rate < 60
    assert wire.pacing.frame_bytes <= 3 * 1024
    assert wire.pacing.quality == 35
    assert wire.pacing.video_bytes_s < 40_000
    assert wire.longest_ms[1] < 300


def test_a_key_press_follows_at_once_while_large_frames_fill_the_line() -> None:
    wire = Wire((125.0, 100.0))
    wire.run(3000)
    while not wire.pacing.is_tight(wire.now_ms):
        wire.send(wire.pacing.budget_bytes(wire.now_ms))
    assert wire.pacing.budget_bytes(wire.now_ms) == SMALL_FRAME_BYTES
    assert wire.pacing.refinement_bytes(wire.now_ms) == 0
    wire.wait(400)
    assert 2000 < wire.pacing.refinement_bytes(wire.now_ms) < 3000


def test_typing_on_a_wide_line_does_not_look_like_a_thin_line() -> None:
    wire = Wire((50_000.0, 40.0))
    wire.run(2000)
    quality = wire.pacing.quality
    wire.run(20_000, size=200, every_ms=60)
    assert wire.pacing.quality == quality == 85
    assert wire.pacing.frame_bytes == MAX_FRAME_BYTES


def test_a_line_that_grows_thin_is_noticed_and_one_that_grows_wide_too() -> None:
    wire = Wire((1250.0, 40.0))
    wire.run(3000)
    wire.lines[1] = (125.0, 40.0)
    wire.run(1500)
    assert fastest(wire.pacing).rate < 160
    wire.lines[1] = (1250.0, 40.0)
    for _ in range(30):
        wire.run(33, size=2500)
        wire.run(66, size=200)
    assert fastest(wire.pacing).rate > 500


def test_D3_a_thin_line_that_others_filled_from_the_start_does_not_look_wide() -> None:
    """Its shortest round trip is that of a queue, and what follows seems to take no time at all."""
    line = Line()
    line.sent(Sent(1, 33_000, 0.0, keyframe=True))
    line.sent(Sent(2, 63_000, 1100.0, keyframe=False))
    line.acked(1, 0.0, 1800.0)
    line.acked(2, 0.0, 1800.0 + 63_000 / 62.5)
    assert 0 < line.rate < 4 * 62.5


@pytest.mark.parametrize("round_trip_ms", [450.0, 600.0, 800.0])
@pytest.mark.parametrize("rate", [62.5, 250.0, 1250.0, 5000.0])
def test_D3_a_line_with_a_long_way_is_known_as_what_it_is(rate: float, round_trip_ms: float) -> None:
    """That of a satellite, which nobody had filled."""
    wire = Wire((rate, round_trip_ms))
    wire.run(6000)
    assert 0.8 * rate < fastest(wire.pacing).rate < 1.5 * rate


def test_a_browser_that_decodes_slowly_does_not_look_like_a_thin_line() -> None:
    wire = Wire((1250.0, 40.0), decode_ms=60.0)
    wire.run(5000, every_ms=100)
    assert fastest(wire.pacing).rate > 1_000


def test_C14_what_the_relay_dropped_before_a_keyframe_is_not_taken_for_carried() -> None:
    pacing = Pacing()
    pacing.viewer_joined(1)
    for frame_id in range(1, 11):
        pacing.sent(frame_id, 1000, 0.0)
    pacing.acked(1, 1, 0.0, 50.0)
    pacing.sent(11, 20_000, 1000.0, keyframe=True)
    pacing.acked(1, 11, 0.0, 1250.0)
    assert 80 < fastest(pacing).rate < 120


def test_D3_keyframes_that_the_slow_need_take_a_tenth_of_what_others_have() -> None:
    wire = Wire((62.5, 40.0), (1250.0, 40.0))
    wire.run(3000)
    assert Wire((1250.0, 40.0)).pacing.keyframe_gap_ms == KEYFRAME_GAP_MS
    wire.send(100_000, keyframe=True)
    wire.send(150_000)
    wire.pacing.completed()
    wire.send(90_000)
    assert 1900 < wire.pacing.keyframe_gap_ms < 2100  # 250 kB of 1,250 kB/s
    wire.pacing.worked(500.0, keyframe=True)
    assert wire.pacing.keyframe_gap_ms == 5000
    wire.pacing.worked(5000.0, keyframe=True)
    assert wire.pacing.keyframe_gap_ms == MAX_KEYFRAME_GAP_MS


def test_D3_whoever_would_keep_up_is_not_driven_off_by_keyframes() -> None:
    wire = Wire((60.0, 40.0), (250.0, 40.0), (12_500.0, 10.0))
    wire.run(3000)
    wire.run(12_000, size=8000, every_ms=50)  # 160 bytes a ms: the second line carries that
    wire.send(100_000, keyframe=True)
    wire.pacing.completed()
    assert wire.pacing.keyframe_gap_ms > 3500


def test_a_film_takes_no_more_than_looks_well_where_that_helps_somebody() -> None:
    alone, company = Wire((12_500.0, 10.0)), Wire((400.0, 40.0), (12_500.0, 10.0))
    for wire in (alone, company):
        wire.run(5000)
    assert alone.pacing.video_bytes_s == MAX_VIDEO_BYTES_S
    assert GOOD_VIDEO_BYTES_S <= company.pacing.video_bytes_s < 300_000


def test_choice_of_the_viewer_overrides_the_line() -> None:
    pacing = Pacing()
    pacing.choice = Quality.SHARP
    sharp = pacing.quality
    pacing.choice = Quality.FAST
    assert pacing.quality < 60 < sharp


def test_D6_a_full_line_is_told_once_with_its_rate_and_its_end_too() -> None:
    wire = Wire((50.0, 80.0))
    told = wire.watch(8)
    assert told[0] == (1, PictureLimit.LINE)
    assert {limit for _, limit in told} == {PictureLimit.LINE}
    assert wire.pacing.due_ms(wire.now_ms) <= wire.now_ms + 1000
    assert wire.watch(6, size=20)[-1] == (1, PictureLimit.NONE)
    assert wire.pacing.due_ms(wire.now_ms) == float("inf")


def test_D6_only_the_slow_one_of_two_is_told_about_a_line() -> None:
    wire = Wire((50.0, 80.0), (12_500.0, 10.0))
    assert {viewer for viewer, _ in wire.watch(6, size=3000)} == {1}


def test_D6_a_short_burst_is_no_limit() -> None:
    wire = Wire((1250.0, 40.0))
    wire.run(1000)
    told = wire.watch(1.2) + wire.watch(6, size=20)
    assert told == []


def test_D6_a_busy_pc_and_a_busy_browser_are_told_apart() -> None:
    wire = Wire((12_500.0, 10.0))
    told: list[tuple[int, PictureLimit]] = []
    for _ in range(60):
        wire.pacing.worked(70.0)
        told += wire.watch(0.1, size=2000)
    assert {limit for _, limit in told} == {PictureLimit.HOST}
    slow = Wire((12_500.0, 10.0), decode_ms=14.0)
    assert {limit for _, limit in slow.watch(6, size=2000)} == {PictureLimit.VIEWER}


def test_D6_no_viewer_hears_twice_in_a_second() -> None:
    wire = Wire((50.0, 80.0))
    at_ms: list[float] = []
    for _ in range(1000):
        wire.run(TICK_MS, None if wire.frame_id % 300 < 150 else 20)
        at_ms += [wire.now_ms for _ in wire.pacing.limits(wire.now_ms)]
    assert at_ms
    assert all(later - earlier >= 1000 for earlier, later in pairwise(at_ms))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 2**21), st.floats(0, 5000), st.integers(-5, 5), st.integers(0, 3), st.booleans()
        ),
        max_size=60,
    ),
    st.floats(-10, 1e6),
)
def test_bounds_hold_whatever_is_acknowledged(
    events: list[tuple[int, float, int, int, bool]], decode_ms: float
) -> None:
    pacing = Pacing()
    for viewer in (1, 2):
        pacing.viewer_joined(viewer)
    now, frame_id = 0.0, 0
    for size, pause, offset, viewer, keyframe in events:
        now += pause
        budget = pacing.budget_bytes(now)
        assert 0 <= budget <= MAX_FRAME_BYTES
        if budget:
            frame_id += 1
            pacing.sent(frame_id, min(size, budget), now, keyframe=keyframe)
            assert fastest(pacing).flight_bytes <= MAX_WINDOW_BYTES + SMALL_FRAME_BYTES
        pacing.acked(viewer, frame_id + offset, decode_ms, now + pause)
        assert MIN_FRAME_BYTES <= pacing.frame_bytes <= MAX_FRAME_BYTES
        assert MIN_VIDEO_BYTES_S <= pacing.video_bytes_s <= MAX_VIDEO_BYTES_S
        assert 1 <= pacing.quality <= 100
        assert KEYFRAME_GAP_MS <= pacing.keyframe_gap_ms <= MAX_KEYFRAME_GAP_MS
        assert fastest(pacing).flight_bytes >= 0
