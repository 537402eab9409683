"""Remove what was made in the checkout: environments, caches, builds, demo state. Sources are left alone."""

import shutil
import sys

from tools import kernel
from tools.paths import CACHE, MEMBERS, ROOT, VENV, VIEWER, WHEELS

_MADE = (
    VENV,
    CACHE,
    WHEELS,
    VIEWER / "node_modules",
    ROOT / "server" / "relevo_server" / "static",
    *(ROOT / name for name in (".relevo", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")),
    ROOT / ".import_linter_cache",
)


def main() -> int:
    """Remove all of it; 0."""
    for path in _MADE:
        if path.is_dir():
            print(f"clean: removing {path.relative_to(ROOT)}", file=sys.stderr)
            shutil.rmtree(path)
    for built in ("kernel.so", "kernel.dll"):
        (kernel.SOURCES / built).unlink(missing_ok=True)
    for folder in (*MEMBERS, "benchmarks", "tests", "tools"):
        for cache in (ROOT / folder).rglob("__pycache__"):
            shutil.rmtree(cache)
    return 0


if __name__ == "__main__":
    sys.exit(main())
