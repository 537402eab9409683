"""``python -m benchmarks record``: real programs on a display of their own, lossless, into ``.cache``.

Installed from Debian's packages with ``--install`` (as root); ``--small`` records three seconds of each act.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.measure import Unavailable
from benchmarks.recordings.acts import ACTS, Act
from benchmarks.recordings.desk import Desk, open_desk
from benchmarks.recordings.store import DEFAULT_FOLDER, About, Writer
from benchmarks.recordings.watch import Watcher
from tools.system import find_chromium

PACKAGES: Final = (
    "chromium",
    "libreoffice-writer",
    "libreoffice-gtk3",
    "mousepad",
    "pcmanfm",
    "libfm-modules",
    "mpv",
    "ffmpeg",
    "xterm",
    "less",
    "openbox",
    "xdotool",
    "xvfb",
    "adwaita-icon-theme",
    "fonts-dejavu",
    "fonts-liberation",
    "mate-backgrounds",
)
SMALL_S: Final = 3.0
FULL_S: Final = 12.0
LEAD_S: Final = 0.5
"""Recorded before and after the act."""


def main(arguments: Sequence[str]) -> int:
    """Record the acts that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks record", description=__doc__)
    names = [act.name for act in ACTS]
    parser.add_argument("--only", choices=names, nargs="+", default=names, help="these acts alone")
    parser.add_argument("--small", action="store_true", help=f"{SMALL_S:g} s of each, not {FULL_S:g}")
    parser.add_argument(
        "--install", action="store_true", help="first install the programs (apt-get, as root)"
    )
    parser.add_argument("--into", type=Path, default=DEFAULT_FOLDER, help="another folder")
    options = parser.parse_args(arguments)
    if options.install:
        command = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    failed: list[str] = []
    for act in (act for act in ACTS if act.name in options.only):
        try:
            about = recorded(act, options.into, SMALL_S if options.small else FULL_S)
        except (Unavailable, RuntimeError) as reason:
            print(f"{act.name:<14}not recorded: {reason}", file=sys.stderr)
            failed.append(act.name)
            continue
        size = (options.into / f"{act.name}.screen").stat().st_size
        print(
            f"{act.name:<14}{about.duration_ms / 1000:5.1f} s {size / 1e6:8.1f} MB  {about.what}", flush=True
        )
    return 1 if failed else 0


def recorded(act: Act, folder: Path, seconds: float) -> About:
    """Record one act on a fresh desk.

    Raises:
        Unavailable: one of its programs is not installed.
        RuntimeError: a window did not come, or the capture broke off.
    """
    versions = {name: _version(name) for name in act.programs}
    with open_desk() as desk:
        act.show(desk, seconds)
        return _watched(act, desk, folder, seconds, versions)


def _watched(act: Act, desk: Desk, folder: Path, seconds: float, versions: dict[str, str]) -> About:
    watcher = Watcher(Writer(folder, act.name), desk.display)
    with watcher:
        time.sleep(LEAD_S)
        act.play(desk, watcher, seconds)
        time.sleep(LEAD_S)
    return watcher.finish(act.name, act.what, versions)


def _version(program: str) -> str:
    """Of the Debian package that has it, else just that it is there."""
    path = find_chromium() if program == "chromium" else shutil.which(program)
    if path is None:
        raise Unavailable(f"{program} is not installed: python -m benchmarks record --install")
    try:
        owner = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False).stdout
        package = owner.partition(":")[0]
        query = ["dpkg-query", "-W", "-f", "${Version}", package]
        return subprocess.run(query, capture_output=True, text=True, check=False).stdout or "unknown"
    except FileNotFoundError:  # not a Debian
        return "unknown"
