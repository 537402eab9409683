"""Where things stand on the scenes' screen; shared by the program that draws and the page that looks."""

import os
from typing import Final

from benchmarks.end_to_end.stamp import Stamp

Box = tuple[int, int, int, int]
"""Left, top, width, height."""

SIZE_VARIABLE: Final = "RELEVO_BENCH_SCREEN"
"""Another size than 1920x1080, as ``3840x2160``: read once, by every program of a run."""
WIDTH, HEIGHT = (int(side) for side in os.environ.get(SIZE_VARIABLE, "1920x1080").split("x"))

SCREEN: Final[Box] = (0, 0, WIDTH, HEIGHT)
PAGE: Final[Box] = (120, 60, WIDTH - 270, HEIGHT - 100)
LINE_PX: Final = 18
WINDOW: Final = (600, 400)
TITLE_PX: Final = 24
VIDEO: Final[Box] = (518, 300, 854, 480)
PATCH: Final[Box] = (1420, 820, 200, 120)
TYPED_AT: Final = (140, 560)
TYPED_COLUMNS: Final = 150
REST: Final = (30, HEIGHT - 20)
"""Where the pointer is left: on bare desktop."""

STAMP: Final = Stamp(880, 12)
VIDEO_STAMP: Final = Stamp(VIDEO[0] + 16, VIDEO[1] + 16, 16)
"""Within the video, so that it is coded, dropped and delayed with it."""


def stamp_of(scene: str) -> Stamp:
    """The stamp of a scene."""
    return VIDEO_STAMP if scene.startswith("video") else STAMP
