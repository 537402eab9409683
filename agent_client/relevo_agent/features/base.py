"""What a feature is: a set of messages that it carries out once the gate has admitted them."""

from collections.abc import Callable
from typing import Final, Protocol

from relevo_protocol.errors import ErrorCode
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.administration import (
    AdminTerminalOpen,
    ProcessEnd,
    ProcessesRequest,
    ServiceChange,
    ServicesRequest,
    SystemInfoRequest,
    TerminalClose,
    TerminalInput,
    TerminalOpen,
    TerminalSize,
)
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
AdminMessage = (
    SystemInfoRequest
    | ProcessesRequest
    | ProcessEnd
    | ServicesRequest
    | ServiceChange
    | TerminalOpen
    | AdminTerminalOpen
    | TerminalInput
    | TerminalSize
    | TerminalClose
)
FeatureMessage = InputMessage | AdminMessage
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


Say = Callable[[int, HostToViewer], None]
"""How a feature answers the viewer on a link; may be called from any thread and returns at once."""


class Feature(Protocol):
    """One feature of the agent."""

    def perform(self, link: int, message: FeatureMessage, layout: ScreenLayout | None) -> None:
        """Carry one admitted message of this link out; ``layout`` is the screen that the viewer saw.

        Raises:
            FeatureRefusal: the platform cannot do this, or failed to.
        """
        ...

    def release(self) -> None:
        """Let go of whatever is held down or open."""
        ...

    def forget(self, link: int | None) -> None:
        """This viewer (``None``: everybody) is gone: end what was opened for them."""
        ...

    def close(self) -> None:
        """Give everything back; nothing is performed afterwards."""
        ...
