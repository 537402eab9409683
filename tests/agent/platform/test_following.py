"""An injector that outlives its desktop."""

import pytest

from relevo_agent.platform.base import InjectorFailed, Key
from relevo_agent.platform.following import FollowingInjector
from relevo_protocol.messages.input import SpecialCombo


class Desktop:
    """Injectors of a desktop that may be there or not."""

    def __init__(self) -> None:
        self.there = True
        self.allowed = True
        self.breaks = False
        self.opened = 0
        self.closed = 0
        self.done: list[object] = []

    def open(self) -> "Desktop":
        if not self.there:
            raise InjectorFailed("no desktop is there yet")
        self.opened += 1
        return self

    def check(self) -> None:
        if not self.allowed:
            raise InjectorFailed("another person is signed in")

    def move(self, x_px: int, y_px: int) -> None:
        if self.breaks:
            raise InjectorFailed("the X server takes no input")
        self.done.append((x_px, y_px))

    def button(self, button: int, *, down: bool) -> None:
        self.done.append((button, down))

    def wheel(self, right: int, down: int) -> None:
        self.done.append((right, down))

    def key(self, key: Key, *, down: bool) -> None:
        self.done.append((key, down))

    def type_text(self, text: str) -> None:
        self.done.append(text)

    def can_combo(self, combo: SpecialCombo) -> bool:
        return True

    def close(self) -> None:
        self.closed += 1


def test_it_opens_when_it_is_needed_and_again_after_it_broke() -> None:
    desktop = Desktop()
    injector = FollowingInjector(desktop.open, desktop.check)
    assert desktop.opened == 0
    injector.move(1, 2)
    injector.type_text("a")
    assert desktop.opened == 1
    desktop.breaks = True
    with pytest.raises(InjectorFailed):
        injector.move(3, 4)
    assert desktop.closed == 1
    desktop.breaks, desktop.there = False, False
    with pytest.raises(InjectorFailed, match="no desktop"):
        injector.button(0, down=True)
    assert not injector.can_combo(SpecialCombo.CTRL_ALT_DELETE)
    desktop.there = True
    injector.wheel(0, 1)
    assert injector.can_combo(SpecialCombo.CTRL_ALT_DELETE)
    assert (desktop.opened, desktop.done) == (2, [(1, 2), "a", (0, 1)])
    injector.close()
    injector.close()
    assert desktop.closed == 2


def test_V6_a_desktop_that_changed_hands_takes_no_input() -> None:
    desktop = Desktop()
    injector = FollowingInjector(desktop.open, desktop.check)
    injector.key(Key("KeyA", "a"), down=True)
    desktop.allowed = False
    with pytest.raises(InjectorFailed, match="another person"):
        injector.key(Key("KeyA", "a"), down=False)
    assert len(desktop.done) == 1
    assert desktop.closed == 1
