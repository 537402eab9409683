"""The agent's own window: the code, who is here, and what went wrong."""

import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import Final

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Person, Phase, ShownCode, Snapshot
from relevo_agent.session.code import grouped
from relevo_agent.ui import theme
from relevo_agent.ui.front import Commands
from relevo_agent.ui.texts import Texts
from relevo_agent.ui.theme import Fonts

TEXT_WIDTH_PX: Final = 400
COPIED_MS: Final = 1500


class Panel:
    """What stands in the agent's window; drawn anew for every snapshot."""

    def __init__(self, root: tk.Tk, texts: Texts, fonts: Fonts, commands: Commands) -> None:
        self._root = root
        self._texts = texts
        self._fonts = fonts
        self._commands = commands
        self._alarm_text = self._trouble_text = ""
        self._shown = Snapshot()
        self._frame = tk.Frame(root, background=theme.GROUND, padx=24, pady=20)
        self._frame.pack(fill="both", expand=True)
        self._body: tk.Frame | None = None
        self._expires: ttk.Label | None = None
        self.render(self._shown)
        self._keep_time()

    def render(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        if snapshot.phase is Phase.LIVE and self._shown.phase is not Phase.LIVE:
            self._alarm_text = ""
        if snapshot.phase in {Phase.WAITING, Phase.LIVE}:
            self._trouble_text = ""
        self._shown = snapshot
        if self._body is not None:
            self._body.destroy()
        self._body = tk.Frame(self._frame, background=theme.GROUND)
        tk.Frame(
            self._body, width=TEXT_WIDTH_PX, background=theme.GROUND
        ).pack()  # the window keeps its width
        self._body.pack(fill="both", expand=True)
        self._expires = None
        for text in filter(None, (self._alarm_text, self._trouble_text)):
            self._draw_alarm(self._body, text)
        title = ttk.Label(
            self._body,
            text=self._texts(f"phase.{snapshot.phase.value}"),
            style="Heading.TLabel",
            wraplength=TEXT_WIDTH_PX,
        )
        title.pack(anchor="w", pady=(0, 12))
        self._draw_phase(self._body, snapshot)

    def alarm(self, text: str) -> None:
        """Something went wrong: say it in red until the next session is live."""
        self._alarm_text = text
        self.render(self._shown)

    def trouble(self, text: str) -> None:
        """The connection fails: say why until there is one."""
        if text != self._trouble_text:
            self._trouble_text = text
            self.render(self._shown)

    def _draw_alarm(self, body: tk.Frame, text: str) -> None:
        card = theme.card(body, ground=theme.ALARM_GROUND, line=theme.DANGER)
        card.pack(fill="x", pady=(0, 14))
        ttk.Label(card, text=text, style="Alarm.TLabel", wraplength=TEXT_WIDTH_PX - 36).pack(anchor="w")

    def _draw_phase(self, body: tk.Frame, snapshot: Snapshot) -> None:
        if snapshot.phase is Phase.ENDED:
            row = ttk.Frame(body)
            row.pack(fill="x", pady=(6, 0))
            self._button(row, "again", self._commands.start_again, "Accent.TButton").pack(side="right")
            self._button(row, "close", self._commands.quit).pack(side="right", padx=(0, 10))
            return
        if snapshot.people:
            self._draw_people(body, snapshot.people)
        if snapshot.code is not None and snapshot.phase in {Phase.WAITING, Phase.LIVE}:
            self._draw_code(body, snapshot.code)
        elif snapshot.phase is Phase.LIVE:
            self._button(body, "code.invite", self._commands.new_code).pack(anchor="w", pady=(4, 0))
        if snapshot.people:
            stop = self._button(body, "banner.stop", self._commands.stop, "Danger.TButton")
            stop.pack(anchor="e", pady=(14, 0))

    def _draw_code(self, body: tk.Frame, shown_code: ShownCode) -> None:
        t, digits = self._texts, shown_code.digits
        card = theme.card(body)
        card.pack(fill="x")
        ttk.Label(card, text=t("code.heading"), style="QuietCard.TLabel").pack(anchor="w")
        shown = tk.StringVar(self._root, grouped(digits))
        code = tk.Entry(
            card,
            textvariable=shown,
            state="readonly",
            font=self._fonts.code,
            readonlybackground=theme.CARD,
            foreground=theme.ACCENT_DARK,
            relief="flat",
            highlightthickness=0,
            justify="center",
            width=18,
        )
        code.pack(fill="x", pady=(4, 4))
        self._expires = ttk.Label(card, style="QuietCard.TLabel")
        self._expires.pack(anchor="center")
        self._show_time()
        row = ttk.Frame(card, style="Card.TFrame")
        row.pack(fill="x", pady=(12, 0))
        copy = ttk.Button(row, text=t("code.copy"), style="Accent.TButton")
        copy.configure(command=lambda: self._copy(copy, digits))
        copy.pack(side="right")
        self._button(row, "code.new", self._commands.new_code).pack(side="right", padx=(0, 10))
        explained = t("code.explain")
        if shown_code.reserved:
            explained = f"{t('code.reserved')} {explained}"
        explain = ttk.Label(body, text=explained, style="Quiet.TLabel", wraplength=TEXT_WIDTH_PX)
        explain.pack(anchor="w", pady=(12, 0))

    def _draw_people(self, body: tk.Frame, people: tuple[Person, ...]) -> None:
        card = theme.card(body)
        card.pack(fill="x", pady=(0, 14))
        ttk.Label(card, text=self._texts("people.heading"), style="QuietCard.TLabel").pack(anchor="w")
        for person in people:
            row = ttk.Frame(card, style="Card.TFrame")
            row.pack(fill="x", pady=(8, 0))
            names = ttk.Frame(row, style="Card.TFrame")
            names.pack(side="left")
            where = theme.drawable(person.organisation) if person.present else self._texts("people.away")
            wrap = TEXT_WIDTH_PX - 170
            name = theme.drawable(person.display_name)
            ttk.Label(names, text=name, style="Strong.TLabel", wraplength=wrap).pack(anchor="w")
            ttk.Label(names, text=where, style="QuietCard.TLabel", wraplength=wrap).pack(anchor="w")
            self._button(row, "people.dismiss", partial(self._commands.dismiss, person.slot)).pack(
                side="right"
            )
        mode = ttk.Label(
            card, text=self._texts.mode(self._shown.mode), style="Card.TLabel", wraplength=TEXT_WIDTH_PX - 36
        )
        mode.pack(anchor="w", pady=(12, 0))

    def _button(
        self, parent: tk.Misc, key: str, command: Callable[[], None], style: str = "TButton"
    ) -> ttk.Button:
        button = ttk.Button(parent, text=self._texts(key), style=style)
        button.configure(command=command)
        return button

    def _copy(self, button: ttk.Button, digits: str) -> None:
        self._root.clipboard_clear()
        self._root.clipboard_append(digits)
        button.configure(text=self._texts("code.copied"))
        self._root.after(COPIED_MS, lambda: self._copied(button))

    def _copied(self, button: ttk.Button) -> None:
        if button.winfo_exists():
            button.configure(text=self._texts("code.copy"))

    def _keep_time(self) -> None:
        self._show_time()
        self._root.after(5000, self._keep_time)

    def _show_time(self) -> None:
        code = self._shown.code
        if code is not None and self._expires is not None and self._expires.winfo_exists():
            minutes = max(1, round((code.expires_ms - now_ms()) / 60_000))
            self._expires.configure(text=self._texts("code.expires", minutes=minutes))
