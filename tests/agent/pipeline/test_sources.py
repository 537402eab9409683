"""Which source a desktop gets, and what is said of the others."""

import contextlib

import pytest

from relevo_agent.pipeline.sources import chooser as choosing
from relevo_agent.pipeline.sources import open_cursor
from relevo_agent.pipeline.sources.chooser import NoSource, Rejected, SourceName, Why, choose
from relevo_agent.pipeline.sources.cursor_none import NoCursor
from relevo_agent.pipeline.sources.cursor_told import ToldCursor
from relevo_agent.pipeline.types import CaptureFailed, Source
from relevo_agent.portal import choice as portal_choice
from relevo_protocol.messages.screen import CaptureCondition
from tests.agent.desktop import xvfb
from tests.support.screens import blank


def test_where_there_is_no_pointer_the_reason_is_told() -> None:
    cursor = open_cursor(platform="freebsd14")
    assert isinstance(cursor, NoCursor)
    assert "freebsd14" in cursor.unavailable
    assert cursor.poll() is None


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_the_pointer_of_other_systems_comes_with_the_picture(platform: str) -> None:
    cursor = open_cursor(platform=platform)
    assert isinstance(cursor, ToldCursor)
    assert cursor.poll() is None
    cursor.close()


def test_an_x_display_is_captured_by_its_own_source() -> None:
    with xvfb("320x200x24") as display:
        taken = choose(display, "linux")
        with contextlib.closing(taken.source):
            assert taken.name is SourceName.X11
            assert {r.name: r.why for r in taken.rejected} == {
                SourceName.PORTAL: Why.OTHER_DESKTOP,
                SourceName.MSS: Why.NOT_NEEDED,
            }


def wayland(_display: str | None) -> bool:
    return True


def broken(_display: str | None) -> Source:
    return failing(CaptureCondition.FAILED)


def failing(condition: CaptureCondition) -> Source:
    raise CaptureFailed(condition, "this is why")


def test_a_source_that_fails_is_replaced_by_the_next_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_x11", broken)
    screen = blank(20, 10)

    def screen_of(_display: str | None) -> Source:
        return screen

    monkeypatch.setattr(choosing, "_mss", screen_of)
    taken = choose(":1", "linux")
    assert taken.source is screen
    assert Rejected(SourceName.X11, Why.FAILED, "this is why", CaptureCondition.FAILED) in taken.rejected


def test_where_no_display_answers_no_other_way_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def mss(_display: str | None) -> Source:
        tried.append("mss")
        return failing(CaptureCondition.FAILED)

    monkeypatch.setattr(choosing, "_mss", mss)
    with pytest.raises(NoSource, match="DISPLAY") as failure:
        choose(":59999", "linux")
    assert failure.value.condition is CaptureCondition.NO_DISPLAY
    assert tried == []
    assert [r.why for r in failure.value.rejected] == [Why.OTHER_DESKTOP, Why.FAILED]


def test_inside_wayland_only_the_portal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_choice, "shows_by_portal", wayland)
    monkeypatch.setattr(choosing, "_portal", lambda: failing(CaptureCondition.PERMISSION_MISSING))
    with pytest.raises(NoSource) as failure:
        choose(":1", "linux")
    told = {r.name: r.why for r in failure.value.rejected}
    assert told == {
        SourceName.X11: Why.BLACK,
        SourceName.MSS: Why.BLACK,
        SourceName.PORTAL: Why.FAILED,
    }
