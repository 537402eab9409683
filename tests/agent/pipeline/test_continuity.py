"""Whatever comes between: a frame that is begun goes out whole, and streams begin anew with a keyframe."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relevo_agent.pipeline import painter
from relevo_agent.pipeline.diff import Cells
from relevo_agent.pipeline.encoders import available_encoders
from relevo_agent.pipeline.film import Film
from relevo_agent.pipeline.line import FORGIVE_MS
from relevo_agent.pipeline.pacing import KEYFRAME_GAP_MS, MAX_KEYFRAME_GAP_MS, Pacing
from relevo_protocol.frame import CodecId, Update, UpdateKind, decode_frame
from tests.support.screens import PaintedScreen, Show, blank

ZSTD = frozenset({CodecId.ZSTD_STREAM_BGRX})
VIDEO = frozenset({CodecId.ZSTD_STREAM_BGRX, CodecId.VP8, CodecId.VP9})

EVENTS = ("paint", "photo", "resize", "lost", "found", "decoders", "restart", "anew", "sleep")


def photo(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin((x + 7 * seed) / 31 + k) * np.cos((y + 3 * seed) / 23 - k) for k in range(4)]
    grain = np.random.default_rng(seed).integers(0, 9, (height, width, 4))
    return (np.stack(waves, axis=2) + grain).clip(0, 255).astype(np.uint8)


def test_F2_a_film_under_a_thousand_still_spots_fits_its_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 40
    monkeypatch.setattr(painter, "MAX_UPDATES_PER_FRAME", most)

    def spots(_: Film) -> Iterator[Cells]:
        yield from (Cells(row, row + 1, column, column + 1) for row in range(10) for column in range(10))

    monkeypatch.setattr(Film, "covered", spots)
    available_encoders()
    screen = blank(320, 240)
    show = Show(screen)
    show.join(VIDEO)
    show.run(300)
    for seed in range(40):
        screen.canvas[:] = photo(240, 320, seed)
        show.run(40)
    kinds = [{update.kind for update in decode_frame(frame.data).updates} for frame in show.frames]
    assert any(UpdateKind.VIDEO in each for each in kinds), "there was a film"
    assert max(len(frame.parts) for frame in show.frames) <= most


def _always(*_: object) -> bool:
    return True


def _no_updates(*_: object) -> list[Update]:
    return []


def test_F2_a_new_size_on_a_full_line_comes_with_a_keyframe(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = blank(320, 240)
    show = Show(screen)
    show.join(ZSTD)
    show.run(300)
    # Acknowledged no more, and measured as slow: only small frames may go out.
    screen.canvas = photo(480, 640, 1)
    monkeypatch.setattr(Pacing, "is_tight", _always)
    before = len(show.frames)
    for _ in range(5):
        show.step()
        show.now_ms += 50
    first = show.frames[before]
    assert (first.width, first.height) == (640, 480)
    assert first.keyframe


def test_F2_a_look_without_a_frame_at_a_new_size_leaves_the_keyframe_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = blank(320, 240)
    show = Show(screen)
    show.join(ZSTD)
    show.run(300)
    screen.canvas = photo(480, 640, 1)
    before = len(show.frames)
    monkeypatch.setattr(painter.Painter, "updates", _no_updates)
    show.now_ms += 100
    assert show.step() is None
    monkeypatch.undo()
    show.run(500)
    assert show.frames[before].keyframe


def test_D3_who_acknowledges_nothing_keeps_nobodys_picture_rough() -> None:
    pacing = Pacing()
    pacing.viewer_joined(1)
    pacing.viewer_joined(2)
    now_ms, rooms = 0.0, list[int]()
    for frame_id in range(1, 400):
        now_ms += 50
        pacing.sent(frame_id, 3000, now_ms)
        pacing.acked(1, frame_id, 1.0, now_ms + 10)
        pacing.budget_bytes(now_ms + 10)
        if now_ms > 2 * FORGIVE_MS:
            rooms.append(pacing.refinement_bytes(now_ms + 10))
    assert min(rooms) > 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 9), st.floats(0, 300)), max_size=14))
def test_F9_F11_whatever_comes_between_the_streams_begin_anew(events: list[tuple[str, int, float]]) -> None:
    """The model viewer fails at a stream that goes on without its beginning."""
    screen = blank(97, 65)
    show = Show(screen)
    show.join(ZSTD)
    for what, seed, pause_ms in events:
        _happen(show, screen, what, seed)
        show.run(pause_ms)
    screen.failing = ""
    show.run(4000)
    assert np.array_equal(show.viewer.picture, screen.rgb)
    assert show.loop.is_exact


def _happen(show: Show, screen: PaintedScreen, what: str, seed: int) -> None:
    match what:
        case "paint":
            screen.canvas[seed : seed + 30] = 25 * seed
        case "photo":
            height, width = screen.canvas.shape[:2]
            screen.canvas[:] = photo(height, width, seed)
        case "resize":
            screen.canvas = photo(1 + 13 * seed, 1 + 31 * seed, seed)
        case "lost":
            screen.failing = "the server was killed"
        case "found":
            screen.failing = ""
        case "decoders":
            show.loop.choose_decoders((ZSTD, frozenset[CodecId](), VIDEO)[seed % 3])
        case "restart":
            show.loop.close()
        case "anew":
            show.join_anew()
        case _:
            show.now_ms += 3_600_000  # asleep for an hour


def test_F9_a_frame_that_went_to_nobody_is_made_good_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else everybody's picture would stand still for as long as one slow viewer has to wait."""
    monkeypatch.setattr(Pacing, "keyframe_gap_ms", property(lambda _: MAX_KEYFRAME_GAP_MS))
    screen = blank(64, 48)
    show = Show(screen)
    show.join(ZSTD)
    show.run(300)
    before = len(show.frames)
    show.loop.request_keyframe()
    show.run(KEYFRAME_GAP_MS)
    assert len(show.frames) == before, "one viewer's wish waits"
    show.loop.request_keyframe(lost=True)
    show.run(KEYFRAME_GAP_MS)
    assert show.frames[-1].keyframe
    assert len(show.frames) > before
