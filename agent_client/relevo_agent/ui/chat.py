"""The chat beside the session: lines in their person's colour, a field, and how many are unread."""

import tkinter as tk
from collections.abc import Callable
from datetime import UTC, datetime
from tkinter import ttk
from typing import Final

from relevo_agent.session.actions import ChatEntry
from relevo_agent.ui import theme
from relevo_agent.ui.texts import Texts
from relevo_agent.ui.theme import Fonts
from relevo_agent.ui.typed import chat_text, fits_chat
from relevo_protocol.limits import MAX_CHAT_CHARS
from relevo_protocol.palette import PERSON_COLOURS

COLUMNS: Final = 26
LEAST_COLUMNS: Final = 12
BESIDE_FIELD: Final = 9
"""Columns for the button beside the field."""
ROWS: Final = 8


class ChatBox:
    """Shows what was said; what is typed goes to ``say``."""

    def __init__(self, parent: tk.Misc, texts: Texts, fonts: Fonts, say: Callable[[str], None]) -> None:
        self._texts = texts
        self._say = say
        self._entries: tuple[ChatEntry, ...] = ()
        self._read_line = 0
        self.frame = tk.Frame(parent, background=theme.GROUND)
        self._heading = ttk.Label(self.frame, style="Section.TLabel")
        self._heading.pack(anchor="w", pady=(0, 8))
        self._build_field()
        self._build_lines(fonts)
        self._draw()
        self.frame.update_idletasks()
        self._column_px, self._usual_px = fonts.body.measure("0"), self.frame.winfo_reqwidth()

    @property
    def unread(self) -> int:
        """Lines of others that came while nobody looked."""
        return sum(1 for entry in self._entries if entry.line > self._read_line and entry.slot != 0)

    def render(self, entries: tuple[ChatEntry, ...], *, looking: bool, open_now: bool) -> None:
        """Show these lines; ``open_now`` while there is somebody to write to."""
        if entries != self._entries:
            self._entries = entries
            if not entries or entries[-1].line < self._read_line:
                self._read_line = 0
            self._draw()
        if looking:
            self.mark_read()
        self._head()
        state = ["!disabled"] if open_now else ["disabled"]
        self._field.state(state)
        self._send.state(state)

    def fit(self, widest_px: int) -> None:
        """Be as wide as usual, or narrower where the screen has no more than this for it."""
        over_px = max(0, self._usual_px - widest_px)
        columns = max(LEAST_COLUMNS, COLUMNS - -(-over_px // self._column_px))
        self._lines.configure(width=columns)
        self._field.configure(width=columns - BESIDE_FIELD)

    def mark_read(self) -> None:
        """The customer looks at the window."""
        if self._entries:
            self._read_line = self._entries[-1].line
        self._head()

    def focus(self) -> None:
        """Put the cursor into the field."""
        self._field.focus_force()

    def _build_field(self) -> None:
        row = ttk.Frame(self.frame)
        row.pack(side="bottom", fill="x", pady=(8, 0))
        self._complaint = ttk.Label(self.frame, style="Quiet.TLabel", foreground=theme.DANGER_DARK)
        self._field = ttk.Entry(row, style="Chat.TEntry", width=COLUMNS - BESIDE_FIELD)
        self._field.pack(side="left", fill="x", expand=True)
        self._send = ttk.Button(row, text=self._texts("chat.send"), command=self._sent, width=-1)
        self._send.pack(side="left", padx=(8, 0))
        for widget in (self._field, self._send):
            widget.bind("<Return>", lambda _: self._sent())
            widget.bind("<KP_Enter>", lambda _: self._sent())

    def _build_lines(self, fonts: Fonts) -> None:
        box = tk.Frame(
            self.frame, background=theme.CARD, highlightbackground=theme.LINE, highlightthickness=1
        )
        box.pack(fill="both", expand=True)
        self._lines = tk.Text(
            box,
            width=COLUMNS,
            height=ROWS,
            wrap="word",
            font=fonts.body,
            background=theme.CARD,
            foreground=theme.INK,
            relief="flat",
            borderwidth=0,
            highlightthickness=0,
            padx=12,
            pady=10,
            state="disabled",
            takefocus=False,
            cursor="arrow",
        )
        self._bar = bar = ttk.Scrollbar(box, orient="vertical", command=self._scroll)
        self._lines.configure(yscrollcommand=bar.set)
        bar.pack(side="right", fill="y")
        self._lines.pack(side="left", fill="both", expand=True)
        self._lines.tag_configure("quiet", foreground=theme.QUIET, font=fonts.small)
        self._lines.tag_configure("line", spacing3=8)
        for slot, colour in enumerate(PERSON_COLOURS):
            self._lines.tag_configure(f"slot{slot}", foreground=colour, font=fonts.strong)

    def _head(self) -> None:
        count = self.unread
        self._heading.configure(
            text=self._texts("chat.unread", count=count) if count else self._texts("chat.heading")
        )

    def _draw(self) -> None:
        """Draw all lines; who has scrolled up to read stays where they are."""
        at, lower = self._bar.get()[:2]
        self._lines.configure(state="normal")
        self._lines.delete("1.0", "end")
        if not self._entries:
            self._lines.insert("end", self._texts("chat.none"), "quiet")
        for entry in self._entries:
            self._draw_entry(entry)
        self._lines.configure(state="disabled")
        if lower >= 1.0 or lower <= at:  # at the end, or not yet on the screen
            self._lines.after_idle(self._show_last)
        else:
            self._lines.yview_moveto(at)

    def _scroll(self, *where: str) -> None:
        self._lines.tk.call(str(self._lines), "yview", *where)

    def _show_last(self) -> None:
        self._lines.update_idletasks()  # before it has its size, the end is not where it will be
        self._lines.see("end")

    def _draw_entry(self, entry: ChatEntry) -> None:
        name = self._texts("chat.you") if entry.slot == 0 else theme.drawable(entry.name)
        at = datetime.fromtimestamp(entry.at_ms / 1000, tz=UTC).astimezone().strftime("%H:%M")
        slot = entry.slot if 0 <= entry.slot < len(PERSON_COLOURS) else 0
        self._lines.insert("end", name, f"slot{slot}")
        self._lines.insert("end", f"  {at}\n", "quiet")
        self._lines.insert("end", theme.drawable(entry.text) + "\n", "line")

    def _sent(self) -> None:
        text = chat_text(self._field.get())
        self._complaint.pack_forget()
        if not text:
            return
        if not fits_chat(text):
            self._complaint.configure(text=self._texts("chat.too_long", limit=MAX_CHAT_CHARS))
            self._complaint.pack(side="bottom", anchor="w", pady=(6, 0))
            return
        self._say(text)
        self._field.delete(0, "end")
