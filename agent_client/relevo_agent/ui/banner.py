"""Always on top while anybody is in: who, what they do, who drives, and Stop."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any, Final

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Phase, Snapshot
from relevo_agent.ui import room, theme
from relevo_agent.ui.acts import acts, sensible
from relevo_agent.ui.front import Commands
from relevo_agent.ui.people import banner_text, ticking
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import SessionKind

TICK_MS: Final = 1000
"""While it shows a time that runs."""
RAISE_EVERY_MS: Final = 3000
"""Where nothing tells that it was covered: with a compositor no window ever counts as covered."""
RAISE_AGAIN_MS: Final = 500
"""Two windows that both want to be above all others take turns no faster."""
TEXT_WIDTH_PX: Final = 620
UNREAD: Final = "chat.unread"
PADDING_PX: Final = 14
GAP_PX: Final = 8
MOST_ROWS: Final = 3
MIN_TEXT_PX: Final = 120
LABEL_EDGE_PX: Final = 4
"""What a label is wider than its text."""
BESIDE: Final[dict[str, Any]] = {"row": 0, "column": 3}
BELOW: Final[dict[str, Any]] = {"row": 1, "column": 0, "columnspan": 5, "sticky": "e", "pady": (7, 0)}


class Banner:
    """A strip at the top of the screen that cannot be covered for long."""

    def __init__(
        self, root: tk.Tk, texts: Texts, commands: Commands, open_chat: Callable[[], None], *, demo: bool
    ) -> None:
        self._texts = texts
        self._snapshot = Snapshot()
        self._unread = 0
        self._drawn: tuple[str, ...] = ()
        self._window = tk.Toplevel(
            root, name=room.BANNER_NAME, background=theme.BANNER, padx=PADDING_PX, pady=7
        )
        self._window.overrideredirect(True)
        theme.keep_on_top(self._window)
        self._window.withdraw()
        self._stop = ttk.Button(self._window, style="Danger.TButton", command=commands.stop, takefocus=False)
        self._stop.grid(row=0, column=4, sticky="e")
        ttk.Label(self._window, text="●", style="Dot.TLabel").grid(row=0, column=0)
        self._text = ttk.Label(self._window, style="Banner.TLabel", wraplength=TEXT_WIDTH_PX)
        self._text.grid(row=0, column=1, padx=(8, 16), sticky="w")
        if demo:
            loud = ttk.Label(self._window, text=texts("demo.short"), style="Dot.TLabel")
            loud.grid(row=0, column=2, padx=(0, 16))
        self._extra = tk.Frame(self._window, background=theme.BANNER)
        self._rows = [tk.Frame(self._extra, background=theme.BANNER) for _ in range(MOST_ROWS)]
        self._buttons = {
            key: ttk.Button(self._extra, style="Ghost.TButton", command=command, takefocus=False)
            for key, command in {**acts(commands), UNREAD: open_chat}.items()
        }
        self._grip_px = (0, 0)
        self._moved = False
        for widget in (self._window, self._text):
            widget.bind("<ButtonPress-1>", self._grip)
            widget.bind("<B1-Motion>", self._drag)
        self._is_raising = False
        self._timer: str | None = None
        self._window.bind("<Visibility>", self._seen)
        self._raise()

    def render(self, snapshot: Snapshot, unread: int = 0) -> None:
        """Show who is in, or nothing when nobody is and nothing is kept open for anybody."""
        self._snapshot, self._unread = snapshot, unread
        if not self._wanted():
            self._window.withdraw()
            return
        self._draw()
        if self._window.state() == "withdrawn":
            self._window.deiconify()
        theme.bring_up(self._window)
        self._raise_later()

    def _wanted(self) -> bool:
        if self._snapshot.phase is Phase.ENDED:
            return False
        held = self._snapshot.hold_ends_at_ms is not None
        presenting = self._snapshot.kind is SessionKind.PRESENTATION and self._snapshot.link is not None
        return bool(self._snapshot.people) or held or presenting

    def _draw(self) -> None:
        text = theme.drawable(banner_text(self._texts, self._snapshot, now_ms()))
        labels = self._labels()
        drawn = (text, *labels.values())
        if drawn == self._drawn:
            return
        self._drawn = drawn
        presenting = self._snapshot.kind is SessionKind.PRESENTATION
        self._stop.configure(text=self._texts("present.stop" if presenting else "banner.stop"))
        self._text.configure(text=text)
        for key, button in self._buttons.items():
            button.configure(text=labels.get(key, ""))
        self._put_in_rows([button for key, button in self._buttons.items() if key in labels])
        self._fit(extra=bool(labels))
        self._place()

    def _labels(self) -> dict[str, str]:
        """The buttons that make sense now, with what stands on them."""
        keys = set(sensible(self._snapshot))
        if self._unread:
            keys.add(UNREAD)
        return {key: self._texts(key, count=self._unread) for key in self._buttons if key in keys}

    def _put_in_rows(self, buttons: list[ttk.Button]) -> None:
        """One row where the screen is wide enough, else as many as it takes."""
        for widget in (*self._rows, *self._buttons.values()):
            widget.pack_forget()
        self._window.update_idletasks()
        room_px = left_px = room.main_monitor(self._window).width - 2 * PADDING_PX
        rows = iter(self._rows)
        row: tk.Frame | None = None
        for button in buttons:
            wide_px = button.winfo_reqwidth() + GAP_PX
            if row is None or wide_px > left_px:
                row, left_px = next(rows, row), room_px
            if row is not None:
                row.pack(anchor="e")
                button.pack(in_=row, side="right", padx=(0, GAP_PX))
            left_px -= wide_px

    def _fit(self, *, extra: bool) -> None:
        """However long the names and small the screen, every button stands on it, Stop in the first row.

        The other buttons stand where the banner covers less with them: beside the text, or below it.
        """
        self._extra.grid_forget()
        self._text.configure(wraplength=TEXT_WIDTH_PX)
        self._window.update_idletasks()
        fixed_px = self._window.winfo_reqwidth() - self._text.winfo_reqwidth()
        room_px = room.main_monitor(self._window).width - fixed_px - LABEL_EDGE_PX
        beside_px = room_px - self._extra.winfo_reqwidth()
        if not extra:
            self._wrap(room_px)
            return
        below_high_px = self._height_with(room_px, BELOW)
        if beside_px >= MIN_TEXT_PX and self._height_with(beside_px, BESIDE) > below_high_px:
            self._height_with(room_px, BELOW)

    def _height_with(self, text_px: int, place: dict[str, Any]) -> int:
        """Put the other buttons there, and tell how high the banner then is."""
        self._extra.grid_forget()
        self._extra.grid(**place)
        self._wrap(text_px)
        self._window.update_idletasks()
        return self._window.winfo_reqheight()

    def _wrap(self, room_px: int) -> None:
        self._text.configure(wraplength=max(MIN_TEXT_PX, min(TEXT_WIDTH_PX, room_px)))

    def _place(self) -> None:
        self._window.update_idletasks()
        if not self._moved:
            monitor = room.main_monitor(self._window)
            beside_px = max(0, monitor.width - self._window.winfo_reqwidth())
            room.move(self._window, monitor.x + beside_px // 2, monitor.y)

    def _raise(self) -> None:
        if self._window.state() != "withdrawn":
            if ticking(self._snapshot):
                self._draw()
            theme.bring_up(self._window)
        self._raise_later()

    def _raise_later(self) -> None:
        if self._timer is not None:
            self._window.after_cancel(self._timer)
        pause_ms = TICK_MS if ticking(self._snapshot) else RAISE_EVERY_MS
        self._timer = self._window.after(pause_ms, self._raise)

    def _seen(self, event: "tk.Event[tk.Misc]") -> None:
        """Something has covered the window, or no longer does."""
        if str(event.state) == "VisibilityUnobscured" or self._is_raising:
            return
        self._is_raising = True
        theme.bring_up(self._window)
        self._window.after(RAISE_AGAIN_MS, self._raised)

    def _raised(self) -> None:
        self._is_raising = False
        theme.bring_up(self._window)

    def _grip(self, event: "tk.Event[tk.Misc]") -> None:
        self._grip_px = (event.x_root - self._window.winfo_x(), event.y_root - self._window.winfo_y())

    def _drag(self, event: "tk.Event[tk.Misc]") -> None:
        self._moved = True
        x, y = event.x_root - self._grip_px[0], event.y_root - self._grip_px[1]
        self._window.geometry(f"+{max(0, x)}+{max(0, y)}")
