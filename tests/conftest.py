"""What every test may ask for, whatever its part."""

from pathlib import Path

import pytest

from tools.paths import ROOT


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return ROOT
