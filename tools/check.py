"""Format, lint, types, contracts, house rules, drift, in both languages; all run even if one fails."""

import argparse
import sys
from collections.abc import Callable

from tools import node, viewer
from tools.paths import VENV_BIN, VENV_PYTHON
from tools.steps import Step, command, run_all


def main() -> int:
    """Run all members, or those whose name holds one of the given words."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("only", nargs="*", help="run the members whose name holds one of these words")
    only: list[str] = parser.parse_args().only
    steps = [step for step in _steps() if not only or any(word in step.name for word in only)]
    if not steps:
        parser.error(f"no member is called so; there are: {', '.join(step.name for step in _steps())}")
    return run_all("make check", steps)


def _steps() -> list[Step]:
    python = str(VENV_PYTHON)
    return [
        Step(
            "ruff format",
            command(python, "-m", "ruff", "format", "--check", "--output-format", "concise", "."),
        ),
        Step("ruff check", command(python, "-m", "ruff", "check", "--output-format", "concise", ".")),
        Step("mypy", command(python, "-m", "mypy")),
        Step("basedpyright", command(python, "-m", "basedpyright", "--warnings")),
        Step("import contracts", command(str(VENV_BIN / "lint-imports"), "--no-cache")),
        Step("house rules", command(python, "-m", "pytest", "-q", "tests/house/test_texts.py")),
        *(
            Step(f"drift: {name}", _codegen(name))
            for name in ("typescript", "wire_vectors", "crypto_vectors", "rights_grid")
        ),
        Step("viewer: eslint", _viewer_script("lint")),
        Step("viewer: prettier", _viewer_script("format:check")),
        Step("viewer: tsc", _viewer_script("types")),
    ]


def _codegen(name: str) -> Callable[[], int]:
    return command(str(VENV_PYTHON), f"protocol/codegen/{name}.py", "--check")


def _viewer_script(name: str) -> Callable[[], int]:
    def act() -> int:
        try:
            viewer.install()
            return node.run(["npm", "run", "--silent", name])
        except (viewer.ViewerError, node.NodeError) as error:
            print(f"viewer: {error}", file=sys.stderr)
            return 1

    return act


if __name__ == "__main__":
    sys.exit(main())
