"""What a feature is: a set of messages that it carries out once the gate has admitted them."""

from typing import Final, Protocol

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages.input import (
    KeyPress,
    PointerButton,
    PointerMove,
    PointerWheel,
    ReleaseAll,
    SpecialKeys,
    TextInput,
)
from relevo_protocol.messages.screen import ScreenLayout
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Factor

PointerMessage = PointerMove | PointerButton | PointerWheel
InputMessage = PointerMessage | KeyPress | TextInput | SpecialKeys | ReleaseAll
FeatureMessage = InputMessage
"""Every message that a feature carries out; the session itself answers the others."""

INPUT_CAPABILITIES: Final = (
    Capability.INPUT_POINTER,
    Capability.INPUT_TEXT,
    Capability.INPUT_KEYS,
    Capability.INPUT_SPECIAL,
)


class FeatureRefusal(Exception):
    """The feature could not carry a message out. ``removed_by`` says what stood in the way."""

    def __init__(self, capability: Capability, removed_by: Factor | None, text: str) -> None:
        super().__init__(text)
        self.code = ErrorCode.NOT_PERMITTED if removed_by else ErrorCode.INTERNAL
        self.capability = capability
        self.removed_by = removed_by


class Feature(Protocol):
    """One feature of the agent."""

    def perform(self, message: FeatureMessage, layout: ScreenLayout) -> None:
        """Carry one admitted message out.

        Raises:
            FeatureRefusal: the platform cannot do this, or failed to.
        """
        ...

    def release(self) -> None:
        """Let go of whatever is held down or open."""
        ...

    def close(self) -> None:
        """Give everything back; nothing is performed afterwards."""
        ...
