"""The package index of this machine, as pip knows it, told to uv; standard library only.

uv does not read pip's configuration. A machine that reaches its packages through ``pip.conf`` or ``PIP_*``
variables must work all the same, and the checkout must not name any index: so it reaches uv by environment.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_UV_INDEX_NAMES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")


def uv_environment(python: Path, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` with pip's index, extra indexes, wheel folders and certificates as uv's variables.

    ``python`` is an interpreter that has pip. What ``base`` already says in uv's own words is left as it is.
    """
    pip = _pip_settings(python, base)
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": pip.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    environment = dict(base)
    if not any(name in base for name in _UV_INDEX_NAMES):
        # pip takes the best version of all its indexes; every file is checked against its hash in the lock.
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    else:
        del wanted["UV_DEFAULT_INDEX"], wanted["UV_INDEX"]
    for name, value in wanted.items():
        if value:
            environment.setdefault(name, value)
    # The interpreter is the one of the virtual environment, never one that uv would fetch.
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    return environment


def _pip_settings(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """pip's settings without their section; those of the environment win, those of a command do not count."""
    listing = subprocess.run(
        [os.fspath(python), "-m", "pip", "config", "list"],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, tuple[int, str]] = {}
    for line in listing.stdout.splitlines():
        key, separator, quoted = line.partition("=")
        section, _, name = key.strip().rpartition(".")
        rank = {"global": 0, "install": 1, ":env:": 2}.get(section, -1)
        if separator and rank >= found.get(name, (0, ""))[0]:
            # pip prints values as Python literals; line breaks separate several ones.
            value = quoted.strip().strip("'\"").replace("\\n", " ").strip()
            found[name] = (rank, value)
    return {name: value for name, (_, value) in found.items()}
