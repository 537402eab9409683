"""A front in another process: Tk ends the whole program with its display, and a session must outlive that.

:class:`WindowElsewhere` is the session's end. ``python -m relevo_agent.ui.elsewhere`` is the other end: it
shows the windows of ``window`` and says what the customer commands.
"""

import contextlib
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import msgspec

from relevo_agent.link.failures import FailureKind
from relevo_agent.session.actions import Notice, Question, Snapshot
from relevo_agent.ui.front import Commands, Front
from relevo_agent.ui.texts import Language, Texts
from relevo_protocol.errors import ErrorCode
from relevo_protocol.modes import Capability

MAX_BYTES: Final = 4 * 2**20
_LENGTH_BYTES: Final = 4
_log = logging.getLogger(__name__)


class _Said(msgspec.Struct, frozen=True, tag_field="t", tag=True):
    """One message."""


class _Show(_Said, frozen=True):
    snapshot: Snapshot


class _Ask(_Said, frozen=True):
    question: Question


class _Withdraw(_Said, frozen=True):
    question_id: int


class _Tell(_Said, frozen=True):
    notice: Notice
    who: str
    why: str = ""


class _Failed(_Said, frozen=True):
    kind: FailureKind
    final: bool


class _Ended(_Said, frozen=True):
    code: ErrorCode


class _Receipt(_Said, frozen=True):
    path: str


_Shown = _Show | _Ask | _Withdraw | _Tell | _Failed | _Ended | _Receipt


class _Answer(_Said, frozen=True):
    question_id: int
    granted: bool
    ticked: list[Capability]


class _Say(_Said, frozen=True):
    text: str


class _Dismiss(_Said, frozen=True):
    slot: int


class _AllowMarks(_Said, frozen=True):
    slot: int
    allowed: bool


class _Plain(_Said, frozen=True):
    """A command without anything to it, by its name in :class:`Commands`."""

    name: str


_Commanded = _Answer | _Say | _Dismiss | _AllowMarks | _Plain
_PLAIN: Final = (
    *("step_down", "new_code", "take_control", "give_control", "cancel_restart", "revoke_grant"),
    *("clear_marks", "stop", "report", "start_again", "quit"),
)


def _write(stream: IO[bytes], message: _Shown | _Commanded) -> None:
    body = msgspec.msgpack.encode(message)
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    """The next message; ``None`` at the end."""
    head = stream.read(_LENGTH_BYTES)
    length = int.from_bytes(head, "big")
    if len(head) < _LENGTH_BYTES or length > MAX_BYTES:
        return None
    body = stream.read(length)
    return body if len(body) == length else None


# --- the session's end ---


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    waiting: "queue.SimpleQueue[_Shown | None]" = field(default_factory=queue.SimpleQueue)


class WindowElsewhere:
    """A front whose windows come and go with the display; what they show is told to the next ones again."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._snapshot = Snapshot()
        self._questions: dict[int, Question] = {}
        self._commands: Commands | None = None

    def open(self, commands: Commands) -> None:
        """Show windows on the display of the environment; those of before are gone."""
        self.close()
        program = [sys.executable, "-I", "-m", "relevo_agent.ui.elsewhere", self._language.value]
        process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child = _Child(process)
        with self._lock:
            self._commands, self._child = commands, child
            child.waiting.put(_Show(self._snapshot))
            for question in self._questions.values():
                child.waiting.put(_Ask(question))
        threading.Thread(target=_feed, args=(child,), name="windows-out", daemon=True).start()
        threading.Thread(target=self._heed, args=(child, commands), name="windows-in", daemon=True).start()

    @property
    def is_open(self) -> bool:
        """Whether windows are there."""
        child = self._child
        return child is not None and child.process.poll() is None

    def close(self) -> None:
        """The windows go; the session stays."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.waiting.put(None)
            child.process.terminate()
            threading.Thread(target=child.process.wait, name="windows-end", daemon=True).start()

    def show(self, snapshot: Snapshot) -> None:
        """Something shown has changed."""
        self._snapshot = snapshot
        self._pass(_Show(snapshot))

    def ask(self, question: Question) -> None:
        """Ask the customer."""
        self._questions[question.id] = question
        self._pass(_Ask(question))

    def withdraw(self, question_id: int) -> None:
        """The question is settled."""
        self._questions.pop(question_id, None)
        self._pass(_Withdraw(question_id))

    def tell(self, notice: Notice, who: str, why: str = "") -> None:
        """Tell the customer something at once."""
        self._pass(_Tell(notice, who, why))

    def failed(self, kind: FailureKind, *, final: bool) -> None:
        """There is no connection, and why."""
        self._pass(_Failed(kind, final))

    def ended(self, code: ErrorCode) -> None:
        """The session is over."""
        self._pass(_Ended(code))

    def receipt(self, path: Path) -> None:
        """The receipt is there."""
        self._pass(_Receipt(str(path)))

    def _pass(self, message: _Shown) -> None:
        with self._lock:
            if self._child is not None:
                self._child.waiting.put(message)

    def _heed(self, child: _Child, commands: Commands) -> None:
        """Carry out what the customer commands there."""
        stream = child.process.stdout
        while stream is not None and (body := _read(stream)) is not None:
            try:
                command = msgspec.msgpack.decode(body, type=_Commanded)
            except msgspec.MsgspecError as error:
                _log.warning("the windows said nonsense: %s", error)
                break
            if isinstance(command, _Answer):
                self._questions.pop(command.question_id, None)
            obey(commands, command)
        if stream is not None:
            stream.close()


def _feed(child: _Child) -> None:
    stream = child.process.stdin
    with contextlib.suppress(OSError):
        while stream is not None and (message := child.waiting.get()) is not None:
            _write(stream, message)
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.close()


def obey(commands: Commands, command: _Commanded) -> None:
    """Do what the other end was commanded; a name that is no command does nothing."""
    match command:
        case _Answer():
            commands.answer(command.question_id, command.granted, frozenset(command.ticked))
        case _Say():
            commands.say(command.text)
        case _Dismiss():
            commands.dismiss(command.slot)
        case _AllowMarks():
            commands.allow_marks(command.slot, command.allowed)
        case _Plain():
            act = plain_commands(commands).get(command.name)
            if act is not None:
                act()


def plain_commands(commands: Commands) -> dict[str, Callable[[], None]]:
    """The commands without anything to them, by name."""
    acts = (
        *(commands.step_down, commands.new_code, commands.take_control, commands.give_control),
        *(commands.cancel_restart, commands.revoke_grant, commands.clear_marks),
        *(commands.stop, commands.report, commands.start_again, commands.quit),
    )
    return dict(zip(_PLAIN, acts, strict=True))


# --- the windows' end ---


def speaking(say: Callable[[_Commanded], None]) -> Commands:
    """Commands that are said to the other end."""

    def plain(name: str) -> Callable[[], None]:
        return lambda: say(_Plain(name))

    return Commands(
        answer=lambda number, granted, ticked: say(_Answer(number, granted, sorted(ticked))),
        step_down=plain("step_down"),
        new_code=plain("new_code"),
        dismiss=lambda slot: say(_Dismiss(slot)),
        say=lambda text: say(_Say(text)),
        take_control=plain("take_control"),
        give_control=plain("give_control"),
        cancel_restart=plain("cancel_restart"),
        revoke_grant=plain("revoke_grant"),
        clear_marks=plain("clear_marks"),
        allow_marks=lambda slot, allowed: say(_AllowMarks(slot, allowed)),
        stop=plain("stop"),
        report=plain("report"),
        start_again=plain("start_again"),
        quit=plain("quit"),
    )


def main() -> int:
    """Show the windows until the other end hangs up; 1 where no window can be shown."""
    try:
        from relevo_agent.ui.window import Window, WindowUnavailable
    except ImportError as error:
        print(f"no window: {error}", file=sys.stderr)  # noqa: T201 - for the service's log
        return 1
    try:
        window = Window(Texts(Language(sys.argv[1])), demo=False, again=False)
    except WindowUnavailable as error:
        print(f"no window: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 1
    over = threading.Event()
    saying = threading.Lock()

    def say(command: _Commanded) -> None:
        with saying, contextlib.suppress(OSError):
            _write(sys.stdout.buffer, command)

    def listen() -> None:
        while (body := _read(sys.stdin.buffer)) is not None:
            _render(window, msgspec.msgpack.decode(body, type=_Shown))
        over.set()

    threading.Thread(target=listen, name="told", daemon=True).start()
    window.run(speaking(say), over)
    return 0


def _render(window: Front, message: _Shown) -> None:
    match message:
        case _Show():
            window.show(message.snapshot)
        case _Ask():
            window.ask(message.question)
        case _Withdraw():
            window.withdraw(message.question_id)
        case _Tell():
            window.tell(message.notice, message.who, message.why)
        case _Failed():
            window.failed(message.kind, final=message.final)
        case _Ended():
            window.ended(message.code)
        case _Receipt():
            window.receipt(Path(message.path))


if __name__ == "__main__":
    sys.exit(main())
