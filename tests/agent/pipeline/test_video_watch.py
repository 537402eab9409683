import threading
import weakref

import pytest

from relevo_agent.pipeline.encoders import video_watch
from relevo_agent.pipeline.encoders.video_codecs import EncoderFailed
from relevo_agent.pipeline.encoders.video_watch import Watched


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_watch, "HANG_S", 60.0)


def refuses() -> None:
    raise OSError("no such device")


def test_calls_are_made_in_order_by_one_thread_and_errors_come_back() -> None:
    watched = Watched("h264")
    first, second = watched.call(threading.current_thread), watched.call(threading.current_thread)
    assert first is second is not threading.current_thread()
    with pytest.raises(OSError, match="no such device"):
        watched.call(refuses)
    assert watched.call(lambda: 5) == 5


def test_a_call_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_watch, "HANG_S", 0.02)
    watched, on = Watched("h264"), threading.Event()
    with pytest.raises(EncoderFailed, match="h264 hangs"):
        watched.call(lambda: on.wait(30))
    on.set()


def test_the_thread_ends_with_what_it_is_for_and_keeps_nothing() -> None:
    class Encoder:
        pass

    watched, encoder = Watched("h264"), Encoder()
    kept = weakref.ref(encoder)
    thread = watched.call(lambda held=encoder: (held, threading.current_thread())[1])  # type: ignore[misc]
    del encoder
    watched.call(lambda: None)
    assert kept() is None
    del watched
    thread.join(60)
    assert not thread.is_alive()
