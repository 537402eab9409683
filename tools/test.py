"""Run everything: what the tests need of the machine, the viewer's build, Python's tests, the viewer's tests.

Arguments go to pytest; with any, the viewer's own tests are left out.
"""

import subprocess
import sys

from tools import node, system, viewer
from tools.paths import ROOT, VENV_PYTHON
from tools.steps import Step, run_all


def main() -> int:
    """Run the steps; 0 only if all of them succeeded."""
    chosen = sys.argv[1:]
    if chosen in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    steps = [
        Step("system", lambda: 0 if system.ensure(system.TEST_NEEDS) else 1),
        Step("viewer: build", _build_viewer),
        Step("pytest", lambda: _pytest(chosen)),
    ]
    if not chosen:
        steps.append(Step("viewer: vitest", _vitest))
    return run_all("make test", steps)


def _pytest(chosen: list[str]) -> int:
    command = [str(VENV_PYTHON), "-m", "pytest", *(chosen or ["--durations=10"])]
    # The browser and X programs that tests start must not wait for a terminal.
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def _build_viewer() -> int:
    try:
        viewer.build()
    except (viewer.ViewerError, node.NodeError) as error:
        print(f"viewer: {error}", file=sys.stderr)
        return 1
    return 0


def _vitest() -> int:
    try:
        viewer.install()
        return node.run(["npm", "run", "--silent", "test"])
    except (viewer.ViewerError, node.NodeError) as error:
        print(f"viewer: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
