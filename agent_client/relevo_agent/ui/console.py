"""The terminal: shows the code, asks for consent, names who is here; JSON lines for scripts."""

import io
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from relevo_agent.clock import now_ms
from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Phase, Question, QuestionKind, Snapshot
from relevo_agent.session.code import grouped
from relevo_agent.ui import events
from relevo_agent.ui.front import Commands
from relevo_agent.ui.keyboard import AWAY, HELP, Complaint, answer, carry_out
from relevo_agent.ui.notices import IN_THE_BANNER, notice_text
from relevo_agent.ui.offered import offer_lines
from relevo_agent.ui.people import banner_text, had_company, question_heading, question_lines, yours
from relevo_agent.ui.printer import Printer
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.errors import ERROR_TEXTS, ErrorCode
from relevo_protocol.modes import Role, SessionKind

FLUSH_S: Final = 1.0


class Console:
    """A front on stdout (or, beside JSON lines, on stderr)."""

    def __init__(self, texts: Texts, *, json_events: bool, out: TextIO = sys.stdout) -> None:
        self._texts = texts
        self._json_events = json_events
        self._out = out
        self._people = sys.stderr if json_events else out
        self._printer = Printer()
        self._asking = threading.RLock()
        self._shown = Snapshot()
        self._had_company = False
        self._failure: FailureKind | None = None
        self._questions: list[Question] = []
        self._vetoes: list[Question] = []

    # --- Front ---

    def show(self, snapshot: Snapshot) -> None:
        """Say what is different from before."""
        before, self._shown = self._shown, snapshot
        self._had_company = had_company(snapshot, before=self._had_company)
        if before.phase in events.OFFLINE and snapshot.phase in events.ONLINE:
            self._failure = None
        for name, fields in events.changes(before, snapshot, now_ms()):
            self._event(name, fields)
        if snapshot.code is not None and snapshot.code != before.code:
            self._show_code(snapshot)
        if snapshot.link is not None and snapshot.link != before.link:
            self._line(self._texts("term.link", link=snapshot.link))
        if snapshot.phase is not before.phase and snapshot.phase is not Phase.ENDED:
            self._line(self._texts(_phase_text(snapshot)))
        if _who_does_what(snapshot) != _who_does_what(before):
            self._show_people(before, snapshot)
        self._show_restart(before, snapshot)
        for entry in snapshot.chat:
            if entry not in before.chat:
                name = self._texts("chat.you") if entry.slot == 0 else entry.name
                self._line(self._texts("term.chat", name=name, text=entry.text.replace("\n", "\n    ")))

    def _show_code(self, snapshot: Snapshot) -> None:
        if snapshot.code is None:
            return
        minutes = max(0, round((snapshot.code.expires_ms - now_ms()) / 60_000))
        self._line(self._texts("term.code", code=grouped(snapshot.code.digits), minutes=minutes))
        if snapshot.code.reserved:
            self._line(self._texts("code.reserved"))

    def _show_people(self, before: Snapshot, snapshot: Snapshot) -> None:
        text = banner_text(self._texts, snapshot, now_ms()) if snapshot.people else ""
        self._line(text or self._texts("term.nobody"))
        if snapshot.people and (snapshot.people, snapshot.mode) != (before.people, before.mode):
            self._line(self._texts("term.help"))

    def _show_restart(self, before: Snapshot, snapshot: Snapshot) -> None:
        if snapshot.restart_at_ms is not None and snapshot.restart_at_ms != before.restart_at_ms:
            seconds = max(0, round((snapshot.restart_at_ms - now_ms()) / 1000))
            self._line(self._texts("term.restart", seconds=seconds))

    def ask(self, question: Question) -> None:
        """Put the question, or behind the one that is open; the answer comes by :meth:`heard`."""
        with self._asking:  # an answer to what is told waits until it is open
            self._event(*events.asking(question, now_ms()))
            if question.kind is QuestionKind.VETO:
                self._vetoes.append(question)
                self._put_veto(question)
                return
            self._questions.append(question)
            if len(self._questions) == 1:
                self._put(question)

    def _put(self, question: Question) -> None:
        t = self._texts
        wish, quiet = question_lines(t, question)
        lines = ["", question_heading(t, question)]
        person = t.person(question.display_name, question.organisation or t("consent.no_organisation"))
        part = "" if question.role is Role.LEAD else f" · {t.role(question.role)}"
        lines += [f"  {person}{part}", f"  {wish}", *(f"  {line}" for line in quiet)]
        if question.kind is not QuestionKind.CAPABILITY:
            lines.append(f"  {t('consent.warning_heading')} {t('consent.warning')}")
        for line in (*lines, *offer_lines(t, question)):
            self._line(line)
        self._line(t("term.ask", seconds=_left_s(question)))

    def _put_veto(self, question: Question) -> None:
        t = self._texts
        joins = t("veto.joins", name=t.person(question.display_name, question.organisation))
        self._line(f"\a!! {joins} · {t.role(question.role)}")
        self._line(t("term.veto", seconds=_left_s(question)))

    def withdraw(self, question_id: int) -> None:
        """Somebody else answered, or nobody did in time."""
        with self._asking:
            self._vetoes = [question for question in self._vetoes if question.id != question_id]
            first = bool(self._questions) and self._questions[0].id == question_id
            self._questions = [question for question in self._questions if question.id != question_id]
            if first:
                self._line(self._texts("term.asked_away"))
                self._put_next()

    def _put_next(self) -> None:
        if self._questions:
            self._put(self._questions[0])

    def tell(self, notice: Notice, who: str, why: str = "") -> None:
        """Say it, marked."""
        self._event("notice", {"notice": notice.value, "who": who, "why": why})
        if notice not in IN_THE_BANNER:
            self._line("!! " + notice_text(self._texts, notice, who, why))

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """Say cause and remedy."""
        self._event("failed", {"reason": kind.value, "final": final})
        if kind is not self._failure:
            self._failure = kind
            self._line(self._texts(f"fail.{kind.value}"))

    def ended(self, code: ErrorCode) -> None:
        """Say that it is over, and why if it was not the customer."""
        with self._asking:
            self._questions, self._vetoes = [], []
        self._event("ended", {"code": code.value})
        text = ERROR_TEXTS[code]
        if code is not ErrorCode.SESSION_ENDED:
            spanish = self._texts.language is Language.ES
            self._line(text.cause_es if spanish else text.cause_en)
        self._line(self._texts("phase.ended" if self._had_company else "ended.never"))

    def receipt(self, path: Path) -> None:
        """Say where the receipt is."""
        self._event("receipt", {"path": str(path)})
        self._line(self._texts("term.receipt", path=path))

    # --- the keyboard ---

    def heard(self, line: str, commands: Commands) -> None:
        """One line that the customer typed: a command, else an answer if a question is open."""
        word = line.strip().lower()
        slots = frozenset(person.slot for person in self._shown.people)
        if word in HELP:
            self._line(self._texts("term.help"))
            self._line(self._texts("term.help_more"))
        elif word in AWAY:
            self._turn_away(commands)
        elif isinstance(done := carry_out(line, slots, commands), Complaint):
            self._line(self._texts(done.key, **done.values))
        elif not done:
            self._answer(line, commands)

    def _answer(self, line: str, commands: Commands) -> None:
        with self._asking:
            if self._questions:
                question = self._questions.pop(0)
                commands.answer(question.id, *answer(line, question))
                self._put_next()

    def _turn_away(self, commands: Commands) -> None:
        with self._asking:
            vetoes, self._vetoes = self._vetoes, []
        for question in vetoes:
            commands.answer(question.id, False, frozenset())

    def listen(self, commands: Commands, source: TextIO = sys.stdin) -> None:
        """Read the keyboard in a thread of its own, until it closes."""
        _read_on(source)

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

    def _event(self, event: str, fields: dict[str, object]) -> None:
        if self._json_events:
            self._printer.put(self._out, json.dumps({"event": event, **fields}, ensure_ascii=False))


def _phase_text(snapshot: Snapshot) -> str:
    """The key of the text about where the session stands."""
    if snapshot.phase is Phase.WAITING and snapshot.kind is SessionKind.PRESENTATION:
        return "present.waiting"
    restart_at_ms = snapshot.restart_at_ms
    if snapshot.phase is Phase.RECONNECTING and restart_at_ms is not None and restart_at_ms <= now_ms():
        return "restart.now"  # we have left on purpose
    return f"phase.{snapshot.phase.value}"


def _who_does_what(snapshot: Snapshot) -> tuple[object, ...]:
    """What a person wants to hear of again when it changes."""
    lasting = (snapshot.grant_ends_at_ms, snapshot.hold_ends_at_ms)
    return snapshot.people, snapshot.mode, snapshot.token.holder, yours(snapshot), lasting


def _left_s(question: Question) -> int:
    return max(0, round((question.deadline_ms - now_ms()) / 1000))


def _read_on(source: TextIO) -> None:
    """Let an octet that is no character not end the keyboard."""
    if isinstance(source, io.TextIOWrapper):
        source.reconfigure(errors="replace")


def _lines(source: TextIO) -> Iterator[str]:
    try:
        yield from source
    except (
        OSError,
        ValueError,
    ):  # the terminal has gone away: nobody can answer any more, which counts as No
        return
