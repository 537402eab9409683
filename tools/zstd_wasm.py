"""Compile the viewer's zstd decoder to WebAssembly, when what it is made of has changed.

The source is zstd in one file, out of the zstandard source distribution that ``viewer/wasm/zstd.lock`` pins;
pip fetches it from this machine's index. ``ziglang`` compiles it with ``viewer/wasm/screen.c`` around it.
Neither the source nor the result is in git: the result lies in ``.cache`` by the digest of all that made it,
and where the viewer's build finds it; so does zstd's licence, whose notice goes wherever the binary goes.
"""

import argparse
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.paths import CACHE, VENV_PYTHON, VIEWER

WRAPPER = VIEWER / "wasm" / "screen.c"
SOURCES = VIEWER / "wasm" / "zstd.lock"
BUILT = VIEWER / "wasm" / "build" / "screen.wasm"
LICENCE = BUILT.with_name("zstd-licence.txt")
_SOURCE = "zstandard"
_LICENCE_NAME = "LICENSE"
_STORE = CACHE / "zstd-wasm"
# One small stack, as nothing here recurses; no allocator, no system interface: the module imports nothing.
_FLAGS = (
    *("--target=wasm32-wasi", "-mexec-model=reactor", "-O3", "-msimd128", "-flto", "-w"),
    *("-Wl,--strip-all", "-Wl,--gc-sections", "-Wl,-z,stack-size=262144"),
)


class ZstdError(Exception):
    """The decoder cannot be made; the text names the step and what to do."""


def main() -> int:
    """Build if needed; 0 when the decoder is that of its sources."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    try:
        print(build())
    except ZstdError as error:
        print(f"zstd_wasm: {error}", file=sys.stderr)
        return 1
    return 0


def build() -> Path:
    """The compiled decoder, where the viewer's build finds it; instant if it is there. Raises ZstdError."""
    kept = _STORE / f"{_digest()}.wasm"
    licence = kept.with_suffix(".licence")
    if not (kept.is_file() and licence.is_file()):
        print("viewer: compiling zstd to WebAssembly, about a minute the first time", file=sys.stderr)
        _STORE.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=_STORE) as scratch:
            source = _unpacked(Path(scratch))
            made = _compile(source, Path(scratch))
            (source / _LICENCE_NAME).replace(licence)
            made.replace(kept)
    _lay_out(kept, BUILT)
    _lay_out(licence, LICENCE)
    return BUILT


def _lay_out(kept: Path, built: Path) -> None:
    """Put a copy there, unless it is there already."""
    if not built.is_file() or built.read_bytes() != kept.read_bytes():
        built.parent.mkdir(exist_ok=True)
        fresh = built.with_suffix(f".{os.getpid()}")
        shutil.copyfile(kept, fresh)
        fresh.replace(built)


def _digest() -> str:
    """What decides the result: the wrapper, the pinned source, the compiler and its flags."""
    try:
        compiler = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError as error:
        raise ZstdError("ziglang, the compiler, is not installed: run make setup") from error
    digest = hashlib.sha256(f"{compiler}\0{_FLAGS!r}\0".encode())
    for path in (WRAPPER, SOURCES):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _unpacked(scratch: Path) -> Path:
    """The folder with ``zstd.c`` and its licence, out of the verified source distribution."""
    archive = _downloaded(scratch)
    wanted = re.compile(rf"zstandard-[^/]+/zstd/([a-z_]+\.[ch]|{_LICENCE_NAME})")
    folder = scratch / "zstd"
    folder.mkdir()
    with tarfile.open(archive) as packed:
        for member in packed.getmembers():
            content = packed.extractfile(member) if wanted.fullmatch(member.name) else None
            if content is not None:
                (folder / Path(member.name).name).write_bytes(content.read())
    for needed in ("zstd.c", _LICENCE_NAME):
        if not (folder / needed).is_file():
            raise ZstdError(f"{archive.name} holds no {needed}, is it the one that {SOURCES.name} means?")
    return folder


def _downloaded(scratch: Path) -> Path:
    """The source distribution, held to its hash.

    pip asks every source distribution for its metadata, which runs its set-up script. So that happens in an
    empty environment that has, by hash, what the script needs, and not the cffi that would have it look for a
    compiler.
    """
    pins = SOURCES.read_text(encoding="utf-8")
    source = re.search(rf"^{_SOURCE}==.*(?:\n[ \t]+.*)*", pins, re.MULTILINE)
    if source is None:
        raise ZstdError(f"{SOURCES.name} does not name {_SOURCE}")
    (scratch / "source.txt").write_text(source.group() + "\n", encoding="utf-8")
    (scratch / "helpers.txt").write_text(pins.replace(source.group(), ""), encoding="utf-8")
    empty = scratch / "empty"
    _run(VENV_PYTHON, "-m", "venv", "--without-pip", empty)
    python = empty / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip: list[str | Path] = [
        VENV_PYTHON,
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--python",
        python,
    ]
    held = ["--require-hashes", "--no-deps"]
    _run(*pip, "install", *held, "--only-binary", ":all:", "--requirement", scratch / "helpers.txt")
    download: list[str | Path] = [*pip, "download", *held, "--no-binary", ":all:", "--no-build-isolation"]
    _run(*download, "--dest", scratch / "source", "--requirement", scratch / "source.txt")
    found = list((scratch / "source").glob(f"{_SOURCE}-*.tar.gz"))
    if len(found) != 1:
        raise ZstdError(f"pip left no {_SOURCE} source distribution in {scratch / 'source'}")
    return found[0]


def _compile(source: Path, scratch: Path) -> Path:
    """The module; zig keeps what it has compiled of its own libraries beside our store."""
    made = scratch / "screen.wasm"
    cache = os.fspath(_STORE / "zig")
    environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
    zig: list[str | Path] = [VENV_PYTHON, "-m", "ziglang", "cc", *_FLAGS, f"-I{source}", "-o", made, WRAPPER]
    _run(*zig, environment=environment)
    return made


def _run(*command: str | Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    print(done.stdout + done.stderr, file=sys.stderr)
    named = " ".join(Path(part).name if isinstance(part, Path) else part for part in command[:6])
    hint = "; is the package index reachable?" if "pip" in command else ""
    raise ZstdError(f"'{named} ...' failed, see above{hint}")


if __name__ == "__main__":
    sys.exit(main())
