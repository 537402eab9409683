import pytest

from relevo_agent.pipeline.rhythm import BUSY_MS, IDLE_MS, Rhythm
from relevo_agent.pipeline.sources import open_cursor
from relevo_agent.pipeline.sources.cursor_none import NoCursor


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_where_there_is_no_pointer_the_reason_is_told(platform: str) -> None:
    cursor = open_cursor(platform=platform)
    assert isinstance(cursor, NoCursor)
    assert platform in cursor.unavailable
    assert cursor.poll() is None


def test_pauses_grow_while_nothing_changes_and_shrink_at_once() -> None:
    rhythm, now_ms, looks = Rhythm(), 0.0, 0
    while now_ms < 2000:
        if rhythm.screen_due(now_ms, unsent=False):
            looks += 1
            rhythm.looked(now_ms, 1.0, changed=False)
        now_ms += 1
    assert looks < 2000 / BUSY_MS / 3
    assert rhythm.due_ms(now_ms, unsent=False) - now_ms <= IDLE_MS
    rhythm.looked(now_ms, 1.0, changed=True)
    assert rhythm.screen_due(now_ms + BUSY_MS, unsent=False)


def test_costly_look_is_followed_by_a_rest_even_with_something_unsent() -> None:
    rhythm = Rhythm()
    rhythm.looked(0.0, 40.0, changed=True)
    assert not rhythm.screen_due(45.0, unsent=True)
    assert rhythm.screen_due(50.0, unsent=True)
