"""Windows: SendInput through pynput. Written, not yet run there.

Ctrl+Alt+Del is reserved to the system (secure attention sequence); windows of administrators take no input
from a program without their rights (UIPI).
"""

import ctypes
import sys
from collections.abc import Callable

from relevo_agent.platform.base import InjectorFailed
from relevo_agent.platform.pynput_injector import PynputInjector
from relevo_protocol.messages.input import SpecialCombo

_SM_XVIRTUALSCREEN, _SM_YVIRTUALSCREEN = 76, 77
_PER_MONITOR_AWARE_V2 = -4


class WindowsInjector(PynputInjector):
    """Input for the desktop of this user.

    Raises:
        InjectorFailed: not on Windows.
    """

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        super().__init__(cancelled, _virtual_screen_origin_px(), frozenset({SpecialCombo.CTRL_ALT_DELETE}))


def _virtual_screen_origin_px() -> tuple[int, int]:
    system: str = sys.platform
    if system != "win32":
        raise InjectorFailed("this is not Windows")
    user32 = ctypes.CDLL("user32")
    user32.SetProcessDpiAwarenessContext(ctypes.c_void_p(_PER_MONITOR_AWARE_V2))
    return user32.GetSystemMetrics(_SM_XVIRTUALSCREEN), user32.GetSystemMetrics(_SM_YVIRTUALSCREEN)
