"""What a platform must be able to do for ``features``; one file each for X11, Windows and macOS."""

from dataclasses import dataclass
from typing import Protocol

from relevo_protocol.messages.input import SpecialCombo


class InjectorFailed(Exception):
    """The desktop takes no input; the text names cause and remedy."""


class KeyUnknown(Exception):
    """This keyboard has no such key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the browser names it: place (``KeyboardEvent.code``) and meaning (``KeyboardEvent.key``)."""

    code: str
    key: str


class Injector(Protocol):
    """Makes input that programs take for real. Used from one thread at a time."""

    def move(self, x_px: int, y_px: int) -> None:
        """Pointer to a pixel of the whole screen, counted from its left upper corner."""
        ...

    def button(self, button: int, *, down: bool) -> None:
        """Button as in the browser: 0 left, 1 middle, 2 right, 3 back, 4 forward."""
        ...

    def wheel(self, right: int, down: int) -> None:
        """Turn the wheel by notches."""
        ...

    def key(self, key: Key, *, down: bool) -> None:
        """Press or release a key.

        Raises:
            KeyUnknown: the keyboard has no such key.
        """
        ...

    def type_text(self, text: str) -> None:
        """Type exactly these characters, whatever the layout."""
        ...

    def can_combo(self, combo: SpecialCombo) -> bool:
        """Whether injected keys can do this combination here."""
        ...

    def close(self) -> None:
        """Put back what was changed and end the connection."""
        ...
