"""An injector for a desktop that comes and goes: opened when it is first needed, and again after it broke."""

from collections.abc import Callable

from relevo_agent.platform.base import Injector, InjectorFailed, Key
from relevo_protocol.messages.input import SpecialCombo


class FollowingInjector:
    """``open_now`` gives the injector of the desktop of now, ``check`` raises once that is not to be driven.

    Both raise InjectorFailed.
    """

    def __init__(self, open_now: Callable[[], Injector], check: Callable[[], None]) -> None:
        self._open_now = open_now
        self._check = check
        self._injector: Injector | None = None

    def move(self, x_px: int, y_px: int) -> None:
        """Pointer to a pixel."""
        self._do(lambda one: one.move(x_px, y_px))

    def button(self, button: int, *, down: bool) -> None:
        """Press or release a button."""
        self._do(lambda one: one.button(button, down=down))

    def wheel(self, right: int, down: int) -> None:
        """Turn the wheel."""
        self._do(lambda one: one.wheel(right, down))

    def key(self, key: Key, *, down: bool) -> None:
        """Press or release a key."""
        self._do(lambda one: one.key(key, down=down))

    def type_text(self, text: str) -> None:
        """Type a text."""
        self._do(lambda one: one.type_text(text))

    def can_combo(self, combo: SpecialCombo) -> bool:
        """Whether the desktop of now takes this combination."""
        try:
            return self._opened().can_combo(combo)
        except InjectorFailed:
            return False

    def close(self) -> None:
        """Put the keyboard back, if there is a desktop."""
        injector, self._injector = self._injector, None
        if injector is not None:
            injector.close()

    def _opened(self) -> Injector:
        if self._injector is None:
            self._injector = self._open_now()
        return self._injector

    def _do(self, act: Callable[[Injector], None]) -> None:
        try:
            self._check()
            act(self._opened())
        except InjectorFailed:
            self.close()
            raise
