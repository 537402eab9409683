"""Which source this desktop gets, and why not another: for the capture, and for ``relevo-agent doctor``."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from relevo_agent.pipeline.types import CaptureFailed, Source
from relevo_protocol.messages.screen import CaptureCondition


class SourceName(StrEnum):
    """Every way to a screen."""

    PORTAL = "portal"
    X11 = "x11"
    DXGI = "dxgi"
    SCREENCAPTUREKIT = "screencapturekit"
    MSS = "mss"


class Why(StrEnum):
    """Why a source was not taken."""

    FAILED = "failed"
    """It was tried; ``detail`` says what happened."""
    NOT_NEEDED = "not_needed"
    """A better one works."""
    BLACK = "black"
    """It would show nothing: a Wayland desktop gives X programs no picture."""
    OTHER_DESKTOP = "other_desktop"
    """This desktop does not have it."""
    OTHER_SYSTEM = "other_system"
    """It is for another operating system."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A source that was not taken; ``condition`` where trying it told one."""

    name: SourceName
    why: Why
    detail: str = ""
    condition: CaptureCondition | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The source that was taken, and the others."""

    name: SourceName
    source: Source
    rejected: tuple[Rejected, ...]


class NoSource(CaptureFailed):
    """None can be had; the text is that of the first that was tried."""

    def __init__(self, first: CaptureFailed, rejected: tuple[Rejected, ...]) -> None:
        super().__init__(first.condition, str(first))
        self.rejected = rejected


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: SourceName
    open: Callable[[], Source]


_FINAL: Final = frozenset(CaptureCondition) - {CaptureCondition.OK, CaptureCondition.FAILED}
"""No other way to the same desktop would lead farther."""


def choose(display: str | None = None, platform: str = sys.platform) -> Choice:
    """Open the best source that works; ``display`` names an X display, elsewhere it has no meaning.

    Raises:
        NoSource: none works.
    """
    candidates, rejected = _candidates(display, platform)
    first: CaptureFailed | None = None
    for number, candidate in enumerate(candidates):
        try:
            source = candidate.open()
        except CaptureFailed as failure:
            first = first or failure
            rejected.append(Rejected(candidate.name, Why.FAILED, str(failure), failure.condition))
            if failure.condition in _FINAL:
                break
        else:
            others = (Rejected(other.name, Why.NOT_NEEDED) for other in candidates[number + 1 :])
            return Choice(candidate.name, source, (*rejected, *others))
    raise NoSource(first or _nothing(platform), tuple(rejected))


def _candidates(display: str | None, platform: str) -> tuple[list[_Candidate], list[Rejected]]:
    """What may work here, the best first, and what cannot."""
    mss = _Candidate(SourceName.MSS, lambda: _mss(display))
    if not platform.startswith("linux"):
        own = _OWN.get(platform)
        candidates = [_Candidate(*own), mss] if own is not None else [mss]
        taken = {candidate.name for candidate in candidates}
        return candidates, [Rejected(name, Why.OTHER_SYSTEM) for name in SourceName if name not in taken]
    from relevo_agent.portal.choice import shows_by_portal

    if shows_by_portal(display):
        black = [Rejected(name, Why.BLACK) for name in (SourceName.X11, SourceName.MSS)]
        return [_Candidate(SourceName.PORTAL, _portal)], black
    x11 = _Candidate(SourceName.X11, lambda: _x11(display))
    return [x11, mss], [Rejected(SourceName.PORTAL, Why.OTHER_DESKTOP)]


def _nothing(platform: str) -> CaptureFailed:
    return CaptureFailed(CaptureCondition.FAILED, f"no way to the screen is known on {platform}")


def _portal() -> Source:
    from relevo_agent.pipeline.sources.screen_wayland import WaylandSource

    return WaylandSource.opened()


def _x11(display: str | None) -> Source:
    from relevo_agent.pipeline.sources.screen_x11 import X11Source

    return X11Source.opened(display)


def _mss(display: str | None) -> Source:
    from relevo_agent.pipeline.sources.screen_mss import MssSource

    return MssSource(display)


def _dxgi() -> Source:
    from relevo_agent.pipeline.sources import dxgi
    from relevo_agent.pipeline.sources.screen_windows import WindowsDesktop, WindowsSource

    return WindowsSource(WindowsDesktop(dxgi.outputs, dxgi.is_locked))


def _screencapturekit() -> Source:
    from relevo_agent.pipeline.sources.screen_macos import MacSource
    from relevo_agent.pipeline.sources.screencapturekit import Screens

    return MacSource(Screens())


_OWN: Final[dict[str, tuple[SourceName, Callable[[], Source]]]] = {
    "win32": (SourceName.DXGI, _dxgi),
    "darwin": (SourceName.SCREENCAPTUREKIT, _screencapturekit),
}
"""What each other system has of its own."""
