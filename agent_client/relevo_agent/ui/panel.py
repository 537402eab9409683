"""The agent's own window: the code or the link, who is here, the chat, and what went wrong."""

import tkinter as tk
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from tkinter import ttk
from typing import Final

from relevo_agent.session.actions import Phase, Snapshot
from relevo_agent.ui import room, theme
from relevo_agent.ui.acts import acts, sensible
from relevo_agent.ui.chat import ChatBox
from relevo_agent.ui.front import Commands
from relevo_agent.ui.passes import CodeCard, LinkCard
from relevo_agent.ui.people import had_company
from relevo_agent.ui.scroll import MIN_HEIGHT_PX, ScrollArea
from relevo_agent.ui.texts import HAS_PANIC_KEY, Texts
from relevo_agent.ui.theme import Fonts
from relevo_agent.ui.who import WhoIsIn
from relevo_protocol.modes import LADDER, SessionKind

TEXT_WIDTH_PX: Final = 400
PADDING_PX: Final = 20
SIDE_PX: Final = 24
CHAT_GAP_PX: Final = 22
NEWS_MS: Final = 12_000
ACTS_IN_A_ROW: Final = 2
TIME_MS: Final = 5000


class Panel:
    """What stands in the agent's window; drawn anew where a snapshot differs from the one before."""

    def __init__(self, root: tk.Tk, texts: Texts, fonts: Fonts, commands: Commands) -> None:
        self._root = root
        self._texts = texts
        self._fonts = fonts
        self._commands = commands
        self._alarm_text = self._trouble_text = self._news_text = self._comfort_text = ""
        self._news_count = 0
        self._receipt: Path | None = None
        self._had_company = False
        self.offers_again = True
        """Whether another session can be begun here after the end."""
        self._shown = Snapshot()
        self._drawn: object = None
        self._code: CodeCard | None = None
        self._who: WhoIsIn | None = None
        self._buttons: dict[tuple[str, int], ttk.Widget] = {}
        self._acts: dict[str, ttk.Button] = {}
        self._acts_shown: list[str] | None = None
        self._acts_frame: tk.Frame | None = None
        self._frame = tk.Frame(root, background=theme.GROUND, padx=SIDE_PX, pady=PADDING_PX)
        self._frame.pack(fill="both", expand=True)
        self._left = tk.Frame(self._frame, background=theme.GROUND)
        self._left.pack(side="left", fill="both", expand=True)
        self.chat = ChatBox(self._frame, texts, fonts, commands.say)
        self._body: tk.Frame | None = None
        self.render(self._shown)
        self._keep_time()

    def render(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        if snapshot.phase is Phase.LIVE and self._shown.phase is not Phase.LIVE:
            self._alarm_text = self._comfort_text = ""
        if snapshot.phase in {Phase.WAITING, Phase.LIVE}:
            self._trouble_text = ""
            self._receipt = None
        self._had_company = had_company(snapshot, before=self._had_company)
        self._shown = snapshot
        self._draw()
        self._render_chat()
        room.keep_on_screen(self._root)

    def make_room(self) -> None:
        """The banner has come, gone or changed its size: stand beside it, Stop in sight."""
        self._fit()
        room.keep_on_screen(self._root)

    def alarm(self, text: str) -> None:
        """Something went wrong: say it in red until the next session is live."""
        self._alarm_text = text
        self._draw()

    def trouble(self, text: str) -> None:
        """The connection fails: say why until there is one."""
        self._trouble_text = text
        self._draw()

    def news(self, text: str) -> None:
        """Something has changed: say it calmly for a while."""
        self._news_text = text
        self._news_count += 1
        count = self._news_count
        self._draw()
        self._root.after(NEWS_MS, lambda: self._news_over(count))

    def comfort(self, text: str) -> None:
        """The customer did right to worry: say calmly what came of it, until the next session is live."""
        self._comfort_text = text
        self._draw()

    def receipt(self, path: Path) -> None:
        """The session's receipt can be read."""
        self._receipt = path
        self._draw()

    def _news_over(self, count: int) -> None:
        if count == self._news_count:
            self._news_text = ""
            self._draw()

    def _render_chat(self) -> None:
        shown = self._shown
        wanted, ended = bool(shown.people) or bool(shown.chat), shown.phase is Phase.ENDED
        if wanted:
            self.chat.frame.pack(side="right", fill="both", padx=(CHAT_GAP_PX, 0))
        else:
            self.chat.frame.pack_forget()
        looking = wanted and self._root.focus_displayof() is not None and self._root.state() == "normal"
        self.chat.render(shown.chat, looking=looking, open_now=bool(shown.people) and not ended)

    # --- the left side ---

    def _draw(self) -> None:
        """Draw what changed; who only drives changes in place, and the focus stays where it was."""
        shown = self._shown
        key = (shown.phase, shown.mode, shown.code, shown.people, shown.kind, shown.link)
        held = shown.hold_ends_at_ms is not None
        said = (self._alarm_text, self._trouble_text, self._news_text, self._comfort_text)
        drawn = (key, held, said, self._receipt)
        if drawn == self._drawn:
            if self._who is not None:
                self._who.refresh(shown)
            self._show_acts()
            return
        self._drawn = drawn
        focused = next((name for name, button in self._buttons.items() if _has_focus(button)), None)
        self._draw_all()
        self._show_acts()
        if focused in self._buttons:
            self._buttons[focused].focus_set()

    def _draw_all(self) -> None:
        shown = self._shown
        if self._body is not None:
            self._body.destroy()
        self._body = tk.Frame(self._left, background=theme.GROUND)
        self._body.pack(fill="both", expand=True)
        self._code, self._who, self._buttons, self._acts = None, None, {}, {}
        self._acts_shown, self._acts_frame = None, None
        self._foot = tk.Frame(self._body, background=theme.GROUND)
        self._foot.pack(side="bottom", fill="x")
        self._draw_foot(self._foot)
        self._area = area = ScrollArea(self._body)
        area.frame.pack(fill="both", expand=True)
        self._draw_top(area.inner)
        if shown.phase is Phase.ENDED:
            self._draw_receipt(area.inner)
        else:
            self._draw_session(area.inner)

    def _draw_top(self, body: tk.Frame) -> None:
        tk.Frame(body, width=TEXT_WIDTH_PX, background=theme.GROUND).pack()  # the window keeps its width
        trouble = "" if self._shown.phase is Phase.ENDED else self._trouble_text
        for text in filter(None, (self._alarm_text, trouble)):
            _note(body, text, (theme.ALARM_GROUND, theme.DANGER), "Alarm.TLabel")
        for text in filter(None, (self._news_text, self._comfort_text)):
            _note(body, text, (theme.INFO_GROUND, theme.INFO_LINE), "Info.TLabel")
        open_now = self._shown.phase in {Phase.WAITING, Phase.LIVE}
        presenting = self._shown.kind is SessionKind.PRESENTATION and open_now
        key = "present.heading" if presenting else f"phase.{self._shown.phase.value}"
        if self._shown.phase is Phase.ENDED and not self._had_company:
            key = "ended.never"
        title = ttk.Label(body, text=self._texts(key), style="Heading.TLabel", wraplength=TEXT_WIDTH_PX)
        title.pack(anchor="w", pady=(0, 12))

    def _draw_session(self, body: tk.Frame) -> None:
        shown = self._shown
        presenting = shown.kind is SessionKind.PRESENTATION
        if shown.link is not None:
            LinkCard(body, self._texts, shown.link, TEXT_WIDTH_PX)
        if shown.people or (presenting and shown.link is not None):
            self._who = WhoIsIn(body, self._texts, self._commands, TEXT_WIDTH_PX)
            self._who.draw(shown)
            self._buttons.update(self._who.buttons)
        if shown.people and not presenting:
            may = self._texts.may(shown.mode)
            mode = ttk.Label(body, text=may, style="Quiet.TLabel", wraplength=TEXT_WIDTH_PX)
            mode.pack(anchor="w", pady=(0, 12))
        if shown.code is not None and shown.phase in {Phase.WAITING, Phase.LIVE}:
            self._code = CodeCard(body, self._texts, self._fonts, shown.code, self._commands.new_code)
        elif shown.phase is Phase.LIVE and not presenting:
            invite = self._button(body, "code.invite", self._commands.new_code, "Small.TButton")
            invite.pack(anchor="w", pady=(0, 8))

    def _draw_foot(self, foot: tk.Frame) -> None:
        shown = self._shown
        if shown.phase is Phase.ENDED:
            self._draw_ended(foot)
            return
        if shown.phase is Phase.CONNECTING:
            self._button(foot, "close", self._commands.quit).pack(anchor="e")
            return
        presenting = shown.kind is SessionKind.PRESENTATION
        self._draw_acts(foot)
        if "report.end" in sensible(shown):
            why = self._texts("report.why")
            ttk.Label(foot, text=why, style="Quiet.TLabel", wraplength=TEXT_WIDTH_PX).pack(anchor="w")
        row = ttk.Frame(foot)
        if shown.people or shown.hold_ends_at_ms is not None or (presenting and shown.link is not None):
            key = "present.stop" if presenting else "banner.stop"
            self._button(row, key, self._commands.stop, "Danger.TButton").pack(side="right")
        if shown.mode in LADDER[1:] and shown.people:
            down = self._button(row, "people.only_watch", self._commands.step_down)
            down.pack(side="right", padx=(0, 10))
        if row.winfo_children():
            row.pack(fill="x", pady=(8, 0))
        if shown.people and HAS_PANIC_KEY:
            hint = ttk.Label(foot, text=self._texts("panic.hint"), style="Quiet.TLabel")
            hint.pack(anchor="e", pady=(8, 0))

    def _draw_acts(self, foot: tk.Frame) -> None:
        """The banner's buttons once more, where the keyboard reaches them."""
        self._acts_frame = frame = tk.Frame(foot, background=theme.GROUND)
        frame.pack(fill="x")
        for key, command in acts(self._commands).items():
            self._acts[key] = self._button(frame, key, command, "Small.TButton")

    def _show_acts(self) -> None:
        wanted = [key for key in self._acts if key in sensible(self._shown)]
        if wanted != self._acts_shown:
            self._acts_shown = wanted
            for button in self._acts.values():
                button.grid_forget()
            for place, key in enumerate(wanted):
                row, column = divmod(place, ACTS_IN_A_ROW)
                self._acts[key].grid(row=row, column=column, padx=(0, 8), pady=(0, 6), sticky="w")
            if self._acts_frame is not None and not wanted:
                self._acts_frame.configure(height=1)  # an emptied frame would stay as high as it was
            self._fit()

    def _fit(self) -> None:
        """However much there is, the foot stands on the screen: the rest scrolls, the chat narrows."""
        self._foot.update_idletasks()
        taken_px = self._foot.winfo_reqheight() + 2 * PADDING_PX + room.FRAME_PX
        free = room.room(self._root, taken_px + MIN_HEIGHT_PX)
        self._area.fit(free.height - taken_px)
        self._left.update_idletasks()
        self.chat.fit(free.width - self._left.winfo_reqwidth() - CHAT_GAP_PX - 2 * SIDE_PX)

    def _draw_receipt(self, body: tk.Frame) -> None:
        if self._receipt is None:
            return
        path = self._receipt
        why = ttk.Label(
            body, text=self._texts("ended.receipt_why"), style="Quiet.TLabel", wraplength=TEXT_WIDTH_PX
        )
        why.pack(anchor="w")
        self._button(body, "ended.receipt", lambda: _open(path)).pack(anchor="w", pady=(8, 14))

    def _draw_ended(self, foot: tk.Frame) -> None:
        row = ttk.Frame(foot)
        row.pack(fill="x", pady=(6, 0))
        if self.offers_again:
            # Whoever has just reported somebody is not led to show them another code.
            style = "TButton" if self._comfort_text else "Accent.TButton"
            again = self._button(row, "again", self._commands.start_again, style)
            again.pack(side="right")
        self._button(row, "close", self._commands.quit).pack(side="right", padx=(0, 10))

    def _button(
        self, parent: tk.Misc, key: str, command: Callable[[], None], style: str = "TButton"
    ) -> ttk.Button:
        button = ttk.Button(parent, text=self._texts(key), style=style, command=command)
        button.bind("<Return>", lambda _: button.invoke())
        self._buttons[key, 0] = button
        return button

    def _keep_time(self) -> None:
        if self._code is not None:
            self._code.show_time()
        self._root.after(TIME_MS, self._keep_time)


def _has_focus(widget: tk.Misc) -> bool:
    return bool(widget.winfo_exists()) and str(widget.tk.call("focus")) == str(widget)


def _note(body: tk.Frame, text: str, colours: tuple[str, str], style: str) -> None:
    card = theme.card(body, ground=colours[0], line=colours[1])
    card.pack(fill="x", pady=(0, 14))
    ttk.Label(card, text=text, style=style, wraplength=TEXT_WIDTH_PX - 36).pack(anchor="w")


def _open(path: Path) -> None:
    """Show a file in the browser, which may take its time."""
    Thread(target=webbrowser.open, args=(path.as_uri(),), name="browser", daemon=True).start()
