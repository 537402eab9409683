"""Build the viewer, when it has changed, into the folder that the relay serves.

Vite writes into ``server/relevo_server/static``, where the relay and its wheel find it.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools import node, zstd_wasm
from tools.paths import CACHE, ROOT, VIEWER

STATIC = ROOT / "server" / "relevo_server" / "static"
LOCK = VIEWER / "package-lock.json"
_NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", ".vite"}


class ViewerError(Exception):
    """The viewer cannot be installed or built; the text names the step."""


def main() -> int:
    """Build if needed; 0 when the static files are those of the sources."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    options = parser.parse_args()
    try:
        build(force=options.force)
    except (ViewerError, node.NodeError) as error:
        print(f"viewer: {error}", file=sys.stderr)
        return 1
    return 0


def install() -> None:
    """Install what the viewer's lock names, each file held to its hash; instant if it is there."""
    if not LOCK.is_file():
        raise ViewerError("viewer/package-lock.json is missing; is this a whole checkout of Relevo?")
    if _is_installed():
        return
    print("viewer: installing what package-lock.json names", file=sys.stderr)
    if node.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], talk=sys.stderr) != 0:
        raise ViewerError("'npm ci' failed, see above; is the npm registry reachable?")


def _is_installed() -> bool:
    """True if npm's own record of ``node_modules``, which it writes last, agrees with the lock."""
    record = VIEWER / "node_modules" / ".package-lock.json"
    if not record.is_file():
        return False
    wanted, present = _locked(LOCK), _locked(record)
    if any(
        wanted.get(name, {}).get("integrity") != entry.get("integrity") for name, entry in present.items()
    ):
        return False
    # Optional ones are for other platforms.
    return all(name in present or entry.get("optional") for name, entry in wanted.items())


def _locked(lock: Path) -> dict[str, dict[str, Any]]:
    """The packages that an npm lock names, by their place under ``node_modules``."""
    packages: dict[str, dict[str, Any]] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: entry for name, entry in packages.items() if name}


def build(*, force: bool = False) -> None:
    """Build the viewer into the folder that the relay serves; instant if nothing has changed."""
    install()
    try:
        zstd_wasm.build()
    except zstd_wasm.ZstdError as error:
        raise ViewerError(str(error)) from error
    stamp = CACHE / "viewer-built-of"
    wanted = _digest(sources())
    page = STATIC / "index.html"
    if not force and page.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    print("viewer: building", file=sys.stderr)
    if node.run(["npm", "run", "--silent", "build"], talk=sys.stderr) != 0:
        raise ViewerError("'npm run build' failed, see above")
    if not page.is_file():
        raise ViewerError(f"'npm run build' left no {page.relative_to(ROOT)}")
    CACHE.mkdir(exist_ok=True)
    stamp.write_text(wanted, encoding="utf-8")
    # To be published beside a release: what `relevo verify-viewer` says of a server that serves this.
    manifest = hashlib.sha256((STATIC / "manifest.json").read_bytes()).hexdigest()
    print(f"viewer: built; the SHA-256 of its manifest is {manifest}", file=sys.stderr)


def sources() -> Iterator[Path]:
    """Every file under ``viewer/`` that the build may read, in a stable order."""
    for folder, folders, files in os.walk(VIEWER):
        folders[:] = sorted(name for name in folders if name not in _NOT_SOURCES)
        yield from (Path(folder) / name for name in sorted(files))


def _digest(paths: Iterator[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
