"""All of the macOS source that is not Apple's: composing, damage, what is told instead of a picture."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from relevo_agent.pipeline.sources import screen_macos
from relevo_agent.pipeline.sources.screen_macos import MacDisplay, MacFrame, MacSource, StreamTold, arranged
from relevo_agent.pipeline.types import CaptureFailed, PixelBuffer, Rect
from relevo_protocol.messages.screen import CaptureCondition

RETINA = MacDisplay(1, Rect(0, 0, 40, 30), 80, 60, primary=True)
RIGHT = MacDisplay(2, Rect(40, -10, 20, 20), 40, 40)


@dataclass
class FakeStream:
    """A stream whose frames are handed to it."""

    told: StreamTold
    pixels: PixelBuffer
    stopped: bool = False

    def send(self, dirty: tuple[Rect, ...] | None) -> None:
        self.told.frame(MacFrame(lambda: contextlib.nullcontext(self.pixels), dirty))

    def stop(self) -> None:
        self.stopped = True


@dataclass
class FakeScreens:
    """macOS as the source sees it."""

    shown: Sequence[MacDisplay] = (RETINA,)
    allowed: bool = True
    locked: bool = False
    asleep: bool = False
    silent: bool = False
    streams: list[FakeStream] = field(default_factory=list[FakeStream])

    def is_allowed(self) -> bool:
        return self.allowed

    def is_locked(self) -> bool:
        return self.locked

    def is_asleep(self) -> bool:
        return self.asleep

    def displays(self) -> Sequence[MacDisplay]:
        return self.shown

    def start(self, display: MacDisplay, told: StreamTold) -> FakeStream:
        noise = np.random.default_rng(display.number).integers(
            0, 256, (display.height, display.width, 4), np.uint8
        )
        self.streams.append(FakeStream(told, noise))
        if not self.silent:
            self.streams[-1].send(None)
        return self.streams[-1]


def test_retina_displays_are_composed_in_pixels() -> None:
    screens = FakeScreens((RETINA, RIGHT))
    source = MacSource(screens)
    grab = source.grab()
    assert grab.pixels.shape == (80, 120, 4)
    assert np.array_equal(grab.pixels[20:, :80], screens.streams[0].pixels)
    assert np.array_equal(grab.pixels[:40, 80:], screens.streams[1].pixels)
    layout = source.layout()
    assert [(m.x, m.y, m.width, m.primary) for m in layout.monitors] == [
        (0, 20, 80, True),
        (80, 0, 40, False),
    ]
    source.close()
    assert all(stream.stopped for stream in screens.streams)


def test_damage_is_collected_until_it_is_looked_at() -> None:
    screens = FakeScreens()
    source = MacSource(screens)
    assert source.grab().damage.rects == (Rect(0, 0, 80, 60),)
    (stream,) = screens.streams
    stream.pixels[5:7, 3:9] = 1
    stream.send((Rect(3, 5, 6, 2),))
    stream.pixels[50:60, 70:80] = 2
    stream.send((Rect(70, 50, 30, 30),))
    grab = source.grab()
    assert grab.damage.rects == (Rect(3, 5, 6, 2), Rect(70, 50, 10, 10))
    assert np.array_equal(grab.pixels, stream.pixels)
    assert source.grab().damage.rects == ()
    stream.send(None)
    assert source.grab().damage.rects == (Rect(0, 0, 80, 60),)
    source.close()


@pytest.mark.parametrize(
    ("screens", "condition"),
    [
        (FakeScreens(allowed=False), CaptureCondition.PERMISSION_MISSING),
        (FakeScreens(locked=True), CaptureCondition.LOCKED),
        (FakeScreens(asleep=True), CaptureCondition.ASLEEP),
        (FakeScreens(()), CaptureCondition.NO_DISPLAY),
        (FakeScreens(silent=True), CaptureCondition.FAILED),
    ],
)
def test_instead_of_a_black_picture_the_cause_is_told(
    screens: FakeScreens, condition: CaptureCondition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen_macos, "FIRST_PICTURE_S", 0.0)
    with pytest.raises(CaptureFailed) as told:
        MacSource(screens)
    assert told.value.condition is condition


def test_stream_that_ends_while_the_screen_is_locked_says_so() -> None:
    screens = FakeScreens()
    source = MacSource(screens)
    screens.locked = True
    screens.streams[0].told.ended("stopped")
    with pytest.raises(CaptureFailed) as told:
        source.grab()
    assert told.value.condition is CaptureCondition.LOCKED
    source.close()


def test_display_of_another_size_is_no_picture() -> None:
    screens = FakeScreens()
    source = MacSource(screens)
    screens.streams[0].pixels = np.zeros((10, 10, 4), np.uint8)
    screens.streams[0].send(None)
    with pytest.raises(CaptureFailed):
        source.grab()
    source.close()


def test_displays_of_two_scales_stand_in_a_row() -> None:
    plain = MacDisplay(3, Rect(40, 0, 50, 40), 50, 40)
    assert arranged([RETINA, plain]) == [(0, 0), (80, 0)]
