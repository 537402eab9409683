"""What the X keyboard has on its keys, and how a browser's key names are called there.

Core protocol columns under XKB (XKB protocol, 17.1.2): group 1 levels 1, 2; group 2 levels 1, 2; then the
levels 3 and 4 of group 1, then those of group 2.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

SHIFT_L: Final = 0xFFE1
LEVEL3_SHIFT: Final = 0xFE03
CAPS_LOCK: Final = 0xFFE5
UNICODE_KEYSYM: Final = 0x01000000
_LATIN1: Final = (range(0x20, 0x7F), range(0xA0, 0x100))
_CONTROL_KEYSYMS: Final = {"\n": 0xFF0D, "\t": 0xFF09}
# Keysyms that layouts use for characters beyond Latin-1 by an older name (X.Org keysymdef.h).
_NAMED_CHARS: Final = {
    "€": 0x20AC,
    "Œ": 0x13BC,
    "œ": 0x13BD,
    "Ÿ": 0x13BE,
    "Š": 0x1A9,
    "š": 0x1B9,
    "Ž": 0x1AE,
    "ž": 0x1BE,
}

_LEVELS_BY_GROUP: Final = {0: (0, 1, 4, 5), 1: (2, 3, 6, 7)}

NAMED_KEYSYMS: Final[dict[str, int]] = {
    "Enter": 0xFF0D,
    "NumpadEnter": 0xFF8D,
    "Backspace": 0xFF08,
    "Tab": 0xFF09,
    "Escape": 0xFF1B,
    "Delete": 0xFFFF,
    "Insert": 0xFF63,
    "Home": 0xFF50,
    "ArrowLeft": 0xFF51,
    "ArrowUp": 0xFF52,
    "ArrowRight": 0xFF53,
    "ArrowDown": 0xFF54,
    "PageUp": 0xFF55,
    "PageDown": 0xFF56,
    "End": 0xFF57,
    "PrintScreen": 0xFF61,
    "Pause": 0xFF13,
    "ContextMenu": 0xFF67,
    "ShiftLeft": SHIFT_L,
    "ShiftRight": 0xFFE2,
    "ControlLeft": 0xFFE3,
    "ControlRight": 0xFFE4,
    "AltLeft": 0xFFE9,
    "AltRight": 0xFFEA,
    "MetaLeft": 0xFFEB,
    "MetaRight": 0xFFEC,
    "OSLeft": 0xFFEB,
    "OSRight": 0xFFEC,
    **{f"F{number}": 0xFFBD + number for number in range(1, 25)},
}
"""Keysyms of keys that are no characters, by ``KeyboardEvent.code`` or ``.key``."""
_OTHER_SIDE: Final = {0xFFE2: SHIFT_L, 0xFFE4: 0xFFE3, 0xFFEA: 0xFFE9, 0xFFEC: 0xFFEB, 0xFF8D: 0xFF0D}

_ROWS: Final = (
    (10, "Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal"),
    (24, "KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight"),
    (38, "KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote"),
    (51, "Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash"),
    (65, "Space"),
    (94, "IntlBackslash"),
)
PLACES: Final = {code: first + offset for first, row in _ROWS for offset, code in enumerate(row.split())}
"""Keycode of each place of a PC keyboard: evdev's number plus 8, as X servers have it on PCs."""


def keysyms_of(char: str) -> tuple[int, ...]:
    """Keysyms that stand for a character, the best first; none for control characters but newline and tab."""
    if char in _CONTROL_KEYSYMS:
        return (_CONTROL_KEYSYMS[char],)
    point = ord(char)
    if any(point in block for block in _LATIN1):
        return (point,)
    if point < 0xA0:
        return ()
    named = (_NAMED_CHARS[char],) if char in _NAMED_CHARS else ()
    return (*named, UNICODE_KEYSYM | point)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A keycode and what must be held for the wanted level."""

    keycode: int
    shift: bool = False
    level3: bool = False


class Keymap:
    """One reading of the keyboard's map; a change of layout needs a new one.

    ``borrowed`` are keycodes that we gave a meaning ourselves: they are no part of the layout.
    """

    def __init__(
        self, first_keycode: int, rows: Sequence[Sequence[int]], group: int, borrowed: Collection[int] = ()
    ) -> None:
        self._first = first_keycode
        self._borrowed = borrowed
        self._rows = rows
        self._strokes: dict[int, Stroke] = {}
        self._keycodes: dict[int, int] = {}
        for number, row in enumerate(rows):
            for keysym in row:
                self._keycodes.setdefault(keysym, first_keycode + number)
        self._has_level3 = LEVEL3_SHIFT in self._keycodes
        for level, column in enumerate(_LEVELS_BY_GROUP.get(group, ())):
            self._read_level(level, column)

    def _read_level(self, level: int, column: int) -> None:
        if level >= 2 and not self._has_level3:
            return
        for number, row in enumerate(self._rows):
            keysym = row[column] if column < len(row) else 0
            if keysym and self._first + number not in self._borrowed:
                stroke = Stroke(self._first + number, shift=level in {1, 3}, level3=level >= 2)
                self._strokes.setdefault(keysym, stroke)

    def stroke(self, keysym: int) -> Stroke | None:
        """How this keysym is typed in the layout that holds now."""
        return self._strokes.get(keysym)

    def keycode(self, keysym: int) -> int | None:
        """A key that has this keysym anywhere; for a right-hand key that is not there, its left-hand twin."""
        found = self._keycodes.get(keysym)
        return self._keycodes.get(_OTHER_SIDE.get(keysym, 0)) if found is None else found

    def spare(self) -> list[int]:
        """Keycodes without any meaning. The first one is left alone: some programs take it for 'no key'."""
        return [self._first + number for number, row in enumerate(self._rows) if number > 0 and not any(row)]
