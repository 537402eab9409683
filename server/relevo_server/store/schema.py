"""Brings the database to the newest schema, and tells whether it is there (Alembic)."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from relevo_server.store.database import Database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "relevo_server:migrations")
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The revision this version of the server expects."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError("the package holds no migrations; it was built wrongly")
    return revision


async def migrate(database: Database) -> None:
    """Run every migration that is missing, in one transaction."""
    async with database.migration() as connection:
        await connection.run_sync(_upgrade)


async def current(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
