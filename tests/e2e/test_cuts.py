"""Whatever is cut comes back by itself, with no key left down and nothing replayed."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browser import SCREEN, click_remote
from tests.e2e.conftest import Live
from tests.e2e.rooms import await_uncovered
from tests.e2e.stack import Display, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
RECORDER = Path(__file__).parent / "programs" / "recorder.py"


@pytest.fixture(scope="module")
def recorder(display: Display, folder: Path, live: Live) -> Iterator[EventProcess]:
    program = EventProcess(
        [sys.executable, str(RECORDER), "900x500+60+60"], folder / "recorder.log", {"DISPLAY": display.name}
    )
    ready = program.expect("ready")
    click_remote(live.page, *ready["entry"])
    yield program
    program.stop()


def _text(recorder: EventProcess) -> str:
    return str(next((e["text"] for e in reversed(recorder.events) if e["event"] == "text"), ""))


def _keys_down(recorder: EventProcess) -> set[str]:
    down: set[str] = set()
    for event in recorder.events:
        if event["event"] == "key":
            (down.add if event["down"] else down.discard)(event["keysym"])
    return down


def _phase(live: Live) -> str:
    return str(live.page.evaluate("document.querySelector('[data-phase]')?.dataset.phase"))


def _come_back(live: Live, recorder: EventProcess, mark: str) -> None:
    """Wait for the session, prove by typing that it works, and check that nothing else arrived."""
    expected = _text(recorder) + mark
    wait_until(lambda: _phase(live) == "live", "the viewer is live again")
    await_uncovered(live.page)
    live.page.locator(SCREEN).focus()
    live.page.keyboard.type(mark)
    wait_until(lambda: mark in _text(recorder), "typing works again")
    assert _text(recorder) == expected
    wait_until(lambda: not _keys_down(recorder), "no key stays down")


def _hold_shift_and_lose(live: Live, recorder: EventProcess) -> None:
    live.page.keyboard.down("Shift")
    wait_until(lambda: any("Shift" in key for key in _keys_down(recorder)), "Shift is down on the PC")


def test_S3_S4_viewer_cut(live: Live, stack: Stack, recorder: EventProcess) -> None:
    _hold_shift_and_lose(live, recorder)
    stack.viewer_cable.cut()
    wait_until(lambda: not _keys_down(recorder), "Shift is released on the PC")
    wait_until(lambda: _phase(live) != "live", "the viewer notices")
    live.page.keyboard.up("Shift")
    live.page.keyboard.type("typed offline")
    stack.viewer_cable.mend()
    _come_back(live, recorder, "a")


def test_S3_S4_agent_cut(live: Live, stack: Stack, recorder: EventProcess) -> None:
    _hold_shift_and_lose(live, recorder)
    stack.agent_cable.cut()
    wait_until(lambda: not _keys_down(recorder), "Shift is released on the PC")
    wait_until(lambda: _phase(live) != "live", "the viewer notices")
    live.page.keyboard.up("Shift")
    live.page.keyboard.type("typed offline")
    stack.agent_cable.mend()
    _come_back(live, recorder, "b")


def test_C12_relay_killed_and_restarted(live: Live, stack: Stack, recorder: EventProcess) -> None:
    _hold_shift_and_lose(live, recorder)
    stack.kill_relay()
    wait_until(lambda: not _keys_down(recorder), "Shift is released on the PC")
    wait_until(lambda: _phase(live) != "live", "the viewer notices")
    live.page.keyboard.up("Shift")
    live.page.keyboard.type("typed offline")
    stack.start_relay()
    _come_back(live, recorder, "c")


def test_P4_a_line_that_only_goes_silent_is_noticed(live: Live, stack: Stack, recorder: EventProcess) -> None:
    stack.viewer_cable.freeze()
    begin = time.monotonic()
    wait_until(lambda: _phase(live) != "live", "the viewer notices a dead line")
    assert time.monotonic() - begin > 1, "noticed before any heartbeat could be missed"
    stack.viewer_cable.cut()
    stack.viewer_cable.thaw()
    stack.viewer_cable.mend()
    _come_back(live, recorder, "d")
