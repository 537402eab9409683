"""The processes of this PC, by psutil."""

import contextlib
import os
from typing import Final

import psutil

from relevo_agent.platform.elevated import ElevatedFailed, ProcessName
from relevo_agent.platform.lines import inert_line
from relevo_protocol.messages.administration import Process

MAX_NAME_CHARS: Final = 64
START_SLACK_MS: Final = 1000
"""Two programs may read the start of one process so far apart when the clock is set between; no number
comes round again so soon."""
_FIELDS: Final = ["pid", "name", "username", "cpu_percent", "memory_info", "create_time"]


class ProcessGone(Exception):
    """That process has ended, and what has its number now, if anything does, is another one."""


def listing() -> list[Process]:
    """Every process, the busiest first; processor use is since the listing before, in this program."""
    found = [_process(one.info) for one in psutil.process_iter(_FIELDS)]
    return sorted(found, key=lambda one: (-one.cpu_percent, -one.memory_bytes, one.pid))


def _process(info: dict[str, object]) -> Process:
    memory, started_s, cpu = info["memory_info"], info["create_time"], info["cpu_percent"]
    return Process(
        pid=max(int(str(info["pid"])), 1),
        started_ms=_ms(started_s if isinstance(started_s, float) else 0.0),
        name=inert_line(str(info["name"] or "?"), MAX_NAME_CHARS),
        user=inert_line(str(info["username"] or "?"), MAX_NAME_CHARS),
        cpu_percent=round(cpu, 1) if isinstance(cpu, float) and 0 <= cpu <= 1e6 else 0.0,
        memory_bytes=max(int(getattr(memory, "rss", 0)), 0),
    )


def name_of(pid: int, started_ms: int) -> str:
    """The name of the process that is meant; empty if it does not run any more."""
    try:
        found = psutil.Process(pid)
        meant = abs(_ms(found.create_time()) - started_ms) <= START_SLACK_MS
        return inert_line(found.name(), MAX_NAME_CHARS) if meant else ""
    except (psutil.Error, OverflowError):
        return ""


def _ms(seconds: float) -> int:
    return max(int(seconds * 1000), 0)


def family(*pids: int) -> frozenset[int]:
    """These processes and all that they descend from: to end one of them is to end what it holds up."""
    kept = {0, 1}
    for pid in pids:
        try:
            own = psutil.Process(pid)
            kept.update({own.pid, *(parent.pid for parent in own.parents())})
        except psutil.Error:
            kept.add(pid)
    return frozenset(kept)


def helpers() -> frozenset[int]:
    """This program's own children, such as the banner's windows; a terminal's shell leads its own session."""
    if not hasattr(os, "getsid"):  # Windows knows no sessions of this kind, and no terminals of ours
        return frozenset(one.pid for one in psutil.Process().children())
    found: set[int] = set()
    for child in psutil.Process().children():
        with contextlib.suppress(OSError):
            if os.getsid(child.pid) == os.getsid(0):
                found.add(child.pid)
    return frozenset(found)


def end(process: ProcessName, spared: frozenset[int], *, forced: bool) -> None:
    """End a process, if it is the one that is meant (SPEC V3).

    Raises:
        ProcessGone: there is no such process any more.
        PermissionError: it belongs to somebody else.
        ElevatedFailed: it is one of ``spared``.
    """
    if process.pid in spared:
        raise ElevatedFailed("this process keeps the session or the system running and is not ended")
    try:
        found = psutil.Process(process.pid)
        if abs(_ms(found.create_time()) - process.started_ms) > START_SLACK_MS:
            raise ProcessGone
        # Both look once more whether the number still means the same process.
        found.kill() if forced else found.terminate()
    except psutil.NoSuchProcess as error:
        raise ProcessGone from error
    except psutil.AccessDenied as error:
        raise PermissionError(str(error)) from error


def ourselves() -> int:
    """The number of this process."""
    return os.getpid()
