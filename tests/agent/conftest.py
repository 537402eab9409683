"""What tests of the agent may ask for, whatever their part."""

import os
import pwd
from pathlib import Path

import pytest


@pytest.fixture
def bare_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shells of this user find an empty home.

    Tests end shells while they start: what this user's own profile is doing then would be left half done, as
    the lock of some tool that all later shells wait for.
    """
    person = pwd.getpwuid(os.getuid())
    bare = pwd.struct_passwd((*person[:5], str(tmp_path), *person[6:]))

    def found(_uid: int) -> pwd.struct_passwd:
        return bare

    monkeypatch.setattr(pwd, "getpwuid", found)
    monkeypatch.setenv("HOME", str(tmp_path))
