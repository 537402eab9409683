"""The command ``relevo-agent service``: install, remove, status, and run, which is systemd's."""

import argparse
import os
import pwd
import socket
import stat
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

import cryptography
import msgspec
import psutil

import relevo_agent
import relevo_protocol
from relevo_agent.platform.elevated import ElevatedFailed
from relevo_agent.service import launchd, systemd, wire
from relevo_agent.service.guard import SETTINGS, Allowed, SettingsBroken, allowed
from relevo_agent.service.link import SOCKET, ServiceLink
from relevo_agent.service.words import TABLE

ANSWER_S: Final = 60.0
LOOK_S: Final = 0.2
EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_RUNNING: Final = 3
Words = Callable[..., str]


class Unfit(Exception):
    """It cannot be done here; the text is told as it is."""


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="relevo-agent service",
        description="The service of this PC: administrator mode, and sessions that go on after a restart.",
    )
    parser.add_argument("--lang", choices=("es", "en"), help="language (default: the desktop's)")
    acts = parser.add_subparsers(dest="act", required=True)
    install = acts.add_parser("install", help="make it start with the PC, and start it now (as root)")
    install.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="USER",
        help="let this user's agent ask the service; the user's programs can do by it what root can",
    )
    acts.add_parser("remove", help="stop it and take it away (as root)")
    acts.add_parser("status", help="tell how it stands")
    run = acts.add_parser("run", help="be the service (systemd calls this)")
    run.add_argument("--socket", type=Path, default=SOCKET, help=argparse.SUPPRESS)
    run.add_argument("--state", type=Path, default=None, help=argparse.SUPPRESS)
    run.add_argument("--settings", type=Path, default=SETTINGS, help=argparse.SUPPRESS)
    run.add_argument("--reboot", nargs="+", default=None, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Do one act; 0 done, 1 failed, 2 cannot be done here, 3 the service does not run."""
    given = arguments(argv)
    words = words_in(given.lang)
    if given.act == "run":
        return _run(given)
    try:
        if given.act == "install":
            return _install(words, given.allow)
        return _remove(words) if given.act == "remove" else _status(words)
    except Unfit as error:
        print(f"relevo-agent: {error}", file=sys.stderr)
        return EXIT_USAGE
    except systemd.ActFailed as error:
        print(f"relevo-agent: {words('failed', why=error)}", file=sys.stderr)
        return EXIT_FAILED


def words_in(wanted: str | None) -> Words:
    """The words in the language asked for, else the desktop's, else English."""
    spoken = wanted or next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "en"
    )
    column = 0 if spoken.lower().startswith("es") else 1

    def words(key: str, **values: object) -> str:
        return TABLE[key][column].format(**values)

    return words


def _run(given: argparse.Namespace) -> int:
    from relevo_agent.service.run import REBOOT, STATE, Places, run

    reboot = tuple(given.reboot) if given.reboot else REBOOT
    return run(Places(given.socket, given.state or STATE, given.settings, reboot))


def _system(words: Words) -> ModuleType:
    """How services are kept on this system."""
    system: str = sys.platform
    if system.startswith("linux"):
        if not systemd.available():
            raise Unfit(words("no_systemd"))
        return systemd
    if system == "darwin":
        print(words("not_yet_run", system="macOS"), file=sys.stderr)
        return launchd
    raise Unfit(words("no_platform", system=system))


def _need_root(words: Words) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise Unfit(words("not_root"))


def _install(words: Words, users: list[str]) -> int:
    _need_root(words)
    system = _system(words)
    for place in _run_as_root():
        found = open_place(place)
        if found is not None:
            raise Unfit(words("open_folder", path=found))
    who = _allow(words, users)
    changed = system.install(systemd.own_command())
    print(words("installed" if changed else "installed_again"))
    named = [*sorted(who.users), *(f"@{group}" for group in who.groups)]
    if named:
        print(words("allowed", users=", ".join(named)))
    else:
        print(words("nobody"))
    if not _answers_within(ANSWER_S):
        print(words("no_answer"), file=sys.stderr)
        return EXIT_NOT_RUNNING
    return EXIT_OK


def _answers_within(patience_s: float) -> bool:
    """Wait until the service that has just been started answers: whoever asks next is not early."""
    deadline_s = time.monotonic() + patience_s
    while _greeting() is None:
        if time.monotonic() > deadline_s:
            return False
        time.sleep(LOOK_S)
    return True


def _run_as_root() -> list[Path]:
    """The program of the service, and where each of the packages that it needs is."""
    packages = (relevo_agent, relevo_protocol, msgspec, psutil, cryptography, os)
    return [Path(sys.executable), *(Path(one.__file__) for one in packages if one.__file__)]


def open_place(path: Path) -> Path | None:
    """What on the way to a file somebody other than root could change; ``None`` if root alone can."""
    for one in (path, *path.parents, path.resolve(), *path.resolve().parents):
        found = one.lstat()
        if stat.S_ISLNK(found.st_mode):  # what it leads to is looked at as well
            if found.st_uid != 0:
                return one
            continue
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_uid != 0 or (found.st_mode & 0o022 and not sticky):
            return one
    return None


def _allow(words: Words, users: list[str]) -> Allowed:
    """Add these users to who may ask; those named before stay."""
    for name in users:
        try:
            pwd.getpwnam(name)
        except KeyError as error:
            raise Unfit(words("no_user", name=name)) from error
    try:
        before = allowed()
    except SettingsBroken as error:
        raise Unfit(words("settings", why=error)) from error
    now = Allowed(before.users | set(users), before.groups)
    if now != before or not SETTINGS.exists():
        _write_settings(now)
    return now


def _write_settings(who: Allowed) -> None:
    SETTINGS.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    lines = [
        "# Whose agents may ask the service of this PC, in a session that the customer has granted.",
        f"users = {_toml(sorted(who.users))}",
        f"groups = {_toml(who.groups)}",
    ]
    part = SETTINGS.with_suffix(".part")
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.chmod(0o644)
    part.rename(SETTINGS)


def _toml(names: Sequence[str]) -> str:
    # Names of users have neither quotes nor backslashes (useradd(8)).
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _remove(words: Words) -> int:
    _need_root(words)
    print(words("removed" if _system(words).remove() else "not_there"))
    return EXIT_OK


def _status(words: Words) -> int:
    state = _system(words).status()
    answer = _greeting()
    told = {
        "installed": state.installed,
        "enabled": state.enabled,
        "running": state.running,
        "answers": answer is not None,
    }
    print(words("status", **{name: words("yes" if value else "no") for name, value in told.items()}))
    if answer is not None:
        print(words("may_ask" if answer.may_ask else "may_not_ask"))
    return EXIT_OK if state.running and answer is not None else EXIT_NOT_RUNNING


def _greeting() -> wire.Present | None:
    if not hasattr(socket, "AF_UNIX"):
        return None
    try:
        return ServiceLink().greet()
    except ElevatedFailed:
        return None
