from collections.abc import Callable, Iterator

import pytest

from relevo_agent.platform import x11
from relevo_agent.platform.x11 import X11Injector
from relevo_agent.platform.x11_borrowed import SETTLE_S, BorrowedKeys, Slot
from tests.agent.desktop import set_layout, terminal, text_field, wait_for, xvfb

SIGNS = "ñ á ü ¿ € @ \\ | Ñ Á ß ç ` ´ ^ ~ # { } [ ] ' \" < > ¡"
LONG = ("El veloz murciélago hindú comía feliz cardillo y kiwi: ¿añil, €5 @ 10|20\\30? ÀÉÎÕÜ " * 3)[:200]
FOREIGN = "".join(map(chr, range(0x430, 0x450))) + "".join(map(chr, range(0x3B1, 0x3C9)))
MANY = (FOREIGN[:28], FOREIGN[28:])
"""More than can be lent at once: a program that stands still for a second would read the first with the
keys of the last, so it is to have read the first before the last are typed."""
LAYOUTS = ("us", "es", "fr", "de", "us,ru -option grp:alt_shift_toggle")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with xvfb() as name:
        yield name


@pytest.fixture(params=LAYOUTS, ids=[layout.split()[0] for layout in LAYOUTS])
def injector(request: pytest.FixtureRequest, display: str) -> Iterator[X11Injector]:
    set_layout(display, request.param)
    injector = X11Injector(display, lambda: False)
    yield injector
    injector.close()


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        self.now_s += for_s


class Noted(BorrowedKeys):
    """For how long each slot had rested when it was lent anew."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.rested_s: list[float] = []
        self._time = time

    def lend(self, slot: Slot, keysym: int) -> None:
        if slot in self._used_s:
            self.rested_s.append(self._time.now_s - self._used_s[slot])
        super().lend(slot, keysym)


def arrives(injector: X11Injector, content: Callable[[], str], pieces: tuple[str, ...]) -> None:
    """Each piece is typed once those before it have been read."""
    for number, piece in enumerate(pieces, 1):
        injector.type_text(piece)
        await_text(content, "".join(pieces[:number]))


def await_text(content: Callable[[], str], text: str) -> None:
    wait_for(lambda: content() == text, lambda: f"{content()!r}\ninstead of\n{text!r}")


@pytest.mark.parametrize(
    "pieces", [(SIGNS,), (LONG,), MANY, ("smile 😀 done",), ("two\nlines\tand a tab",)], ids="".join
)
def test_I2_text_arrives_exactly_in_a_text_field(
    display: str, injector: X11Injector, pieces: tuple[str, ...]
) -> None:
    with text_field(display) as content:
        arrives(injector, content, pieces)


@pytest.mark.parametrize("pieces", [(SIGNS,), (LONG,), MANY, ("smile 😀 done",)], ids="".join)
def test_I2_text_arrives_exactly_in_a_terminal(
    display: str, injector: X11Injector, pieces: tuple[str, ...]
) -> None:
    with terminal(display) as content:
        injector.move(100, 100)
        arrives(injector, content, tuple(piece + "\n" for piece in pieces))


def test_I2_a_slow_program_still_finds_each_character_on_its_key(
    injector: X11Injector, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    monkeypatch.setattr(x11, "time", time)
    injector._borrowed = noted = Noted(time)
    injector.type_text(FOREIGN)
    assert noted.rested_s, "no key was lent twice"
    assert min(noted.rested_s) >= SETTLE_S - 1e-6
