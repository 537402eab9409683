"""The list of everybody who is in, with their part, and what the customer or presenter may do about each."""

import tkinter as tk
from functools import partial
from tkinter import ttk
from typing import Final

from relevo_agent.session.actions import Person, Snapshot
from relevo_agent.ui import theme
from relevo_agent.ui.front import Commands
from relevo_agent.ui.people import controls
from relevo_agent.ui.texts import Texts
from relevo_protocol.limits import MAX_VIEWERS
from relevo_protocol.modes import SessionKind
from relevo_protocol.palette import PERSON_COLOURS

BUTTON_ROOM_PX: Final = 150


class WhoIsIn:
    """Draws the people of a snapshot into ``parent``; who drives changes in place."""

    def __init__(self, parent: tk.Misc, texts: Texts, commands: Commands, wrap_px: int) -> None:
        self._texts = texts
        self._commands = commands
        self._wrap_px = wrap_px - 36
        self._lines: dict[int, ttk.Label] = {}
        self.buttons: dict[tuple[str, int], ttk.Widget] = {}
        self._card = theme.card(parent)
        self._card.pack(fill="x", pady=(0, 12))

    def draw(self, snapshot: Snapshot) -> None:
        """Draw everybody."""
        presenting = snapshot.kind is SessionKind.PRESENTATION
        heading = (
            self._texts("present.who", count=len(snapshot.people), limit=MAX_VIEWERS)
            if presenting
            else self._texts("people.heading")
        )
        ttk.Label(self._card, text=heading, style="QuietCard.TLabel").pack(anchor="w")
        if presenting and not snapshot.people:
            empty = ttk.Label(self._card, text=self._texts("present.waiting"), style="Card.TLabel")
            empty.pack(anchor="w", pady=(8, 0))
        for person in snapshot.people:
            self._draw_person(person, presenting=presenting)
        if presenting and len(snapshot.people) >= MAX_VIEWERS:
            full = ttk.Label(
                self._card,
                text=self._texts("present.full"),
                style="QuietCard.TLabel",
                wraplength=self._wrap_px,
            )
            full.pack(anchor="w", pady=(8, 0))
        self.refresh(snapshot)

    def refresh(self, snapshot: Snapshot) -> None:
        """Say who has the control now."""
        for person in snapshot.people:
            if person.slot in self._lines:
                self._lines[person.slot].configure(text=self._line(snapshot, person))

    def _line(self, snapshot: Snapshot, person: Person) -> str:
        parts = [self._texts("people.away")] if not person.present else [theme.drawable(person.organisation)]
        if snapshot.kind is not SessionKind.PRESENTATION:
            parts.append(self._texts.role(person.role))
        if controls(snapshot, person):
            parts.append(self._texts("people.drives"))
        return " · ".join(filter(None, parts))

    def _draw_person(self, person: Person, *, presenting: bool) -> None:
        row = ttk.Frame(self._card, style="Card.TFrame")
        row.pack(fill="x", pady=(8, 0))
        remove = ttk.Button(
            row,
            text=self._texts("people.dismiss"),
            style="Small.TButton",
            command=partial(self._commands.dismiss, person.slot),
        )
        remove.pack(side="right", anchor="n")
        self.buttons["remove", person.slot] = remove
        colour = PERSON_COLOURS[person.slot] if person.slot < len(PERSON_COLOURS) else theme.QUIET
        tk.Frame(row, width=5, background=colour).pack(side="left", fill="y", padx=(0, 10))
        names = ttk.Frame(row, style="Card.TFrame")
        names.pack(side="left", fill="x")
        wrap = self._wrap_px - BUTTON_ROOM_PX
        name = theme.drawable(person.display_name)
        ttk.Label(names, text=name, style="Strong.TLabel", wraplength=wrap).pack(anchor="w")
        line = ttk.Label(names, style="QuietCard.TLabel", wraplength=wrap)
        if not presenting or not person.present:
            line.pack(anchor="w")
        self._lines[person.slot] = line
        if presenting:
            self._draw_may_mark(names, person)

    def _draw_may_mark(self, names: ttk.Frame, person: Person) -> None:
        may = tk.BooleanVar(names, value=person.may_mark)
        box = ttk.Checkbutton(
            names, text=self._texts("people.allow_marks"), variable=may, style="Card.TCheckbutton"
        )
        box.configure(command=lambda: self._commands.allow_marks(person.slot, may.get()))
        box.pack(anchor="w")
        self.buttons["marks", person.slot] = box
