"""An area that scrolls where the screen is too small, by wheel and by keyboard."""

import tkinter as tk
from tkinter import ttk
from typing import Final

from relevo_agent.ui import theme

STEP_PX: Final = 30
MIN_HEIGHT_PX: Final = 90


class ScrollArea:
    """Put widgets into ``inner``, then call :meth:`fit`."""

    def __init__(self, parent: tk.Misc, least_px: int = MIN_HEIGHT_PX) -> None:
        self._least_px = least_px
        self.frame = tk.Frame(parent, background=theme.GROUND)
        self._canvas = tk.Canvas(
            self.frame,
            background=theme.GROUND,
            highlightthickness=0,
            yscrollincrement=STEP_PX,
            takefocus=False,
        )
        self._bar = ttk.Scrollbar(self.frame, orient="vertical", command=self._scroll)
        self._canvas.configure(yscrollcommand=self._bar.set)
        self._canvas.pack(side="left", fill="both", expand=True)
        self.inner = tk.Frame(self._canvas, background=theme.GROUND)
        item = self._canvas.create_window(0, 0, window=self.inner, anchor="nw")
        self._canvas.bind("<Configure>", lambda event: self._canvas.itemconfigure(item, width=event.width))

    def fit(self, highest_px: int) -> None:
        """Be as high as the content, and no higher than this; a bar appears only where it is needed."""
        self.inner.update_idletasks()
        width, height = self.inner.winfo_reqwidth(), self.inner.winfo_reqheight()
        shown = min(height, max(self._least_px, highest_px))
        self._canvas.configure(width=width, height=shown, scrollregion=(0, 0, width, height))
        if shown < height:
            self._bar.pack(side="right", fill="y", padx=(6, 0))
            self._listen(self.inner)
        else:
            self._bar.pack_forget()
            self._canvas.yview_moveto(0)

    def _scroll(self, *where: str) -> None:
        self._canvas.tk.call(str(self._canvas), "yview", *where)

    def _listen(self, widget: tk.Misc) -> None:
        """The wheel turns wherever the pointer is, and what gets the focus comes into sight."""
        widget.bind("<MouseWheel>", self._wheel, add=True)
        widget.bind("<Button-4>", lambda _: self._canvas.yview_scroll(-1, "units"), add=True)
        widget.bind("<Button-5>", lambda _: self._canvas.yview_scroll(1, "units"), add=True)
        widget.bind("<FocusIn>", self._show_focused, add=True)
        for child in widget.winfo_children():
            self._listen(child)

    def _wheel(self, event: "tk.Event[tk.Misc]") -> None:
        self._canvas.yview_scroll(-1 if event.delta > 0 else 1, "units")

    def _show_focused(self, event: "tk.Event[tk.Misc]") -> None:
        widget, height = event.widget, max(1, self.inner.winfo_height())
        top = widget.winfo_rooty() - self.inner.winfo_rooty()
        bottom = top + widget.winfo_height()
        seen_top = self._canvas.canvasy(0)
        if top < seen_top:
            self._canvas.yview_moveto(top / height)
        elif bottom > seen_top + self._canvas.winfo_height():
            self._canvas.yview_moveto((bottom - self._canvas.winfo_height() + STEP_PX) / height)
