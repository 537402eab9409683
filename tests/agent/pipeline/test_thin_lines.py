"""A thin line and a source that tells no damage: what waits is no film, and no frame holds the line up."""

import numpy as np
import pytest

from relevo_agent.pipeline.encoders import available_encoders
from relevo_agent.pipeline.traces import Traces
from relevo_agent.pipeline.types import Outgoing, PixelBuffer
from relevo_protocol.frame import CodecId, UpdateKind
from tests.agent.pipeline.test_continuity import photo
from tests.support.screens import PaintedScreen, Show

HALF_MBIT = 62.5
"""Bytes a ms."""
ROUND_TRIP_MS = 40.0
DECODERS = frozenset({CodecId.ZSTD_STREAM_BGRX, CodecId.VP8, CodecId.VP9})


class ThinShow(Show):
    """A show whose viewer is behind a thin line."""

    longest_ms = 0.0
    _free_ms = 0.0

    @property
    def kinds(self) -> set[UpdateKind]:
        return {kind for frame in self.frames for kind, _codec in frame.parts}

    def step(self) -> Outgoing | None:
        waiting_ms = max(self._free_ms - self.now_ms, 0.0)
        count = len(self.frames)
        self.line_ms = waiting_ms + ROUND_TRIP_MS
        outgoing = super().step()
        if len(self.frames) > count and outgoing is not None:
            own_ms = len(outgoing.data) / HALF_MBIT
            self._free_ms = self.now_ms + waiting_ms + own_ms
            self.longest_ms = max(self.longest_ms, waiting_ms + own_ms)
            came_ms, frame_id = self._acks[-1]
            self._acks[-1] = came_ms + own_ms, frame_id
        return outgoing


def noise(height: int, width: int, seed: int = 1) -> PixelBuffer:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def test_what_was_left_is_still_until_it_changes() -> None:
    pixels, traces = noise(50, 70), Traces()
    unsent = np.zeros((4, 5), np.bool_)
    assert traces.still(pixels) is None
    traces.leave(pixels, unsent)
    assert traces.still(pixels) is None
    unsent[1:, 2:] = True
    traces.leave(pixels, unsent)
    still = traces.still(pixels)
    assert still is not None
    assert np.array_equal(still, unsent)
    pixels[16:32, 32:48] += 1
    pixels[0:16, 0:16] += 1
    still = traces.still(pixels)
    assert still is not None
    assert np.argwhere(still != unsent).tolist() == [[1, 2]]
    traces.forget()
    assert traces.still(pixels) is None


@pytest.fixture(autouse=True)
def video_is_known() -> None:
    pytest.importorskip("av", reason="video is an optional part of the agent")
    available_encoders()


def test_D2_a_page_that_waits_for_a_thin_line_is_no_film() -> None:
    screen = PaintedScreen(np.full((640, 800, 4), 255, np.uint8))
    show = ThinShow(screen)
    show.join(DECODERS)
    show.run(1000)
    screen.canvas[:] = noise(640, 800)
    show.run(3000)
    assert show.loop.has_unsent, "the line carries no more"
    assert UpdateKind.VIDEO not in show.kinds
    assert show.longest_ms < 450


def test_D2_a_film_under_text_holds_no_thin_line_up() -> None:
    screen = PaintedScreen(np.full((480, 800, 4), 255, np.uint8))
    screen.canvas[::12] = 0
    show = ThinShow(screen)
    show.join(DECODERS)
    show.run(1000)
    clip = [photo(400, 640, number) for number in range(30)]
    over = noise(64, 320)[..., :1].repeat(4, axis=2) // 128 * 255
    for number in range(120):
        screen.canvas[40:440, 80:720] = clip[number % 30]
        screen.canvas[304:368, 208:528] = over
        show.run(33)
    assert UpdateKind.VIDEO in show.kinds
    assert show.longest_ms < 450
