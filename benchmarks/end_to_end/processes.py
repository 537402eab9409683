"""Programs that run for a measurement: started, surely ended, and what processor time they took."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

_PATIENCE_S: Final = 5.0


class NotRunning(Exception):
    """A program did not come up or did not answer in time; the text says which, and why if that is known."""


def wait_for(condition: Callable[[], bool], what: str, patience_s: float = 30.0) -> None:
    """Wait until it holds.

    Raises:
        NotRunning: it does not, within ``patience_s``.
    """
    end = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > end:
            raise NotRunning(f"not within {patience_s:g} s: {what}")
        time.sleep(0.05)


@dataclass
class Programs:
    """What a measurement has started; a context that ends all of it, the last one first."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    _running: list[tuple[str, subprocess.Popen[bytes]]] = field(
        default_factory=list[tuple[str, "subprocess.Popen[bytes]"]]
    )

    def start(self, name: str, command: Sequence[str], **environment: str) -> int:
        """Start a program with a log of its own in a session of its own; gives its process id."""
        given = {**os.environ, **self.environment, **environment}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=given,
                cwd=self.folder,
                start_new_session=True,
            )
        self._running.append((name, process))
        return process.pid

    def log(self, name: str) -> str:
        """All that a program has said."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def check(self) -> None:
        """Raises NotRunning if one of them has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                raise NotRunning(f"{name} ended with {process.returncode}:\n{self.log(name)[-1500:]}")

    def wait_for(self, condition: Callable[[], bool], what: str, patience_s: float = 30.0) -> None:
        """As :func:`wait_for`, and nothing may end meanwhile."""

        def holds() -> bool:
            self.check()
            return condition()

        wait_for(holds, what, patience_s)

    def close(self) -> None:
        """End them all."""
        while self._running:
            _end(self._running.pop()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)


def family(pid: int) -> list[int]:
    """A process and all that descend from it, as they are now."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = parent_in(path.read_text(encoding="utf-8", errors="replace"))
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def parent_in(stat: str) -> int:
    """The parent's id in a line of ``/proc/<pid>/stat``; the program's name in it may hold anything."""
    return int(stat.rpartition(")")[2].split()[1])


def cpu_s(pids: Sequence[int]) -> dict[int, float]:
    """Processor time of these processes and their descendants, seconds to the nanosecond, by process id."""
    times: dict[int, float] = {}
    for pid in pids:
        for member in family(pid):
            with suppress(OSError):
                times[member] = time.clock_gettime(
                    ~member << 3 | 2
                )  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
    return times


def cpu_percent(before: Mapping[int, float], after: Mapping[int, float], seconds: float) -> float:
    """Share of one core between two readings; a process that has come since counts whole."""
    return 100 * sum(used - before.get(pid, 0.0) for pid, used in after.items()) / seconds
