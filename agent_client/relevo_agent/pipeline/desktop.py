"""The source that is open at present: opened when needed, closed when it fails, opened anew a while later."""

from dataclasses import dataclass
from typing import Final

from relevo_agent.pipeline.types import CaptureFailed, Grab, Layout, OpenSource, Source
from relevo_protocol.limits import screen_fits
from relevo_protocol.messages.screen import CaptureCondition

REOPEN_MS: Final = 1000
"""A source that failed is opened anew after this time."""


@dataclass(frozen=True, slots=True)
class CaptureStatus:
    """Whether there is a picture; ``detail`` names cause and remedy."""

    condition: CaptureCondition = CaptureCondition.OK
    detail: str = ""


class Desktop:
    """One source after another; times in ms of the caller's clock."""

    def __init__(self, open_source: OpenSource) -> None:
        self._open = open_source
        self._source: Source | None = None
        self._reopen_ms = float("-inf")
        self._layout: Layout | None = None
        self._status = CaptureStatus()

    @property
    def layout(self) -> Layout | None:
        """Size and monitors at the newest grab; a new object at each change; ``None`` without a picture."""
        return self._layout

    @property
    def status(self) -> CaptureStatus:
        """Whether there is a picture, and why not."""
        return self._status

    @property
    def signal(self) -> int | None:
        """What the source tells its changes by."""
        return None if self._source is None else self._source.signal

    @property
    def retry_ms(self) -> float | None:
        """When a source that failed is opened anew; ``None`` while one is open, or none was needed yet."""
        failed = self._source is None and self._status.condition is not CaptureCondition.OK
        return self._reopen_ms if failed else None

    def grab(self, now_ms: float) -> tuple[Grab, bool]:
        """The screen now, and whether it has another size than before, or comes from another source.

        Raises:
            CaptureFailed: there is no picture; :attr:`status` says why.
        """
        if self._source is None and now_ms < self._reopen_ms:
            raise CaptureFailed(self._status.condition, self._status.detail)
        try:
            return self._grab()
        except CaptureFailed as failure:
            self._reopen_ms = now_ms + REOPEN_MS
            self._status = CaptureStatus(failure.condition, str(failure))
            self.close()
            raise

    def close(self) -> None:
        """Give the source back: the next grab opens another, and counts as a new screen."""
        source, self._source, self._layout = self._source, None, None
        if source is not None:
            source.close()

    def _grab(self) -> tuple[Grab, bool]:
        if self._source is None:
            self._source = self._open()
        grab = self._source.grab()
        height, width = grab.pixels.shape[:2]
        if not screen_fits(width, height):
            raise CaptureFailed(
                CaptureCondition.FAILED, f"a desktop of {width}x{height} pixels is too large to be shown"
            )
        known = self._layout
        resized = known is None or (known.width, known.height) != (width, height)
        found = self._source.layout()  # cheap; monitors may move while the whole keeps its size
        if found != known:
            self._layout = found
        self._status = CaptureStatus()
        return grab, resized
