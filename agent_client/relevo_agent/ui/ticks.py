"""A tick-box that shows a tick: the one of Tk's theme shows a cross, which some read as a No."""

import tkinter as tk
from dataclasses import dataclass
from itertools import pairwise
from tkinter import ttk
from typing import Final

ELEMENT: Final = "Relevo.indicator"
SIDE_PX: Final = 18
GAP_PX: Final = 10
POINTS_TO_PX: Final = 96 / 72
_TICK: Final = ((0.22, 0.52), (0.42, 0.72), (0.78, 0.30))
"""Corners of the tick, as parts of the box."""


@dataclass(frozen=True, slots=True)
class BoxColours:
    """Colours of a box: inside, edge, inside when ticked, edge while it has the focus."""

    ground: str
    line: str
    filling: str
    focus: str


def add_style(style: ttk.Style, root: tk.Misc, colours: BoxColours) -> None:
    """Give the style ``Card.TCheckbutton`` boxes in these colours."""
    side_px = max(SIDE_PX, round(SIDE_PX * float(root.tk.call("tk", "scaling")) / POINTS_TO_PX))
    boxes = {
        (ticked, focused): _box(root, side_px, colours, {"ticked": ticked, "focused": focused})
        for ticked in (False, True)
        for focused in (False, True)
    }
    _KEPT.append(boxes)
    style.element_create(
        ELEMENT,
        "image",
        boxes[False, False],
        ("selected", "focus", boxes[True, True]),
        ("selected", boxes[True, False]),
        ("focus", boxes[False, True]),
        padding=0,
        sticky="w",
    )
    style.layout(
        "Card.TCheckbutton",
        [
            (
                "Checkbutton.padding",
                {
                    "sticky": "nswe",
                    "children": [
                        (ELEMENT, {"side": "left", "sticky": ""}),
                        ("Checkbutton.label", {"side": "left", "sticky": "nswe"}),
                    ],
                },
            )
        ],
    )


_KEPT: Final[list[object]] = []
"""Tk forgets a picture that Python has let go of."""


def _box(root: tk.Misc, side_px: int, colours: BoxColours, state: dict[str, bool]) -> tk.PhotoImage:
    image = tk.PhotoImage(master=root, width=side_px + GAP_PX, height=side_px)
    thick = 2 if state["focused"] else 1
    image.put(colours.focus if state["focused"] else colours.line, to=(0, 0, side_px, side_px))
    inside = (thick, thick, side_px - thick, side_px - thick)
    image.put(colours.filling if state["ticked"] else colours.ground, to=inside)
    if state["ticked"]:
        _draw_tick(image, side_px, colours.ground)
    return image


def _draw_tick(image: tk.PhotoImage, side: int, ink: str) -> None:
    pen = max(2, side // 8)
    for (x1, y1), (x2, y2) in pairwise(_TICK):
        steps = side * 2
        for step in range(steps + 1):
            x = round((x1 + (x2 - x1) * step / steps) * side)
            y = round((y1 + (y2 - y1) * step / steps) * side)
            image.put(ink, to=(x, y, x + pen, y + pen))
