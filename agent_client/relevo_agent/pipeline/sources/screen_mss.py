"""Windows, macOS, and X displays without shared memory, through mss: one copy a grab."""

import ctypes
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import mss
import numpy as np
from mss.exception import ScreenShotError

from relevo_agent.pipeline.types import CaptureFailed, Grab, Layout, MonitorArea
from relevo_protocol.messages.screen import CaptureCondition

RECHECK_S: Final = 1.0
"""mss asks for the monitors once; a new handle after this time notices that they changed."""
_CORE_GRAPHICS: Final = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"


class MssSource:
    """All monitors in one picture."""

    def __init__(self, display: str | None = None) -> None:
        _check_permission()
        self._display = display
        self._handle = self._opened()
        self._layout = _layout(self._handle.monitors)
        self._checked_s = time.monotonic()

    @property
    def signal(self) -> int | None:
        """Nothing tells of changes."""
        return None

    def grab(self) -> Grab:
        """The whole desktop now."""
        try:
            if time.monotonic() - self._checked_s >= RECHECK_S:
                self._recheck()
            shot = self._handle.grab(self._handle.monitors[0])
        except ScreenShotError as error:
            raise CaptureFailed(CaptureCondition.FAILED, f"the screen cannot be captured: {error}") from error
        return Grab(np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4))

    def layout(self) -> Layout:
        """Size and monitors, as of the last check."""
        return self._layout

    def close(self) -> None:
        """Give the handle back."""
        try:
            self._handle.close()
        except ScreenShotError:  # it says that the display is gone, which is why it is being closed
            return

    def _opened(self) -> mss.MSS:
        try:
            return mss.MSS(display=self._display) if self._display else mss.MSS()
        except ScreenShotError as error:
            raise CaptureFailed(
                CaptureCondition.NO_DISPLAY,
                f"no desktop to show: {error}. Start the agent inside a desktop session.",
            ) from error

    def _recheck(self) -> None:
        fresh = self._opened()
        if fresh.monitors == self._handle.monitors:
            fresh.close()
        else:
            self.close()
            self._handle, self._layout = fresh, _layout(fresh.monitors)
        self._checked_s = time.monotonic()


def _layout(found: Sequence[Mapping[str, Any]]) -> Layout:
    whole, *parts = found
    left, top = int(whole["left"]), int(whole["top"])
    monitors = tuple(
        MonitorArea(
            int(part["left"]) - left,
            int(part["top"]) - top,
            int(part["width"]),
            int(part["height"]),
            bool(part.get("is_primary", False)),
            str(part.get("name") or part.get("output") or ""),
        )
        for part in parts
    )
    return Layout(int(whole["width"]), int(whole["height"]), left, top, monitors)


def _check_permission(platform: str = sys.platform) -> None:
    """macOS gives programs without permission a picture of the wallpaper alone; say so instead.

    Raises:
        CaptureFailed: screen recording is not allowed.
    """
    if platform != "darwin":
        return
    allowed = ctypes.CDLL(_CORE_GRAPHICS).CGPreflightScreenCaptureAccess
    allowed.restype = ctypes.c_bool
    if not allowed():
        raise CaptureFailed(
            CaptureCondition.PERMISSION_MISSING,
            "macOS does not let this program see the screen: allow it in System Settings > "
            "Privacy & Security > Screen Recording, then start it again",
        )
