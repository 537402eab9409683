"""Shaped lines for measurements: a network namespace behind a line of a chosen rate, round trip and loss.

    with shaped_line(Shape(rate_bits_s=1_000_000, round_trip_ms=100)) as line:
        subprocess.Popen(line.inside(["chromium", f"https://{line.near}:8443/"]))   # runs behind the line
        line.reshape(Shape(rate_bits_s=100_000, round_trip_ms=100))                 # in mid-session
        line.figures().down.longest_queue_ms                                        # since asked last

A server that is to be reached listens on ``line.near`` (or on all addresses) outside. Any number of lines may
be open at once. Needs root and Linux (``available()`` says why not). Nothing outlives the ``with``: the
namespace belongs to the shaping process, which dies with its parent even when that is killed. What still runs
inside when the line ends only loses its network.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

SHAPER: Final = Path(__file__).with_name("shaper.py")
LINES: Final = 250
"""Lines that may be open on one machine at once, by all programs together."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a line is like, the same in both directions.

    ``rate_bits_s`` 0 stands for no limit. ``round_trip_ms`` is that of the empty line. ``loss`` is the share
    of packets lost in each direction. ``queue_bytes`` is what waits at the thin end before packets are
    dropped: the default is as deep as a home router's, so that whoever sends too much sees its delay.
    """

    rate_bits_s: float = 0.0
    round_trip_ms: float = 0.0
    loss: float = 0.0
    queue_bytes: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class Passed:
    """One direction since the figures were last asked for."""

    carried_bytes: int
    dropped_packets: int
    longest_queue_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Both directions; ``down`` leads from outside into the namespace."""

    down: Passed
    up: Passed


@dataclass(frozen=True, slots=True)
class _Up:
    pid: int


class Line:
    """An open line; made by :func:`shaped_line`."""

    def __init__(self, near: str, far: str, process: subprocess.Popen[str]) -> None:
        self.near = near
        """Address of this side, as seen from inside."""
        self.far = far
        self._process = process
        self._pid = msgspec.json.decode(self._answer(), type=_Up).pid

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command line that runs ``command`` behind the line, its environment as it is here."""
        return ["nsenter", f"--net=/proc/{self._pid}/ns/net", "--", *command]

    def reshape(self, shape: Shape) -> Figures:
        """Another shape from now on, also for what waits on the line; the figures until now."""
        return self._ask(json.dumps(asdict(shape)))

    def figures(self) -> Figures:
        """What has passed since this, or :meth:`reshape`, was last called."""
        return self._ask("{}")

    def _ask(self, line: str) -> Figures:
        stdin = _pipe(self._process.stdin)
        stdin.write(line + "\n")
        stdin.flush()
        return msgspec.json.decode(self._answer(), type=Figures)

    def _answer(self) -> str:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise RuntimeError("the shaped line has gone; its process wrote the reason to standard error")
        return line


def available() -> str:
    """Why shaped lines cannot be made here; empty where they can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "shaped lines need Linux and root"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "the kernel offers no /dev/net/tun"
    missing = [program for program in ("ip", "nsenter") if shutil.which(program) is None]
    return f"install iproute2 and util-linux: {', '.join(missing)} not found" if missing else ""


@contextmanager
def shaped_line(shape: Shape) -> Generator[Line]:
    """A line to a namespace of its own, for as long as the block lasts.

    Raises:
        RuntimeError: it cannot be made here; the text says why.
    """
    reason = available()
    if reason:
        raise RuntimeError(reason)
    number, lock = _free_number()
    near, far = f"10.91.{number}.1", f"10.91.{number}.2"
    command = [sys.executable, str(SHAPER), f"line{number}", near, far, json.dumps(asdict(shape))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Line(near, far, process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            _pipe(pipe).close()
        lock.close()


def _free_number() -> tuple[int, socket.socket]:
    """A number that nobody on this machine uses, and what keeps it ours until it is closed."""
    for number in range(LINES):
        lock = socket.socket(socket.AF_UNIX)
        try:
            lock.bind(f"\0relevo-line-{number}")
        except OSError:
            lock.close()
            continue
        return number, lock
    raise RuntimeError(f"{LINES} shaped lines are open already")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the shaper runs without its pipes")
    return pipe
