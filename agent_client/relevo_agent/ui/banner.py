"""Always on top while anybody is in: who, what they may do, and Stop."""

import tkinter as tk
from tkinter import ttk
from typing import Final

from relevo_agent.session.actions import Snapshot
from relevo_agent.ui import theme
from relevo_agent.ui.front import Commands
from relevo_agent.ui.people import banner_text, controls
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import Role

RAISE_EVERY_MS: Final = 1000
TEXT_WIDTH_PX: Final = 620
MIN_TEXT_PX: Final = 120


class Banner:
    """A strip at the top of the screen that cannot be covered for long."""

    def __init__(self, root: tk.Tk, texts: Texts, commands: Commands, *, demo: bool) -> None:
        self._texts = texts
        self._window = tk.Toplevel(root, background=theme.BANNER, padx=14, pady=7)
        self._window.overrideredirect(True)
        theme.keep_on_top(self._window)
        self._window.withdraw()
        ttk.Label(self._window, text="●", style="Dot.TLabel").pack(side="left")
        self._text = ttk.Label(self._window, style="Banner.TLabel", wraplength=TEXT_WIDTH_PX)
        self._text.pack(side="left", padx=(8, 16))
        if demo:
            ttk.Label(self._window, text=texts("demo.short"), style="Dot.TLabel").pack(
                side="left", padx=(0, 16)
            )
        self._stop = ttk.Button(
            self._window,
            text=texts("banner.stop"),
            style="Danger.TButton",
            command=commands.stop,
            takefocus=False,
        )
        self._stop.pack(side="right")
        self._down = ttk.Button(
            self._window,
            text=texts("banner.step_down"),
            style="Ghost.TButton",
            command=commands.step_down,
            takefocus=False,
        )
        self._grip_px = (0, 0)
        self._moved = False
        for widget in (self._window, self._text):
            widget.bind("<ButtonPress-1>", self._grip)
            widget.bind("<B1-Motion>", self._drag)
        self._raise()

    def render(self, snapshot: Snapshot) -> None:
        """Show who is in, or nothing when nobody is."""
        if not snapshot.people:
            self._window.withdraw()
            return
        self._text.configure(text=theme.drawable(banner_text(self._texts, snapshot)))
        if any(controls(snapshot, person) for person in snapshot.people if person.role is Role.LEAD):
            self._down.pack(side="right", padx=(0, 8))
        else:
            self._down.pack_forget()
        self._fit_text()
        self._place()
        self._window.deiconify()
        theme.bring_up(self._window)

    def _fit_text(self) -> None:
        """However long the names and small the screen, Stop stands on it."""
        self._window.update_idletasks()
        buttons_px = self._window.winfo_reqwidth() - self._text.winfo_reqwidth()
        room_px = self._window.winfo_screenwidth() - buttons_px
        self._text.configure(wraplength=max(MIN_TEXT_PX, min(TEXT_WIDTH_PX, room_px)))

    def _place(self) -> None:
        self._window.update_idletasks()
        if not self._moved:
            x = max(0, (self._window.winfo_screenwidth() - self._window.winfo_reqwidth()) // 2)
            self._window.geometry(f"+{x}+0")

    def _raise(self) -> None:
        if self._window.state() != "withdrawn":
            theme.bring_up(self._window)
        self._window.after(RAISE_EVERY_MS, self._raise)

    def _grip(self, event: "tk.Event[tk.Misc]") -> None:
        self._grip_px = (event.x_root - self._window.winfo_x(), event.y_root - self._window.winfo_y())

    def _drag(self, event: "tk.Event[tk.Misc]") -> None:
        self._moved = True
        x, y = event.x_root - self._grip_px[0], event.y_root - self._grip_px[1]
        self._window.geometry(f"+{max(0, x)}+{max(0, y)}")
