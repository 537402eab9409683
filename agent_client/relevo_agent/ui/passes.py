"""What lets somebody in, to be read out or sent: the twelve digits, or a presentation's link."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from tkinter.font import Font
from typing import Final

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import ShownCode
from relevo_agent.session.code import grouped
from relevo_agent.ui import theme
from relevo_agent.ui.texts import Texts
from relevo_agent.ui.theme import Fonts

COPIED_MS: Final = 1500
CARD_EDGE_PX: Final = 38
CODE_WIDTH_PX: Final = 400


class CodeCard:
    """The code, how long it is good for, Copy and New."""

    def __init__(
        self, body: tk.Misc, texts: Texts, fonts: Fonts, code: ShownCode, new_code: Callable[[], None]
    ) -> None:
        self._texts = texts
        self._code = code
        card = theme.card(body)
        card.pack(fill="x")
        ttk.Label(card, text=texts("code.heading"), style="QuietCard.TLabel").pack(anchor="w")
        _field(card, grouped(code.digits), fonts.code).pack(fill="x", pady=(4, 4))
        self._expires = ttk.Label(card, style="QuietCard.TLabel")
        self._expires.pack(anchor="center")
        self.show_time()
        row = ttk.Frame(card, style="Card.TFrame")
        row.pack(fill="x", pady=(12, 0))
        _copy_button(row, texts, code.digits).pack(side="right")
        new = ttk.Button(row, text=texts("code.new"), command=new_code)
        new.pack(side="right", padx=(0, 10))
        explained = texts("code.explain")
        if code.reserved:
            explained = f"{texts('code.reserved')} {explained}"
        explain = ttk.Label(body, text=explained, style="Quiet.TLabel", wraplength=CODE_WIDTH_PX)
        explain.pack(anchor="w", pady=(12, 12))

    def show_time(self) -> None:
        """Say how long it is still good for."""
        if self._expires.winfo_exists():
            minutes = max(1, round((self._code.expires_ms - now_ms()) / 60_000))
            self._expires.configure(text=self._texts("code.expires", minutes=minutes))


class LinkCard:
    """A presentation's link, and Copy."""

    def __init__(self, body: tk.Misc, texts: Texts, link: str, width_px: int) -> None:
        card = theme.card(body)
        card.pack(fill="x", pady=(0, 12))
        ttk.Label(card, text=texts("present.link"), style="QuietCard.TLabel").pack(anchor="w")
        row = ttk.Frame(card, style="Card.TFrame")
        row.pack(fill="x", pady=(6, 6))
        _copy_button(row, texts, link).pack(side="right", padx=(10, 0))
        field = ttk.Entry(row, style="Chat.TEntry", width=10)
        field.insert(0, link)
        field.state(["readonly"])
        field.pack(side="left", fill="x", expand=True)
        explain = ttk.Label(
            card, text=texts("present.explain"), style="QuietCard.TLabel", wraplength=width_px - CARD_EDGE_PX
        )
        explain.pack(anchor="w")


def _field(parent: tk.Misc, text: str, font: Font) -> tk.Entry:
    shown = tk.StringVar(parent, text)
    field = tk.Entry(
        parent,
        textvariable=shown,
        state="readonly",
        font=font,
        readonlybackground=theme.CARD,
        foreground=theme.ACCENT_DARK,
        relief="flat",
        highlightthickness=0,
        justify="center",
        width=16,
    )
    field.bind("<Destroy>", lambda _: shown)  # the text lives as long as the field
    return field


def _copy_button(parent: tk.Misc, texts: Texts, text: str) -> ttk.Button:
    button = ttk.Button(parent, text=texts("code.copy"), style="Accent.TButton")

    def copied_back() -> None:
        if button.winfo_exists():
            button.configure(text=texts("code.copy"))

    def copy() -> None:
        parent.clipboard_clear()
        parent.clipboard_append(text)
        button.configure(text=texts("code.copied"))
        parent.winfo_toplevel().after(COPIED_MS, copied_back)

    button.configure(command=copy)
    button.bind("<Return>", lambda _: button.invoke())
    return button
