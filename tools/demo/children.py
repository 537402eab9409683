"""The programs that the demo starts: each with its log, all of them ended with it."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

_PATIENCE_S = 5.0
_LOG_LINES = 25


class DemoError(Exception):
    """The demo cannot go on; the text says what failed and what to do."""


@dataclass(frozen=True)
class Program:
    """What to start; ``events`` keeps its stdout as a pipe to read.

    The demo ends with a ``vital`` one, unless that ``may_finish`` and did so without an error.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    vital: bool = True
    may_finish: bool = False
    events: bool = False
    pass_fds: Sequence[int] = ()


@dataclass(frozen=True)
class _Child:
    program: Program
    process: subprocess.Popen[str]
    log: Path


class Children:
    """The running programs; a context that ends them in reverse order, whatever happens."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[_Child] = []
        self._left: list[Path] = []

    def leave(self, folder: Path) -> None:
        """Remove this folder once everything has ended."""
        self._left.append(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self._children):
            _signal_group(child.process, signal.SIGTERM)
            # One after the other: the agent takes its leave of the relay, programs of the display.
            if not _wait(child.process, _PATIENCE_S):
                _signal_group(child.process, signal.SIGKILL)
                _wait(child.process, _PATIENCE_S)
            # What the program itself started and left behind.
            _signal_group(child.process, signal.SIGKILL)
            if child.process.stdout is not None:
                child.process.stdout.close()
        for folder in self._left:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by name."""
        return {child.program.name: child.process.pid for child in self._children}

    def command(self, name: str) -> Sequence[str]:
        """What a running program was started with."""
        return next(child.program.command for child in self._children if child.program.name == name)

    def start(self, program: Program) -> IO[str] | None:
        """Start a program in a process group of its own; gives its stdout if it reports events.

        One that has finished makes room for the next of its name.
        """
        self._children = [child for child in self._children if not _is_past(child, program.name)]
        log = self._folder / f"{program.name}.log"
        with log.open("w", encoding="utf-8") as sink:
            try:
                process = subprocess.Popen(
                    [*_tie(), *program.command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if program.events else sink,
                    stderr=sink,
                    env=os.environ | dict(program.environment),
                    start_new_session=True,  # Ctrl+C is for the demo; the children are ended in order
                    pass_fds=tuple(program.pass_fds),
                    text=True,
                )
            except OSError as error:
                raise DemoError(f"{program.name} does not start: {error}") from error
        self._children.append(_Child(program, process, log))
        return process.stdout

    def check(self) -> None:
        """Raise DemoError, with the end of its log, if a vital program has ended."""
        for child in self._children:
            status = child.process.poll()
            is_fine = status is None or (status == 0 and child.program.may_finish)
            if status is not None and child.program.vital and not is_fine:
                raise DemoError(
                    f"{child.program.name} has ended ({_verdict(status)}); "
                    f"the last lines of {child.log}:\n{_tail(child.log)}"
                )

    def has_finished(self, name: str) -> bool:
        """True if the program has ended without an error."""
        return any(child.program.name == name and child.process.poll() == 0 for child in self._children)

    def fails_within(self, name: str, patience_s: float) -> bool:
        """Whether the program ends with an error so soon."""
        child = next(child for child in self._children if child.program.name == name)
        _wait(child.process, patience_s)
        return bool(child.process.poll())

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        return _tail(self._folder / f"{name}.log")


def _is_past(child: _Child, name: str) -> bool:
    return child.program.name == name and child.process.poll() is not None


def run(
    name: str, command: Sequence[str], given: str = "", environment: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end with ``given`` on stdin; its stdout. Raises DemoError with what it wrote."""
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | dict(environment or {}),
    )
    if done.returncode != 0:
        raise DemoError(f"{name} failed ({_verdict(done.returncode)}):\n{done.stderr or done.stdout}")
    return done.stdout


def _tie() -> list[str]:
    """Have the kernel end the children if the demo is killed without a chance to do it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _wait(process: subprocess.Popen[str], patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return process.poll() is not None


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    # All gone; macOS says the latter of a group of zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _verdict(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"    {line}" for line in lines[-_LOG_LINES:]) or "    (empty)"
