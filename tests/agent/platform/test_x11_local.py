"""Real and injected input told apart: XTEST on an outer display is real input inside a nested one."""

import contextlib
import threading
from collections.abc import Callable, Generator

import pytest
from Xlib import display as xdisplay

from relevo_agent.platform.base import Key, LocalInputEvents, LocalInputUnavailable
from relevo_agent.platform.x11 import X11Injector
from relevo_agent.platform.x11_local import X11LocalInput
from tests.agent.desktop import wait_for, xvfb
from tests.support.nested import Hand, xephyr


class Seen:
    """What the watch has told."""

    def __init__(self) -> None:
        self.used = 0
        self.panics = 0
        self.changed = threading.Event()

    def note_use(self) -> None:
        self.used += 1

    def note_panic(self) -> None:
        self.panics += 1


@pytest.fixture(scope="module")
def nested() -> Generator[tuple[str, Hand]]:
    """A display inside a display, and the hand that uses it for real."""
    with xvfb("900x700x24") as outer, xephyr(outer, "800x600") as inner:
        hand = Hand(outer)
        until(lambda: pointer(inner) != (400, 300), hand.move, "the nested display does not hear the hand")
        yield inner, hand
        hand.close()


@pytest.fixture
def watch(nested: tuple[str, Hand]) -> Generator[tuple[X11LocalInput, Seen]]:
    settle(*nested)
    seen = Seen()
    local = X11LocalInput(nested[0], LocalInputEvents(seen.note_use, seen.note_panic))
    local.start()
    yield local, seen
    local.close()
    local._thread.join(60)
    assert not local._thread.is_alive()


def pointer(name: str) -> tuple[int, int]:
    """Where a display has its pointer."""
    with contextlib.closing(xdisplay.Display(name)) as server:
        told = server.screen().root.query_pointer()
        return int(told.root_x), int(told.root_y)


def settle(inner: str, hand: Hand) -> None:
    """Until the inner display has taken all that the hand has done: what it does comes there in order."""
    hand.move_to(500, 50)
    wait_for(lambda: pointer(inner) == (500, 50), lambda: "a real motion did not arrive")
    hand.move_to(550, 50)  # the first is none where the pointer was there already
    wait_for(lambda: pointer(inner) == (550, 50), lambda: "a real motion did not arrive")


def until(done: Callable[[], bool], act: Callable[[], None], what: str) -> None:
    def tried() -> bool:
        act()
        return done()

    wait_for(tried, lambda: what)


def test_G3_real_motion_is_told_while_watched(nested: tuple[str, Hand], watch: tuple[X11LocalInput, Seen]):
    local, seen = watch
    local.watch(on=True)
    until(lambda: seen.used > 0, nested[1].move, "real motion was not told")


def test_G3_real_keys_are_told_while_watched(nested: tuple[str, Hand], watch: tuple[X11LocalInput, Seen]):
    local, seen = watch
    local.watch(on=True)

    until(lambda: seen.used > 0, lambda: nested[1].strike("a"), "a real key was not told")


def test_G3_injected_input_is_never_told(nested: tuple[str, Hand], watch: tuple[X11LocalInput, Seen]):
    local, seen = watch
    local.watch(on=True)
    injector = X11Injector(nested[0], lambda: False)
    try:
        for step in range(40):
            injector.move(200 + step, 200)
        injector.button(0, down=True)
        injector.button(0, down=False)
        injector.type_text("ñandú")
    finally:
        injector.close()
    told_by_injection = seen.used
    # Real motion behind it shows that the watch has seen all of it by then.
    until(lambda: seen.used > told_by_injection, nested[1].move, "real motion was not told")
    assert told_by_injection == 0


def test_N7_panic_key_works_unwatched_and_only_by_the_real_keyboard(
    nested: tuple[str, Hand], watch: tuple[X11LocalInput, Seen]
):
    _, seen = watch
    injector = X11Injector(nested[0], lambda: False)
    keys = [Key("ControlLeft", "Control"), Key("AltLeft", "Alt"), Key("End", "End")]
    try:
        for key in keys:
            injector.key(key, down=True)
        for key in reversed(keys):
            injector.key(key, down=False)
    finally:
        injector.close()

    nested[1].strike("Control_L", "Alt_L", "End")
    wait_for(lambda: seen.panics > 0, lambda: "the panic key was not seen")
    assert seen.panics == 1
    assert seen.used == 0


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # python-xlib forgets its socket
def test_G3_no_display_is_said():
    with pytest.raises(LocalInputUnavailable):
        X11LocalInput(":4711", LocalInputEvents(lambda: None, lambda: None))
