"""The terminal: shows the code, asks for consent, names who is here; JSON lines for scripts."""

import contextlib
import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import Final, TextIO

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Phase, Question, Snapshot
from relevo_agent.session.code import grouped
from relevo_agent.ui.front import Commands
from relevo_agent.ui.people import banner_text, question_heading
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.errors import ERROR_TEXTS, ErrorCode

_YES: Final = frozenset({"s", "si", "sí", "y", "yes"})
_STOP: Final = frozenset({"stop", "parar"})
_CONTROL: Final = frozenset({"control"})
_OFFLINE: Final = frozenset({Phase.CONNECTING, Phase.RECONNECTING})
_ONLINE: Final = frozenset({Phase.WAITING, Phase.LIVE})
_NEW: Final = frozenset({"new", "nuevo"})
MAX_LINES: Final = 1000
"""What may wait for a terminal that stands still; beyond this lines are lost, the session is not."""
FLUSH_S: Final = 1.0


class _Printer:
    """Writes in a thread of its own: a terminal that stands still (Ctrl+S, a full pipe) holds nothing up."""

    def __init__(self) -> None:
        self._lines: queue.Queue[tuple[TextIO, str] | None] = queue.Queue(MAX_LINES)
        self._thread = threading.Thread(target=self._write, name="printer", daemon=True)
        self._thread.start()

    def put(self, out: TextIO, line: str) -> None:
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait((out, line))

    def close(self, timeout_s: float) -> None:
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while (entry := self._lines.get()) is not None:
            out, line = entry
            with contextlib.suppress(OSError, ValueError):  # nobody reads any more: the session goes on
                print(line, file=out, flush=True)


class Console:
    """A front on stdout (or, beside JSON lines, on stderr)."""

    def __init__(self, texts: Texts, *, json_events: bool, out: TextIO = sys.stdout) -> None:
        self._texts = texts
        self._json_events = json_events
        self._out = out
        self._people = sys.stderr if json_events else out
        self._printer = _Printer()
        self._shown = Snapshot()
        self._failure: FailureKind | None = None
        self._questions: list[Question] = []

    # --- Front ---

    def show(self, snapshot: Snapshot) -> None:
        """Say what is different from before."""
        before, self._shown = self._shown, snapshot
        if before.phase in _OFFLINE and snapshot.phase in _ONLINE:
            self._failure = None
            self._event("connected", resumed=before.phase is Phase.RECONNECTING)
        if snapshot.code is not None and snapshot.code != before.code:
            self._show_code(snapshot)
        if snapshot.phase is not before.phase:
            self._show_phase(snapshot)
        if snapshot.people != before.people or snapshot.mode is not before.mode:
            self._show_people(before, snapshot)

    def _show_code(self, snapshot: Snapshot) -> None:
        if snapshot.code is None:
            return
        life_s = max(0, round(snapshot.code.expires_ms / 1000 - time.monotonic()))
        self._event("code", code=snapshot.code.digits, expires_in_s=life_s)
        self._line(self._texts("term.code", code=grouped(snapshot.code.digits), minutes=round(life_s / 60)))
        if snapshot.code.reserved:
            self._line(self._texts("code.reserved"))

    def _show_phase(self, snapshot: Snapshot) -> None:
        if snapshot.phase is Phase.RECONNECTING:
            self._event("reconnecting")
        if snapshot.phase is not Phase.ENDED:
            self._line(self._texts(f"phase.{snapshot.phase.value}"))

    def _show_people(self, before: Snapshot, snapshot: Snapshot) -> None:
        viewers = [
            {"slot": p.slot, "name": p.display_name, "organisation": p.organisation, "present": p.present}
            for p in snapshot.people
        ]
        if snapshot.people != before.people:
            self._event("live", viewers=viewers)
        if snapshot.mode is not before.mode:
            self._event("mode", mode=snapshot.mode.value)
        if not snapshot.people:
            self._line(self._texts("term.nobody"))
            return
        self._line(banner_text(self._texts, snapshot))
        self._line(self._texts("term.help"))

    def ask(self, question: Question) -> None:
        """Put the question; the answer comes by :meth:`heard`."""
        seconds = max(0, round(question.deadline_ms / 1000 - time.monotonic()))
        self._questions.append(question)
        self._event(
            "asking",
            name=question.display_name,
            organisation=question.organisation,
            mode=question.mode.value,
            deadline_s=seconds,
        )
        t = self._texts
        person = t.person(question.display_name, question.organisation or t("consent.no_organisation"))
        self._line("")
        self._line(question_heading(t, question))
        self._line(f"  {person}")
        self._line(f"  {t.mode(question.mode)}")
        self._line(f"  {t('consent.warning_heading')} {t('consent.warning')}")
        self._line(t("term.ask", seconds=seconds))

    def withdraw(self, question_id: int) -> None:
        """Somebody else answered, or nobody did in time."""
        before = len(self._questions)
        self._questions = [question for question in self._questions if question.id != question_id]
        if len(self._questions) < before:
            self._line(self._texts("term.asked_away"))

    def tell(self, notice: Notice, who: str) -> None:
        """Say it, marked."""
        self._event("notice", notice=notice.value)
        key = f"notice.{notice.value}"
        self._line("!! " + (self._texts(key, who=who) if who else self._texts(key)))

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """Say cause and remedy."""
        self._event("failed", reason=kind.value, final=final)
        if kind is not self._failure:
            self._failure = kind
            self._line(self._texts(f"fail.{kind.value}"))

    def ended(self, code: ErrorCode) -> None:
        """Say that it is over, and why if it was not the customer."""
        self._event("ended", code=code.value)
        text = ERROR_TEXTS[code]
        if code is not ErrorCode.SESSION_ENDED:
            spanish = self._texts.language is Language.ES
            self._line(text.cause_es if spanish else text.cause_en)
        self._line(self._texts("phase.ended"))

    # --- the keyboard ---

    def heard(self, line: str, commands: Commands) -> None:
        """One line that the customer typed: an answer if a question is open, else a command."""
        word = line.strip().lower()
        if word in _STOP:
            commands.stop()
        elif self._questions:
            commands.answer(self._questions.pop(0).id, word in _YES)
        elif word in _CONTROL:
            commands.step_down()
        elif word in _NEW:
            commands.new_code()

    def listen(self, commands: Commands, source: TextIO = sys.stdin) -> None:
        """Read the keyboard in a thread of its own, until it closes."""

        def read() -> None:
            for line in _lines(source):
                self.heard(line, commands)

        threading.Thread(target=read, name="keyboard", daemon=True).start()

    # --- out ---

    def say(self, text: str) -> None:
        """One line for people."""
        self._line(text)

    def close(self) -> None:
        """Write what waits, but not for ever."""
        self._printer.close(FLUSH_S)

    def _line(self, text: str) -> None:
        self._printer.put(self._people, text)

    def _event(self, event: str, **fields: object) -> None:
        if self._json_events:
            self._printer.put(self._out, json.dumps({"event": event, **fields}, ensure_ascii=False))


def _lines(source: TextIO) -> Iterator[str]:
    try:
        yield from source
    except (
        OSError,
        ValueError,
    ):  # the terminal has gone away: nobody can answer any more, which counts as No
        return
