"""The injector for this platform."""

import sys
from collections.abc import Callable

from relevo_agent.platform.base import Injector, InjectorFailed


def open_injector(display: str | None, cancelled: Callable[[], bool]) -> Injector:
    """Open the way to pointer and keyboard; ``display`` names an X display, elsewhere it has no meaning.

    Raises:
        InjectorFailed: this desktop takes no input; the text says why.
    """
    system: str = sys.platform
    if system.startswith("linux"):
        from relevo_agent.platform.x11 import X11Injector

        return X11Injector(display, cancelled)
    if system == "win32":
        from relevo_agent.platform.windows import WindowsInjector

        return WindowsInjector(cancelled)
    if system == "darwin":
        from relevo_agent.platform.macos import MacInjector

        return MacInjector(cancelled)
    raise InjectorFailed(f"{system} is not supported")
