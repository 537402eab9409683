"""Keys without a meaning that are lent one, two characters each: one plain, one with Shift."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from relevo_agent.platform.x11_keymap import Stroke

SETTLE_S: Final = 1.0
"""A character keeps its key so long after its last stroke, so that slow programs still find it there."""


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One level of one key."""

    shift: bool
    keycode: int


class BorrowedKeys:
    """Which characters are lent to which slots, and when each was last typed."""

    def __init__(self) -> None:
        self._keysyms: dict[Slot, int] = {}
        self._used_s: dict[Slot, float] = {}

    @property
    def keycodes(self) -> frozenset[int]:
        """Keys that we gave a meaning."""
        return frozenset(slot.keycode for slot in self._keysyms)

    def find(self, keysym: int) -> Slot | None:
        """Where a character is lent to, if it is."""
        return next((slot for slot, held in self._keysyms.items() if held == keysym), None)

    def offer(self, spare: Sequence[int], taken: Collection[Slot]) -> Slot | None:
        """The slot that has not been used for longest; ``None`` if every one is taken."""
        slots = [Slot(shift, keycode) for shift in (False, True) for keycode in spare]
        return min(
            (s for s in slots if s not in taken), key=lambda s: (self._used_s.get(s, 0.0), s), default=None
        )

    def wait_s(self, slot: Slot, now_s: float) -> float:
        """How long a slot must still keep what it has."""
        return max(0.0, self._used_s[slot] + SETTLE_S - now_s) if slot in self._used_s else 0.0

    def lend(self, slot: Slot, keysym: int) -> None:
        """Give a slot a character."""
        self._keysyms[slot] = keysym

    def row(self, keycode: int) -> tuple[int, int]:
        """Both levels of a key.

        A single keysym would be read as the small half of a pair of letters, so no level is left empty.
        """
        plain, shifted = self._keysyms.get(Slot(False, keycode)), self._keysyms.get(Slot(True, keycode))
        return plain or shifted or 0, shifted or plain or 0

    def typed(self, slot: Slot, now_s: float) -> None:
        """Remember the stroke."""
        self._used_s[slot] = now_s

    def verify(self, rows: Mapping[int, Sequence[int]]) -> None:
        """Forget what somebody else has changed: a new layout, another program that lends keys."""
        for slot, keysym in list(self._keysyms.items()):
            if rows[slot.keycode][int(slot.shift)] != keysym:
                del self._keysyms[slot]

    @staticmethod
    def stroke(slot: Slot) -> Stroke:
        """How a slot is typed."""
        return Stroke(slot.keycode, shift=slot.shift)
