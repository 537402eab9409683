"""Where pixels and the pointer come from, one small file each, and the choice for this platform."""

import sys

from relevo_agent.pipeline.sources.chooser import choose
from relevo_agent.pipeline.types import CursorSource, Source

__all__ = ["open_cursor", "open_source"]


def open_source(display: str | None = None, platform: str = sys.platform) -> Source:
    """The best source for this desktop; ``display`` names an X display, elsewhere it has no meaning.

    Raises:
        CaptureFailed: no display, or no permission to see it.
    """
    return choose(display, platform).source


def open_cursor(display: str | None = None, platform: str = sys.platform) -> CursorSource:
    """The pointer of this desktop, or a source that says why there is none.

    Raises:
        CaptureFailed: the display cannot be reached.
    """
    if platform.startswith("linux"):
        from relevo_agent.portal.choice import shows_by_portal

        if shows_by_portal(display):
            from relevo_agent.pipeline.sources.cursor_told import ToldCursor

            return ToldCursor()
        from relevo_agent.pipeline.sources.cursor_x11 import X11Cursor

        return X11Cursor(display)
    if platform in {"win32", "darwin"}:
        from relevo_agent.pipeline.sources.cursor_told import ToldCursor

        return ToldCursor()
    from relevo_agent.pipeline.sources.cursor_none import NoCursor

    return NoCursor(f"this version reads no pointer on {platform}")
