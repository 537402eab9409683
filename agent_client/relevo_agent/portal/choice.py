"""Whether the desktop is shown through the portal, or an X display as ever."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from Xlib.ext import randr

from relevo_agent.xdisplay import BROKEN, open_display


def is_wayland(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether this program was started inside a Wayland desktop."""
    told = environ.get("XDG_SESSION_TYPE", "")
    return platform.startswith("linux") and (told == "wayland" or bool(environ.get("WAYLAND_DISPLAY")))


def shows_by_portal(display: str | None) -> bool:
    """Whether the portal is asked: inside Wayland, unless ``display`` names an X server of its own.

    The X display that a Wayland desktop offers (Xwayland) shows programs nothing but black.
    """
    return is_wayland() and (not display or not _is_real_x(display))


def reason(display: str | None) -> str:
    """One line for the person who asks why the screen is shown in this way."""
    if not is_wayland():
        return "no Wayland desktop (neither WAYLAND_DISPLAY nor XDG_SESSION_TYPE=wayland)"
    if not shows_by_portal(display):
        return f"inside Wayland, but {display} is an X server of its own"
    return (
        "this is a Wayland desktop: its portal shares the screen and asks the person at the PC each time; "
        "without somebody there (unattended, or before signing in) it cannot be shown"
    )


@cache
def _is_real_x(name: str) -> bool:
    """Asked once for each name: programs that connect may make a Wayland desktop start its X server."""
    try:
        opened = open_display(name)
    except BROKEN:
        return False
    try:
        if opened.has_extension("XWAYLAND"):
            return False
        outputs = _outputs(opened.screen().root) if opened.has_extension("RANDR") else []
        return not any(output.startswith("XWAYLAND") for output in outputs)
    except (*BROKEN, AttributeError):
        return False
    finally:
        with suppress(*BROKEN):
            opened.close()


def _outputs(root: Any) -> list[str]:
    resources = randr.get_screen_resources_current(root)
    told = resources.config_timestamp
    return [str(randr.get_output_info(root, output, told).name) for output in resources.outputs]
