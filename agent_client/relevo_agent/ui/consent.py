"""The question: who wants in, what they could do, and that No is the easy answer (SPEC P1, N1, N2)."""

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from relevo_agent.clock import now_ms
from relevo_agent.session.actions import Question, QuestionKind
from relevo_agent.ui import room, theme
from relevo_agent.ui.offers import Offers
from relevo_agent.ui.people import question_heading, question_lines
from relevo_agent.ui.scroll import ScrollArea
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import Capability, Role

TEXT_WIDTH_PX: Final = 500
LOW_SCREEN_PX: Final = 700
WIDE_TEXT_PX: Final = 680
"""Where the screen is lower than that its width is used instead, as far as it goes."""
BESIDE_TEXT_PX: Final = 80
LEAST_SCROLLED_PX: Final = 60
PADDING_PX: Final = 22
WARNING_GAP_PX: Final = 10
AWAKE_AFTER_MS: Final = 900
"""The answers wake up a moment after the window appears: what was meant for another window cannot hit."""

Answer = Callable[[bool, frozenset[Capability]], None]
"""Yes or no, and what was ticked."""


class ConsentDialog:
    """One question in a window of its own; answers once, through ``answer``."""

    def __init__(self, root: tk.Tk, texts: Texts, question: Question, answer: Answer) -> None:
        self._root = root
        self._texts = texts
        self._question = question
        self._answer = answer
        self._awake = self._settled = False
        self._naps = 0
        self._window = tk.Toplevel(root, background=theme.GROUND, padx=26, pady=PADDING_PX)
        self._window.withdraw()
        self._window.title(texts("consent.title"))
        self._window.resizable(False, False)
        theme.keep_on_top(self._window)
        self._window.protocol("WM_DELETE_WINDOW", lambda: self._done(granted=False))
        self._window.bind("<Destroy>", self._destroyed)
        self._window.bind("<Escape>", lambda _: self._refuse())
        monitor = room.main_monitor(self._window)
        widest_px = WIDE_TEXT_PX if monitor.height < LOW_SCREEN_PX else TEXT_WIDTH_PX
        self._wide_px = max(TEXT_WIDTH_PX, min(widest_px, monitor.width - BESIDE_TEXT_PX))
        self._build()
        room.centred(self._window)
        self._window.deiconify()
        theme.bring_up(self._window)
        self._no.focus_force()
        self._fall_asleep()
        self._count_down()

    @property
    def question_id(self) -> int:
        """Which question this is."""
        return self._question.id

    @property
    def area(self) -> room.Area:
        """Where the dialog stands."""
        return room.area_of(self._window)

    def make_room(self) -> None:
        """Stand aside where the banner would cover the heading; what moves goes to sleep for a moment."""
        free = self._free()
        if self.area.y >= free.y and self.area.bottom + room.FRAME_PX <= free.bottom:
            return
        before = self.area
        self._fit()
        room.centred(self._window)
        if self.area != before:
            self._fall_asleep()

    def close(self) -> None:
        """Take the window away; nothing is answered."""
        self._settled = True
        self._window.destroy()

    def _build(self) -> None:
        heading = ttk.Label(
            self._window,
            text=question_heading(self._texts, self._question),
            style="Heading.TLabel",
            wraplength=self._wide_px,
        )
        heading.pack(anchor="w", pady=(0, 14))
        self._area = ScrollArea(self._window, LEAST_SCROLLED_PX)
        self._area.frame.pack(fill="both", expand=True)
        inner = self._area.inner
        tk.Frame(inner, width=self._wide_px, background=theme.GROUND).pack()  # the same width for every name
        self._build_person(inner)
        self._offers = Offers(inner, self._texts, self._question, self._wide_px - 36)
        self._build_each_time(inner)
        answers = self._build_answers()
        answers.pack(fill="x", side="bottom", pady=(12, 0))
        fixed: list[tk.Widget] = [heading, answers]
        if self._question.kind is not QuestionKind.CAPABILITY:
            fixed.append(self._build_warning())
        self._fixed = tuple(fixed)
        self._fit()

    def _fit(self) -> None:
        """Whatever the screen, heading and answers stand on it; what is between them scrolls."""
        self._area.fit(self._free().height - self._taken_px())

    def _free(self) -> room.Area:
        return room.room(self._window, self._taken_px() + LEAST_SCROLLED_PX)

    def _taken_px(self) -> int:
        """What does not scroll, and the frame."""
        self._window.update_idletasks()
        fixed = sum(widget.winfo_reqheight() for widget in self._fixed)
        return fixed + 2 * PADDING_PX + 14 + 12 + WARNING_GAP_PX + room.FRAME_PX

    def _build_person(self, parent: tk.Misc) -> None:
        t, question = self._texts, self._question
        card = theme.card(parent)
        card.pack(fill="x", pady=(0, 12))
        wrap = self._wide_px - 36
        organisation = theme.drawable(question.organisation) or t("consent.no_organisation")
        name = theme.drawable(question.display_name)
        ttk.Label(card, text=name, style="Name.TLabel", wraplength=wrap).pack(anchor="w")
        where = organisation if question.role is Role.LEAD else f"{organisation} · {t.role(question.role)}"
        ttk.Label(card, text=where, style="Card.TLabel", wraplength=wrap).pack(anchor="w")
        if question.role is Role.EXTERNAL:
            outside = ttk.Label(card, text=t("consent.outside"), style="QuietCard.TLabel", wraplength=wrap)
            outside.pack(anchor="w")
        tk.Frame(card, height=1, background=theme.LINE).pack(fill="x", pady=10)
        self._build_wish(card, wrap)

    def _build_wish(self, card: tk.Frame, wrap: int) -> None:
        t, question = self._texts, self._question
        wish, quiet = question_lines(t, question)
        wanted = "consent.wants" if question.kind is QuestionKind.CAPABILITY else "consent.can"
        ttk.Label(card, text=t(wanted), style="QuietCard.TLabel").pack(anchor="w")
        ttk.Label(card, text=wish, style="Strong.TLabel", wraplength=wrap).pack(anchor="w", pady=(2, 6))
        for line in quiet:
            text = theme.drawable(line)
            ttk.Label(card, text=text, style="QuietCard.TLabel", wraplength=wrap).pack(anchor="w", pady=1)

    def _build_warning(self) -> tk.Frame:
        """Right above the answers: no name, however long, scrolls it out of sight."""
        t = self._texts
        card = theme.card(self._window, ground=theme.WARN_GROUND, line=theme.WARN_LINE)
        card.pack(fill="x", side="bottom", pady=(WARNING_GAP_PX, 0))
        wrap = self._wide_px - 36
        heading = ttk.Label(
            card, text=t("consent.warning_heading"), style="WarnStrong.TLabel", wraplength=wrap
        )
        heading.pack(anchor="w", pady=(0, 4))
        ttk.Label(card, text=t("consent.warning"), style="Warn.TLabel", wraplength=wrap).pack(anchor="w")
        return card

    def _build_each_time(self, parent: tk.Misc) -> None:
        if self._question.each_time:
            what = self._texts.capabilities(self._question.each_time)
            text = self._texts("consent.each_time", what=what)
            ttk.Label(parent, text=text, style="Quiet.TLabel", wraplength=self._wide_px).pack(anchor="w")

    def _build_answers(self) -> ttk.Frame:
        row = ttk.Frame(self._window)
        self._clock = ttk.Label(row, style="Quiet.TLabel")
        self._show_time()  # the row is as wide as with it before the window is placed
        self._clock.pack(side="left", padx=(0, 24))
        self._no = ttk.Button(row, text=self._texts("consent.no"), command=self._refuse)
        self._yes = ttk.Button(
            row,
            text=self._texts("consent.yes"),
            style="Accent.TButton",
            command=lambda: self._done(granted=True),
        )
        self._yes.pack(side="right")
        self._no.pack(side="right", padx=(0, 10))
        for button in (self._no, self._yes):
            button.bind("<Return>", lambda event: event.widget.invoke())
        return row

    def _fall_asleep(self) -> None:
        self._awake = False
        self._yes.state(["disabled"])
        self._naps += 1
        nap = self._naps
        self._root.after(AWAKE_AFTER_MS, lambda: self._wake(nap))

    def _wake(self, nap: int) -> None:
        if self._settled or nap != self._naps:
            return
        self._awake = True
        self._yes.state(["!disabled"])

    def _count_down(self) -> None:
        if self._settled:
            return
        left_s = self._show_time()
        theme.bring_up(self._window)
        if left_s > 0:
            self._root.after(500, self._count_down)

    def _show_time(self) -> int:
        """Say how many seconds are left; returns them."""
        left_s = max(0, round((self._question.deadline_ms - now_ms()) / 1000))
        self._clock.configure(text=self._texts("consent.countdown", seconds=left_s))
        return left_s

    def _refuse(self) -> None:
        if self._awake:
            self._done(granted=False)

    def _destroyed(self, event: "tk.Event[tk.Misc]") -> None:
        """Whoever took the window away, without an answer it is No."""
        if event.widget is self._window and not self._settled:
            self._settled = True
            self._answer(False, frozenset())

    def _done(self, *, granted: bool) -> None:
        ticked = self._offers.ticked if granted else frozenset[Capability]()
        self.close()
        self._answer(granted, ticked)
