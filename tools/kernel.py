"""Compile the agent's kernel for this checkout, when what it is made of has changed.

Set-up runs it, so that demo, tests and benchmarks have it. The result is not in git: it lies in ``.cache``
by the digest of all that made it, and in the agent's package, where the agent looks for it. Standard library
only.
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.paths import CACHE, LOCK_FILE, ROOT, VENV_PYTHON

AGENT = ROOT / "agent_client"
SCRIPT = AGENT / "kernel_build.py"
SOURCES = AGENT / "relevo_agent" / "pipeline" / "kernel"
_STORE = CACHE / "kernel"
ZIG_CACHE = _STORE / "zig"
"""What zig makes of its own libraries is the same for every build, and takes most of the time."""
_FILE_NAME = "kernel.dll" if os.name == "nt" else "kernel.so"
_NO_RECIPE = 3


class KernelError(Exception):
    """The kernel cannot be made; the text says what to do."""


def main() -> int:
    """Build if needed; 0 when the kernel is that of its sources, or this platform has none."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    try:
        built = build()
    except KernelError as error:
        print(f"kernel: {error}", file=sys.stderr)
        return 1
    print(built or "this platform has none: numpy does its work")
    return 0


def build() -> Path | None:
    """The kernel where the agent finds it, instant if it is there; ``None`` if this platform has none.

    Raises:
        KernelError: it does not compile.
    """
    kept = _kept()
    if not kept.is_file():
        print("set-up: compiling the agent's kernel", file=sys.stderr)
        _STORE.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=_STORE) as scratch:
            _compile(Path(scratch)).replace(kept)
    if not is_current():
        _lay_out()
    return _built() if kept.stat().st_size else None


def is_current() -> bool:
    """Whether the agent has the kernel of these sources."""
    kept, built = _kept(), _built()
    if not kept.is_file():
        return False
    content = kept.read_bytes()
    return built.is_file() and built.read_bytes() == content if content else not built.exists()


def _built() -> Path:
    return SOURCES / _FILE_NAME


def _kept() -> Path:
    """By all that decides the result; the file is empty if this platform has no kernel."""
    machine = f"{sys.platform}-{platform.machine()}-{sys.maxsize}"
    digest = hashlib.sha256(f"{machine}\0{_compiler()}\0".encode())
    for path in (SCRIPT, *sorted(SOURCES.glob("*.[ch]"))):
        digest.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return _STORE / f"{digest.hexdigest()[:32]}-{_FILE_NAME}"


def _compiler() -> str:
    """The line of the lock that pins it."""
    lines = LOCK_FILE.read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if line.startswith("ziglang==")), "")


def _compile(scratch: Path) -> Path:
    """The file, empty if this platform has no kernel."""
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(ZIG_CACHE)}
    command: list[str | Path] = [VENV_PYTHON, SCRIPT, "--out", scratch]
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    made = scratch / _FILE_NAME
    if done.returncode == _NO_RECIPE:
        made.touch()
    elif done.returncode != 0:
        raise KernelError(
            "the agent's kernel did not compile, see above; is ziglang installed (make setup)? "
            "RELEVO_PURE=1 does without: everything works, slower"
        )
    return made


def _lay_out() -> None:
    """Put a copy into the package; one that is in use keeps its own file."""
    kept, built = _kept(), _built()
    if not kept.stat().st_size:
        built.unlink(missing_ok=True)
        return
    fresh = built.with_name(f"{built.name}.{os.getpid()}")
    shutil.copyfile(kept, fresh)
    fresh.replace(built)


if __name__ == "__main__":
    sys.exit(main())
