"""Where things stand on the scenes' screen; shared by the program that draws and the page that looks."""

from typing import Final

from benchmarks.end_to_end.stamp import Stamp
from benchmarks.scenes import HEIGHT, WIDTH

Box = tuple[int, int, int, int]
"""Left, top, width, height."""

SCREEN: Final[Box] = (0, 0, WIDTH, HEIGHT)
PAGE: Final[Box] = (120, 60, 1650, 980)
LINE_PX: Final = 18
WINDOW: Final = (600, 400)
TITLE_PX: Final = 24
VIDEO: Final[Box] = (518, 300, 854, 480)
PATCH: Final[Box] = (1420, 820, 200, 120)
TYPED_AT: Final = (140, 560)
TYPED_COLUMNS: Final = 150
REST: Final = (30, 1060)
"""Where the pointer is left: on bare desktop."""

STAMP: Final = Stamp(880, 12)
VIDEO_STAMP: Final = Stamp(VIDEO[0] + 16, VIDEO[1] + 16, 16)
"""Within the video, so that it is coded, dropped and delayed with it."""


def stamp_of(scene: str) -> Stamp:
    """The stamp of a scene."""
    return VIDEO_STAMP if scene.startswith("video") else STAMP
