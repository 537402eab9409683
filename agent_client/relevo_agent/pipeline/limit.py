"""What limits each viewer's picture, judged once a second and told when it has held for a while (SPEC D6)."""

from dataclasses import dataclass, field
from typing import Final

from relevo_protocol.messages.screen import PictureLimit, PictureState

JUDGE_MS: Final = 1000
"""The period that is judged, and the shortest time between two words to a viewer."""
FILLED_SHARE: Final = 0.5
"""Of what a line carries in a period: a film is given 0.6 of a thin line, so more is a limit."""
BUSY_SHARE: Final = 0.6
"""Of a period: so long at work, or waiting, is a limit."""
ENTER: Final = 2
"""Periods that a limit must hold before it is told."""
LEAVE: Final = 3
"""Periods without one before its end is told: a sentence that comes and goes is worse than none."""
NEWS: Final = 1.25
"""Figures that changed by this factor are told again while the limit stays."""
SLOW_DECODE_MS: Final = 80.0
"""A browser that takes so long for a frame falls behind whatever the line does."""


@dataclass(slots=True)
class Period:
    """What one viewer's last second was like, ms."""

    full_ms: float = 0.0
    """As much was in flight as this viewer's line takes."""
    sent_bytes: int = 0
    behind: bool = False
    """The relay has dropped for this viewer, or acknowledgements are far behind."""
    decode_ms: float = 0.0
    """All its decoding together."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The figures that go with a limit: bytes a second, ms a frame."""

    line_bytes_s: int
    host_ms: float
    viewer_ms: float


@dataclass(slots=True)
class Verdict:
    """What a viewer was told last, and for how long something else has held."""

    told: PictureState = field(default_factory=lambda: PictureState(PictureLimit.NONE))
    leaning: PictureLimit = PictureLimit.NONE
    periods: int = 0

    def after(self, limit: PictureLimit, facts: Facts) -> PictureState | None:
        """What is to be told after a period limited by this; ``None``: nothing new."""
        if limit is self.told.limit:
            self.leaning, self.periods = limit, 0
            return self._tell(limit, facts) if self._is_news(facts) else None
        if limit is not self.leaning:
            self.leaning, self.periods = limit, 0
        self.periods += 1
        if self.periods < (LEAVE if limit is PictureLimit.NONE else ENTER):
            return None
        return self._tell(limit, facts)

    def _tell(self, limit: PictureLimit, facts: Facts) -> PictureState:
        self.periods = 0
        self.told = PictureState(
            limit, facts.line_bytes_s, round(facts.host_ms, 1), round(facts.viewer_ms, 1)
        )
        return self.told

    def _is_news(self, facts: Facts) -> bool:
        told = self.told
        before, now = {
            PictureLimit.NONE: (0.0, 0.0),
            PictureLimit.LINE: (float(told.line_bytes_s), float(facts.line_bytes_s)),
            PictureLimit.HOST: (told.host_ms, facts.host_ms),
            PictureLimit.VIEWER: (told.viewer_ms, facts.viewer_ms),
        }[told.limit]
        return max(before, now) > NEWS * min(before, now)


def limit_of(period: Period, facts: Facts, worked_ms: float, length_ms: float) -> PictureLimit:
    """What limited a viewer in a period of so many ms, of which the host worked ``worked_ms``."""
    enough_ms = BUSY_SHARE * length_ms
    if period.decode_ms >= enough_ms or (facts.viewer_ms >= SLOW_DECODE_MS and period.full_ms >= enough_ms):
        return PictureLimit.VIEWER
    if period.behind:
        return PictureLimit.LINE
    if worked_ms >= enough_ms:
        return PictureLimit.HOST
    filled_bytes = FILLED_SHARE * facts.line_bytes_s * length_ms / 1000
    is_full = period.full_ms >= enough_ms or (filled_bytes and period.sent_bytes >= filled_bytes)
    return PictureLimit.LINE if is_full else PictureLimit.NONE
