"""What moves reaches real Chromiums by copies, text stream and video, and is exact wherever it rests."""

import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.browser import SCREEN, go
from tests.e2e.conftest import Live
from tests.e2e.drawn import Drawn, await_drawn, await_exact, await_tones, count_drawing, drawn
from tests.e2e.programs.mover import FILM
from tests.e2e.rooms import await_picture, start_mover
from tests.e2e.stack import Display, Stack
from tests.support.processes import EventProcess, wait_until

pytestmark = pytest.mark.e2e
_REST_S = 9.0
"""How long nothing is sent while nothing changes: two heartbeats of each side."""
_HEARTBEATS_BYTES = 6000
"""What they may come to in that time; a frame of a blinking cursor, thirty times a second, is far more."""


@pytest.fixture(scope="module")
def live(stack: Stack, browser: Browser) -> Iterator[Live]:
    """A session whose page counts what it draws."""
    agent = stack.start_agent()
    context = browser.new_context(viewport={"width": 1400, "height": 960}, locale="en-GB")
    count_drawing(context)
    page = context.new_page()
    go(page, stack.link(agent.expect("code")["code"]))
    await_picture(page)
    yield Live(page, agent, context)
    context.close()
    agent.stop()


@pytest.fixture(scope="module")
def mover(live: Live, display: Display, folder: Path) -> Iterator[EventProcess]:
    program = start_mover(display, folder)
    yield program
    program.stop()


@contextmanager
def _joined(stack: Stack, browser: Browser, live: Live) -> Generator[Page]:
    """A colleague who comes in by a new code and looks on."""
    live.agent.type("new")
    code = live.agent.expect("code")["code"]
    context = browser.new_context(viewport={"width": 1400, "height": 960}, locale="en-GB")
    count_drawing(context)
    page = context.new_page()
    go(page, stack.link(code, "observer"))
    await_picture(page)
    yield page
    people = _people(live)
    context.close()
    wait_until(lambda: _people(live) < people, "the agent knows that the colleague is gone")


def _people(live: Live) -> int:
    """How many are there now: the goodbye of a closed page may be lost, and its seat be kept for a while."""
    shown = next(e["viewers"] for e in reversed(live.agent.events) if e["event"] == "live")
    return sum(person["present"] for person in shown)


def _rest(mover: EventProcess) -> None:
    mover.type("rest")
    mover.expect("rest", 60)


def _seen_with(stack: Stack, browser: Browser, live: Live, mover: EventProcess, more: "_Enough") -> None:
    """While it moves somebody joins and sees it move; at rest both have every pixel."""
    with _joined(stack, browser, live) as second:
        await_drawn(second, more, "the one who came in the middle sees it move")
        _rest(mover)
        for page, who in ((live.page, "the first"), (second, "the second")):
            await_exact(page, stack.display, who)


class _Enough:
    """Whether a page has drawn so many of something, beyond what it had drawn at first."""

    def __init__(self, what: str, number: int, page: Page | None = None) -> None:
        self._what = what
        self._number = number + (0 if page is None else int(getattr(drawn(page), what)))

    def __call__(self, figures: Drawn) -> bool:
        return int(getattr(figures, self._what)) >= self._number


def test_F7_F11_F12_a_page_that_scrolls_is_copied(
    stack: Stack, browser: Browser, live: Live, mover: EventProcess
) -> None:
    mover.type("scroll")
    await_drawn(
        live.page,
        lambda figures: {y > 0 for x, y in figures.shifts if x == 0 and y != 0} == {True, False},
        "copies onto themselves, up and down",
    )
    await_drawn(live.page, _Enough("pixels", 20), "the new lines")
    _seen_with(stack, browser, live, mover, _Enough("copy", 3))


def test_F7_F12_a_window_that_is_dragged_is_copied(
    stack: Stack, browser: Browser, live: Live, mover: EventProcess
) -> None:
    mover.type("drag")
    await_drawn(
        live.page,
        lambda figures: (
            {(x > 0, y > 0) for x, y in figures.shifts if x != 0 and y != 0} >= {(True, True), (False, False)}
        ),
        "copies onto themselves, there and back",
    )
    _seen_with(stack, browser, live, mover, _Enough("copy", 3))


def test_D4_a_film_is_video_and_exact_when_it_stops(
    stack: Stack, browser: Browser, live: Live, mover: EventProcess
) -> None:
    before = drawn(live.page).video
    mover.type("film")
    await_drawn(live.page, lambda figures: figures.video >= before + 10, "video")
    await_tones(live.page, stack.display, FILM)
    _seen_with(stack, browser, live, mover, _Enough("video", 5))


@pytest.mark.parametrize("motion", ["scroll", "drag", "film"])
def test_S3_a_line_that_is_cut_in_the_middle_of_a_motion(
    stack: Stack, live: Live, mover: EventProcess, motion: str
) -> None:
    what = "video" if motion == "film" else "copy"
    mover.type(motion)
    await_drawn(live.page, _Enough(what, 3, live.page), f"{what} before the cut")
    stack.viewer_cable.cut()
    wait_until(lambda: _phase(live) != "live", "the viewer notices")
    stack.viewer_cable.mend()
    wait_until(lambda: _phase(live) == "live", "the viewer is live again")
    await_drawn(live.page, _Enough(what, 3, live.page), f"{what} after the cut")
    _rest(mover)
    await_exact(live.page, stack.display, motion)


def _phase(live: Live) -> str:
    return str(live.page.evaluate("document.querySelector('[data-phase]')?.dataset.phase"))


def test_K13_a_page_that_is_loaded_again_sees_the_film_go_on(
    stack: Stack, browser: Browser, live: Live, mover: EventProcess
) -> None:
    mover.type("film")
    with _joined(stack, browser, live) as second:
        await_drawn(second, _Enough("video", 3), "video before")
        live.agent.type("new")
        code = live.agent.expect("code")["code"]
        go(second, stack.link(code, "observer"))
        await_picture(second)
        await_drawn(second, _Enough("video", 3), "video after")
        _rest(mover)
        await_exact(second, stack.display, "the page that was loaded again")
    await_exact(live.page, stack.display, "the other one")


def _await_last_frame(page: Page) -> None:
    """Return when nothing has been drawn for a while: what is exact may still have a frame under way."""
    seen, since_s = drawn(page).frames, time.monotonic()

    def rests() -> bool:
        nonlocal seen, since_s
        if drawn(page).frames != seen:
            seen, since_s = drawn(page).frames, time.monotonic()
        return time.monotonic() - since_s > _REST_S / 2

    wait_until(rests, "the last frame")


def test_D2_nothing_is_sent_while_nothing_changes(stack: Stack, live: Live, mover: EventProcess) -> None:
    _rest(mover)
    await_exact(live.page, stack.display, "before the rest")
    _await_last_frame(live.page)
    frames, carried = drawn(live.page).frames, stack.agent_cable.carried_bytes
    began_s = time.monotonic()
    time.sleep(_REST_S)  # that nothing happens has no condition to wait for
    assert drawn(live.page).frames == frames, "a frame without a change"
    spent, rest_s = stack.agent_cable.carried_bytes - carried, time.monotonic() - began_s
    assert 0 < spent < _HEARTBEATS_BYTES * rest_s / _REST_S, f"{spent} bytes in {rest_s:.1f} s"
    mover.type("film")
    await_drawn(live.page, lambda figures: figures.frames > frames, "the rest ends with the next change")
    _rest(mover)


def test_F9_a_canvas_that_comes_back_empty_is_painted_again(
    stack: Stack, live: Live, mover: EventProcess
) -> None:
    _rest(mover)
    await_exact(live.page, stack.display, "before")
    # What a graphics processor that starts anew leaves: an empty canvas, and word that it can be drawn on.
    live.page.locator(SCREEN).evaluate(
        "c => { c.getContext('2d').reset(); c.dispatchEvent(new Event('contextrestored')); }"
    )
    await_exact(live.page, stack.display, "the canvas that was empty")


def test_F2_a_screen_of_another_size_in_the_middle_of_a_motion(
    stack: Stack, live: Live, mover: EventProcess, display: Display
) -> None:
    mover.type("scroll")
    await_drawn(live.page, _Enough("copy", 3, live.page), "copies")
    small = ("0", "1000", "0", "0", "1000", "700", "0", "0", "700")
    for options in (
        ("--newmode", "small", *small),
        ("--addmode", "screen", "small"),
        ("--output", "screen", "--mode", "small"),
    ):
        subprocess.run(["xrandr", "-display", display.name, *options], check=True, capture_output=True)
    wait_until(lambda: live.page.locator(SCREEN).evaluate("c => c.width") == 1000, "the new size")
    await_drawn(live.page, _Enough("copy", 3, live.page), "copies on the smaller screen")
    _rest(mover)
    await_exact(live.page, display, "the smaller screen")


def test_D5_the_log_says_how_the_picture_travelled(stack: Stack, live: Live, mover: EventProcess) -> None:
    for motion, what in (("scroll", "copy"), ("film", "video")):
        mover.type(motion)
        await_drawn(live.page, _Enough(what, 3, live.page), what)
        _rest(mover)
    live.agent.stop()
    log = (stack.folder / "agent" / "agent.log").read_text(encoding="utf-8")
    told = next(line for line in reversed(log.splitlines()) if " picture: " in line)
    for part in ("copy ", "lossless/zstd_stream_bgrx ", "video/vp"):
        assert part in told, told
