"""The desktop that the demo shows: this one, a named one, or a virtual one with something on it."""

import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tools import system
from tools.demo.children import Children, DemoError, Program
from tools.demo.options import Options

_PATIENCE_S = 20.0
_SHELL = "cd; PS1='relevo:\\w> ' HISTFILE= exec bash --noprofile --norc -i"
_GREETING = """\
printf '%s\\n' 'This is a real terminal on the shared screen.' '' \\
  'Type here from the browser:  ñ á ü ¿ ¡ € @ \\ | # ~' ''
"""


def open_desktop(options: Options, children: Children, home: Path) -> str | None:
    """The display to be shown, such as ``:0``; None where the system has one screen that needs no name."""
    if sys.platform == "darwin":
        return None
    if options.virtual:
        return _virtual(options, children, home)
    display = options.display
    if display is None or not _answers(display):
        raise DemoError(
            f"the display {display} does not answer; name another (--display :N) or use --virtual"
        )
    return display


def _virtual(options: Options, children: Children, home: Path) -> str:
    if not system.ensure(system.DISPLAY_NEEDS):
        raise DemoError("no virtual display without the programs named above")
    display = _start_xvfb(options.size, children)
    environment = {
        "DISPLAY": display,
        "LC_ALL": "C.UTF-8",
        "HOME": os.fspath(home),
        "XDG_CONFIG_HOME": os.fspath(home / ".config"),
        "XDG_CACHE_HOME": os.fspath(home / ".cache"),
    }
    home.mkdir(parents=True, exist_ok=True)
    children.start(Program("openbox", ["openbox", "--sm-disable"], environment))
    _wait_for(children, "openbox", lambda: "window id" in _root_property(display, "_NET_SUPPORTING_WM_CHECK"))
    for count, program in enumerate(_programs(environment), 1):
        children.start(program)
        # One after the other: the last one gets the keyboard.
        _wait_for(children, program.name, partial(_has_windows, display, count))
    return display


def _start_xvfb(size: str, children: Children) -> str:
    """Start an X server on a free number; it says itself when it is ready and which one it took."""
    reader, writer = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        f"{size}x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    try:
        children.start(Program("xvfb", command, pass_fds=[writer]))
    finally:
        os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as answers:
        answer = b""
        deadline = time.monotonic() + _PATIENCE_S
        while not answer.endswith(b"\n"):
            if select.select([answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                part = answers.read(16)
                if part:
                    answer += part
                    continue
            children.check()
            raise DemoError(f"the virtual display did not start:\n{children.tail('xvfb')}")
    return f":{int(answer)}"


def _programs(environment: dict[str, str]) -> list[Program]:
    """Two terminals and a picture: text to type, text to scroll, a photograph to look at."""
    terminal = ["xterm", "-u8", "-fa", "DejaVu Sans Mono", "-fs", "11", "+sb"]
    notes = 'for n in 1 2 3 4 5 6; do echo "$n  The quick brown fox jumps over the lazy dog"; done; echo\n'
    return [
        Program(
            "poster",
            [sys.executable, "-m", "tools.demo.poster", "620x360+640+20"],
            environment,
            vital=False,
        ),
        Program(
            "xterm-notes",
            [*terminal, "-geometry", "66x14+640+430", "-title", "Notes", "-e", "bash", "-c", notes + _SHELL],
            environment,
            vital=False,
        ),
        Program(
            "xterm",
            [
                *terminal,
                "-geometry",
                "66x34+20+20",
                "-title",
                "Terminal",
                "-e",
                "bash",
                "-c",
                _GREETING + _SHELL,
            ],
            environment,
            vital=False,
        ),
    ]


def _has_windows(display: str, count: int) -> bool:
    return _root_property(display, "_NET_CLIENT_LIST").count("0x") >= count


def _answers(display: str) -> bool:
    """True if an X server can be reached under that name; xprop knows what a name may look like."""
    if shutil.which("xprop") is None:
        number = display.rpartition(":")[2].partition(".")[0]
        return not display.startswith(":") or Path(f"/tmp/.X11-unix/X{number}").exists()  # noqa: S108
    return _xprop(display, "WM_NAME").returncode == 0


def _root_property(display: str, name: str) -> str:
    return _xprop(display, name).stdout


def _xprop(display: str, name: str) -> subprocess.CompletedProcess[str]:
    command = ["xprop", "-display", display, "-root", name]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S)


def _wait_for(children: Children, what: str, is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not is_there():
        children.check()
        if time.monotonic() > deadline:
            raise DemoError(f"the virtual display has no {what} after {_PATIENCE_S:.0f} s")
        time.sleep(0.05)
