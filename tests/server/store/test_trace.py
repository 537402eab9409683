"""What a database that nobody wrote to looks like from outside, so that it need not be asked (SPEC C25)."""

import os
import sqlite3
import time
from pathlib import Path

import pytest

from relevo_server.store.database import Database

LONG_AGO_S = 100.0


def settled(path: Path) -> Database:
    """A database whose last commit is long past."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.commit()
        for name in (path, path.with_name(f"{path.name}-wal")):
            if not name.exists():
                name.touch()
            os.utime(name, (time.time() - LONG_AGO_S, time.time() - LONG_AGO_S))
    path.with_name(f"{path.name}-wal").touch()
    os.utime(path.with_name(f"{path.name}-wal"), (time.time() - LONG_AGO_S, time.time() - LONG_AGO_S))
    return Database(f"sqlite+aiosqlite:///{path}")


@pytest.mark.skipif(os.name == "nt", reason="Windows tells the time of an open file late")
def test_C25_a_commit_changes_the_trace_and_one_just_now_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "relevo.db"
    database = settled(path)
    quiet = database.trace()
    assert quiet is not None
    assert database.trace() == quiet
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
        assert database.trace() is None  # another within the same tick would look the same
        before_s = time.time() - LONG_AGO_S / 2
        os.utime(path.with_name(f"{path.name}-wal"), (before_s, before_s))
        assert database.trace() not in {None, quiet}


def test_a_database_elsewhere_has_to_be_asked() -> None:
    assert Database("postgresql://nobody@127.0.0.1:1/none").trace() is None
