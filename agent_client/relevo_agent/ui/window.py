"""The front with windows: Tk in the main thread, told things by a queue."""

import queue
import threading
import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Final

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Phase, Question, Snapshot
from relevo_agent.ui import theme
from relevo_agent.ui.banner import Banner
from relevo_agent.ui.consent import ConsentDialog
from relevo_agent.ui.front import Commands
from relevo_agent.ui.panel import Panel
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.errors import ERROR_TEXTS, ErrorCode

POLL_MS: Final = 50
CLOSING_PX: Final = 380


class WindowUnavailable(Exception):
    """There is no desktop to put a window on."""


class Window:
    """The agent's windows.

    Raises:
        WindowUnavailable: Tk finds no display.
    """

    def __init__(self, texts: Texts, *, demo: bool) -> None:
        self._texts = texts
        self._demo = demo
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._questions: list[Question] = []
        self._dialog: ConsentDialog | None = None
        self._closing: tk.Toplevel | None = None
        self._snapshot = Snapshot()
        self._commands: Commands | None = None
        self._quit_asked = threading.Event()
        try:
            self._root = tk.Tk(className="Relevo")
        except tk.TclError as error:
            raise WindowUnavailable(str(error)) from error
        self._root.title(texts("app.title"))
        self._root.configure(background=theme.GROUND)
        self._root.resizable(False, False)
        self._fonts = theme.set_up(self._root)

    def run(self, commands: Commands, quit_asked: threading.Event) -> None:
        """Show the windows until the customer closes them; to be called in the main thread."""
        self._commands = commands
        self._quit_asked = quit_asked
        self._panel = Panel(self._root, self._texts, self._fonts, commands)
        self._banner = Banner(self._root, self._texts, commands, demo=self._demo)
        if self._demo:
            self._panel.alarm(self._texts("demo.loud"))
        self._root.protocol("WM_DELETE_WINDOW", self._close_asked)
        theme.centred(self._root)
        self._poll()
        self._root.mainloop()

    # --- Front: called from any thread ---

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        self._inbox.put(lambda: self._show(snapshot))

    def ask(self, question: Question) -> None:
        """Open the dialog, or put the question behind the one that is open."""
        self._inbox.put(lambda: self._ask(question))

    def withdraw(self, question_id: int) -> None:
        """Take a question away."""
        self._inbox.put(lambda: self._withdraw(question_id))

    def tell(self, notice: Notice, who: str) -> None:
        """Show a notice in red."""
        text = self._texts(f"notice.{notice.value}", who=theme.drawable(who))
        say = self._panel.trouble if notice is Notice.RELAY_BUSY else self._panel.alarm
        self._inbox.put(lambda: say(text))

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """Show cause and remedy."""
        self._inbox.put(lambda: self._failed(kind, final=final))

    def ended(self, code: ErrorCode) -> None:
        """Show why, where it was not the customer who ended it."""
        if code is not ErrorCode.SESSION_ENDED:
            text = ERROR_TEXTS[code]
            spanish = self._texts.language is Language.ES
            cause = text.cause_es if spanish else text.cause_en
            self._inbox.put(lambda: self._panel.alarm(cause))

    # --- the main thread ---

    def _poll(self) -> None:
        while True:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                break
            job()
        if self._quit_asked.is_set():
            self._root.destroy()
            return
        self._root.after(POLL_MS, self._poll)

    def _show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._panel.render(snapshot)
        self._banner.render(snapshot)

    def _failed(self, kind: FailureKind, *, final: bool) -> None:
        text = self._texts(f"fail.{kind.value}")
        if final:
            self._panel.alarm(text)
            self._show(Snapshot(phase=Phase.ENDED))
        else:
            self._panel.trouble(text)

    def _ask(self, question: Question) -> None:
        self._questions.append(question)
        self._next_dialog()

    def _next_dialog(self) -> None:
        if self._dialog is None and self._questions:
            question = self._questions[0]
            self._dialog = ConsentDialog(
                self._root, self._texts, question, lambda granted: self._answered(question.id, granted)
            )

    def _answered(self, question_id: int, granted: bool) -> None:
        self._forget(question_id)
        if self._commands is not None:
            self._commands.answer(question_id, granted)
        self._next_dialog()

    def _withdraw(self, question_id: int) -> None:
        if self._dialog is not None and self._dialog.question_id == question_id:
            self._dialog.close()
        self._forget(question_id)
        self._next_dialog()

    def _forget(self, question_id: int) -> None:
        self._questions = [question for question in self._questions if question.id != question_id]
        if self._dialog is not None and self._dialog.question_id == question_id:
            self._dialog = None

    def _close_asked(self) -> None:
        if self._snapshot.phase not in {Phase.LIVE, Phase.RECONNECTING}:
            self._quit()
        elif self._closing is None or not self._closing.winfo_exists():
            self._closing = self._ask_whether_to_close()

    def _ask_whether_to_close(self) -> tk.Toplevel:
        """A window of our own: the system's would hold every other one, and Stop with it."""
        window = tk.Toplevel(self._root, background=theme.GROUND, padx=22, pady=18)
        window.title(self._texts("app.title"))
        window.resizable(False, False)
        theme.keep_on_top(window)
        text = ttk.Label(
            window, text=self._texts("close.ends"), style="Heading.TLabel", wraplength=CLOSING_PX
        )
        text.pack(anchor="w", pady=(0, 16))
        end = ttk.Button(window, text=self._texts("close.end"), style="Danger.TButton", command=self._quit)
        end.pack(side="right")
        stay = ttk.Button(window, text=self._texts("close.stay"), command=window.destroy)
        stay.pack(side="right", padx=(0, 10))
        window.bind("<Escape>", lambda _: window.destroy())
        theme.centred(window)
        stay.focus_force()
        return window

    def _quit(self) -> None:
        if self._commands is not None:
            self._commands.quit()
