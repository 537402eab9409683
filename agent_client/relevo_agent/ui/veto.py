"""A colleague comes in: a few seconds to turn them away, and no interruption otherwise (SPEC G11)."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Question
from relevo_agent.ui import room, theme
from relevo_agent.ui.texts import Texts

TEXT_WIDTH_PX: Final = 340
EDGE_PX: Final = 24
AWAKE_AFTER_MS: Final = 600
"""The buttons wake up a moment after the window appears, so that no click meant for another one hits."""


class VetoNotice:
    """A small window in the corner. It takes no focus; closed or left alone, it answers nothing."""

    def __init__(self, root: tk.Tk, texts: Texts, question: Question, answer: Callable[[bool], None]) -> None:
        self._root = root
        self._texts = texts
        self._question = question
        self._answer = answer
        self._settled = False
        self._window = tk.Toplevel(root, background=theme.GROUND, padx=20, pady=16)
        self._window.withdraw()
        self._window.title(texts("veto.title"))
        self._window.resizable(False, False)
        theme.keep_on_top(self._window)
        self._window.protocol("WM_DELETE_WINDOW", self.close)
        self._build()
        self._window.update_idletasks()
        self._window.bell()
        root.after(AWAKE_AFTER_MS, self._wake)
        self._count_down()

    @property
    def height_px(self) -> int:
        """How high the window is, frame included."""
        return self._window.winfo_reqheight() + room.FRAME_PX

    def place(self, stacked_px: int, taken: room.Area | None = None) -> None:
        """Stand in the lower right corner, this far above the edge.

        Where that would cover the answers to the question that is ``taken`` up, in the upper one.
        """
        free = room.room(self._window, self.height_px + stacked_px)
        wide_px = self._window.winfo_reqwidth()
        x = max(free.x, free.right - wide_px - EDGE_PX)
        y = max(free.y, free.bottom - self.height_px - stacked_px)
        if taken is not None and taken.overlaps(room.Area(x, y, wide_px, self.height_px)):
            y = free.y + stacked_px
        room.move(self._window, x, y)
        if self._window.state() == "withdrawn":
            self._window.deiconify()

    def close(self) -> None:
        """Take the window away; nothing is answered."""
        if not self._settled:
            self._settled = True
            self._window.destroy()

    def _build(self) -> None:
        t, question = self._texts, self._question
        name = theme.drawable(question.display_name)
        joins = ttk.Label(
            self._window, text=t("veto.joins", name=name), style="Section.TLabel", wraplength=TEXT_WIDTH_PX
        )
        joins.pack(anchor="w")
        organisation = theme.drawable(question.organisation)
        colleague = (
            t("veto.colleague", organisation=organisation) if organisation else t("veto.colleague_plain")
        )
        where = ttk.Label(
            self._window,
            text=f"{colleague} · {t.role(question.role)}",
            style="Quiet.TLabel",
            wraplength=TEXT_WIDTH_PX,
        )
        where.pack(anchor="w", pady=(4, 8))
        self._clock = ttk.Label(self._window, style="Quiet.TLabel", wraplength=TEXT_WIDTH_PX)
        self._clock.pack(anchor="w", pady=(0, 12))
        row = ttk.Frame(self._window)
        row.pack(fill="x")
        self._away = self._button(row, "veto.away", granted=False)
        self._fine = self._button(row, "veto.fine", granted=True)
        self._fine.pack(side="right")
        self._away.pack(side="right", padx=(0, 10))

    def _button(self, row: ttk.Frame, key: str, *, granted: bool) -> ttk.Button:
        button = ttk.Button(row, text=self._texts(key), command=lambda: self._done(granted=granted))
        button.state(["disabled"])
        button.bind("<Return>", lambda _: button.invoke())
        return button

    def _wake(self) -> None:
        if not self._settled:
            for button in (self._away, self._fine):
                button.state(["!disabled"])

    def _count_down(self) -> None:
        if self._settled:
            return
        left_s = max(0, round((self._question.deadline_ms - now_ms()) / 1000))
        self._clock.configure(text=self._texts("veto.countdown", seconds=left_s))
        theme.bring_up(self._window)
        if left_s > 0:
            self._root.after(500, self._count_down)

    def _done(self, *, granted: bool) -> None:
        self.close()
        self._answer(granted)
