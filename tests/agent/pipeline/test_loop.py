"""The loop end to end without a display: what the viewer has drawn equals the screen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relevo_agent.pipeline.loop import REOPEN_MS
from relevo_agent.pipeline.pacing import KEYFRAME_GAP_MS, MAX_FRAME_BYTES
from relevo_agent.pipeline.plan import MAX_RECT_PX
from relevo_agent.pipeline.types import CursorState, Damage, Rect
from relevo_protocol.frame import UpdateKind, decode_frame
from relevo_protocol.limits import (
    AEAD_TAG_BYTES,
    HEADER_BYTES,
    MAX_MEDIA_BYTES,
    QUIET_EXACT_MS,
    SIGNATURE_BYTES,
)
from relevo_protocol.messages.screen import Quality
from tests.support.screens import PaintedCursor, PaintedScreen, Show, arrow, blank, kinds_of

SEAL_BYTES = HEADER_BYTES + AEAD_TAG_BYTES + SIGNATURE_BYTES + 32


def noise(height: int, width: int, seed: int = 1) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def shown(screen: PaintedScreen) -> Show:
    show = Show(screen)
    show.join()
    return show


@st.composite
def damages(draw: st.DrawFn, width: int, height: int) -> tuple[int, int, int, int, int, bool]:
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    w, h = draw(st.integers(1, width - x)), draw(st.integers(1, height - y))
    return x, y, w, h, draw(st.integers(0, 255)), draw(st.booleans())


def paint(screen: PaintedScreen, damage: tuple[int, int, int, int, int, bool]) -> None:
    x, y, width, height, value, noisy = damage
    screen.canvas[y : y + height, x : x + width] = noise(height, width, value) if noisy else value


@st.composite
def sequences(
    draw: st.DrawFn,
) -> tuple[int, int, list[tuple[tuple[int, int, int, int, int, bool], float, bool]]]:
    width, height = draw(st.integers(1, 200)), draw(st.integers(1, 150))
    steps = st.tuples(damages(width, height), st.floats(0, 400), st.booleans())
    return width, height, draw(st.lists(steps, max_size=8))


@settings(max_examples=60, deadline=None)
@given(sequences())
def test_any_damage_is_exact_after_a_second_of_quiet(
    sequence: tuple[int, int, list[tuple[tuple[int, int, int, int, int, bool], float, bool]]],
) -> None:
    width, height, steps = sequence
    screen = blank(width, height)
    show = shown(screen)
    for damage, pause_ms, keyframe in steps:
        paint(screen, damage)
        if keyframe:
            show.loop.request_keyframe()
        show.run(pause_ms)
    show.run(1000)
    show.run(100)  # a keyframe that was asked for may have come as late as that, and is made exact at once
    assert np.array_equal(show.viewer.picture, screen.rgb)
    assert show.loop.is_exact


def test_first_frame_is_a_keyframe_with_id_1_and_ids_have_no_gaps() -> None:
    screen = blank(64, 48)
    show = shown(screen)
    for value in range(1, 5):
        screen.canvas[:] = value
        show.run(50)
    assert [frame.frame_id for frame in show.frames] == list(range(1, len(show.frames) + 1))
    assert [frame.keyframe for frame in show.frames] == [True] + [False] * (len(show.frames) - 1)
    assert len(show.frames) == 4


def test_nothing_is_captured_without_a_viewer() -> None:
    screen = blank(64, 48)
    show = Show(screen)
    show.run(500)
    assert show.frames == []
    assert screen.grabs == 0


def test_nothing_is_captured_after_the_last_viewer_left() -> None:
    screen = blank(64, 48)
    show = shown(screen)
    show.run(100)
    show.loop.viewer_left(7)
    show.step()
    before = screen.grabs
    screen.canvas[:] = 9
    show.run(500)
    assert screen.grabs == before


def test_a_large_change_is_split_into_frames_that_fit_a_media_message() -> None:
    screen = PaintedScreen(noise(1080, 1920))
    screen.canvas[::2] = 200  # half flat rows: judged text, and hard to compress
    screen.canvas[1::2, ::2] = 100
    show = shown(screen)
    show.run(1000)
    assert len(show.frames) > 1
    assert [frame.keyframe for frame in show.frames].count(True) == 1
    assert max(len(frame.data) for frame in show.frames) + SEAL_BYTES <= MAX_MEDIA_BYTES
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_worst_case_frame_fits_a_media_message() -> None:
    incompressible = MAX_RECT_PX * 4 + 64 * 1024
    assert MAX_FRAME_BYTES + incompressible + SEAL_BYTES <= MAX_MEDIA_BYTES


def test_photograph_goes_lossy_first_and_exact_once_quiet() -> None:
    screen = PaintedScreen(noise(256, 256))
    show = shown(screen)
    show.run(QUIET_EXACT_MS - 100)
    assert {kind for frame in show.frames for kind in kinds_of(frame)} == {UpdateKind.LOSSY}
    assert not np.array_equal(show.viewer.picture, screen.rgb)
    assert not show.loop.is_exact
    show.run(600)
    assert np.array_equal(show.viewer.picture, screen.rgb)
    assert kinds_of(show.frames[-1]) == (UpdateKind.LOSSLESS,)


def test_keyframe_of_a_quiet_photograph_is_exact_again_at_once() -> None:
    screen = PaintedScreen(noise(256, 256))
    show = shown(screen)
    show.run(1500)
    before = len(show.frames)
    show.loop.request_keyframe(urgent=True)
    show.run(60)
    assert show.frames[before].keyframe
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_C14_nothing_may_be_dropped_before_a_keyframe_is_complete() -> None:
    show = shown(PaintedScreen(noise(900, 1200)))
    show.run(3000)
    firsts = [frame.droppable for frame in show.frames]
    complete = firsts.index(True)
    assert complete >= 2
    assert all(firsts[complete:])
    show.loop.request_keyframe(urgent=True)
    show.run(3000)
    again = [frame.droppable for frame in show.frames[len(firsts) :]]
    assert show.frames[len(firsts)].keyframe
    assert not again[0]
    assert again[-1]


def test_moving_photograph_is_not_refined_before_it_stops() -> None:
    screen = PaintedScreen(noise(256, 256))
    show = shown(screen)
    for seed in range(20):
        screen.canvas[:] = noise(256, 256, seed)
        show.run(100)
    assert {kind for frame in show.frames for kind in kinds_of(frame)} == {UpdateKind.LOSSY}


def test_text_is_never_lossy() -> None:
    screen = blank(320, 240)
    screen.canvas[10:200:9, 20:300:7] = 255
    show = shown(screen)
    show.run(50)
    assert {kind for frame in show.frames for kind in kinds_of(frame)} == {UpdateKind.LOSSLESS}


def test_newest_wins_while_the_window_is_full() -> None:
    screen = PaintedScreen(noise(600, 800))
    show = shown(screen)
    show.line_ms = 100_000
    show.run(200)
    sent, grabs = len(show.frames), screen.grabs
    for seed in range(20):
        screen.canvas[:] = noise(600, 800, seed)
        show.run(20)
    assert len(show.frames) == sent
    assert screen.grabs == grabs


def test_an_urgent_keyframe_can_be_asked_at_any_time_and_stands_alone() -> None:
    screen = blank(200, 100)
    show = shown(screen)
    show.run(300)
    screen.canvas[20:40, 30:90] = 77
    show.run(1100)
    show.loop.request_keyframe(urgent=True)
    fresh = type(show.viewer)()
    show.viewer = fresh
    show.run(100)
    assert np.array_equal(fresh.picture, screen.rgb)
    assert show.frames[-1].keyframe


def test_asked_keyframes_come_at_a_limited_rate_and_urgent_ones_at_once() -> None:
    show = shown(blank(64, 64))
    show.run(100)
    for _ in range(50):
        show.loop.request_keyframe()
        show.run(10)
    assert [frame.keyframe for frame in show.frames].count(True) == 1
    show.run(KEYFRAME_GAP_MS)
    assert [frame.keyframe for frame in show.frames].count(True) == 2
    show.loop.request_keyframe(urgent=True)
    frame = show.step()
    assert frame is not None
    assert frame.keyframe


def test_keyframe_goes_out_although_the_window_is_full() -> None:
    show = shown(PaintedScreen(noise(600, 800)))
    show.line_ms = 100_000
    show.run(100)
    show.loop.request_keyframe(urgent=True)
    frame = show.step()
    assert frame is not None
    assert frame.keyframe


def test_F2_new_size_gives_a_keyframe_and_a_new_layout() -> None:
    screen = blank(64, 48)
    show = shown(screen)
    show.run(50)
    first = show.loop.layout
    screen.canvas = noise(101, 333)
    show.run(1200)
    assert first is not None
    assert (first.width, first.height) == (64, 48)
    second = show.loop.layout
    assert second is not None
    assert (second.width, second.height) == (333, 101)
    assert np.array_equal(show.viewer.picture, screen.rgb)
    assert next(frame for frame in show.frames if frame.width == 333).keyframe


def test_failure_is_told_and_the_source_is_opened_anew() -> None:
    screen = blank(64, 48)
    show = shown(screen)
    show.run(50)
    screen.failing = "the cable is out"
    show.run(200)
    assert show.loop.condition.condition.value == "no_display"
    assert "cable" in show.loop.condition.detail
    assert screen.closed == 1
    screen.failing = ""
    screen.canvas[:] = 5
    show.run(REOPEN_MS + 200)
    assert show.loop.condition.condition.value == "ok"
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_L7_too_large_a_desktop_is_refused_with_a_reason() -> None:
    screen = PaintedScreen(np.zeros((8, 9000, 4), np.uint8))
    show = shown(screen)
    show.run(50)
    assert show.frames == []
    assert show.loop.condition.condition.value == "failed"
    assert "9000x8" in show.loop.condition.detail


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (8192, 1), (15, 17), (33, 31)])
def test_odd_sizes_come_through(size: tuple[int, int]) -> None:
    width, height = size
    screen = PaintedScreen(noise(height, width))
    show = shown(screen)
    show.run(1100)
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_damage_of_the_source_limits_the_comparison() -> None:
    screen = blank(64, 64)
    show = shown(screen)
    show.run(50)
    screen.damage = Damage((Rect(0, 32, 64, 16),))
    screen.canvas[0:64, 5] = 90
    show.run(200)
    assert np.array_equal(show.viewer.picture[32:48], screen.rgb[32:48])
    assert not show.viewer.picture[:32].any()
    screen.damage = Damage(())
    screen.canvas[:] = 3
    sent = len(show.frames)
    show.run(200)
    assert len(show.frames) == sent


def test_cursor_alone_makes_a_frame_of_its_own_without_looking_at_the_screen() -> None:
    cursor = PaintedCursor(CursorState(3, 4, arrow()))
    screen = blank(64, 64)
    show = Show(screen, cursor)
    show.join()
    show.run(3000)
    grabs = screen.grabs
    assert cursor.state is not None
    cursor.state = CursorState(10, 20, cursor.state.shape)
    show.now_ms += 1
    frame = show.step()
    assert frame is not None
    assert kinds_of(frame) == (UpdateKind.CURSOR_POSITION,)
    assert screen.grabs == grabs
    assert show.viewer.cursor_position == (10, 20)
    assert len(frame.data) < 50


def test_cursor_shape_hides_and_is_kept_inside_the_screen() -> None:
    cursor = PaintedCursor(CursorState(-5, 99, arrow()))
    show = Show(blank(64, 64), cursor)
    show.join()
    show.run(50)
    assert show.viewer.cursor_position == (0, 63)
    assert show.viewer.cursor_hot_spot == (1, 0)
    assert show.viewer.cursor_rgba is not None
    assert show.viewer.cursor_rgba.tobytes() == arrow().rgba
    cursor.state = CursorState(0, 0, None)
    show.run(100)
    assert show.viewer.cursor_rgba is None


def test_idle_screen_is_looked_at_ever_less_often_and_input_ends_that() -> None:
    screen = blank(64, 64)
    show = shown(screen)
    show.run(3000)
    before = screen.grabs
    show.run(1000)
    assert screen.grabs - before <= 11
    show.loop.expect_change(show.now_ms)
    before = screen.grabs
    show.run(100)
    assert screen.grabs - before >= 4


def test_quality_choice_changes_the_size_of_photographs() -> None:
    sizes: dict[Quality, int] = {}
    for choice in (Quality.FAST, Quality.SHARP):
        show = shown(PaintedScreen(noise(128, 128)))
        show.loop.choose_quality(choice)
        frame = show.step()
        assert frame is not None
        sizes[choice] = len(decode_frame(frame.data).updates[0].payload)
    assert sizes[Quality.FAST] < sizes[Quality.SHARP]
