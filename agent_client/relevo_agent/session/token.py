"""Who drives: one control token, and by which rules it moves (SPEC G2-G4, G7)."""

from dataclasses import dataclass

from relevo_protocol.limits import MICRO_HANDOVER_S
from relevo_protocol.messages.team import TokenCause

CUSTOMER = 0
"""The person at this PC, as the token's holder."""


@dataclass(slots=True)
class ControlToken:
    """The token as layers: an owner, over it a micro-handover, over that the customer's own hands.

    Whatever lies on top holds it; when a layer goes, the token is where it was. So there is always exactly
    one holder, or none in a mode without input (``owner`` ``None``).
    """

    owner: int | None = None
    cause: TokenCause = TokenCause.MODE
    micro: int | None = None
    micro_until_ms: float = 0.0
    local_until_ms: float | None = None
    local_at_ms: float = float("-inf")
    owed: int | None = None
    """Who had it before the customer took it, or before their connection was cut."""
    cut: bool = False
    """They lost it by a cut: it goes back to them as soon as they are here again."""

    @property
    def holder(self) -> int | None:
        """Who drives now: a slot, 0 for the customer, ``None`` in a mode without input."""
        return CUSTOMER if self.is_local else self._below

    @property
    def _below(self) -> int | None:
        return self.owner if self.micro is None else self.micro

    def belongs_to(self, slot: int) -> bool:
        """Whether it is theirs under the layers, or waits for them after a cut."""
        return slot == (self.owed if self.cut else self.owner)

    @property
    def is_local(self) -> bool:
        """Whether the customer's own hands have it for the moment."""
        return self.local_until_ms is not None

    @property
    def returns_at_ms(self) -> float | None:
        """When it goes by itself to :attr:`next_slot`; ``None`` if it does not."""
        if self.local_until_ms is not None:
            return self.local_until_ms
        return None if self.micro is None else self.micro_until_ms

    @property
    def next_slot(self) -> int | None:
        """Who has it after that."""
        if self.is_local:
            return self._below
        return None if self.micro is None else self.owner

    def enter(self, owner: int | None) -> None:
        """A mode begins: its owner, ``None`` where nobody drives."""
        self._clear()
        self.owner, self.cause, self.owed, self.cut = owner, TokenCause.MODE, None, False

    def await_return(self, slot: int) -> None:
        """Nobody has it until this one is here again."""
        self.owed, self.cut = slot, True

    def give(self, slot: int, cause: TokenCause) -> None:
        """Put it into one hand; whatever lay over it is over."""
        before = self._below
        self._clear()
        if slot == CUSTOMER and before != CUSTOMER:
            self.owed = before
        self.owner, self.cause, self.cut = slot, cause, False

    def lend(self, slot: int, now_ms: float) -> None:
        """A micro-handover begins; one of the same person is not lengthened by asking again (SPEC G7)."""
        if self.micro != slot:
            self.micro, self.micro_until_ms = slot, now_ms + MICRO_HANDOVER_S * 1000
            self.cause = TokenCause.MICRO_HANDOVER

    def unlend(self) -> None:
        """The micro-handover is over."""
        if self.micro is not None:
            self.micro, self.cause = None, TokenCause.MICRO_HANDOVER_OVER

    def local_input(self, now_ms: float, life_ms: float) -> bool:
        """The customer's own hands move: they have it until they rest; true if somebody lost it by that."""
        if self._below in (None, CUSTOMER):
            return False
        began = not self.is_local
        self.local_at_ms, self.local_until_ms = now_ms, now_ms + life_ms
        if began:
            self.cause = TokenCause.LOCAL_INPUT
        return began

    def local_over(self, cause: TokenCause) -> None:
        """The customer's hands rest, or their turn is over."""
        if self.is_local:
            self.local_until_ms, self.cause = None, cause

    def lost(self, slot: int, heir: int) -> None:
        """This slot may not, or cannot, hold it any longer."""
        if self.micro == slot:
            self.micro, self.cause = None, TokenCause.LEFT
        if self.owner == slot:
            self.owner, self.cause = heir, TokenCause.LEFT
            if heir == CUSTOMER:
                self.await_return(slot)

    def back(self, slot: int) -> None:
        """Who lost it by a cut is here again, and nobody has it."""
        if self.owner == CUSTOMER and self.owed == slot and self.cut:
            self.owner, self.owed, self.cut, self.cause = slot, None, False, TokenCause.GIVEN

    def expire(self, now_ms: float) -> None:
        """Let the layers go whose time is over."""
        if self.local_until_ms is not None and now_ms >= self.local_until_ms:
            self.local_over(TokenCause.LOCAL_QUIET)
        if self.micro is not None and now_ms >= self.micro_until_ms:
            self.unlend()

    def _clear(self) -> None:
        self.micro = self.local_until_ms = None
