"""The scenes, the lines that they are played on, and the bounds that Relevo must keep there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.end_to_end.session import ENDLESS_LINE, Wanted
from benchmarks.measure import Target
from benchmarks.network import Shape

LINES: Final[dict[str, Shape]] = {
    "loopback": ENDLESS_LINE,
    "10mbit-40ms": Shape(rate_bits_s=10e6, round_trip_ms=40),
    "1mbit-100ms": Shape(rate_bits_s=1e6, round_trip_ms=100),
}
SHAPED: Final = ("key", "scroll")
"""Scenes that are played on the shaped lines too; typing as well on the thinnest."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene, and the bounds on loopback by the names of :data:`benchmarks.end_to_end.values.UNITS`."""

    name: str
    what: str
    targets: dict[str, Target]
    keys: bool = False
    shots: bool = False
    least_s: float = 0.0

    def wanted(self, seconds: float) -> Wanted:
        """As a session plays it."""
        return Wanted(self.name, max(seconds, self.least_s), self.keys, self.shots)


def _most(value: float) -> Target:
    return Target(value)


def _least(value: float) -> Target:
    return Target(value, at_least=True)


_EXACT: Final = {"exact %": _least(100)}

SCENES: Final[tuple[Scene, ...]] = (
    Scene(
        "idle",
        "a page of text stands still",
        {"cpu %": _most(0.1), "X cpu %": _most(0.1), "kB/s": _most(0.1), **_EXACT},
        least_s=30.0,
    ),
    Scene(
        "key",
        "a key in the viewer turns a patch of the screen over",
        {"key ms p50": _most(20), "key ms p95": _most(28), **_EXACT},
        keys=True,
    ),
    Scene(
        "video-key",
        "the same while the video plays",
        {"key ms p50": _most(40), "key ms p95": _most(55), **_EXACT},
        keys=True,
    ),
    Scene("typing", "8 letters a second", {"kB/s": _most(1.7), "age ms p50": _most(12), **_EXACT}),
    Scene(
        "scroll",
        "a full page of text by 3 lines, 10 times a second",
        {
            "kB/s": _most(200),
            "seen %": _least(100),
            "age ms p50": _most(35),
            "cpu %": _most(15),
            **_EXACT,
        },
    ),
    Scene(
        "drag",
        "a window of 600x400 over a page, 30 times a second",
        {"kB/s": _most(400), "fps": _least(29), "age ms p50": _most(40), "cpu %": _most(18), **_EXACT},
    ),
    Scene(
        "video",
        "854x480 at 30 frames a second",
        {
            "kB/s": _most(300),
            "shown dB": _least(33),
            "fps": _least(29),
            "age ms p50": _most(40),
            "cpu %": _most(40),
            **_EXACT,
        },
        shots=True,
    ),
    Scene("pages", "the whole screen changes each second", {"age ms p50": _most(50), **_EXACT}, least_s=6.0),
)

ON_LINES: Final[dict[tuple[str, str], dict[str, Target]]] = {
    ("10mbit-40ms", "key"): {"key ms p50": _most(62)},
    ("10mbit-40ms", "scroll"): {"fps": _least(9.9), "age ms p50": _most(90)},
    ("1mbit-100ms", "scroll"): {"age ms p50": _most(300)},
}
"""Bounds on the shaped lines: nothing waits for more than 300 ms on any of them."""


def named(name: str) -> Scene:
    """The scene of that name."""
    return next(scene for scene in SCENES if scene.name == name)


def played_on(line: str, names: Sequence[str]) -> list[Scene]:
    """Those of the named scenes that are played on a line."""
    if line == "loopback":
        return [named(name) for name in names]
    also = (*SHAPED, "typing") if line.startswith("1mbit") else SHAPED
    return [named(name) for name in names if name in also]


def targets_on(line: str, scene: Scene) -> dict[str, Target]:
    """The bounds that hold for a scene on a line."""
    return scene.targets if line == "loopback" else ON_LINES.get((line, scene.name), {})
