"""When what is looked at again and again is due: together, so that a resting relay wakes once for all."""

from typing import Final

_BEAT_S: Final = 4.0
_LEAST_PAUSE_S: Final = 3.0
_AT_ONCE_S: Final = 0.5


def next_round_s(now_s: float, pause_s: float) -> float:
    """The time, on the clock of ``now_s``, at which a pause of ``pause_s`` ends.

    One of three seconds or more ends where that clock last shows a multiple of four in it; where that is at
    once, at the next one, 4.5 s later at most. So timers are due together and cost one wake. A shorter pause
    ends when it ends.
    """
    ends_s = now_s + pause_s
    if pause_s < _LEAST_PAUSE_S:
        return ends_s
    round_s = ends_s // _BEAT_S * _BEAT_S
    return round_s if round_s > now_s + _AT_ONCE_S else round_s + _BEAT_S
