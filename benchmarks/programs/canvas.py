"""What the scenes draw with: a window over the whole screen, and pixmaps to copy from."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from Xlib import X
from Xlib import display as xdisplay
from Xlib.ext import xtest

from benchmarks.end_to_end import stamp
from benchmarks.end_to_end.layout import SCREEN, Box, stamp_of
from benchmarks.end_to_end.material import Pixels, loaded

_REQUEST_BYTES: Final = 200_000
WHITE: Final = 0xFFFFFF


class Canvas:
    """A window over the whole screen, and pixmaps to copy from."""

    def __init__(self, name: str, scene: str, kept: Path) -> None:
        self.connection: Any = xdisplay.Display(name)
        self.screen: Any = self.connection.screen()
        self.kept = kept
        self.gc: Any = self.screen.root.create_gc(graphics_exposures=False)
        self.stamp = stamp_of(scene)
        self.stamped = 0
        self.window = self._window(
            self.screen.root, SCREEN, self.pixmap(loaded(kept, "desktop")), X.KeyPressMask
        )
        self.connection.sync()
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self.fill(self.stamp.box, 0)
        self.connection.sync()

    def _window(self, parent: Any, box: Box, background: Any, events: int = 0) -> Any:
        window = parent.create_window(
            *box,
            0,
            self.screen.root_depth,
            background_pixmap=background,
            override_redirect=True,
            event_mask=events,
        )
        window.map()
        return window

    def child(self, box: Box, background: Any) -> Any:
        """A window in front of the page."""
        return self._window(self.window, box, background)

    def pixmap(self, pixels: Pixels) -> Any:
        """These pixels on the X server."""
        height, width = pixels.shape[:2]
        pixmap = self.screen.root.create_pixmap(width, height, self.screen.root_depth)
        rows = max(1, _REQUEST_BYTES // (width * 4))
        for y in range(0, height, rows):
            strip = np.ascontiguousarray(pixels[y : y + rows])
            pixmap.put_image(
                self.gc, 0, y, width, len(strip), X.ZPixmap, self.screen.root_depth, 0, strip.tobytes()
            )
            self.connection.flush()  # python-xlib's own queue gets slower the longer it is
        return pixmap

    def copy(self, source: Any, place: tuple[int, int], box: Box, target: Any = None) -> None:
        """The piece of ``source`` that begins at ``place`` goes to ``box`` of the window."""
        x, y, width, height = box
        (target or self.window).copy_area(self.gc, source, *place, width, height, x, y)

    def fill(self, box: Box, colour: int, target: Any = None) -> None:
        """One colour, 0xRRGGBB."""
        self.gc.change(foreground=colour)
        (target or self.window).fill_rectangle(self.gc, *box)

    def mark(self, number: int, target: Any = None, origin: tuple[int, int] = (0, 0)) -> None:
        """Stamp a frame, or a pixmap that stands for the window from ``origin`` on."""
        before = 0 if target is not None else self.stamped
        for bit, white in stamp.changed_bits(before, number):
            x, y, width, height = self.stamp.cell(bit)
            self.fill((x - origin[0], y - origin[1], width, height), WHITE if white else 0, target)
        self.stamped = number

    def point(self, x: int, y: int) -> None:
        """Move the pointer as a hand does."""
        xtest.fake_input(self.connection, X.MotionNotify, x=x, y=y)

    def button(self, *, down: bool) -> None:
        """Press or let go the left button."""
        xtest.fake_input(self.connection, X.ButtonPress if down else X.ButtonRelease, 1)
