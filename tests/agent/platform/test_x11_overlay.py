"""Marks on a real screen: seen in its pixels, and not in the way of a click."""

from collections.abc import Generator

import pytest
from Xlib import X, display
from Xlib.ext import xtest

from relevo_agent.platform.base import OverlayUnavailable, Place
from relevo_agent.platform.x11_overlay import X11Overlay
from relevo_protocol.palette import PERSON_COLOURS
from tests.agent.desktop import event_log, wait_for, xvfb


@pytest.fixture(scope="module")
def screen() -> Generator[str]:
    with xvfb("800x600x24") as name:
        yield name


class Eye:
    """Reads pixels of a display."""

    def __init__(self, name: str) -> None:
        self.x = display.Display(name)

    def pixel(self, x: int, y: int) -> str:
        data = self.x.screen().root.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFFFF).data
        return f"#{data[2]:02x}{data[1]:02x}{data[0]:02x}"

    def colours(self, x: int, y: int, width: int, height: int) -> set[str]:
        data = self.x.screen().root.get_image(x, y, width, height, X.ZPixmap, 0xFFFFFFFF).data
        return {f"#{data[i + 2]:02x}{data[i + 1]:02x}{data[i]:02x}" for i in range(0, len(data), 4)}


@pytest.fixture
def eye(screen: str) -> Generator[Eye]:
    eye = Eye(screen)
    yield eye
    eye.x.close()


@pytest.fixture
def overlay(screen: str) -> Generator[X11Overlay]:
    overlay = X11Overlay(screen)
    yield overlay
    overlay.close()


def test_A2_laser_has_the_persons_colour_and_name(eye: Eye, overlay: X11Overlay):
    overlay.laser(2, "Ana Núñez", Place(300, 200))
    wait_for(lambda: eye.pixel(300, 200) == PERSON_COLOURS[2], lambda: "no dot")
    wait_for(lambda: "#ffffff" in eye.colours(318, 218, 60, 20), lambda: "no name beside the dot")
    overlay.laser(2, "Ana Núñez", Place(100, 100))
    wait_for(lambda: eye.pixel(300, 200) != PERSON_COLOURS[2], lambda: "the dot did not move")
    overlay.clear(2, laser_only=True)
    wait_for(lambda: eye.pixel(100, 100) != PERSON_COLOURS[2], lambda: "the dot stayed")


def test_A2_strokes_of_two_people_and_clearing_one(eye: Eye, overlay: X11Overlay):
    overlay.stroke(1, 1, [Place(50, 300), Place(200, 300)])
    overlay.stroke(3, 1, [Place(50, 400), Place(200, 400)])
    overlay.stroke(1, 1, [Place(200, 350)])
    wait_for(lambda: eye.pixel(120, 300) == PERSON_COLOURS[1], lambda: "no line")
    wait_for(lambda: eye.pixel(200, 340) == PERSON_COLOURS[1], lambda: "the line did not go on")
    wait_for(lambda: eye.pixel(120, 400) == PERSON_COLOURS[3], lambda: "no second line")
    overlay.clear(1, laser_only=False)
    wait_for(lambda: eye.pixel(120, 300) != PERSON_COLOURS[1], lambda: "the line stayed")
    wait_for(lambda: eye.pixel(120, 400) == PERSON_COLOURS[3], lambda: "the other's line went too")


def test_A2_a_laser_at_the_edge_keeps_its_name_on_the_screen(eye: Eye, overlay: X11Overlay):
    overlay.laser(4, "X" * 200, Place(799, 599))
    wait_for(lambda: PERSON_COLOURS[4] in eye.colours(300, 540, 400, 40), lambda: "the name is outside")


def test_A2_clicks_pass_through(screen: str, overlay: X11Overlay, eye: Eye):
    with event_log(screen) as lines:
        overlay.stroke(1, 1, [Place(100, 100), Place(300, 100)])
        overlay.laser(1, "Ana", Place(150, 100))
        wait_for(lambda: eye.pixel(200, 100) == PERSON_COLOURS[1], lambda: "no line")
        xtest.fake_input(eye.x, X.MotionNotify, x=150, y=100)
        xtest.fake_input(eye.x, X.ButtonPress, 1)
        xtest.fake_input(eye.x, X.ButtonRelease, 1)
        eye.x.sync()
        wait_for(lambda: "ButtonPress 1 150 100" in lines(), lambda: f"the click went elsewhere: {lines()}")


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # python-xlib forgets its socket
def test_A2_no_display_is_said():
    with pytest.raises(OverlayUnavailable):
        X11Overlay(":4711")
