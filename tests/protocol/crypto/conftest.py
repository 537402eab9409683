"""Vectors, and the two ends of a handshake, for the tests of the cryptography."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[3] / "protocol" / "vectors" / "crypto"


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Read one vector file by its name without the ending."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
