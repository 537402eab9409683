"""Make ``.venv`` hold exactly what ``requirements.lock`` names, and the parts of this checkout, editable.

Run by any Python >= 3.11 with nothing installed: ``python3 -m tools.set_up``. A second run is instant. An
interrupted one is noticed by the next, which starts that environment afresh. Standard library only.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tools import debian, kernel
from tools.indexes import uv_environment
from tools.paths import CACHE, LOCK_FILE, MEMBERS, ROOT, VENV, VENV_PYTHON

OLDEST_PYTHON = (3, 11)
STAMP = VENV / ".set-up-of"
UNDER_WAY = VENV / ".set-up-under-way"


class SetUpError(Exception):
    """The environment cannot be made; the text says what is missing and how to get it."""


def main() -> int:
    """Set up if needed; 0 when the environment is complete."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    try:
        set_up()
    except SetUpError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("set-up: interrupted; the next run goes on from here", file=sys.stderr)
        return 130
    return 0


def set_up() -> None:
    """Make or renew the environment; instant when its stamp matches the lock and the parts' pyprojects."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetUpError(
            f"Python {sys.version.split()[0]} is too old, Relevo needs 3.11 or newer; "
            "name another one: make PYTHON=python3.12 ..."
        )
    _set_up_environment()
    _compile_kernel()


def _compile_kernel() -> None:
    """The agent's kernel: what it is made of changes oftener than the environment."""
    if os.environ.get("RELEVO_PURE", "") not in {"", "0"} or kernel.is_current():
        return
    with _one_at_a_time():
        try:
            kernel.build()
        except kernel.KernelError as error:
            raise SetUpError(str(error)) from error


def _set_up_environment() -> None:
    wanted = _fingerprint()
    if _is_complete(wanted):
        return
    with _one_at_a_time():
        if _is_complete(wanted):
            return
        if UNDER_WAY.exists() or not _venv_works():
            _make_venv()
        try:
            _install_all()
        except subprocess.CalledProcessError:
            print("set-up: trying once more from an empty environment", file=sys.stderr)
            _make_venv()
            _install_or_explain()
        STAMP.write_text(wanted, encoding="utf-8")
        UNDER_WAY.unlink(missing_ok=True)


def _fingerprint() -> str:
    """A digest of all that decides what is installed: a change of any of it installs anew."""
    digest = hashlib.sha256(os.fspath(ROOT).encode())
    for path in (LOCK_FILE, Path(__file__), *(ROOT / member / "pyproject.toml" for member in MEMBERS)):
        if not path.is_file():
            raise SetUpError(f"{path.relative_to(ROOT)} is missing; is this a whole checkout of Relevo?")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _is_complete(wanted: str) -> bool:
    return (
        STAMP.is_file()
        and STAMP.read_text(encoding="utf-8") == wanted
        and not UNDER_WAY.exists()
        and VENV_PYTHON.exists()
    )


@contextmanager
def _one_at_a_time() -> Generator[None]:
    """Hold the checkout's set-up lock, so that two makes in two terminals do not install over one another."""
    if os.name == "nt":
        yield
        return
    import fcntl

    CACHE.mkdir(exist_ok=True)
    with (CACHE / "set-up.lock").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _venv_works() -> bool:
    """True if the virtual environment has a new enough Python and pip that both start."""
    if not VENV_PYTHON.exists():
        return False
    question = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON!r})"
    return subprocess.run([VENV_PYTHON, "-c", question], capture_output=True, check=False).returncode == 0


def _make_venv() -> None:
    print(f"set-up: making {VENV.relative_to(ROOT)} with Python {sys.version.split()[0]}", file=sys.stderr)
    _need_ensurepip()
    shutil.rmtree(VENV, ignore_errors=True)
    # The interpreter behind a virtual environment makes the new one: one can be replaced from within itself.
    base = getattr(sys, "_base_executable", sys.executable) or sys.executable
    made = subprocess.run([base, "-m", "venv", VENV], check=False)
    if made.returncode != 0 or not _venv_works():
        raise SetUpError(f"'{base} -m venv {VENV.name}' failed, see above")


def _need_ensurepip() -> None:
    """Debian ships ``venv`` without the part that it cannot work without."""
    import importlib.util

    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python3.{sys.version_info.minor}-venv"
    if debian.can_install():
        debian.install([package])
    else:
        raise SetUpError(f"this Python lacks venv; on Debian/Ubuntu: sudo apt-get install {package}")


def _install_or_explain() -> None:
    try:
        _install_all()
    except subprocess.CalledProcessError as error:
        command = " ".join(str(part) for part in error.cmd)
        raise SetUpError(f"'{command}' failed, see above; is the package index reachable?") from error


def _install_all() -> None:
    """Put uv in with pip, then let uv install the lock, then the parts without their dependencies."""
    UNDER_WAY.touch()
    STAMP.unlink(missing_ok=True)
    _install_uv()
    environment = uv_environment(VENV_PYTHON, os.environ) | {"VIRTUAL_ENV": os.fspath(VENV)}

    def uv_pip(*arguments: str | Path) -> None:
        subprocess.run([VENV_PYTHON, "-m", "uv", "pip", *arguments], cwd=ROOT, env=environment, check=True)

    print("set-up: installing what requirements.lock names", file=sys.stderr)
    uv_pip("sync", "--quiet", "--require-hashes", "--compile-bytecode", LOCK_FILE)
    parts = [argument for member in MEMBERS for argument in ("--editable", member)]
    # hatchling comes from the lock as well, so that a build fetches nothing.
    uv_pip("install", "--quiet", "--no-deps", "--no-build-isolation", *parts)


def _install_uv() -> None:
    """Install the very uv of the lock, its hashes checked, unless it is there."""
    pin = _lock_entry("uv")
    version = pin.split("==", 1)[1].split()[0]
    present = subprocess.run(
        [VENV_PYTHON, "-m", "uv", "--version"], capture_output=True, text=True, check=False
    ).stdout.split()
    if present[1:2] == [version]:
        return
    print(f"set-up: installing uv {version} into {VENV.name}", file=sys.stderr)
    requirement = VENV / "uv.requirement"
    requirement.write_text(pin, encoding="utf-8")
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--require-hashes", "--requirement", str(requirement)], check=True)


def _lock_entry(name: str) -> str:
    """The lines of one distribution in the lock: its pin and its hashes."""
    lock = LOCK_FILE.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(name)}==.*(?:\n[ \t]+.*)*", lock, re.MULTILINE)
    if found is None:
        raise SetUpError(f"{LOCK_FILE.name} does not name {name}; make it anew: make lock")
    return found.group() + "\n"


if __name__ == "__main__":
    sys.exit(main())
