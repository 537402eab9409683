"""What every test may ask for, whatever its part."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tools.paths import ROOT

# How long an example takes says nothing on a machine that others use too; and the same tests of the same code
# end alike: other examples are looked for where RELEVO_EXAMPLES says so.
settings.register_profile(
    "at leisure",
    deadline=None,
    derandomize="RELEVO_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("at leisure")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of this checkout."""
    return ROOT
