"""What a peer is asked for: to serve a display, and to say what to open and what to count."""

import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.end_to_end.processes import Programs
from benchmarks.measure import Unavailable
from tools import debian


@dataclass(frozen=True, slots=True)
class Place:
    """Where a peer is started: the display that it serves, and the address that it listens on."""

    display: str
    folder: Path
    programs: Programs
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A peer at work.

    ``pids`` are the processes that capture, encode and pass on. ``ready`` is a JavaScript expression that
    holds once the page shows a picture, ``canvas`` a selector of what shows it. ``steps`` come before, to
    sign in or to press a button: an expression to wait for, and one to evaluate then.
    """

    address: str
    port: int
    pids: Sequence[int]
    canvas: str
    ready: str
    version: str = ""
    steps: Sequence[tuple[str, str]] = ()


Serve = Callable[[Place], Served]


def free_port() -> int:
    """A TCP port that is free now on all addresses."""
    with socket.create_server(("", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """True if something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def version_of(package: str) -> str:
    """Name and version of a package of Debian's, as far as it is known."""
    asked = ["dpkg-query", "-W", "-f", "${Version}", package]
    said = (
        subprocess.run(asked, capture_output=True, text=True, check=False).stdout
        if shutil.which(asked[0])
        else ""
    )
    return f"{package} {re.sub(r'^[0-9]+:', '', said) or 'of unknown version'}"


def need(programs: Sequence[str], packages: Sequence[str]) -> None:
    """These programs, installed from Debian's packages where that is allowed.

    Raises:
        Unavailable: they are not there; the text says how to get them.
    """
    missing = [program for program in programs if not _found(program)]
    if missing and debian.can_install():
        try:
            debian.install(packages)
        except debian.AptError as error:
            raise Unavailable(str(error)) from error
        missing = [program for program in programs if not _found(program)]
    if missing:
        raise Unavailable(f"no {', '.join(missing)}; on Debian: apt-get install {' '.join(packages)}")


def _found(program: str) -> bool:
    return Path(program).exists() if program.startswith("/") else shutil.which(program) is not None
