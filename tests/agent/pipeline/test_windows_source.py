"""All of the Windows source that is no COM: composing, rotation, moves, pointer, what a failure tells."""

import select
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from relevo_agent.pipeline.sources import duplication as dup
from relevo_agent.pipeline.sources.screen_windows import WindowsDesktop, WindowsSource
from relevo_agent.pipeline.types import CaptureFailed, Grab, MoveHint, PixelBuffer, Rect
from relevo_protocol.messages.screen import CaptureCondition

DEADLINE_S = 60.0


class FakeOutput:
    """An output whose frames are handed to it."""

    def __init__(self, place: dup.OutputPlace) -> None:
        import queue

        self.place = place
        width, height = dup.surface_size(place)
        self.surface = np.random.default_rng(width).integers(0, 256, (height, width, 4), np.uint8)
        self.frames: queue.Queue[dup.RawFrame | dup.DuplicationError] = queue.Queue()
        self._empty = queue.Empty
        self.released = self.closed = 0

    def acquire(self, timeout_ms: int) -> dup.RawFrame | None:
        try:
            frame = self.frames.get(timeout=min(timeout_ms, 20) / 1000)
        except self._empty:
            return None
        if isinstance(frame, dup.DuplicationError):
            raise frame
        return frame

    def read(self, rect: Rect, target: PixelBuffer) -> None:
        np.copyto(target, rect.of(self.surface))

    def release(self) -> None:
        self.released += 1

    def close(self) -> None:
        self.closed += 1


class Stage:
    """Windows as the source sees it."""

    def __init__(self, *places: dup.OutputPlace) -> None:
        self.places = places
        self.outputs: list[FakeOutput] = []
        self.refusal: dup.DuplicationError | None = None
        self.locked = False

    def made(self) -> list[FakeOutput]:
        if self.refusal is not None:
            raise self.refusal
        self.outputs = [FakeOutput(place) for place in self.places]
        return self.outputs

    @property
    def desktop(self) -> WindowsDesktop:
        return WindowsDesktop(self.made, lambda: self.locked)


def place(x: int, y: int, width: int, height: int, turns: int = 0) -> dup.OutputPlace:
    return dup.OutputPlace(f"display {x}", Rect(x, y, width, height), turns)


Opened = Callable[[Stage], WindowsSource]


@pytest.fixture
def opened() -> Iterator[Opened]:
    sources: list[WindowsSource] = []

    def open_one(stage: Stage) -> WindowsSource:
        sources.append(WindowsSource(stage.desktop))
        return sources[-1]

    yield open_one
    for source in sources:
        source.close()


def next_grab(source: WindowsSource) -> Grab:
    assert source.signal is not None
    assert select.select([source.signal], [], [], DEADLINE_S)[0], "nothing told"
    return source.grab()


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turned_monitor_is_shown_upright(opened: Opened, turns: int) -> None:
    stage = Stage(place(0, 0, 40, 30, turns))
    source = opened(stage)
    (output,) = stage.outputs
    output.frames.put(dup.RawFrame(None))
    grab = next_grab(source)
    assert np.array_equal(grab.pixels, np.rot90(output.surface, -turns))
    assert grab.damage.rects == (Rect(0, 0, 40, 30),)
    wide, high = dup.surface_size(output.place)
    output.surface[3:8, 5:7] = 99
    output.frames.put(dup.RawFrame((Rect(5, 3, 2, 5),)))
    grab = next_grab(source)
    assert grab.damage.rects is not None
    (told,) = grab.damage.rects
    assert (told.of(grab.pixels) == 99).all()
    assert told.area_px == 10
    assert np.array_equal(grab.pixels, np.rot90(output.surface, -turns))
    assert (wide, high) == ((30, 40) if turns % 2 else (40, 30))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_move_of_a_turned_monitor_says_where_its_pixels_came_from(opened: Opened, turns: int) -> None:
    stage = Stage(place(100, 0, 40, 30, turns), place(0, 0, 100, 30))
    source = opened(stage)
    output = stage.outputs[0]
    output.frames.put(dup.RawFrame(None))
    before = next_grab(source).pixels.copy()
    moved = output.surface[2:10, 4:9].copy()
    output.surface[12:20, 14:19] = moved
    output.frames.put(dup.RawFrame((), (MoveHint(Rect(14, 12, 5, 8), 4, 2),)))
    grab = next_grab(source)
    (move,) = grab.moves
    came_from = Rect(move.from_x, move.from_y, move.to.width, move.to.height)
    assert np.array_equal(came_from.of(before), move.to.of(grab.pixels))
    assert grab.damage.rects == (move.to,)
    assert move.to.x >= 100


def test_monitors_left_of_the_main_one_are_composed(opened: Opened) -> None:
    stage = Stage(place(0, 0, 40, 30), place(-20, 10, 20, 30))
    source = opened(stage)
    for output in stage.outputs:
        output.frames.put(dup.RawFrame(None))
        next_grab(source)
    grab = source.grab()
    layout = source.layout()
    assert (layout.width, layout.height, layout.left, layout.top) == (60, 40, -20, 0)
    assert [(m.x, m.y, m.primary) for m in layout.monitors] == [(20, 0, True), (0, 10, False)]
    assert np.array_equal(grab.pixels[:30, 20:], stage.outputs[0].surface)
    assert np.array_equal(grab.pixels[10:, :20], stage.outputs[1].surface)


def test_damage_beyond_the_surface_is_cut(opened: Opened) -> None:
    stage = Stage(place(0, 0, 40, 30))
    source = opened(stage)
    stage.outputs[0].frames.put(
        dup.RawFrame((Rect(-5, -5, 10, 10), Rect(35, 25, 100, 100), Rect(90, 0, 5, 5)))
    )
    assert next_grab(source).damage.rects == (Rect(0, 0, 5, 5), Rect(35, 25, 5, 5))


def test_frame_is_given_back_and_the_next_one_waited_for(opened: Opened) -> None:
    stage = Stage(place(0, 0, 40, 30))
    source = opened(stage)
    for count in (1, 2, 3):
        stage.outputs[0].frames.put(dup.RawFrame((Rect(0, 0, 1, 1),)))
        next_grab(source)
        assert stage.outputs[0].released == count
    assert source.grab().damage.rects == ()


def test_lost_output_is_duplicated_anew_and_everything_compared(opened: Opened) -> None:
    stage = Stage(place(0, 0, 40, 30))
    source = opened(stage)
    first = stage.outputs[0]
    stage.places = (place(0, 0, 64, 48),)
    first.frames.put(dup.DuplicationError(dup.ACCESS_LOST, "AcquireNextFrame"))
    grab = next_grab(source)
    assert grab.damage.rects is None
    assert grab.pixels.shape == (48, 64, 4)
    assert first.closed == 1
    assert source.layout().width == 64


@pytest.mark.parametrize(
    ("code", "locked", "condition"),
    [
        (dup.ACCESS_DENIED, True, CaptureCondition.LOCKED),
        (dup.ACCESS_DENIED, False, CaptureCondition.SYSTEM_PROMPT),
        (dup.SESSION_DISCONNECTED, False, CaptureCondition.NO_DISPLAY),
        (dup.NOT_CURRENTLY_AVAILABLE, False, CaptureCondition.NO_DISPLAY),
        (dup.UNSUPPORTED, False, CaptureCondition.FAILED),
    ],
)
def test_refusal_is_told_by_its_cause(code: int, locked: bool, condition: CaptureCondition) -> None:
    stage = Stage(place(0, 0, 40, 30))
    stage.refusal, stage.locked = dup.DuplicationError(code, "DuplicateOutput"), locked
    with pytest.raises(CaptureFailed) as told:
        WindowsSource(stage.desktop)
    assert told.value.condition is condition
    assert f"{code:08X}" in str(told.value)


def test_without_monitors_there_is_no_display() -> None:
    with pytest.raises(CaptureFailed) as told:
        WindowsSource(Stage().desktop)
    assert told.value.condition is CaptureCondition.NO_DISPLAY


def test_prompt_in_mid_session_is_told(opened: Opened) -> None:
    stage = Stage(place(0, 0, 40, 30))
    source = opened(stage)
    stage.refusal = dup.DuplicationError(dup.ACCESS_DENIED, "DuplicateOutput")
    stage.outputs[0].frames.put(dup.DuplicationError(dup.ACCESS_LOST, "AcquireNextFrame"))
    with pytest.raises(CaptureFailed) as told:
        next_grab(source)
    assert told.value.condition is CaptureCondition.SYSTEM_PROMPT


def test_pointer_is_told_by_its_hot_spot_and_hidden_only_by_its_own_monitor(opened: Opened) -> None:
    stage = Stage(place(0, 0, 40, 30), place(40, 0, 40, 30))
    source = opened(stage)
    shape = dup.RawShape(2, 2, 2, 8, 1, 1, bytes([1, 2, 3, 255] * 4))
    stage.outputs[1].frames.put(dup.RawFrame((), (), dup.PointerNews(5, 6, visible=True), shape))
    next_grab(source)
    state = source.pointer()
    assert state is not None
    assert state.shape is not None
    assert (state.x, state.y, state.shape.rgba[:4]) == (46, 7, bytes([3, 2, 1, 255]))
    stage.outputs[0].frames.put(dup.RawFrame((), (), dup.PointerNews(0, 0, visible=False)))
    next_grab(source)
    assert source.pointer() is state
    stage.outputs[1].frames.put(dup.RawFrame((), (), dup.PointerNews(0, 0, visible=False)))
    next_grab(source)
    hidden = source.pointer()
    assert hidden is not None
    assert hidden.shape is None


def test_monochrome_pointer_of_two_masks() -> None:
    # Rows of eight pixels: white, black, through, inverting; the rest through.
    keep, flip = 0b00111111, 0b10010000
    shape = dup.pointer_shape(dup.RawShape(1, 8, 2, 1, 0, 0, bytes([keep, flip])))
    assert shape is not None
    assert (shape.width, shape.height) == (8, 1)
    pixels = [shape.rgba[at : at + 4] for at in range(0, 16, 4)]
    assert pixels == [b"\xff\xff\xff\xff", b"\0\0\0\xff", b"\0\0\0\0", b"\0\0\0\xff"]


def test_masked_pointer_inverts_or_replaces() -> None:
    data = bytes([9, 8, 7, 0, 0, 0, 0, 255, 255, 255, 255, 255])
    shape = dup.pointer_shape(dup.RawShape(4, 3, 1, 12, 0, 0, data))
    assert shape is not None
    assert shape.rgba == bytes([7, 8, 9, 255, 0, 0, 0, 0, 0, 0, 0, 255])


@pytest.mark.parametrize(
    "raw",
    [
        dup.RawShape(2, 32, 32, 128, 0, 0, bytes(100)),
        dup.RawShape(2, 5000, 32, 20000, 0, 0, bytes(640000)),
        dup.RawShape(1, 0, 0, 0, 0, 0, b""),
    ],
)
def test_pointer_that_says_more_than_it_has_is_left_out(raw: dup.RawShape) -> None:
    assert dup.pointer_shape(raw) is None
