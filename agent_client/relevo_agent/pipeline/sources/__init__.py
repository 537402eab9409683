"""Where pixels and the pointer come from, one small file each, and the choice for this platform."""

import sys

from relevo_agent.pipeline.sources.screen_mss import MssSource
from relevo_agent.pipeline.types import CursorSource, Source

__all__ = ["open_cursor", "open_source"]


def open_source(display: str | None = None, platform: str = sys.platform) -> Source:
    """The best source for this desktop; ``display`` names an X display, elsewhere it has no meaning.

    Raises:
        CaptureFailed: no display, or no permission to see it.
    """
    if platform.startswith("linux"):
        from relevo_agent.pipeline.sources.screen_x11 import X11ShmSource

        source = X11ShmSource.opened_or_none(display)
        if source is not None:
            return source
    return MssSource(display)


def open_cursor(display: str | None = None, platform: str = sys.platform) -> CursorSource:
    """The pointer of this desktop, or a source that says why there is none.

    Raises:
        CaptureFailed: the display cannot be reached.
    """
    if platform.startswith("linux"):
        from relevo_agent.pipeline.sources.cursor_x11 import X11Cursor

        return X11Cursor(display)
    from relevo_agent.pipeline.sources.cursor_none import NoCursor

    return NoCursor(f"this version reads the pointer's shape on X11 only, not on {platform}")
