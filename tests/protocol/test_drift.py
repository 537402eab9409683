"""What is generated from the Python wire is what is committed."""

import subprocess
import sys
from pathlib import Path

import pytest

CODEGEN = Path(__file__).parents[2] / "protocol" / "codegen"


SCRIPTS = ["typescript.py", "wire_vectors.py", "crypto_vectors.py", "rights_grid.py", "rights_cases.py"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_generated_files_have_not_drifted(script: str) -> None:
    run = subprocess.run(
        [sys.executable, str(CODEGEN / script), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
