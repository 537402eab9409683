"""Closing the window ends the session: asked once more, in a window that holds no other one up."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from relevo_agent.ui import room, theme
from relevo_agent.ui.texts import Texts

TEXT_WIDTH_PX: Final = 380


def ask_whether_to_close(root: tk.Tk, texts: Texts, end: Callable[[], None]) -> tk.Toplevel:
    """A window of our own: the system's would hold every other one, and Stop with it."""
    window = tk.Toplevel(root, background=theme.GROUND, padx=22, pady=18)
    window.title(texts("app.title"))
    window.resizable(False, False)
    theme.keep_on_top(window)
    text = ttk.Label(window, text=texts("close.ends"), style="Heading.TLabel", wraplength=TEXT_WIDTH_PX)
    text.pack(anchor="w", pady=(0, 16))
    ends = ttk.Button(window, text=texts("close.end"), style="Danger.TButton", command=end)
    ends.pack(side="right")
    stay = ttk.Button(window, text=texts("close.stay"), command=window.destroy)
    stay.pack(side="right", padx=(0, 10))
    for button in (ends, stay):
        button.bind("<Return>", lambda event: event.widget.invoke())
    window.bind("<Escape>", lambda _: window.destroy())
    room.centred(window)
    stay.focus_force()
    return window
