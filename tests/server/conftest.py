"""What every test of the server starts from."""

import pytest

from relevo_server.edge import bookkeeper


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is slow for a moment is no database that is away; tests of that say how soon it is."""
    monkeypatch.setattr(bookkeeper, "_PATIENCE_S", 60.0)
    monkeypatch.setattr(bookkeeper, "_DOOR_PATIENCE_S", 120.0)
