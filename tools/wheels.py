"""Build the wheels of protocol, server and agent into ``dist/``; the server's brings the built viewer."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tools import kernel, node, viewer
from tools.indexes import uv_environment
from tools.paths import MEMBERS, ROOT, VENV_PYTHON, WHEELS


def main() -> int:
    """Build the viewer, then one wheel a part; 0 if done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=WHEELS, help="the folder to put them in (default: dist)")
    out: Path = parser.parse_args().out
    try:
        viewer.build()
        for wheel in build(out.resolve()):
            print(wheel)
    except (viewer.ViewerError, node.NodeError) as error:
        print(f"wheels: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"wheels: '{' '.join(map(str, error.cmd))}' failed, see above", file=sys.stderr)
        return 1
    return 0


def build(out: Path) -> list[Path]:
    """Build every part's wheel into ``out`` from the sources as they are; raises CalledProcessError."""
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.whl")}
    environment = uv_environment(VENV_PYTHON, os.environ) | {"ZIG_GLOBAL_CACHE_DIR": str(kernel.ZIG_CACHE)}
    for member in MEMBERS:
        # The build backend is the lock's, already installed; a build fetches nothing.
        command = [str(VENV_PYTHON), "-m", "uv", "build", "--quiet", "--wheel", "--no-build-isolation"]
        command += ["--python", str(VENV_PYTHON), "--out-dir", str(out), str(ROOT / member)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return sorted(path for path in out.glob("*.whl") if before.get(path) != path.stat().st_mtime_ns)


if __name__ == "__main__":
    sys.exit(main())
