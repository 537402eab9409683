"""What of the Wayland source needs no compositor: parameters, damage, pointer, arrangement, what is told."""

import struct

import pytest

from relevo_agent.pipeline.sources import spa_pod
from relevo_agent.pipeline.sources.screen_wayland import WaylandSource, arranged, failure_of
from relevo_agent.pipeline.sources.wayland_feed import cursor, regions
from relevo_agent.pipeline.types import CaptureFailed, Rect
from relevo_agent.portal import choice
from relevo_agent.portal.desk import Desk
from relevo_agent.portal.session import PortalSession, Progress, Stage, Stream
from relevo_protocol.messages.screen import CaptureCondition
from tests.support.processes import wait_until

CHOSEN = spa_pod.VideoFormat(spa_pod.BGRX, 100, 50)


def test_every_parameter_is_padded_and_says_its_length() -> None:
    for pod in (spa_pod.offered_format(), spa_pod.wanted_buffers(), *spa_pod.wanted_meta()):
        size, kind = struct.unpack_from("<II", pod)
        assert (len(pod) % 8, len(pod), kind) == (0, size + 8, 15)


def test_format_is_read_out_of_choices() -> None:
    told = spa_pod.parsed_format(spa_pod.offered_format())
    assert told == spa_pod.VideoFormat(spa_pod.BGRX, 1920, 1080)


@pytest.mark.parametrize("cut", [0, 7, 16, 40, 70])
def test_cut_format_is_refused(cut: int) -> None:
    with pytest.raises((spa_pod.PodError, struct.error)):
        spa_pod.parsed_format(spa_pod.offered_format()[:cut])


def test_format_that_was_not_offered_is_refused() -> None:
    pod = spa_pod.offered_format().replace(struct.pack("<I", spa_pod.BGRX), struct.pack("<I", 2))
    with pytest.raises(spa_pod.PodError):
        spa_pod.parsed_format(pod)


def test_damage_is_cut_to_the_picture_and_ends_at_an_empty_region() -> None:
    told = struct.pack("<16i", -5, -5, 10, 10, 90, 40, 50, 50, 0, 0, 0, 0, 1, 1, 1, 1)
    assert regions(told, CHOSEN) == [Rect(0, 0, 5, 5), Rect(90, 40, 10, 10)]
    assert regions(told[:20], CHOSEN) == [Rect(0, 0, 5, 5)]


def pointer(bitmap: bytes, *, name: int = 1, at: int = 28) -> bytes:
    return struct.pack("<7i", name, 0, 30, 20, 1, 9, at) + bitmap


def test_pointer_comes_with_its_straight_picture() -> None:
    bitmap = struct.pack("<5i", spa_pod.RGBA, 2, 1, 8, 20) + bytes([64, 0, 0, 128, 9, 8, 7, 255])
    told = cursor(pointer(bitmap))
    assert told is not None
    x, y, shape = told
    assert shape is not None
    assert (x, y, shape.width, shape.hot_x, shape.hot_y) == (30, 20, 2, 1, 0)
    assert shape.rgba == bytes([128, 0, 0, 128, 9, 8, 7, 255])


def test_pointer_without_news_of_its_picture_keeps_it() -> None:
    assert cursor(pointer(b"", at=0)) == (30, 20, None)
    assert cursor(pointer(b"", name=0)) is None


@pytest.mark.parametrize(
    "bitmap",
    [
        struct.pack("<5i", spa_pod.RGBA, 64, 64, 256, 20) + bytes(100),
        struct.pack("<5i", spa_pod.RGBA, 9999, 9999, 4, 20) + bytes(100),
        struct.pack("<5i", spa_pod.RGBA, 2, 2, 8, 2**30) + bytes(100),
        struct.pack("<5i", 2, 2, 2, 8, 20) + bytes(100),
        b"short",
    ],
)
def test_pointer_that_says_more_than_it_has_is_left_out(bitmap: bytes) -> None:
    assert cursor(pointer(bitmap)) == (30, 20, None)


def test_hidden_pointer_has_a_shape_without_width() -> None:
    told = cursor(pointer(struct.pack("<5i", spa_pod.RGBA, 0, 0, 0, 20)))
    assert told is not None
    assert told[2] is not None
    assert told[2].width == 0


def test_screens_stand_as_the_compositor_has_them() -> None:
    streams = (Stream(7, (0, 0), (100, 50)), Stream(8, (-80, 10), (80, 60)))
    first, second = arranged(streams, [(100, 50), (80, 60)])
    assert (first.node, first.left, first.top) == (7, 80, 0)
    assert (second.left, second.top, second.width, second.height) == (0, 10, 80, 60)


def test_scaled_screens_stand_in_a_row_and_keep_their_logical_size() -> None:
    streams = (Stream(7, (0, 0), (50, 25)), Stream(8, (50, 0), (80, 60)))
    first, second = arranged(streams, [(100, 50), (80, 60)])
    assert (first.left, second.left, second.top) == (0, 100, 0)
    assert first.logical == (50, 25)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.GRANTED])
def test_every_stage_without_a_picture_is_told(stage: Stage) -> None:
    told = failure_of(Progress(stage, "this detail"))
    assert told.condition is not CaptureCondition.OK
    assert "this detail" in str(told)


def test_without_a_session_bus_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    desk = Desk(lambda with_input: PortalSession(with_input=with_input))

    def told() -> CaptureFailed:
        with pytest.raises(CaptureFailed) as failure:
            WaylandSource.opened(desk)
        return failure.value

    wait_until(lambda: told().condition is CaptureCondition.FAILED, "no bus")
    assert "xdg-desktop-portal" in str(told())
    desk.close()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_SESSION_TYPE": "wayland"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, True),
        ({"XDG_SESSION_TYPE": "x11", "DISPLAY": ":0"}, False),
        ({}, False),
    ],
)
def test_wayland_is_known_by_its_session(environ: dict[str, str], expected: bool) -> None:
    assert choice.is_wayland(environ, "linux") is expected
    assert not choice.is_wayland(environ, "win32")


def test_x_server_of_its_own_inside_wayland_is_shown_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "is_wayland", lambda: True)
    monkeypatch.setattr(choice, "_is_real_x", ":5".__eq__)
    assert choice.shows_by_portal(None)
    assert choice.shows_by_portal(":0")
    assert not choice.shows_by_portal(":5")
    assert ":5" in choice.reason(":5")
    assert "unattended" in choice.reason(None)
