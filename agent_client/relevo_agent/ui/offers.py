"""The tick-boxes of a question: unticked, recording apart (SPEC N1, N2)."""

import tkinter as tk
from functools import partial
from tkinter import ttk

from relevo_agent.session.actions import Question
from relevo_agent.ui import theme
from relevo_agent.ui.offered import by_all
from relevo_agent.ui.texts import Texts
from relevo_protocol.modes import Capability


class Offers:
    """Draws the boxes of a question and knows which are ticked."""

    def __init__(self, parent: tk.Misc, texts: Texts, question: Question, wrap_px: int) -> None:
        self._texts = texts
        self._wrap_px = wrap_px
        self._covered = by_all(question)
        self._ticks = {capability: tk.BooleanVar(parent, value=False) for capability in question.offers}
        self._all = tk.BooleanVar(parent, value=False)
        usual = [c for c in question.offers if c in self._covered]
        apart = [c for c in question.offers if c not in self._covered]
        if usual:
            card = self._card(parent, "consent.ticks")
            if len(usual) > 1:
                self._box(card, texts("consent.tick_all"), self._all).configure(command=self._tick_all)
                tk.Frame(card, height=1, background=theme.LINE).pack(fill="x", pady=6)
            self._boxes(card, usual)
        if apart:
            self._boxes(self._card(parent, "consent.tick_apart"), apart)

    @property
    def ticked(self) -> frozenset[Capability]:
        """What the customer ticked."""
        return frozenset(c for c, tick in self._ticks.items() if tick.get())

    def _card(self, parent: tk.Misc, key: str) -> tk.Frame:
        card = theme.card(parent)
        card.pack(fill="x", pady=(0, 12))
        ttk.Label(card, text=self._texts(key), style="QuietCard.TLabel").pack(anchor="w", pady=(0, 4))
        return card

    def _boxes(self, card: tk.Frame, capabilities: list[Capability]) -> None:
        for capability in capabilities:
            box = self._box(card, self._texts.capability(capability), self._ticks[capability])
            box.configure(command=partial(self._one_changed, capability))

    def _box(self, card: tk.Frame, text: str, tick: tk.BooleanVar) -> ttk.Checkbutton:
        """A box beside a label that wraps; a click on the words counts too."""
        row = ttk.Frame(card, style="Card.TFrame")
        row.pack(fill="x")
        box = ttk.Checkbutton(row, variable=tick, style="Card.TCheckbutton")
        box.pack(side="left", anchor="n")
        words = ttk.Label(row, text=text, style="Card.TLabel", wraplength=self._wrap_px - 40)
        words.pack(side="left", anchor="w", pady=3)
        words.bind("<Button-1>", lambda _: box.invoke())
        box.bind("<Return>", lambda _: box.invoke())
        return box

    def _tick_all(self) -> None:
        for capability in self._covered:
            self._ticks[capability].set(self._all.get())

    def _one_changed(self, capability: Capability) -> None:
        if capability in self._covered:
            self._all.set(all(self._ticks[c].get() for c in self._covered))
