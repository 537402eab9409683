"""An X display by python-xlib: for keys, pointer and marks; pixels come through libxcb."""

from typing import Final

from Xlib import display, error
from Xlib.support import connect

BROKEN: Final = (error.ConnectionClosedError, error.XError, error.DisplayError, OSError)
"""What a display raises that cannot be reached, or not any more."""
_HIGHEST: Final = 65_535 - 6_000
"""A display's number, which becomes a TCP port."""


def open_display(name: str | None) -> display.Display:
    """Connect; ``None`` is the display of ``DISPLAY``.

    Raises:
        one of :data:`BROKEN`: nobody answers there.
    """
    # Told by the library, but not as an error of its own and with a socket left open.
    if connect.get_display(name)[3] > _HIGHEST:
        raise error.DisplayNameError(name)
    return display.Display(name)
