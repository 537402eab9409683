"""Packages of Debian and Ubuntu; standard library only."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# A mirror that stalls must not stall us for ever.
_OPTIONS = ("Acquire::Retries=3", "Acquire::http::Timeout=60", "DPkg::Lock::Timeout=300")
_APT = ("apt-get", *(word for option in _OPTIONS for word in ("-o", option)))


class AptError(Exception):
    """apt-get failed; the text names the command."""


def is_debian() -> bool:
    """True on Debian and what descends from it."""
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def can_install() -> bool:
    """True if packages can be installed without asking anybody."""
    return is_debian() and hasattr(os, "geteuid") and os.geteuid() == 0


def install(packages: Sequence[str]) -> None:
    """Install ``packages``, package lists fetched first; raises AptError."""
    print(f"system: installing {' '.join(packages)}", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # An unreachable third-party source fails the update; that does not matter if the packages can be had.
    subprocess.run(
        [*_APT, "update", "-qq"], env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    )
    command = [*_APT, "install", "-qq", "--yes", "--no-install-recommends", *packages]
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stdout)
        raise AptError(f"'apt-get install {' '.join(packages)}' failed, see above")
