"""macOS: Quartz events through pynput. Written, not yet run there.

Without the permission under Privacy & Security > Accessibility the system drops injected events silently, so
the permission is looked at first.
"""

import ctypes
import sys
from collections.abc import Callable
from typing import Final

from relevo_agent.platform.base import InjectorFailed
from relevo_agent.platform.pynput_injector import PynputInjector
from relevo_protocol.messages.input import SpecialCombo

_SERVICES: Final = "/System/Library/Frameworks/ApplicationServices.framework/ApplicationServices"
_FOREIGN: Final = frozenset(
    {SpecialCombo.CTRL_ALT_DELETE, SpecialCombo.CTRL_SHIFT_ESCAPE, SpecialCombo.PRINT_SCREEN}
)


class MacInjector(PynputInjector):
    """Input for the desktop of this user.

    Raises:
        InjectorFailed: not on macOS, or the permission is missing.
    """

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        system: str = sys.platform
        if system != "darwin":
            raise InjectorFailed("this is not macOS")
        trusted = ctypes.CDLL(_SERVICES).AXIsProcessTrusted
        trusted.restype = ctypes.c_bool
        if not trusted():
            raise InjectorFailed(
                "macOS does not let this program move pointer and keys: allow it in System Settings > "
                "Privacy & Security > Accessibility, then start it again"
            )
        super().__init__(cancelled, (0, 0), _FOREIGN)
