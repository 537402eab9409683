"""When what is looked at again and again is due: together, so that a resting relay wakes once for all."""

from typing import Final

_BEAT_S: Final = 2.0


def next_round_s(now_s: float, pause_s: float) -> float:
    """The time, on the clock of ``now_s``, at which a pause of about ``pause_s`` ends.

    A pause of two seconds or more ends at the nearest even second of that clock: timers that are due at one
    time cost one wake. A shorter one ends when it ends.
    """
    ends_s = now_s + pause_s
    return round(ends_s / _BEAT_S) * _BEAT_S if pause_s >= _BEAT_S else ends_s
