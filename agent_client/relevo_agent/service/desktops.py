"""Which X display a restored session may show, found as root: whose it is, and what lets one connect.

The display's server is asked by the kernel's word on its socket, not by its name. What was granted was one
user's desktop: shown is theirs and the screen before anybody signed in, never another user's.
"""

import contextlib
import itertools
import os
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from relevo_agent.service.logins import Login, Logins

SOCKETS: Final = Path("/tmp/.X11-unix")  # noqa: S108 - the place that X has for them
MAX_AUTHORITY_BYTES: Final = 64 * 2**10
_SOCKET: Final = re.compile(r"\AX([0-9]{1,5})\Z")


class NoDesktop(Exception):
    """There is none to show now; the text is one line."""


@dataclass(frozen=True, slots=True)
class XServer:
    """A running X server. ``authority`` is its file of cookies (its option ``-auth``), if it has one."""

    display: str
    uid: int
    authority: Path | None


@dataclass(frozen=True, slots=True)
class Desktop:
    """A display and the content of the file that lets one connect to it."""

    display: str
    authority: bytes


Servers = Callable[[], list[XServer]]


def x_servers(folder: Path = SOCKETS) -> list[XServer]:
    """Every X server that listens here, by display number."""
    found: list[XServer] = []
    with contextlib.suppress(OSError):
        names = sorted(folder.iterdir(), key=lambda path: (len(path.name), path.name))
        for path in names:
            number = _SOCKET.match(path.name)
            server = _server(f":{number[1]}", path) if number else None
            if server is not None:
                found.append(server)
    return found


def _server(display: str, path: Path) -> XServer | None:
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            # At once or not: anybody may put sockets there that never answer.
            sock.setblocking(False)
            sock.connect(str(path))
            told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            pid, uid, _ = struct.unpack("3i", told)
    except OSError:
        return None
    return XServer(display, uid, _authority(pid))


def _authority(pid: int) -> Path | None:
    try:
        words = psutil.Process(pid).cmdline()
    except (psutil.Error, OSError):
        return None
    places = [Path(after) for word, after in itertools.pairwise(words) if word == "-auth"]
    return places[0] if places else None


def desktop_of(uid: int, servers: Servers = x_servers, *, logins: Logins) -> Desktop:
    """The display that a session of this user may show now.

    Raises:
        NoDesktop: there is none, or it is somebody else's.
    """
    known = logins()
    if any(one.active and one.kind == "user" and one.uid != uid and one.display for one in known):
        raise NoDesktop("another person is signed in at this PC; only the desktop that was granted is shown")
    here = servers()
    # One's own desktop before the screen where people sign in.
    for server in sorted(here, key=lambda one: not _is_signed_in(uid, one, known)):
        if _may_show(uid, server, known):
            return Desktop(server.display, _cookies(server))
    raise NoDesktop(
        "the desktop of this PC is not the one that was granted" if here else "no desktop is there yet"
    )


def _is_signed_in(uid: int, server: XServer, known: list[Login]) -> bool:
    return any(one.uid == uid and one.active and one.display == server.display for one in known)


def _may_show(uid: int, server: XServer, known: list[Login]) -> bool:
    owners = [one for one in known if one.display == server.display]
    if owners:
        return any(one.kind == "greeter" or one.uid == uid for one in owners)
    # A server that runs as its user needs no login to say so; one of root's may become anybody's.
    return server.uid == uid


def _cookies(server: XServer) -> bytes:
    if server.authority is None:
        return b""
    try:
        handle = os.open(server.authority, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            # The name stands on a command line that its user writes: it must not make root read other files.
            if os.fstat(handle).st_uid != server.uid:
                raise NoDesktop(f"{server.authority} does not belong to the X server's user")
            return file.read(MAX_AUTHORITY_BYTES)
    except OSError as error:
        raise NoDesktop(f"{server.authority} cannot be read: {error.strerror}") from error
