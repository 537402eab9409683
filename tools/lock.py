"""Make ``requirements.lock``: every version of every dependency with its hashes, for all platforms.

uv's own lock records download addresses and stays out of git. Where one is left of an earlier run, its
versions are kept unless ``--upgrade`` is given; a fresh checkout takes the newest that the pyprojects allow.
"""

import argparse
import os
import re
import subprocess
import sys

from tools.indexes import uv_environment
from tools.paths import LOCK_FILE, ROOT, VENV_PYTHON

_HEADER = """\
# Every version pinned with its hashes; made by `make lock` from the pyprojects of the workspace.
"""


def main() -> int:
    """Resolve with uv and write the lock; 0 if done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    options = parser.parse_args()
    environment = uv_environment(VENV_PYTHON, os.environ)
    uv = [str(VENV_PYTHON), "-m", "uv"]
    resolve = [*uv, "lock", "--quiet"] + (["--upgrade"] if options.upgrade else [])
    subprocess.run(resolve, cwd=ROOT, env=environment, check=True)
    export = [*uv, "export", "--quiet", "--frozen", "--all-packages", "--all-groups", "--no-emit-workspace"]
    exported = subprocess.run(
        [*export, "--format", "requirements-txt", "--no-header"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    if address := re.search(r"^.*(?:://|^-|file:).*$", exported, re.MULTILINE):
        print(f"lock: refused, this line names a place: {address.group()}", file=sys.stderr)
        return 1
    LOCK_FILE.write_text(_HEADER + exported, encoding="utf-8")
    count = len(re.findall(r"^[\w.-]+==", exported, re.MULTILINE))
    print(f"lock: {count} distributions in {LOCK_FILE.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
