"""The capture's thread: what it does when the pipeline meets an error that nobody expected."""

import gc
import queue
import threading
import weakref

import numpy as np
import pytest

from relevo_agent import capture
from relevo_agent.capture import CaptureEvents, CaptureRun
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.types import CursorSource, Grab, Outgoing, Source
from relevo_protocol.messages.screen import CaptureCondition, CaptureState
from tests.support.decoder import Viewer
from tests.support.screens import PaintedScreen

PATIENCE_S = 60


class _Faulty(PaintedScreen):
    """A source that breaks once in a way that is none of a source's own."""

    broken = False

    def grab(self) -> Grab:
        if self.grabs == 1 and not _Faulty.broken:
            _Faulty.broken = True
            raise ZeroDivisionError
        return super().grab()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> PaintedScreen:
    canvas = np.full((64, 64, 4), 90, np.uint8)

    def opened(_display: str | None) -> Source:
        return _Faulty(canvas)

    def cursor(_display: str | None) -> CursorSource:
        return NoCursor("a test")

    def stateless(_display: str | None) -> None:
        return None

    monkeypatch.setattr(_Faulty, "broken", False)
    monkeypatch.setattr(capture, "open_source", opened)
    monkeypatch.setattr(capture, "open_state", stateless)
    monkeypatch.setattr(capture, "open_cursor", cursor)
    monkeypatch.setattr(capture, "FIRST_REST_S", 0.01)
    return PaintedScreen(canvas)


def test_a_run_that_is_let_go_of_leaves_no_pictures_behind(
    screen: PaintedScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    del screen
    monkeypatch.setattr(_Faulty, "broken", True)  # else a log keeps the error, and the error the picture
    told: queue.Queue[int] = queue.Queue()
    events = CaptureEvents(
        frame=lambda run, _outgoing: told.put(run),
        layout=lambda _run, _layout: None,
        condition=lambda _run, _state: None,
        limit=lambda _run, _link, _state: None,
    )
    run = CaptureRun(1, ":test", threading.Event(), events)
    run.watch(frozenset({1}))
    gc.disable()  # tens of MiB would wait for it: it counts objects, not what they hold
    try:
        run.start()
        told.get(timeout=PATIENCE_S)
        run.acked(1, 1, 1.0)
        run.stop()
        run.join(PATIENCE_S)
        pictures = weakref.ref(run.loop)
        del run
        assert pictures() is None
    finally:
        gc.enable()


def test_after_an_error_the_picture_comes_back_by_itself(screen: PaintedScreen) -> None:
    told: queue.Queue[Outgoing | CaptureState] = queue.Queue()
    events = CaptureEvents(
        frame=lambda _run, outgoing: told.put(outgoing),
        layout=lambda _run, _layout: None,
        condition=lambda _run, state: told.put(state),
        limit=lambda _run, _link, _state: None,
    )
    run = CaptureRun(1, ":test", threading.Event(), events)
    run.watch(frozenset({1}))
    run.start()
    try:
        first = told.get(timeout=PATIENCE_S)
        assert isinstance(first, Outgoing)
        run.acked(1, first.frame_id, 1.0)
        screen.canvas[:] = 7
        run.input_carried_out()
        failed = told.get(timeout=PATIENCE_S)
        assert isinstance(failed, CaptureState)
        assert failed.condition is CaptureCondition.FAILED
        again = told.get(timeout=PATIENCE_S)
        while isinstance(again, CaptureState):
            assert again.condition is CaptureCondition.OK
            again = told.get(timeout=PATIENCE_S)
        assert again.keyframe
        assert again.frame_id == first.frame_id + 1
        viewer = Viewer()
        viewer.apply(again.frame_id, again.data, keyframe=True)
        assert np.array_equal(viewer.picture, screen.rgb)
    finally:
        run.stop()
        run.join(PATIENCE_S)
