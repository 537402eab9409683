"""Who may ask the service: known by the kernel, named by whoever installed it, and sitting at this PC."""

import grp
import os
import pwd
import socket
import struct
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from relevo_agent.service.logins import Logins

SETTINGS: Final = Path("/etc/relevo/service.toml")
_LOCAL_PEERCRED: Final = 1  # macOS, sys/un.h, at level SOL_LOCAL = 0; struct xucred: u32 version, u32 uid


class SettingsBroken(Exception):
    """The file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of the socket."""

    uid: int
    pid: int


def peer_of(sock: socket.socket) -> Peer:
    """Who the kernel says is there."""
    if sys.platform == "darwin":
        told = sock.getsockopt(0, _LOCAL_PEERCRED, 76)
        return Peer(struct.unpack_from("=II", told)[1], 0)
    told = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", told)
    return Peer(uid, pid)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who was named at the installation: every program of theirs can do by the service what root can.

    Nobody by default, not even who may use sudo: that asks for a password, and the service does not.
    """

    users: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()

    def has(self, uid: int) -> bool:
        """Whether this user is among them."""
        try:
            person = pwd.getpwuid(uid)
        except KeyError:
            return False
        if person.pw_name in self.users:
            return True
        return any(_is_in(person, name) for name in self.groups)


def _is_in(person: pwd.struct_passwd, name: str) -> bool:
    try:
        group = grp.getgrnam(name)
    except KeyError:
        return False
    return person.pw_gid == group.gr_gid or person.pw_name in group.gr_mem


def allowed(path: Path = SETTINGS) -> Allowed:
    """Read who was named; without the file it is nobody.

    Raises:
        SettingsBroken: it is there and cannot be used: nobody is let in by a mistake in it.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Allowed()
    except (OSError, ValueError) as error:
        raise SettingsBroken(f"{path}: {error}") from error
    users, groups = told.get("users", []), told.get("groups", [])
    if set(told) - {"users", "groups"} or not (_names(users) and _names(groups)):
        raise SettingsBroken(f'{path}: only users = ["name"] and groups = ["name"] may stand here')
    return Allowed(frozenset(users), tuple(groups))


def _names(told: object) -> bool:
    return isinstance(told, list) and all(isinstance(name, str) for name in cast("list[object]", told))


def refusal(peer: Peer, who: Allowed, logins: Logins) -> str | None:
    """Why this peer may not ask for anything that the service may do; ``None`` if it may.

    Whoever the service runs as gains nothing by asking: root, or in a demonstration the user at the desk.
    """
    if peer.uid in {0, os.geteuid()}:
        return None
    if not who.has(peer.uid):
        return "this user may not: relevo-agent service install --allow NAME lets them"
    # Also a user's timed jobs and their own systemd have sessions, of other kinds: nobody sits there.
    here = (one for one in logins() if one.kind == "user" and one.active and not one.remote)
    if not any(one.uid == peer.uid for one in here):
        return "only who is signed in at this PC may ask the service"
    return None
