"""Databases for the tests of the store: both kinds, at the newest schema, empty."""

import asyncio
import itertools
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from relevo_server.store.database import Database
from relevo_server.store.schema import migrate
from tests.support.postgres import NoPostgres, PostgresServer, running_postgres

_TEMPLATE = "relevo_template"
_names = (f"relevo_{number}" for number in itertools.count())


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    try:
        with running_postgres() as server, pytest.MonkeyPatch.context() as patient:
            patient.setattr("relevo_server.store.database._CONNECT_S", 60.0)
            patient.setattr("relevo_server.store.database._COMMAND_S", 60.0)
            _migrate(server.make_database(_TEMPLATE))
            yield server
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "relevo.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        found: str = request.getfixturevalue("sqlite_database")
        return found
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.make_database(next(_names), _TEMPLATE)


def _migrate(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        await migrate(database)
        await database.close()

    asyncio.run(run())
