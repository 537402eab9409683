"""Pointer and keys of a Wayland desktop through its portal, as far as the person at the PC has given them.

Characters are told as keysyms, and the compositor finds the keys of its own layout; some (Mutter 43) drop
those that the layout lacks. Source: XDG Desktop Portal, org.freedesktop.portal.RemoteDesktop (version 1);
button and key numbers are those of Linux' input-event-codes.h.
"""

from collections.abc import Callable
from typing import Final

from relevo_agent.platform.base import InjectorFailed, Key, KeyUnknown
from relevo_agent.platform.x11_keymap import NAMED_KEYSYMS, PLACES, keysyms_of
from relevo_agent.portal.bus import BusGone
from relevo_agent.portal.desk import Desk, shared
from relevo_agent.portal.session import PortalSession, Stage
from relevo_protocol.messages.input import SpecialCombo

_BUTTONS: Final = {0: 0x110, 1: 0x112, 2: 0x111, 3: 0x113, 4: 0x114}
_VERTICAL, _HORIZONTAL = 0, 1
_X_KEYCODE_OFFSET: Final = 8
_REASONS: Final = {
    Stage.ASKING: "the customer's desktop asks them whether you may control it: they must agree there",
    Stage.REFUSED: "the customer has not given the control in their desktop's own window",
    Stage.ENDED: "the customer's desktop has taken back the control",
    Stage.LOCKED: "the customer's screen is locked; ask them to unlock it",
    Stage.MISSING: "this Wayland desktop has no RemoteDesktop portal: it can be watched, not controlled; "
    "sign in with an Xorg session to control it",
    Stage.FAILED: "the desktop's portal failed",
}


class PortalInjector:
    """Asks for the control at the first act. ``cancelled`` is asked between the characters of a text."""

    def __init__(self, cancelled: Callable[[], bool], desk: Desk | None = None) -> None:
        self._cancelled = cancelled
        self._desk = desk or shared()
        self._down: dict[Key, tuple[str, int]] = {}

    def move(self, x_px: int, y_px: int) -> None:
        """Pointer to a pixel of the picture."""
        session = self._session(pointer=True)
        grant = session.grant
        nodes = {stream.node for stream in grant.streams} if grant else set[int]()
        for place in self._desk.placements:
            x, y = x_px - place.left, y_px - place.top
            if place.node in nodes and 0 <= x < place.width and 0 <= y < place.height:
                wide, high = place.logical
                # The pixel's corner, in the compositor's own count; some round up what lies between.
                spot = (x * wide / place.width, y * high / place.height)
                self._tell(session, "NotifyPointerMotionAbsolute", "udd", (place.node, *spot))
                return

    def button(self, button: int, *, down: bool) -> None:
        """Press or release a button."""
        session = self._session(pointer=True)
        self._tell(session, "NotifyPointerButton", "iu", (_BUTTONS[button], int(down)))

    def wheel(self, right: int, down: int) -> None:
        """Turn the wheel."""
        session = self._session(pointer=True)
        for axis, steps in ((_VERTICAL, down), (_HORIZONTAL, right)):
            if steps:
                self._tell(session, "NotifyPointerAxisDiscrete", "ui", (axis, steps))

    def key(self, key: Key, *, down: bool) -> None:
        """Press or release one key; what was pressed is what is released."""
        session = self._session(pointer=False)
        if not down:
            told = self._down.pop(key, None)
            if told is not None:
                self._strike(session, told, down=False)
            return
        told = _told(key)
        self._down[key] = told
        self._strike(session, told, down=True)

    def type_text(self, text: str) -> None:
        """Type these characters; control characters but newline and tab are left out."""
        session = self._session(pointer=False)
        for char in text.replace("\r\n", "\n").replace("\r", "\n"):
            keysyms = keysyms_of(char)
            if self._cancelled():
                return
            if keysyms:
                told = ("NotifyKeyboardKeysym", keysyms[0])
                self._strike(session, told, down=True)
                self._strike(session, told, down=False)

    def can_combo(self, combo: SpecialCombo) -> bool:
        """Injected keys mean what real ones mean to the compositor."""
        del combo
        return True

    def close(self) -> None:
        """Nothing was changed; the session ends with the pictures."""
        self._down.clear()

    def _strike(self, session: PortalSession, told: tuple[str, int], *, down: bool) -> None:
        member, code = told
        self._tell(session, member, "iu", (code, int(down)))

    def _session(self, *, pointer: bool) -> PortalSession:
        session, progress = self._desk.control()
        grant = session.grant
        if grant is None:
            reason = _REASONS.get(progress.stage, "the control is not given")
            raise InjectorFailed(f"{reason} ({progress.detail})" if progress.detail else reason)
        if not (grant.pointer if pointer else grant.keyboard):
            raise InjectorFailed("the customer has shared the screen without the control of pointer and keys")
        return session

    def _tell(self, session: PortalSession, member: str, signature: str, body: tuple[object, ...]) -> None:
        try:
            session.tell(member, signature, body)
        except BusGone as error:
            raise InjectorFailed(f"{_REASONS[Stage.ENDED]} ({error})") from error


def _told(key: Key) -> tuple[str, int]:
    """How the portal is told of a key: named keys and characters by keysym, else by their place."""
    named = NAMED_KEYSYMS.get(key.code) or NAMED_KEYSYMS.get(key.key)
    if named:
        return "NotifyKeyboardKeysym", named
    keysyms = keysyms_of(key.key.lower()) if len(key.key) == 1 else ()
    if keysyms:
        return "NotifyKeyboardKeysym", keysyms[0]
    if key.code in PLACES:
        return "NotifyKeyboardKeycode", PLACES[key.code] - _X_KEYCODE_OFFSET
    raise KeyUnknown(f"this keyboard has no key {key.key} ({key.code})")
