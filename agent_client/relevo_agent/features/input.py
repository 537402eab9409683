"""Pointer, keys and text of the technician, carried out on the customer's PC (SPEC I1-I5, S4).

Keeps track of everything held down, so that it can be let go at any moment.
"""

from typing import Final, assert_never

from relevo_agent.features.base import (
    INPUT_CAPABILITIES,
    FeatureMessage,
    FeatureRefusal,
    InputMessage,
    PointerMessage,
)
from relevo_agent.platform.base import Injector, InjectorFailed, Key, KeyUnknown, Place
from relevo_protocol.messages.input import (
    KeyPress,
    Modifiers,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialCombo,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.screen import ScreenLayout
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Factor

_MODIFIER_KEYS: Final = {
    "ShiftLeft": Modifiers.SHIFT,
    "ShiftRight": Modifiers.SHIFT,
    "ControlLeft": Modifiers.CONTROL,
    "ControlRight": Modifiers.CONTROL,
    "AltLeft": Modifiers.ALT,
    "AltRight": Modifiers.ALT,
    "MetaLeft": Modifiers.META,
    "MetaRight": Modifiers.META,
    "OSLeft": Modifiers.META,
    "OSRight": Modifiers.META,
}
_KEY_OF: Final = {
    Modifiers.SHIFT: Key("ShiftLeft", "Shift"),
    Modifiers.CONTROL: Key("ControlLeft", "Control"),
    Modifiers.ALT: Key("AltLeft", "Alt"),
    Modifiers.META: Key("MetaLeft", "Meta"),
}
# Text arrives composed, so the locks and AltGr of the technician's keyboard have no business here.
_NOT_CARRIED: Final = frozenset({"CapsLock", "NumLock", "ScrollLock", "AltGraph"})

_DELETE: Final = Key("Delete", "Delete")
_COMBOS: Final[dict[SpecialCombo, tuple[Key, ...]]] = {
    SpecialCombo.CTRL_ALT_DELETE: (_KEY_OF[Modifiers.CONTROL], _KEY_OF[Modifiers.ALT], _DELETE),
    SpecialCombo.SUPER: (_KEY_OF[Modifiers.META],),
    SpecialCombo.ALT_TAB: (_KEY_OF[Modifiers.ALT], Key("Tab", "Tab")),
    SpecialCombo.ALT_F4: (_KEY_OF[Modifiers.ALT], Key("F4", "F4")),
    SpecialCombo.CTRL_ESCAPE: (_KEY_OF[Modifiers.CONTROL], Key("Escape", "Escape")),
    SpecialCombo.PRINT_SCREEN: (Key("PrintScreen", "PrintScreen"),),
    SpecialCombo.CTRL_SHIFT_ESCAPE: (
        _KEY_OF[Modifiers.CONTROL],
        _KEY_OF[Modifiers.SHIFT],
        Key("Escape", "Escape"),
    ),
}


def place_of(layout: ScreenLayout, monitor: int, x: float, y: float) -> Place | None:
    """The pixel that fractions of a monitor mean; ``None`` if the monitor is not there (SPEC I1)."""
    if monitor == 0:
        return Place(int(x * layout.width), int(y * layout.height))
    found = next((m for m in layout.monitors if m.id == monitor), None)
    return None if found is None else Place(found.x + int(x * found.width), found.y + int(y * found.height))


class InputFeature:
    """Carries input out through the platform's injector."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector
        self._keys: dict[str, Key] = {}
        self._modifiers: dict[str, Key] = {}
        self._parked: dict[str, Key] = {}
        self._buttons: set[int] = set()
        self._wheel_rest = (0.0, 0.0)

    @property
    def holds(self) -> bool:
        """Whether any key or button is down by us."""
        return bool(self._keys or self._modifiers or self._buttons)

    def close(self) -> None:
        """Put the keyboard back as it was."""
        self._injector.close()

    def perform(self, link: int, message: FeatureMessage, layout: ScreenLayout | None) -> None:
        """Carry one admitted message out, whoever holds the control token.

        Raises:
            FeatureRefusal: the platform has no such key or combination, or the desktop took no input.
        """
        del link
        if layout is not None and isinstance(message, InputMessage):
            self._perform(message, layout)

    def forget(self, link: int | None) -> None:
        """Nothing is kept for one viewer: what is held is let go by :meth:`release`."""

    def _perform(self, message: InputMessage, layout: ScreenLayout) -> None:
        try:
            match message:
                case PointerMove() | PointerButton() | PointerWheel():
                    self._pointer(message, layout)
                case KeyPress():
                    self._key(message)
                case TextInput():
                    self._text(message.text)
                case SpecialKeys():
                    self._combo(message.combo)
                case ReleaseAll():
                    self.release()
                case _:
                    assert_never(message)
        except KeyUnknown as error:
            special = isinstance(message, SpecialKeys)
            capability = Capability.INPUT_SPECIAL if special else Capability.INPUT_KEYS
            raise FeatureRefusal(capability, Factor.PLATFORM, str(error)) from error
        except InjectorFailed as error:
            raise FeatureRefusal(Capability.INPUT_POINTER, None, str(error)) from error

    def release(self) -> None:
        """Let every key and button go; where the platform refuses, it holds nothing any more."""
        keys = [*self._keys.values(), *self._modifiers.values()]
        buttons = sorted(self._buttons)
        self._keys.clear()
        self._modifiers.clear()
        self._parked.clear()
        self._buttons.clear()
        for key in keys:
            self._quietly_up(key)
        for button in buttons:
            try:
                self._injector.button(button, down=False)
            except InjectorFailed:
                continue

    def _quietly_up(self, key: Key) -> None:
        try:
            self._injector.key(key, down=False)
        except (InjectorFailed, KeyUnknown):
            return

    # --- pointer ---

    def _pointer(self, message: PointerMessage, layout: ScreenLayout) -> None:
        place = place_of(layout, message.monitor, message.x, message.y)
        if place is None:
            raise FeatureRefusal(Capability.INPUT_POINTER, Factor.PLATFORM, f"no monitor {message.monitor}")
        self._injector.move(place.x_px, place.y_px)
        match message:
            case PointerMove():
                return
            case PointerButton():
                self._button(message.button, down=message.down)
            case PointerWheel():
                self._wheel(message.dx, message.dy)

    def _button(self, button: int, *, down: bool) -> None:
        if not down and button not in self._buttons:
            return
        if down:
            self._unpark()
        self._injector.button(button, down=down)
        if down:
            self._buttons.add(button)
        else:
            self._buttons.discard(button)

    def _unpark(self) -> None:
        """Hold again what text had to be typed without."""
        parked, self._parked = self._parked, {}
        for code, key in parked.items():
            self._injector.key(key, down=True)
            self._modifiers[code] = key

    def _wheel(self, dx: float, dy: float) -> None:
        """Turn the wheel by whole notches; the rest waits for the next message."""
        x, y = self._wheel_rest[0] + dx, self._wheel_rest[1] + dy
        notches_x, notches_y = int(x), int(y)
        self._wheel_rest = (x - notches_x, y - notches_y)
        if notches_x or notches_y:
            self._injector.wheel(notches_x, notches_y)

    # --- keys ---

    def _key(self, press: KeyPress) -> None:
        if press.code in _NOT_CARRIED or press.key in _NOT_CARRIED:
            return
        if press.code in _MODIFIER_KEYS:
            self._modifier_key(press)
            return
        if not press.down:
            held = self._keys.pop(press.code, None)
            if held is not None:
                self._injector.key(held, down=False)
            return
        wanted = Modifiers(press.modifiers)
        if wanted & Modifiers.ALT_GRAPH:
            wanted &= ~(Modifiers.CONTROL | Modifiers.ALT)
        self._sync_modifiers(wanted)
        key = Key(press.code, press.key)
        repeated = self._keys.pop(press.code, None)
        if repeated is not None:
            self._injector.key(repeated, down=False)
        self._injector.key(key, down=True)
        self._keys[press.code] = key

    def _modifier_key(self, press: KeyPress) -> None:
        key, own = Key(press.code, press.key), _MODIFIER_KEYS[press.code]
        if press.down and press.code not in self._modifiers:
            self._injector.key(key, down=True)
            self._modifiers[press.code] = key
        elif not press.down:
            self._parked.pop(press.code, None)
            held = self._modifiers.pop(press.code, None)
            if held is not None:
                self._injector.key(held, down=False)
        wanted = Modifiers(press.modifiers) | (own if press.down else Modifiers.NONE)
        self._sync_modifiers(wanted)

    def _sync_modifiers(self, wanted: Modifiers) -> None:
        """Hold what the browser says is held, neither less nor more (SPEC I3)."""
        self._parked.clear()
        for code, key in list(self._modifiers.items()):
            if not wanted & _MODIFIER_KEYS[code]:
                del self._modifiers[code]
                self._injector.key(key, down=False)
        held = {_MODIFIER_KEYS[code] for code in self._modifiers}
        for modifier, key in _KEY_OF.items():
            if wanted & modifier and modifier not in held:
                self._injector.key(key, down=True)
                self._modifiers[key.code] = key

    def _text(self, text: str) -> None:
        """Type text with nothing else held, so that no character becomes a shortcut."""
        for key in [*self._keys.values(), *self._modifiers.values()]:
            self._injector.key(key, down=False)
        self._keys.clear()
        # Pressed again only when a click needs them: Shift going up and down by itself wakes "sticky keys".
        self._parked |= self._modifiers
        self._modifiers.clear()
        self._injector.type_text(text)

    def _combo(self, combo: SpecialCombo) -> None:
        if not self._injector.can_combo(combo):
            raise KeyUnknown(f"this system takes {combo.value} from its own keyboard only")
        self._sync_modifiers(Modifiers.NONE)
        pressed: list[Key] = []
        try:
            for key in _COMBOS[combo]:
                self._injector.key(key, down=True)
                pressed.append(key)
        finally:
            for key in reversed(pressed):
                self._quietly_up(key)


__all__ = ["INPUT_CAPABILITIES", "InputFeature", "place_of"]
