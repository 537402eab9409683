"""What every test may ask for, whatever its part."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tools.paths import ROOT

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("at leisure", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("at leisure")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return ROOT
