"""From what was counted in a scene to the values that are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.end_to_end.session import Raw
from benchmarks.measure import spread

UNITS: Final[dict[str, str]] = {
    "kB/s": "kB/s",
    "cpu %": "% of a core",
    "X cpu %": "% of a core",
    "browser cpu %": "% of a core",
    "fps": "1/s",
    "seen %": "%",
    "age ms p50": "ms",
    "age ms p95": "ms",
    "key ms p50": "ms",
    "key ms p95": "ms",
    "keys": "seen",
    "keys lost": "",
    "shown dB": "dB",
    "exact %": "% of pixels",
    "quiet dB": "dB",
}
"""Every value by its name, and its unit; also their order."""


@dataclass(frozen=True, slots=True)
class Played:
    """A scene's values with one peer on one line."""

    peer: str
    line: str
    scene: str
    values: dict[str, float]


def values_of(raw: Raw) -> dict[str, float]:
    """What a scene's counts say."""
    values = {
        "kB/s": raw.received_bytes / 1000 / raw.seconds,
        "cpu %": raw.cpu["peer"],
        "X cpu %": raw.cpu["x"],
        "browser cpu %": raw.cpu["browser"],
        "exact %": raw.exact_percent,
        "quiet dB": raw.quiet_db,
    }
    if raw.drawn:
        values |= _frames(raw)
    if raw.keys_ms or raw.keys_lost:
        keys = spread(raw.keys_ms)
        values |= {"key ms p50": keys.median, "key ms p95": keys.p95, "keys": len(raw.keys_ms)}
        values["keys lost"] = raw.keys_lost
    if raw.shots_db:
        values["shown dB"] = spread(raw.shots_db).median
    return {name: round(values[name], 3) for name in UNITS if name in values}


def _frames(raw: Raw) -> dict[str, float]:
    ages_ms = ages(raw.drawn, raw.seen)
    shares = {
        "fps": len(ages_ms) / raw.seconds,
        "seen %": 100 * len(ages_ms) / len(raw.drawn),
    }
    if not ages_ms:
        return shares
    age = spread(ages_ms)
    return {**shares, "age ms p50": age.median, "age ms p95": age.p95}


def ages(drawn: dict[int, float], seen: Sequence[tuple[int, float]]) -> list[float]:
    """From drawn to first seen, ms, of each frame that was seen.

    A number that was not drawn yet is a stamp that was torn or smeared, and is left out.
    """
    first: dict[int, float] = {}
    for number, at_s in seen:
        if number in drawn and at_s >= drawn[number] - 0.002:
            first.setdefault(number, at_s)
    return [max(0.0, at_s - drawn[number]) * 1000 for number, at_s in first.items()]
