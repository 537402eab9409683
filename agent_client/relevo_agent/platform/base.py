"""What a platform must be able to do for ``features``; one file each for X11, Windows and macOS."""

from collections.abc import Callable
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


class LocalInputUnavailable(Exception):
    """Real and injected input cannot be told apart here; the text names the cause."""


@dataclass(frozen=True, slots=True)
class LocalInputEvents:
    """What a watch of the real keyboard and pointer tells, from its own thread.

    ``used``: the person at the PC did something. ``panic``: they pressed Ctrl+Alt+End (or Ctrl+Alt+Pause).
    """

    used: Callable[[], None]
    panic: Callable[[], None]


class LocalInput(Protocol):
    """Watches the real keyboard and pointer, never the injected ones (SPEC G3, N7)."""

    def start(self) -> None:
        """Begin."""
        ...

    def watch(self, *, on: bool) -> None:
        """Report every use from now on, or nothing but the panic key."""
        ...

    def close(self) -> None:
        """End."""
        ...


class OverlayUnavailable(Exception):
    """Nothing can be drawn on this desktop; the text names the cause."""


@dataclass(frozen=True, slots=True)
class Place:
    """A pixel of the whole screen, counted from its left upper corner."""

    x_px: int
    y_px: int


class Overlay(Protocol):
    """Marks on the real screen, through which clicks pass (SPEC A2). Any thread may call."""

    def laser(self, slot: int, name: str, place: Place) -> None:
        """Point at a place, or move there."""
        ...

    def stroke(self, slot: int, stroke: int, places: list[Place]) -> None:
        """Draw on: these places go on where the last piece of the same ``stroke`` ended."""
        ...

    def clear(self, slot: int | None, *, laser_only: bool) -> None:
        """Take away what one person (``None``: everybody) shows."""
        ...

    def close(self) -> None:
        """Take everything away and end."""
        ...
