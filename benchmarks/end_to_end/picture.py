"""Pictures of the X display and of the viewer's canvas, and how much they differ."""

import base64
import math
from contextlib import closing
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from Xlib import X
from Xlib import display as xdisplay

Rgb = NDArray[np.uint8]
"""Rows of red, green, blue."""
EXACT_DB: Final = 99.0
"""What stands for an infinite ratio."""
_STRIP_PX: Final = 90


def of_display(name: str) -> Rgb:
    """What the X server shows."""
    with closing(cast("Any", xdisplay.Display(name))) as connection:
        root = connection.screen().root
        size = root.get_geometry()
        width, height = int(size.width), int(size.height)
        strips: list[bytes] = [
            root.get_image(0, y, width, min(_STRIP_PX, height - y), X.ZPixmap, 0xFFFFFFFF).data
            for y in range(0, height, _STRIP_PX)
        ]
    return np.frombuffer(b"".join(strips), np.uint8).reshape(height, width, 4)[..., 2::-1]


def of_rgba(text: str, width: int) -> Rgb:
    """A canvas' rows as a page hands them out: RGBA in base64."""
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, width, 4)[..., :3]


def psnr_db(one: Rgb, other: Rgb) -> float:
    """Peak signal to noise ratio over the three channels, at most :data:`EXACT_DB`."""
    error = float(np.mean(np.square(one.astype(np.float32) - other.astype(np.float32))))
    return EXACT_DB if error == 0 else min(EXACT_DB, 10 * math.log10(255**2 / error))


def exact_percent(one: Rgb, other: Rgb) -> float:
    """Share of pixels that are equal in all channels."""
    equal: NDArray[np.bool_] = np.all(one == other, axis=2)
    return 100.0 * float(np.mean(equal))
