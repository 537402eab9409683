"""Brings the database to the newest schema, and tells whether it is there.

Alembic is loaded only where there is something to migrate: it takes longer than everything else at a start.
"""

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from relevo_server.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0006"
"""The revision this version of the server expects: the newest file in ``migrations/versions``."""
_VERSION_TABLE: Final = "alembic_version"


class SchemaError(Exception):
    """The database cannot be brought to this version's schema; the text says why and what to do."""


async def migrate(database: Database) -> None:
    """Run every migration that is missing, in one transaction.

    Raises SchemaError when the database is newer than this version.
    """
    async with database.migration() as connection:
        await connection.run_sync(_upgrade)


async def current(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


def alembic_config() -> "Config":
    """Where Alembic finds the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "relevo_server:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    found = _current(connection)
    if found == HEAD:
        return
    from alembic import command
    from alembic.util import CommandError

    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SchemaError(
            f"the database is at revision {found}, which this version does not know: "
            "a newer server has used it; install that one"
        ) from error


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 - a constant
    revision = found.scalar_one_or_none()
    return str(revision) if revision is not None else None
