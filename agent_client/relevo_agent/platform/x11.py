"""Pointer and keyboard of an X display by XTEST (X11R6.4 XTEST extension, python-xlib).

Characters that the customer's layout has are typed on their own keys. Others are put on keys without a
meaning. Such a key is not given another meaning until every program has had time to read the first: a program
that is behind looks a key up in the map of *now*, and would show the wrong character. That is why this is not
left to pynput, which gives keys new meanings between two strokes.
"""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from Xlib import X
from Xlib.ext import xtest

from relevo_agent.platform.base import InjectorFailed, Key, KeyUnknown
from relevo_agent.platform.x11_borrowed import BorrowedKeys, Slot
from relevo_agent.platform.x11_keymap import (
    CAPS_LOCK,
    LEVEL3_SHIFT,
    NAMED_KEYSYMS,
    PLACES,
    SHIFT_L,
    Keymap,
    Stroke,
    keysyms_of,
)
from relevo_agent.xdisplay import BROKEN, open_display
from relevo_protocol.messages.input import SpecialCombo

MAP_GAP_S: Final = 0.02
_BUTTONS: Final = {0: 1, 1: 2, 2: 3, 3: 8, 4: 9}
_WHEEL_UP, _WHEEL_DOWN, _WHEEL_LEFT, _WHEEL_RIGHT = 4, 5, 6, 7


@contextmanager
def _x_errors() -> Generator[None]:
    try:
        yield
    except BROKEN as cause:
        raise InjectorFailed(
            f"the X server takes no input ({cause}); is the desktop still running?"
        ) from cause


class X11Injector:
    """Input for one X display.

    ``cancelled`` is asked between characters, so that Stop or a step down also stops a long text.

    Raises:
        InjectorFailed: no display, or it has no XTEST.
    """

    def __init__(self, name: str | None, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        try:
            self._display = open_display(name)
        except BROKEN as cause:
            raise InjectorFailed(f"no X display to control: {cause}") from cause
        if not self._display.has_extension("XTEST"):
            self._display.close()
            raise InjectorFailed("this X server has no XTEST extension: keys and pointer cannot be moved")
        self._down: dict[Key, int] = {}
        self._borrowed = BorrowedKeys()
        self._published_s = 0.0
        self._keymap = self._read_keymap()

    # --- pointer ---

    def move(self, x_px: int, y_px: int) -> None:
        """Pointer to a pixel of the root window."""
        with _x_errors():
            xtest.fake_input(self._display, X.MotionNotify, x=x_px, y=y_px)
            self._display.flush()

    def button(self, button: int, *, down: bool) -> None:
        """Press or release a button."""
        with _x_errors():
            xtest.fake_input(self._display, X.ButtonPress if down else X.ButtonRelease, _BUTTONS[button])
            self._display.flush()

    def wheel(self, right: int, down: int) -> None:
        """Turn the wheel: X has a button for each direction."""
        vertical = _WHEEL_DOWN if down > 0 else _WHEEL_UP
        horizontal = _WHEEL_RIGHT if right > 0 else _WHEEL_LEFT
        with _x_errors():
            for button in [vertical] * abs(down) + [horizontal] * abs(right):
                xtest.fake_input(self._display, X.ButtonPress, button)
                xtest.fake_input(self._display, X.ButtonRelease, button)
            self._display.flush()

    # --- keys ---

    def key(self, key: Key, *, down: bool) -> None:
        """Press or release one key; what was pressed is what is released, whatever the layout by then."""
        with _x_errors():
            if not down:
                keycode = self._down.pop(key, None)
                if keycode is not None:
                    self._strike(keycode, down=False)
                    self._display.flush()
                return
            self._refresh(self._mask())
            stroke = self._stroke_of(key)
            self._down[key] = stroke.keycode
            self._press_at_level(key, stroke)
            self._display.flush()

    def _stroke_of(self, key: Key) -> Stroke:
        keysym = NAMED_KEYSYMS.get(key.code) or NAMED_KEYSYMS.get(key.key)
        keycode = self._keymap.keycode(keysym) if keysym else None
        if keycode is not None:
            return Stroke(keycode)
        for wanted in keysyms_of(key.key) if len(key.key) == 1 else ():
            # A letter is looked for small; the Shift that is held says whether it is large.
            small = keysyms_of(chr(wanted).lower())[0] if wanted < 0x100 else wanted
            stroke = self._keymap.stroke(small)
            if stroke is not None:
                return stroke
        if key.code in PLACES:
            return Stroke(PLACES[key.code])
        raise KeyUnknown(f"this keyboard has no key {key.key} ({key.code})")

    def _press_at_level(self, key: Key, stroke: Stroke) -> None:
        """Signs mean the sign itself: Shift is lent or taken away for the stroke where the layouts differ."""
        is_sign = len(key.key) == 1 and not key.key.isalpha() and not key.key.isspace()
        shift = self._keymap.keycode(SHIFT_L)
        shift_held = any(held.code in {"ShiftLeft", "ShiftRight"} for held in self._down)
        if not is_sign or shift is None or stroke.shift == shift_held:
            self._strike(stroke.keycode, down=True)
            return
        self._strike(shift, down=stroke.shift)
        self._strike(stroke.keycode, down=True)
        self._strike(shift, down=shift_held)

    def _strike(self, keycode: int, *, down: bool) -> None:
        xtest.fake_input(self._display, X.KeyPress if down else X.KeyRelease, keycode)

    def can_combo(self, combo: SpecialCombo) -> bool:
        """Injected keys mean what real ones mean; Ctrl+Alt+Del works where the desktop binds it."""
        del combo
        return True

    # --- text ---

    def type_text(self, text: str) -> None:
        """Type these characters; control characters but newline and tab are left out."""
        wanted = [keysyms_of(char) for char in text.replace("\r\n", "\n").replace("\r", "\n")]
        keysyms = [options for options in wanted if options]
        with _x_errors():
            mask = self._mask()
            self._refresh(mask)
            with self._caps_lock_off(mask):
                while keysyms and not self._cancelled():
                    run = self._typeable(keysyms)
                    for stroke in run:
                        self._type(stroke)
                    self._display.sync()
                    keysyms = keysyms[len(run) :]

    @contextmanager
    def _caps_lock_off(self, mask: int) -> Generator[None]:
        """Caps Lock would make capitals of what was typed small: lift it for the text, then put it back."""
        lock = self._keymap.keycode(CAPS_LOCK)
        toggled = bool(mask & X.LockMask) and lock is not None
        if toggled and lock is not None:
            self._tap(lock)
        try:
            yield
        finally:
            if toggled and lock is not None:
                self._tap(lock)
                self._display.flush()

    def _typeable(self, keysyms: list[tuple[int, ...]]) -> list[Stroke]:
        """Strokes for as many characters as can be typed without giving one key two meanings."""
        run: list[Stroke] = []
        taken: set[Slot] = set()
        changed: set[int] = set()
        for options in keysyms:
            stroke = next((s for s in map(self._keymap.stroke, options) if s is not None), None)
            if stroke is None:
                slot = self._borrowed.find(options[-1]) or self._borrow(taken, may_wait=not run)
                if slot is None:
                    break
                if self._borrowed.find(options[-1]) is None:
                    self._borrowed.lend(slot, options[-1])
                    changed.add(slot.keycode)
                taken.add(slot)
                stroke = BorrowedKeys.stroke(slot)
            run.append(stroke)
        self._publish(changed)
        now_s = time.monotonic()
        for slot in taken:
            self._borrowed.typed(slot, now_s)
        return run

    def _publish(self, keycodes: set[int]) -> None:
        """Tell every program the new meanings, one key at a time.

        libX11 forgets a change that arrives while it fetches an earlier one (``XRefreshKeyboardMapping``
        clears what was noted meanwhile), so changes keep a distance, and several are told twice.
        """
        for _ in range(2 if len(keycodes) > 1 else 1):
            for keycode in sorted(keycodes):
                time.sleep(max(0.0, self._published_s + MAP_GAP_S - time.monotonic()))
                self._display.change_keyboard_mapping(keycode, [self._borrowed.row(keycode)])
                self._display.sync()
                self._published_s = time.monotonic()

    def _borrow(self, taken: set[Slot], *, may_wait: bool) -> Slot | None:
        """A slot for another character; ``None`` if none can be had without waiting."""
        slot = self._borrowed.offer(self._spare, taken)
        if slot is None:
            if may_wait:
                raise InjectorFailed("this keyboard has no free key for characters outside its layout")
            return None
        wait_s = self._borrowed.wait_s(slot, time.monotonic())
        if wait_s > 0 and not may_wait:
            return None
        end_s = time.monotonic() + wait_s
        while (left_s := end_s - time.monotonic()) > 0:
            if self._cancelled():
                return None
            time.sleep(min(left_s, MAP_GAP_S))
        return slot

    def _type(self, stroke: Stroke) -> None:
        held = [
            keycode
            for wanted, keysym in ((stroke.shift, SHIFT_L), (stroke.level3, LEVEL3_SHIFT))
            if wanted and (keycode := self._keymap.keycode(keysym)) is not None
        ]
        for keycode in held:
            self._strike(keycode, down=True)
        self._tap(stroke.keycode)
        for keycode in reversed(held):
            self._strike(keycode, down=False)

    def _tap(self, keycode: int) -> None:
        self._strike(keycode, down=True)
        self._strike(keycode, down=False)

    # --- the map ---

    def _mask(self) -> int:
        """Modifiers, locks and group that hold now; a trip to the X server, before which no key goes out."""
        return int(self._display.screen().root.query_pointer().mask)

    def _refresh(self, mask: int) -> None:
        """Read the map again if anybody changed it, or if another group of it holds now."""
        changed = False
        while self._display.pending_events():
            event = self._display.next_event()
            changed = changed or event.type == X.MappingNotify
        if changed or _group_of(mask) != self._group:
            self._keymap = self._read_keymap()

    def _read_keymap(self) -> Keymap:
        with _x_errors():
            first, last = self._display.display.info.min_keycode, self._display.display.info.max_keycode
            rows = [list(row) for row in self._display.get_keyboard_mapping(first, last - first + 1)]
            self._group = _group_of(self._mask())
        self._borrowed.verify(dict(enumerate(rows, first)))
        borrowed = self._borrowed.keycodes
        keymap = Keymap(first, rows, self._group, borrowed)
        self._spare = sorted({*keymap.spare(), *borrowed})
        return keymap

    def close(self) -> None:
        """Give the borrowed keys back and end the connection."""
        try:
            for keycode in self._borrowed.keycodes:
                self._display.change_keyboard_mapping(keycode, [(X.NoSymbol, X.NoSymbol)])
            self._display.sync()
            self._display.close()
        except BROKEN:  # the display is gone, and its map with it
            return


def _group_of(mask: int) -> int:
    """The keyboard's group, 0 to 3 (X Keyboard Extension, state of modifiers and groups)."""
    return mask >> 13 & 3
