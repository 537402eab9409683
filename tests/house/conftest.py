"""The files that belong to the repository."""

import subprocess
from pathlib import Path

import pytest

# What git knows, and what it would know after the next `git add`.
_LIST = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]


@pytest.fixture(scope="session")
def house_files(checkout: Path) -> list[Path]:
    """Every file that is, or is about to be, in git."""
    listing = subprocess.run(_LIST, cwd=checkout, capture_output=True, check=True, text=True).stdout
    files = [checkout / name for name in sorted(set(listing.split("\0"))) if name]
    return [path for path in files if path.is_file()]
