"""Sealed messages that move the pointer and type (SPEC I1-I5)."""

from enum import IntFlag, StrEnum
from typing import Annotated

from msgspec import Meta

from relevo_protocol.limits import MAX_KEY_NAME_CHARS, MAX_TEXT_INPUT_CHARS
from relevo_protocol.messages.base import FrameId, Message
from relevo_protocol.messages.screen import MonitorId

Fraction = Annotated[float, Meta(ge=0.0, lt=1.0)]
"""Position on a monitor: the pixel's middle, (pixel + 0.5) / size, so every scale hits the same pixel."""
ButtonIndex = Annotated[int, Meta(ge=0, le=4)]
"""As in the browser's ``MouseEvent.button``: 0 left, 1 middle, 2 right, 3 back, 4 forward."""
Notches = Annotated[float, Meta(ge=-50.0, le=50.0)]
KeyName = Annotated[str, Meta(min_length=1, max_length=MAX_KEY_NAME_CHARS)]


class Modifiers(IntFlag):
    """Modifier keys held, as the browser reports them with each event."""

    NONE = 0
    SHIFT = 1
    CONTROL = 2
    ALT = 4
    META = 8
    ALT_GRAPH = 16


class SpecialCombo(StrEnum):
    """Key combinations that a browser cannot pass through."""

    CTRL_ALT_DELETE = "ctrl_alt_delete"
    SUPER = "super"
    ALT_TAB = "alt_tab"
    ALT_F4 = "alt_f4"
    CTRL_ESCAPE = "ctrl_escape"
    PRINT_SCREEN = "print_screen"
    CTRL_SHIFT_ESCAPE = "ctrl_shift_escape"


class PointerMove(Message, frozen=True):
    """Pointer to a place. ``seen`` is the last frame the viewer had drawn."""

    monitor: MonitorId
    x: Fraction
    y: Fraction
    seen: FrameId


class PointerButton(Message, frozen=True):
    """Button down or up at a place."""

    monitor: MonitorId
    x: Fraction
    y: Fraction
    button: ButtonIndex
    down: bool
    seen: FrameId


class PointerWheel(Message, frozen=True):
    """Wheel at a place, in notches; positive is right and down."""

    monitor: MonitorId
    x: Fraction
    y: Fraction
    dx: Notches
    dy: Notches
    seen: FrameId


class KeyPress(Message, frozen=True):
    """A key that is no text: shortcuts, arrows, Enter.

    ``code`` and ``key`` are as in the browser's ``KeyboardEvent``.

    ``modifiers`` is what the browser says is held (:class:`Modifiers`); the agent re-synchronises by it.
    """

    code: KeyName
    key: KeyName
    down: bool
    modifiers: Annotated[int, Meta(ge=0, le=31)] = 0


class TextInput(Message, frozen=True):
    """Composed text, to be typed as these characters whatever the layouts on both sides."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_INPUT_CHARS)]


class SpecialKeys(Message, frozen=True):
    """Press and release a combination."""

    combo: SpecialCombo


class ReleaseAll(Message, frozen=True):
    """The viewer lost focus: every held key and button goes up."""
