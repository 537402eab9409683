from collections.abc import Iterator

import pytest

from relevo_agent.platform.x11 import X11Injector
from tests.agent.desktop import set_layout, terminal, text_field, wait_for, xvfb

SIGNS = "ñ á ü ¿ € @ \\ | Ñ Á ß ç ` ´ ^ ~ # { } [ ] ' \" < > ¡"
LONG = ("El veloz murciélago hindú comía feliz cardillo y kiwi: ¿añil, €5 @ 10|20\\30? ÀÉÎÕÜ " * 3)[:200]
MANY = "".join(map(chr, range(0x430, 0x450))) + "".join(map(chr, range(0x3B1, 0x3C9)))
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


@pytest.mark.parametrize("text", [SIGNS, LONG, MANY, "smile 😀 done", "two\nlines\tand a tab"])
def test_I2_text_arrives_exactly_in_a_text_field(display: str, injector: X11Injector, text: str) -> None:
    with text_field(display) as content:
        injector.type_text(text)
        wait_for(lambda: content() == text, lambda: f"{content()!r}\ninstead of\n{text!r}")


@pytest.mark.parametrize("text", [SIGNS, LONG, MANY, "smile 😀 done"])
def test_I2_text_arrives_exactly_in_a_terminal(display: str, injector: X11Injector, text: str) -> None:
    with terminal(display) as content:
        injector.move(100, 100)
        injector.type_text(text + "\n")
        wait_for(lambda: content() == text + "\n", lambda: f"{content()!r}\ninstead of\n{text!r}")
