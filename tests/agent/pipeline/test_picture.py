"""Whatever happens on the screen and to the viewers: after quiet both pictures are the same, bit for bit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relevo_agent.pipeline.types import MoveHint, Rect
from relevo_protocol.frame import CodecId, UpdateKind, decode_frame
from tests.support.screens import PaintedScreen, Show, kinds_of

Picture = NDArray[np.uint8]
ZSTD = frozenset({CodecId.ZSTD_STREAM_BGRX})
VIDEO = frozenset({CodecId.ZSTD_STREAM_BGRX, CodecId.VP8, CodecId.VP9})
QUIET_MS = 1800


def noise(height: int, width: int, seed: int) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def photo(height: int, width: int, seed: int) -> Picture:
    """Smooth with a little grain, as a film is."""
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin((x + 7 * seed) / 31 + k) * np.cos((y + 3 * seed) / 23 - k) for k in range(4)]
    grain = np.random.default_rng(seed).integers(0, 9, (height, width, 4))
    return (np.stack(waves, axis=2) + grain).clip(0, 255).astype(np.uint8)


def text(height: int, width: int, seed: int) -> Picture:
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 4), 250, np.uint8)
    ink = rng.random((height, width)) < 0.3
    ink[:, ::3] = ink[::7] = False
    picture[ink] = 20
    return picture


@dataclass(frozen=True)
class Change:
    """One thing that happens, and how long it is looked at afterwards."""

    what: str
    rect: Rect
    by: tuple[int, int]
    seed: int
    pause_ms: float


PAINTS: dict[str, Callable[[int, int, int], Picture]] = {
    "flat": lambda height, width, seed: np.full((height, width, 4), seed % 256, np.uint8),
    "noise": noise,
    "text": text,
    "lines": lambda height, width, seed: np.repeat(text(1, width, seed), height, axis=0),
    "columns": lambda height, width, seed: np.repeat(text(height, 1, seed), width, axis=1),
}
OTHERS = ("move", "move", "move", "lie", "keyframe", "join", "codecs", "resize", "slow", "fast")
WIDTH, HEIGHT = 260, 190


@st.composite
def changes(draw: st.DrawFn) -> Change:
    x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    rect = Rect(x, y, draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y)))
    what = draw(st.sampled_from((*PAINTS, *OTHERS)))
    by = draw(st.integers(-50, 50)), draw(st.integers(-50, 50))
    return Change(what, rect, by, draw(st.integers(0, 99)), draw(st.sampled_from((0.0, 20.0, 40.0, 700.0))))


def moved(screen: PaintedScreen, rect: Rect, by: tuple[int, int]) -> None:
    """Copy a part of the screen elsewhere on it, as far as there is room."""
    height, width = screen.canvas.shape[:2]
    to_x, to_y = max(0, rect.x + by[0]), max(0, rect.y + by[1])
    width, height = min(rect.width, width - max(to_x, rect.x)), min(rect.height, height - max(to_y, rect.y))
    if width <= 0 or height <= 0:
        return
    part = screen.canvas[rect.y : rect.y + height, rect.x : rect.x + width].copy()
    screen.canvas[to_y : to_y + height, to_x : to_x + width] = part


def happen(show: Show, screen: PaintedScreen, change: Change) -> None:
    screen.moves = ()
    match change.what:
        case "move":
            moved(screen, change.rect, change.by)
        case "lie":
            screen.moves = (MoveHint(change.rect, *change.by),)
            moved(screen, change.rect, change.by)
        case "keyframe":
            show.loop.request_keyframe(urgent=change.seed % 2 == 0)
        case "join":
            show.join_anew()
        case "codecs":
            show.loop.choose_decoders(ZSTD if change.seed % 2 else frozenset())
        case "resize":
            screen.canvas = text(HEIGHT + change.by[0], WIDTH + change.by[1], change.seed)
        case "slow":
            show.line_ms = 120.0
        case "fast":
            show.line_ms = 3.0
        case paint:
            rect = change.rect
            area = rect.of(screen.canvas)
            area[:] = PAINTS[paint](rect.height, rect.width, change.seed)[: area.shape[0], : area.shape[1]]


def settle(show: Show) -> None:
    show.line_ms = 3.0
    show.run(QUIET_MS)


@pytest.mark.parametrize("signal", [None, 9], ids=["polled", "told"])
@settings(max_examples=40, deadline=None)
@given(st.lists(changes(), min_size=1, max_size=7))
def test_the_picture_is_exact_after_quiet_whatever_happened(
    signal: int | None, history: list[Change]
) -> None:
    screen = PaintedScreen(text(HEIGHT, WIDTH, 1), signal=signal)
    show = Show(screen)
    show.join(ZSTD)
    show.run(40)
    for change in history:
        happen(show, screen, change)
        show.run(change.pause_ms)
    settle(show)
    assert np.array_equal(show.viewer.picture, screen.rgb)
    assert show.loop.is_exact


def test_F10_a_film_is_video_and_exact_when_it_stops_and_the_text_over_it_always() -> None:
    screen = PaintedScreen(text(400, 480, 1), signal=9)
    show = Show(screen)
    show.join(VIDEO)
    show.run(300)
    menu = text(48, 96, 5)
    for tick in range(60):
        screen.canvas[64:304, 80:400] = photo(240, 320, tick)
        if tick > 30:
            screen.canvas[128:176, 160:256] = menu
        show.run(33)
        if tick > 45:
            assert np.array_equal(show.viewer.picture[128:176, 160:256], screen.rgb[128:176, 160:256])
    chunks = [update for frame in show.frames for update in decode_frame(frame.data).updates]
    chunks = [update for update in chunks if update.kind is UpdateKind.VIDEO]
    assert len(chunks) > 20
    outside = np.ones((400, 480), np.bool_)
    outside[64:304, 80:400] = False
    assert np.array_equal(show.viewer.picture[outside], screen.rgb[outside])
    settle(show)
    assert np.array_equal(show.viewer.picture, screen.rgb)
    assert show.loop.is_exact


@pytest.mark.parametrize("film", [Rect(83, 66, 320, 240), Rect(83, 66, 317, 239), Rect(160, 96, 317, 253)])
def test_F10_what_lies_beside_a_film_is_exact_whenever_it_changes_and_costs_nothing_else(film: Rect) -> None:
    screen = PaintedScreen(text(400, 477, 1), signal=9)
    show = Show(screen)
    show.join(VIDEO)
    show.run(300)
    outside = np.ones((400, 477, 1), np.bool_)
    outside[film.y : film.y + film.height, film.x : film.x + film.width] = False
    for tick in range(60):
        if tick in {30, 45, 50}:
            screen.canvas[:] = np.where(outside, text(400, 477, tick), screen.canvas)
        film.of(screen.canvas)[:] = photo(film.height, film.width, tick)
        if tick == 40:
            show.join_anew()
        show.run(33)
        if tick > 20:
            wrong = (show.viewer.picture != screen.rgb) & outside
            assert not wrong.any(), f"beside the film at {tick}"
    assert UpdateKind.VIDEO in kinds_of(show.frames[-1])
    assert sum(kind is UpdateKind.LOSSLESS for kind in kinds_of(show.frames[-1])) <= 2  # odd sides only
    settle(show)
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_D4_a_keyframe_in_the_midst_of_a_film_begins_its_stream_anew() -> None:
    screen = PaintedScreen(text(320, 400, 1), signal=9)
    show = Show(screen)
    show.join(VIDEO)
    show.run(300)
    for tick in range(50):
        screen.canvas[48:288, 48:368] = photo(240, 320, tick)
        if tick in {25, 40}:
            show.join_anew()  # a chunk that needs an earlier one would not be decoded
        show.run(33)
    kinds = {kind for frame in show.frames[-20:] for kind in kinds_of(frame)}
    assert UpdateKind.VIDEO in kinds
    settle(show)
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_scrolling_sends_copies_and_every_frame_is_exact() -> None:
    page = text(2000, 400, 3)
    screen = PaintedScreen(text(360, 480, 1), signal=9)
    show = Show(screen)
    show.join(ZSTD)
    show.run(300)
    for tick in range(10):
        screen.canvas[30:330, 40:440] = page[tick * 40 : tick * 40 + 300]
        show.run(100)
        assert np.array_equal(show.viewer.picture, screen.rgb)
    copies = [frame for frame in show.frames if UpdateKind.COPY in kinds_of(frame)]
    assert len(copies) >= 9
    assert max(len(frame.data) for frame in copies[1:]) < 12_000  # the new lines are 64 kB of pixels


def test_words_of_a_row_that_are_not_far_apart_go_out_together() -> None:
    screen = PaintedScreen(text(200, 800, 1), signal=9)
    show = Show(screen)
    show.join(ZSTD)
    show.run(300)
    for x in (40, 150, 280):
        screen.canvas[50:60, x : x + 30] ^= 200
    show.run(50)
    assert [kind for kind, _ in show.frames[-1].parts] == [UpdateKind.LOSSLESS]
    assert np.array_equal(show.viewer.picture, screen.rgb)


def test_what_goes_back_to_what_is_shown_is_not_sent() -> None:
    screen = PaintedScreen(text(200, 300, 1), signal=9)
    show = Show(screen)
    show.join(ZSTD)
    show.run(300)
    before, sent = screen.canvas.copy(), len(show.frames)
    screen.canvas[:] = 7
    screen.canvas[:] = before
    screen.memory[0, 0] ^= 255  # as damage without a change: the source tells, nothing differs
    show.run(100)
    assert len(show.frames) == sent


def test_a_typed_letter_costs_few_bytes() -> None:
    screen = PaintedScreen(text(1080, 1920, 1), signal=9)
    show = Show(screen)
    show.join(ZSTD)
    show.run(1000)
    sizes: list[int] = []
    for letter in range(8):
        screen.canvas[500:516, 300 + letter * 9 : 308 + letter * 9] = text(16, 8, 40 + letter)
        show.run(120)
        sizes.append(len(show.frames[-1].data))
    assert kinds_of(show.frames[-1]) == (UpdateKind.LOSSLESS,)
    assert max(sizes) < 200
    assert np.array_equal(show.viewer.picture, screen.rgb)
