"""Injector, watch of local input and overlay for this platform."""

import sys
from collections.abc import Callable

from relevo_agent.platform.base import (
    Injector,
    InjectorFailed,
    LocalInput,
    LocalInputEvents,
    LocalInputUnavailable,
    Overlay,
    OverlayUnavailable,
)


def open_injector(display: str | None, cancelled: Callable[[], bool]) -> Injector:
    """Open the way to pointer and keyboard; ``display`` names an X display, elsewhere it has no meaning.

    Raises:
        InjectorFailed: this desktop takes no input; the text says why.
    """
    system: str = sys.platform
    if system.startswith("linux"):
        from relevo_agent.portal.choice import shows_by_portal

        if shows_by_portal(display):
            from relevo_agent.platform.wayland_portal import PortalInjector

            return PortalInjector(cancelled)
        from relevo_agent.platform.x11 import X11Injector

        return X11Injector(display, cancelled)
    if system == "win32":
        from relevo_agent.platform.windows import WindowsInjector

        return WindowsInjector(cancelled)
    if system == "darwin":
        from relevo_agent.platform.macos import MacInjector

        return MacInjector(cancelled)
    raise InjectorFailed(f"{system} is not supported")


def open_local_input(display: str | None, events: LocalInputEvents) -> LocalInput:
    """Watch the real keyboard and pointer.

    Raises:
        LocalInputUnavailable: they cannot be told from injected ones here; the text says why.
    """
    if sys.platform.startswith("linux"):
        from relevo_agent.portal.choice import shows_by_portal

        if shows_by_portal(display):
            raise LocalInputUnavailable("Wayland tells no program of the keys and the pointer of others")
        from relevo_agent.platform.x11_local import X11LocalInput

        return X11LocalInput(display, events)
    raise LocalInputUnavailable(f"on {sys.platform} real and injected input are not told apart yet")


def open_overlay(display: str | None) -> Overlay:
    """Open the way to draw on the real screen.

    Raises:
        OverlayUnavailable: nothing can be drawn here; the text says why.
    """
    if sys.platform.startswith("linux"):
        from relevo_agent.portal.choice import shows_by_portal

        if shows_by_portal(display):
            raise OverlayUnavailable("Wayland lets no program draw over the screen; marks stay in the window")
        from relevo_agent.platform.x11_overlay import X11Overlay

        return X11Overlay(display)
    raise OverlayUnavailable(f"on {sys.platform} marks are shown in the agent's window only")
