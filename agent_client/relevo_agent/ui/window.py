"""The front with windows: Tk in the main thread, told things by a queue."""

import queue
import threading
import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Phase, Question, QuestionKind, Snapshot
from relevo_agent.ui import room, theme
from relevo_agent.ui.banner import Banner
from relevo_agent.ui.bell import Bell
from relevo_agent.ui.closing import ask_whether_to_close
from relevo_agent.ui.consent import ConsentDialog
from relevo_agent.ui.countdown import RestartCountdown
from relevo_agent.ui.front import Commands
from relevo_agent.ui.notices import IN_THE_BANNER, LOUDNESS, Loudness, notice_text
from relevo_agent.ui.panel import Panel
from relevo_agent.ui.texts import Language, Texts
from relevo_agent.ui.veto import VetoNotice
from relevo_protocol.errors import ERROR_TEXTS, ErrorCode
from relevo_protocol.modes import Capability


class WindowUnavailable(Exception):
    """There is no desktop to put a window on."""


class Window:
    """The agent's windows. ``again``: after the end another session can be begun in them.

    Raises:
        WindowUnavailable: Tk finds no display.
    """

    def __init__(self, texts: Texts, *, demo: bool, again: bool = True) -> None:
        self._texts = texts
        self._demo = demo
        self._again = again
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._questions: list[Question] = []
        self._dialog: ConsentDialog | None = None
        self._vetoes: dict[int, VetoNotice] = {}
        self._closing: tk.Toplevel | None = None
        self._snapshot = Snapshot()
        self._commands: Commands | None = None
        self._quit_asked = threading.Event()
        try:
            self._root = tk.Tk(className="Relevo")
        except tk.TclError as error:
            raise WindowUnavailable(str(error)) from error
        self._bell = Bell(self._root, self._take_jobs)
        self._root.title(texts("app.title"))
        self._root.configure(background=theme.GROUND)
        self._root.resizable(False, False)
        self._fonts = theme.set_up(self._root)

    def run(self, commands: Commands, quit_asked: threading.Event) -> None:
        """Show the windows until the customer closes them; to be called in the main thread."""
        self._commands = commands
        self._quit_asked = quit_asked
        self._panel = Panel(self._root, self._texts, self._fonts, commands)
        self._panel.offers_again = self._again
        self._banner = Banner(self._root, self._texts, commands, self._open_chat, demo=self._demo)
        self._countdown = RestartCountdown(self._root, self._texts, commands)
        if self._demo:
            self._panel.alarm(self._texts("demo.loud"))
        self._root.protocol("WM_DELETE_WINDOW", self._close_asked)
        self._root.bind("<FocusIn>", lambda _: self._looked())
        room.centred(self._root)
        threading.Thread(target=self._await_quit, name="window's end", daemon=True).start()
        self._bell.hang()
        self._root.mainloop()

    # --- Front: called from any thread ---

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        self._put(lambda: self._show(snapshot))

    def ask(self, question: Question) -> None:
        """Open the dialog, or put the question behind the one that is open; a veto waits behind nothing."""
        ask = self._ask_veto if question.kind is QuestionKind.VETO else self._ask
        self._put(lambda: ask(question))

    def withdraw(self, question_id: int) -> None:
        """Take a question away."""
        self._put(lambda: self._withdraw(question_id))

    def tell(self, notice: Notice, who: str, why: str = "") -> None:
        """Show a notice, as loudly as it deserves."""
        text = notice_text(self._texts, notice, theme.drawable(who), theme.drawable(why))
        if notice not in IN_THE_BANNER:
            self._put(lambda: self._tell(LOUDNESS[notice], text))

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """Show cause and remedy."""
        self._put(lambda: self._failed(kind, final=final))

    def ended(self, code: ErrorCode) -> None:
        """Show why, where it was not the customer who ended it."""
        if code is not ErrorCode.SESSION_ENDED:
            text = ERROR_TEXTS[code]
            spanish = self._texts.language is Language.ES
            cause = text.cause_es if spanish else text.cause_en
            self._put(lambda: self._panel.alarm(cause))

    def receipt(self, path: Path) -> None:
        """Offer the session's receipt."""
        self._put(lambda: self._panel.receipt(path))

    # --- the main thread ---

    def _put(self, job: Callable[[], None]) -> None:
        """From any thread."""
        self._inbox.put(job)
        self._bell.ring()

    def _await_quit(self) -> None:
        self._quit_asked.wait()
        self._bell.ring()

    def _take_jobs(self) -> None:
        while True:
            try:
                job = self._inbox.get_nowait()
            except queue.Empty:
                break
            job()
        if self._quit_asked.is_set():
            theme.end(self._root)

    def _show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._panel.render(snapshot)
        self._banner.render(snapshot, self._panel.chat.unread)
        self._make_room()
        self._countdown.render(None if snapshot.phase is Phase.ENDED else snapshot.restart_at_ms)
        self._name_window()

    def _make_room(self) -> None:
        """What the banner would now cover stands aside."""
        self._panel.make_room()
        if self._dialog is not None:
            self._dialog.make_room()

    def _tell(self, loudness: Loudness, text: str) -> None:
        match loudness:
            case Loudness.ALARM:
                self._panel.alarm(text)
            case Loudness.TROUBLE:
                self._panel.trouble(text)
            case Loudness.NEWS:
                self._panel.news(text)
            case Loudness.COMFORT:
                self._panel.comfort(text)
                self._root.deiconify()
                self._root.tk.call("raise", ".")

    def _failed(self, kind: FailureKind, *, final: bool) -> None:
        text = self._texts(f"fail.{kind.value}")
        if final:
            self._panel.alarm(text)
            self._show(Snapshot(phase=Phase.ENDED))
        else:
            self._panel.trouble(text)

    # --- the chat ---

    def _name_window(self) -> None:
        """Unread lines are counted in the window's name, which the task bar shows."""
        unread, title = self._panel.chat.unread, self._texts("app.title")
        self._root.title(f"({unread}) {title}" if unread else title)

    def _looked(self) -> None:
        if self._panel.chat.unread:
            self._panel.chat.mark_read()
            self._banner.render(self._snapshot)
            self._name_window()

    def _open_chat(self) -> None:
        self._root.deiconify()
        self._root.tk.call("raise", ".")
        self._panel.chat.focus()
        self._looked()

    # --- questions ---

    def _ask(self, question: Question) -> None:
        self._questions.append(question)
        self._next_dialog()

    def _next_dialog(self) -> None:
        if self._dialog is None and self._questions:
            question = self._questions[0]
            self._dialog = ConsentDialog(
                self._root,
                self._texts,
                question,
                lambda yes, ticked: self._answered(question.id, yes, ticked),
            )
            self._place_vetoes()

    def _answered(self, question_id: int, granted: bool, ticked: frozenset[Capability]) -> None:
        self._forget(question_id)
        if self._commands is not None:
            self._commands.answer(question_id, granted, ticked)
        self._next_dialog()

    def _ask_veto(self, question: Question) -> None:
        def answered(granted: bool) -> None:
            self._vetoes.pop(question.id, None)
            self._place_vetoes()
            if self._commands is not None:
                self._commands.answer(question.id, granted, frozenset())

        self._vetoes[question.id] = VetoNotice(self._root, self._texts, question, answered)
        self._place_vetoes()

    def _place_vetoes(self) -> None:
        taken, stacked_px = self._dialog.area if self._dialog is not None else None, 0
        for notice in self._vetoes.values():
            notice.place(stacked_px, taken)
            stacked_px += notice.height_px

    def _withdraw(self, question_id: int) -> None:
        veto = self._vetoes.pop(question_id, None)
        if veto is not None:
            veto.close()
            self._place_vetoes()
        if self._dialog is not None and self._dialog.question_id == question_id:
            self._dialog.close()
        self._forget(question_id)
        self._next_dialog()

    def _forget(self, question_id: int) -> None:
        self._questions = [question for question in self._questions if question.id != question_id]
        if self._dialog is not None and self._dialog.question_id == question_id:
            self._dialog = None

    # --- the end ---

    def _close_asked(self) -> None:
        if self._snapshot.phase not in {Phase.LIVE, Phase.RECONNECTING}:
            self._quit()
        elif self._closing is None or not self._closing.winfo_exists():
            self._closing = ask_whether_to_close(self._root, self._texts, self._quit)

    def _quit(self) -> None:
        if self._commands is not None:
            self._commands.quit()
