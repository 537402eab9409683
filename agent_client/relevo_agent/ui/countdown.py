"""Before a restart: a window that cannot be missed, with one big button that calls it off (SPEC V5)."""

import tkinter as tk
from tkinter import ttk
from typing import Final

from relevo_agent.clock import now_ms
from relevo_agent.ui import room, theme
from relevo_agent.ui.front import Commands
from relevo_agent.ui.texts import Texts

TEXT_WIDTH_PX: Final = 440
TICK_MS: Final = 250


class RestartCountdown:
    """Shown while a restart is being counted down to, and no longer."""

    def __init__(self, root: tk.Tk, texts: Texts, commands: Commands) -> None:
        self._root = root
        self._texts = texts
        self._commands = commands
        self._at_ms: float | None = None
        self._window: tk.Toplevel | None = None

    def render(self, restart_at_ms: float | None) -> None:
        """Show the countdown to this time (session's clock), or take it away."""
        self._at_ms = restart_at_ms
        if restart_at_ms is None:
            self._take_away()
        elif self._window is None:
            self._window = self._build()
            self._tick()

    def _take_away(self) -> None:
        if self._window is not None:
            self._window.destroy()
            self._window = None

    def _build(self) -> tk.Toplevel:
        window = tk.Toplevel(self._root, background=theme.GROUND, padx=28, pady=24)
        window.title(self._texts("restart.title"))
        window.resizable(False, False)
        theme.keep_on_top(window)
        window.protocol("WM_DELETE_WINDOW", self._cancel)
        self._heading = ttk.Label(window, style="Countdown.TLabel", wraplength=TEXT_WIDTH_PX)
        self._heading.pack(anchor="w")
        explain = ttk.Label(window, text=self._texts("restart.explain"), wraplength=TEXT_WIDTH_PX)
        explain.pack(anchor="w", pady=(10, 18))
        self._left = ttk.Progressbar(window, length=TEXT_WIDTH_PX, maximum=1.0)
        self._left.pack(fill="x", pady=(0, 18))
        cancel = ttk.Button(
            window, text=self._texts("restart.cancel"), style="Big.TButton", command=self._cancel
        )
        cancel.pack(fill="x")
        cancel.bind("<Return>", lambda _: self._cancel())
        window.bind("<Escape>", lambda _: self._cancel())
        self._whole_ms = max(1.0, (self._at_ms or 0.0) - now_ms())
        self._say()
        room.centred(window)
        window.bell()
        cancel.focus_force()
        return window

    def _cancel(self) -> None:
        self._commands.cancel_restart()

    def _tick(self) -> None:
        if self._window is None:
            return
        self._say()
        theme.bring_up(self._window)
        self._root.after(TICK_MS, self._tick)

    def _say(self) -> None:
        left_ms = max(0.0, (self._at_ms or 0.0) - now_ms())
        text = (
            self._texts("restart.heading", seconds=round(left_ms / 1000))
            if left_ms
            else self._texts("restart.now")
        )
        self._heading.configure(text=text)
        self._left.configure(value=left_ms / self._whole_ms)
