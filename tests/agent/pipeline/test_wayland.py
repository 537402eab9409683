"""A real Wayland compositor, the real portal and the real PipeWire; only the person at the PC is scripted."""

import select
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from relevo_agent.pipeline.sources import open_cursor, open_source
from relevo_agent.pipeline.sources.cursor_told import ToldCursor
from relevo_agent.pipeline.sources.screen_wayland import WaylandSource
from relevo_agent.pipeline.types import CaptureFailed, Grab
from relevo_agent.platform.base import InjectorFailed, Key
from relevo_agent.platform.wayland_portal import PortalInjector
from relevo_agent.portal.bus import Bus
from relevo_agent.portal.desk import Desk, shared
from relevo_agent.portal.session import PortalSession
from relevo_protocol.messages.screen import CaptureCondition
from tests.support.processes import wait_until
from tests.support.wayland.client import CURSOR_HOT, CURSOR_PX, HEIGHT, WIDTH, noise
from tests.support.wayland.desktop import Desktop, Program, missing

DEADLINE_S = 60.0
_TRIED_AGAIN = {CaptureCondition.ASKING, CaptureCondition.FAILED}
"""As the capture does: a compositor may be seconds late with its first picture."""
FIRST_PICTURE = "relevo_agent.pipeline.sources.screen_wayland.FIRST_PICTURE_S"
"""Nobody opens a source again here that goes over to another session and gives up on its first picture."""
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(missing()), reason=f"not installed: {missing()}")]


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    with Desktop(tmp_path_factory.mktemp("wayland")) as started:
        yield started


@pytest.fixture
def bus(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.setenv(name, desktop.environment[name])
    opened = Bus()
    desktop.await_portal(opened)
    desktop.person(opened, "yes")
    yield opened
    opened.close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    asked = Desk(lambda with_input: PortalSession(with_input=with_input))
    yield asked
    asked.close()


@pytest.fixture
def window(desktop: Desktop) -> Iterator[Program]:
    client = desktop.window()
    yield client
    client.end()


def opened(desk: Desk) -> WaylandSource:
    end = time.monotonic() + DEADLINE_S
    while True:
        try:
            return WaylandSource.opened(desk)
        except CaptureFailed as failure:
            if failure.condition not in _TRIED_AGAIN or time.monotonic() > end:
                raise
            time.sleep(0.02)


def failure_of(desk: Desk) -> CaptureFailed:
    with pytest.raises(CaptureFailed) as told:
        WaylandSource.opened(desk).close()
    return told.value


def shows(source: WaylandSource, wanted: NDArray[np.uint8]) -> Grab:
    """Grabs whenever something is new, until the picture is this one."""
    end = time.monotonic() + DEADLINE_S
    while True:
        grab = source.grab()
        if np.array_equal(grab.pixels[..., :3], wanted[..., :3]):
            return grab
        left_s = end - time.monotonic()
        assert left_s > 0, "the picture never came"
        assert source.signal is not None
        select.select([source.signal], [], [], left_s)


def test_shows_every_pixel_and_tells_of_changes(
    desktop: Desktop, bus: Bus, desk: Desk, window: Program
) -> None:
    window.say("fill 7")
    assert window.line() == "drawn"
    source = opened(desk)
    try:
        wanted = noise(7, WIDTH, HEIGHT)
        first = shows(source, wanted)
        assert (source.layout().width, source.layout().height) == (WIDTH, HEIGHT)
        assert len(source.layout().monitors) == 1
        window.say("rect 100 50 64 32 8")
        wanted[50:82, 100:164] = noise(8, 64, 32)
        second = shows(source, wanted)
        assert second.pixels is first.pixels
        assert second.damage.rects != ()
        wait_until(lambda: source.grab().damage.rects == (), "nothing more changes", DEADLINE_S)
    finally:
        source.close()


def test_unanswered_question_is_told_and_then_followed(desktop: Desktop, bus: Bus, desk: Desk) -> None:
    desktop.person(bus, "wait")
    wait_until(lambda: failure_of(desk).condition is CaptureCondition.ASKING, "asking", DEADLINE_S)
    desktop.person(bus, "yes")
    opened(desk).close()


def test_refused_question_is_told_and_not_asked_again(desktop: Desktop, bus: Bus, desk: Desk) -> None:
    desktop.person(bus, "no")
    wait_until(lambda: failure_of(desk).condition is CaptureCondition.REFUSED, "refused", DEADLINE_S)
    desktop.person(bus, "yes")
    assert failure_of(desk).condition is CaptureCondition.REFUSED


def test_sharing_that_the_person_stops_ends_at_once(desktop: Desktop, bus: Bus, desk: Desk) -> None:
    source = opened(desk)
    try:
        source.grab()
        desktop.person(bus, "stop")
        ended: list[CaptureFailed] = []
        while not ended:
            assert source.signal is not None
            assert select.select([source.signal], [], [], DEADLINE_S)[0], "nothing told of the end"
            try:
                source.grab()
            except CaptureFailed as failure:
                ended.append(failure)
        assert ended[0].condition in {CaptureCondition.REFUSED, CaptureCondition.FAILED}
    finally:
        source.close()
    assert failure_of(desk).condition is CaptureCondition.REFUSED


def test_I1_input_reaches_programs_once_it_was_given(
    desktop: Desktop, bus: Bus, window: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = shared()
    window.say("fill 9")
    assert window.line() == "drawn"
    source, cursor = opened(desk), ToldCursor()
    monkeypatch.setattr(FIRST_PICTURE, DEADLINE_S)
    injector = PortalInjector(lambda: False, desk)
    try:
        with pytest.raises(InjectorFailed, match="asks them"):
            injector.move(1, 1)
        wait_until(lambda: _takes_input(injector, source), "given", DEADLINE_S)
        shows(source, noise(9, WIDTH, HEIGHT))
        injector.move(100, 50)
        injector.move(333, 222)
        assert "motion 333 222" in window.lines_until("motion 333 222")
        injector.button(2, down=True)
        injector.button(2, down=False)
        assert window.lines_until("button 273 0")[-2] == "button 273 1"
        injector.wheel(0, 2)
        window.lines_until("wheel 0 1")
        _give_keyboard(injector, window)
        for down in (True, False):
            injector.key(Key("KeyA", "a"), down=down)
        assert window.lines_until("key 30 0")[-2] == "key 30 1"
        injector.type_text("Z\n")
        assert window.lines_until("key 28 1")[-5:-1] == ["key 42 1", "key 44 1", "key 44 0", "key 42 0"]
        wait_until(lambda: _pointer(source, cursor) == (333, 222), "the pointer", DEADLINE_S)
        state = cursor.poll()
        assert state is not None
        assert state.shape is not None
        assert (state.shape.width, state.shape.hot_x, state.shape.hot_y) == (CURSOR_PX, *CURSOR_HOT)
        assert state.shape.rgba[:4] == b"\xff\x00\x00\x80"
    finally:
        cursor.close()
        source.close()
        desk.close()


def test_control_that_is_given_late_is_followed_by_an_idle_picture(
    desktop: Desktop, bus: Bus, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = opened(desk)
    monkeypatch.setattr(FIRST_PICTURE, DEADLINE_S)
    try:
        desktop.person(bus, "wait")
        with pytest.raises(InjectorFailed, match="asks them"):
            PortalInjector(lambda: False, desk).move(1, 1)
        first = desk.screen()
        while source.signal is not None and select.select([source.signal], [], [], 0.2)[0]:
            source.grab()
        desktop.person(bus, "yes")
        while desk.screen() is first:  # some late picture may come before
            assert source.signal is not None
            assert select.select([source.signal], [], [], DEADLINE_S)[0], "nobody told the picture"
            source.grab()
        assert desk.screen().with_input
    finally:
        source.close()


def _give_keyboard(injector: PortalInjector, window: Program) -> None:
    """A headless compositor has a keyboard from its first key on, which programs learn of a moment later."""
    end = time.monotonic() + DEADLINE_S
    while True:
        for down in (True, False):
            injector.key(Key("KeyB", "b"), down=down)
        while line := window.line(0.3):
            if line == "key 48 0":
                return
        assert time.monotonic() < end, "no key arrives"


def _takes_input(injector: PortalInjector, source: WaylandSource) -> bool:
    try:
        injector.move(1, 1)
    except InjectorFailed:
        return False
    source.grab()
    return True


def _pointer(source: WaylandSource, cursor: ToldCursor) -> tuple[int, int] | None:
    source.grab()
    state = cursor.poll()
    return None if state is None else (state.x, state.y)


def test_control_that_is_refused_leaves_the_picture(desktop: Desktop, bus: Bus, desk: Desk) -> None:
    source = opened(desk)
    injector = PortalInjector(lambda: False, desk)
    try:
        desktop.person(bus, "no")
        told: list[str] = []
        wait_until(lambda: _refusal(injector, told), "refused", DEADLINE_S)
        source.grab()
    finally:
        source.close()


def _refusal(injector: PortalInjector, told: list[str]) -> bool:
    with pytest.raises(InjectorFailed) as error:
        injector.button(0, down=True)
    told.append(str(error.value))
    return "not given the control" in told[-1]


def test_agent_inside_wayland_chooses_the_portal(desktop: Desktop, bus: Bus, tmp_path: Path) -> None:
    desktop.person(bus, "no")
    with pytest.raises(CaptureFailed) as told:
        open_source(None, "linux")
    assert told.value.condition in {CaptureCondition.ASKING, CaptureCondition.REFUSED}
    cursor = open_cursor(None, "linux")
    assert isinstance(cursor, ToldCursor)
    cursor.close()
    shared().close()
