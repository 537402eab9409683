"""When the loop wants to be called: at once for what changes, hardly ever while nothing does."""

import numpy as np
import pytest

from relevo_agent.pipeline.cursor import POLL_MS
from relevo_agent.pipeline.loop import REOPEN_MS, CaptureLoop
from relevo_agent.pipeline.pacing import Pacing
from relevo_agent.pipeline.rhythm import BUSY_MS, SLACK_MS, TOLD_MS, WAITING_MS
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.types import CaptureFailed, CursorState, Source
from relevo_protocol.limits import QUIET_EXACT_MS
from relevo_protocol.messages.screen import CaptureCondition
from tests.support.screens import PaintedCursor, PaintedScreen, Show, arrow

SCREEN, POINTER = 31, 32


def telling() -> PaintedScreen:
    return PaintedScreen(np.full((120, 160, 4), 200, np.uint8), signal=SCREEN)


def quiet(screen: PaintedScreen, cursor: PaintedCursor | None = None) -> Show:
    show = Show(screen, cursor)
    show.join()
    show.run(3000)
    return show


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)


def test_a_source_that_tells_is_waited_for_and_not_polled() -> None:
    screen = telling()
    show = quiet(screen)
    waiting = show.loop.waiting(show.now_ms)
    assert waiting.signals == (SCREEN,)
    assert waiting.delay_ms > 1000
    grabs = screen.grabs
    show.run(3 * TOLD_MS)
    assert screen.grabs - grabs <= 3


def test_the_first_change_after_quiet_goes_out_at_once() -> None:
    screen = telling()
    show = quiet(screen)
    screen.canvas[10:20] = 7
    assert show.step() is not None


def test_after_quiet_a_few_changes_are_seen_at_once_then_one_each_tick() -> None:
    screen = telling()
    show = quiet(screen)
    show.line_ms = 1
    for number in range(1 + int(SLACK_MS // BUSY_MS)):
        screen.canvas[10 * number : 10 * number + 10] = number + 1
        assert show.loop.waiting(show.now_ms).signals
        assert show.step() is not None
        show.now_ms += 2
    show.loop.step(show.now_ms)
    screen.canvas[100:110] = 9
    waiting = show.loop.waiting(show.now_ms)
    assert waiting.signals == ()
    assert BUSY_MS / 2 < waiting.delay_ms <= BUSY_MS
    assert show.loop.step(show.now_ms) is None
    assert show.loop.step(show.now_ms + BUSY_MS) is not None


def test_a_look_that_found_nothing_does_not_hold_back_the_next_change() -> None:
    screen = telling()
    show = quiet(screen)
    assert show.step() is None  # damage without a change
    screen.canvas[10:20] = 7
    show.now_ms += 1
    assert show.step() is not None


def test_what_is_rough_is_made_exact_in_time_though_nothing_is_told() -> None:
    screen = telling()
    show = quiet(screen)
    screen.canvas[:] = noise(120, 160)
    show.step()
    show.now_ms += 20
    show.step()
    assert not show.loop.is_exact
    assert QUIET_EXACT_MS - 100 < show.loop.waiting(show.now_ms).delay_ms <= QUIET_EXACT_MS
    show.run(QUIET_EXACT_MS + 100)
    assert show.loop.is_exact


def test_a_pointer_that_tells_is_not_polled_and_is_followed_at_the_tick() -> None:
    cursor = PaintedCursor(CursorState(3, 4, arrow()), signal=POINTER)
    show = quiet(telling(), cursor)
    waiting = show.loop.waiting(show.now_ms)
    assert set(waiting.signals) == {SCREEN, POINTER}
    assert waiting.delay_ms > 1000
    cursor.state = CursorState(9, 9, arrow())
    assert show.step() is not None
    waiting = show.loop.waiting(show.now_ms + 1)
    assert POINTER not in waiting.signals
    assert waiting.delay_ms <= BUSY_MS


def test_a_pointer_that_tells_nothing_is_polled() -> None:
    show = quiet(telling(), PaintedCursor(CursorState(3, 4, arrow())))
    assert show.loop.waiting(show.now_ms).delay_ms <= POLL_MS


def test_without_viewers_nothing_is_due() -> None:
    show = quiet(telling())
    show.loop.viewer_left(show.viewer_id)
    waiting = show.loop.waiting(show.now_ms)
    assert waiting.delay_ms == float("inf")
    assert waiting.signals == ()


def test_a_source_that_fails_is_not_asked_again_before_its_time_even_for_a_keyframe() -> None:
    screen = telling()
    show = quiet(screen)
    screen.failing = "the cable is out"
    show.run(TOLD_MS)
    show.loop.request_keyframe(urgent=True)
    show.step()
    delay_ms = show.loop.waiting(show.now_ms).delay_ms
    assert 0 < delay_ms <= REOPEN_MS
    screen.failing = ""
    show.run(REOPEN_MS + 50)
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_a_display_that_cannot_be_opened_is_tried_once_in_a_while_and_no_oftener() -> None:
    opened = 0

    def away() -> Source:
        nonlocal opened
        opened += 1
        raise CaptureFailed(CaptureCondition.NO_DISPLAY, "the display is gone")

    loop = CaptureLoop(away, lambda: NoCursor("a test"))
    loop.viewer_joined(1)
    now_ms = 0.0
    for _ in range(10):
        assert loop.step(now_ms) is None
        now_ms += loop.delay_ms(now_ms)
    assert opened == 10
    assert now_ms == 10 * REOPEN_MS


def _full(_pacing: Pacing, _now_ms: float) -> bool:
    return False


def test_while_the_line_is_full_a_display_that_is_away_is_waited_for_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = telling()
    show = quiet(screen)
    screen.failing = "the display is gone"
    show.run(TOLD_MS)
    assert show.loop.condition.condition is CaptureCondition.NO_DISPLAY
    monkeypatch.setattr(Pacing, "admits", _full)
    show.now_ms += 2 * REOPEN_MS
    assert show.step() is None
    assert show.loop.waiting(show.now_ms).delay_ms == WAITING_MS


def test_acknowledgements_wake_nobody_unless_something_waits_for_room() -> None:
    screen = telling()
    show = quiet(screen)
    assert not show.loop.waiting(show.now_ms).acks
    show.line_ms = float("inf")
    number = 0
    while show.loop.waiting(show.now_ms).signals or show.loop.waiting(show.now_ms).delay_ms <= BUSY_MS:
        number += 1
        screen.canvas[:] = noise(120, 160) ^ np.uint8(number)
        show.step()
        show.now_ms += BUSY_MS
        assert number < 1000
    assert show.loop.waiting(show.now_ms).acks


def test_what_is_rough_waits_for_acknowledgements_while_the_line_is_busy() -> None:
    screen = telling()
    show = quiet(screen)
    show.line_ms = 60
    screen.canvas[:] = noise(120, 160)
    show.step()
    assert not show.loop.is_exact
    assert show.loop.waiting(show.now_ms).acks


def test_positions_go_with_pictures_that_follow_each_other_and_alone_after_them() -> None:
    screen = telling()
    cursor = PaintedCursor(CursorState(3, 4, arrow()), signal=POINTER)
    show = quiet(screen, cursor)
    shape = cursor.state.shape if cursor.state is not None else None
    for number in range(4):
        screen.canvas[10 * number : 10 * number + 10] = number + 1
        cursor.state = CursorState(10 + number, 10, shape)
        assert show.step() is not None
        show.now_ms += 30
        assert (POINTER in show.loop.waiting(show.now_ms).signals) == (number == 0)
    show.now_ms += 30
    assert POINTER in show.loop.waiting(show.now_ms).signals
