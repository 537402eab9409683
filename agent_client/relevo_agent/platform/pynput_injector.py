"""Pointer and keyboard of Windows and macOS through pynput, which types text as Unicode there.

On Windows pynput sends ``KEYEVENTF_UNICODE``, on macOS ``CGEventKeyboardSetUnicodeString``, whatever
the layout.
Written to pynput's documentation; not yet run on either system.
"""

from collections.abc import Callable
from typing import Any, Final

from pynput import keyboard, mouse

from relevo_agent.platform.base import InjectorFailed, Key, KeyUnknown
from relevo_protocol.messages.input import SpecialCombo

_NAMES: Final = {
    "Enter": "enter",
    "Backspace": "backspace",
    "Tab": "tab",
    "Escape": "esc",
    "Delete": "delete",
    "Insert": "insert",
    "Home": "home",
    "End": "end",
    "PageUp": "page_up",
    "PageDown": "page_down",
    "ArrowLeft": "left",
    "ArrowRight": "right",
    "ArrowUp": "up",
    "ArrowDown": "down",
    "PrintScreen": "print_screen",
    "Pause": "pause",
    "ContextMenu": "menu",
    "ShiftLeft": "shift_l",
    "ShiftRight": "shift_r",
    "ControlLeft": "ctrl_l",
    "ControlRight": "ctrl_r",
    "AltLeft": "alt_l",
    "AltRight": "alt_r",
    "MetaLeft": "cmd_l",
    "MetaRight": "cmd_r",
    "Space": "space",
    **{f"F{number}": f"f{number}" for number in range(1, 21)},
}
_BUTTONS: Final = {0: "left", 1: "middle", 2: "right", 3: "x1", 4: "x2"}


class PynputInjector:
    """Input through pynput; ``impossible`` are combinations that the system takes from real keys only."""

    def __init__(
        self, cancelled: Callable[[], bool], origin_px: tuple[int, int], impossible: frozenset[SpecialCombo]
    ) -> None:
        self._cancelled = cancelled
        self._origin_px = origin_px
        self._impossible = impossible
        self._mouse: Any = mouse.Controller()
        self._keyboard: Any = keyboard.Controller()

    def move(self, x_px: int, y_px: int) -> None:
        """Pointer to a pixel; the desktop's own count may begin elsewhere."""
        self._mouse.position = (x_px + self._origin_px[0], y_px + self._origin_px[1])

    def button(self, button: int, *, down: bool) -> None:
        """Press or release a button; macOS knows three."""
        which = mouse.Button.__members__.get(_BUTTONS[button])
        if which is None:
            raise InjectorFailed(f"this system has no mouse button {button}")
        (self._mouse.press if down else self._mouse.release)(which)

    def wheel(self, right: int, down: int) -> None:
        """Turn the wheel; pynput counts upward."""
        self._mouse.scroll(right, -down)

    def key(self, key: Key, *, down: bool) -> None:
        """Press or release a key."""
        act = self._keyboard.press if down else self._keyboard.release
        try:
            act(self._found(key))
        except (keyboard.Controller.InvalidKeyException, ValueError) as error:
            raise KeyUnknown(f"this keyboard has no key {key.key} ({key.code})") from error

    @staticmethod
    def _found(key: Key) -> Any:
        name = _NAMES.get(key.code) or _NAMES.get(key.key)
        special = keyboard.Key.__members__.get(name) if name else None
        if special is not None:
            return special
        if len(key.key) != 1:
            raise KeyUnknown(f"this keyboard has no key {key.key} ({key.code})")
        return keyboard.KeyCode.from_char(key.key.lower())

    def type_text(self, text: str) -> None:
        """Type these characters as Unicode; newline and tab by their keys."""
        for char in text.replace("\r\n", "\n").replace("\r", "\n"):
            if self._cancelled():
                return
            if char == "\n":
                self._keyboard.tap(keyboard.Key.enter)
            elif char == "\t":
                self._keyboard.tap(keyboard.Key.tab)
            elif char >= " " and char != "\x7f":
                self._keyboard.type(char)

    def can_combo(self, combo: SpecialCombo) -> bool:
        """Whether injected keys can do this here."""
        return combo not in self._impossible

    def close(self) -> None:
        """Nothing was changed."""
