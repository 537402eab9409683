"""The question: who wants in, what they could do, and that No is the easy answer (SPEC P1)."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Question
from relevo_agent.ui import theme
from relevo_agent.ui.people import question_heading
from relevo_agent.ui.texts import Texts

TEXT_WIDTH_PX: Final = 500
AWAKE_AFTER_MS: Final = 900
"""The answers wake up a moment after the window appears: what was meant for another window cannot hit."""


class ConsentDialog:
    """One question in a window of its own; answers once, through ``answer``."""

    def __init__(self, root: tk.Tk, texts: Texts, question: Question, answer: Callable[[bool], None]) -> None:
        self._texts = texts
        self._question = question
        self._answer = answer
        self._awake = self._settled = False
        self._window = tk.Toplevel(root, background=theme.GROUND, padx=26, pady=22)
        self._window.title(texts("consent.title"))
        self._window.resizable(False, False)
        theme.keep_on_top(self._window)
        self._window.protocol("WM_DELETE_WINDOW", lambda: self._done(granted=False))
        self._window.bind("<Destroy>", self._destroyed)
        self._window.bind("<Escape>", lambda _: self._refuse())
        self._build()
        theme.centred(self._window)
        theme.bring_up(self._window)
        self._no.focus_force()
        self._window.after(AWAKE_AFTER_MS, self._wake)
        self._count_down()

    @property
    def question_id(self) -> int:
        """Which question this is."""
        return self._question.id

    def close(self) -> None:
        """Take the window away; nothing is answered."""
        self._settled = True
        self._window.destroy()

    def _build(self) -> None:
        self._build_answers()  # first of all: where the screen is too small, the rest gives way
        heading = ttk.Label(
            self._window,
            text=question_heading(self._texts, self._question),
            style="Heading.TLabel",
            wraplength=TEXT_WIDTH_PX,
        )
        heading.pack(anchor="w", pady=(0, 14))
        self._build_person()
        self._build_warning()

    def _build_person(self) -> None:
        t, question = self._texts, self._question
        card = theme.card(self._window)
        card.pack(fill="x", pady=(0, 12))
        organisation = theme.drawable(question.organisation) or t("consent.no_organisation")
        wrap = TEXT_WIDTH_PX - 36
        name = theme.drawable(question.display_name)
        ttk.Label(card, text=name, style="Name.TLabel", wraplength=wrap).pack(anchor="w")
        ttk.Label(card, text=organisation, style="Card.TLabel", wraplength=wrap).pack(anchor="w")
        tk.Frame(card, height=1, background=theme.LINE).pack(fill="x", pady=12)
        ttk.Label(card, text=t("consent.can"), style="QuietCard.TLabel").pack(anchor="w")
        ttk.Label(card, text=t.mode(question.mode), style="Strong.TLabel", wraplength=wrap).pack(
            anchor="w", pady=(2, 6)
        )
        ttk.Label(card, text=t("consent.can_stop"), style="QuietCard.TLabel", wraplength=wrap).pack(
            anchor="w"
        )

    def _build_warning(self) -> None:
        t = self._texts
        card = theme.card(self._window, ground=theme.WARN_GROUND, line=theme.WARN_LINE)
        card.pack(fill="x", pady=(0, 18))
        wrap = TEXT_WIDTH_PX - 36
        heading = ttk.Label(
            card, text=t("consent.warning_heading"), style="WarnStrong.TLabel", wraplength=wrap
        )
        heading.pack(anchor="w", pady=(0, 4))
        ttk.Label(card, text=t("consent.warning"), style="Warn.TLabel", wraplength=wrap).pack(anchor="w")

    def _build_answers(self) -> None:
        row = ttk.Frame(self._window)
        row.pack(fill="x", side="bottom")
        self._clock = ttk.Label(row, style="Quiet.TLabel")
        self._clock.pack(side="left", padx=(0, 24))
        self._yes = ttk.Button(
            row,
            text=self._texts("consent.yes"),
            style="Accent.TButton",
            command=lambda: self._done(granted=True),
        )
        self._yes.state(["disabled"])
        self._yes.pack(side="right")
        self._no = ttk.Button(row, text=self._texts("consent.no"), command=self._refuse)
        self._no.pack(side="right", padx=(0, 10))
        for button in (self._no, self._yes):
            button.bind("<Return>", lambda event: event.widget.invoke())

    def _wake(self) -> None:
        self._awake = True
        self._yes.state(["!disabled"])

    def _count_down(self) -> None:
        left_s = max(0, round((self._question.deadline_ms - now_ms()) / 1000))
        self._clock.configure(text=self._texts("consent.countdown", seconds=left_s))
        theme.bring_up(self._window)
        if left_s > 0:
            self._window.after(500, self._count_down)

    def _refuse(self) -> None:
        if self._awake:
            self._done(granted=False)

    def _destroyed(self, event: "tk.Event[tk.Misc]") -> None:
        """Whoever took the window away, without an answer it is No."""
        if event.widget is self._window and not self._settled:
            self._settled = True
            self._answer(False)

    def _done(self, *, granted: bool) -> None:
        self.close()
        self._answer(granted)
