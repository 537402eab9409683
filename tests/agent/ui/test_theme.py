"""The window stands still, and says nothing that no longer matters."""

import tkinter as tk
from typing import cast

from relevo_agent.session.actions import Phase, Snapshot
from relevo_agent.ui import theme
from relevo_agent.ui.panel import Panel
from tests.agent.ui.stage import LIVE, SPANISH, Commanded, words


class _Framed:
    """A window at the lower edge of a desktop that draws a frame of 1 and 22 pixels around it."""

    def __init__(self) -> None:
        self.x, self.y = 300, 700

    def update_idletasks(self) -> None:
        pass

    def geometry(self, new: str | None = None) -> str:
        if new is not None:
            self.x, self.y = (int(number) for number in new.split("+")[1:])
        return f"450x300+{self.x}+{self.y}"

    def winfo_x(self) -> int:
        return self.x + 1

    def winfo_y(self) -> int:
        return self.y + 22

    def winfo_screenwidth(self) -> int:
        return 1280

    def winfo_screenheight(self) -> int:
        return 800

    def winfo_reqwidth(self) -> int:
        return 450

    def winfo_reqheight(self) -> int:
        return 300


def test_a_window_at_the_edge_stands_still_however_often_it_is_drawn() -> None:
    window = _Framed()
    for _ in range(9):
        theme.keep_on_screen(cast("tk.Tk", window))
    assert (window.x, window.y) == (300, 800 - 300 - theme.FRAME_PX)


def test_after_the_end_no_line_is_said_to_be_tried_again(small_screen: str) -> None:
    root = tk.Tk(screenName=small_screen)
    try:
        panel = Panel(root, SPANISH, theme.set_up(root), Commanded().commands)
        panel.render(LIVE)
        panel.trouble("se vuelve a intentar")
        assert "se vuelve a intentar" in words(root)
        panel.render(Snapshot(Phase.ENDED))
        assert "se vuelve a intentar" not in words(root)
    finally:
        theme.end(root)
