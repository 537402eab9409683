"""The database connection: SQLite tuned for one server process and the command line beside it."""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

_BUSY_TIMEOUT_MS = 5_000
_WRITES = "relevo_writes"


class Database:
    """Hands out sessions for reading and for writing; one writer at a time in this process."""

    def __init__(self, url: str) -> None:
        named = make_url(url)
        self._sqlite = named.get_backend_name() == "sqlite"
        self._path = Path(named.database) if self._sqlite and named.database else None
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_pre_ping=not self._sqlite,
            hide_parameters=True,  # errors go to the log, password hashes do not
        )
        self._writing_engine = self.engine.execution_options(**{_WRITES: True})
        self._writer = asyncio.Lock()
        if self._sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A session that sees one consistent state and changes nothing."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A session that is committed at the end, or rolled back when an exception leaves it."""
        async with (
            self._writer,
            AsyncSession(self._writing_engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def migration(self) -> AsyncGenerator[AsyncConnection]:
        """A connection that holds the write lock, for changing the schema."""
        async with self._writer, self._writing_engine.begin() as connection:
            yield connection

    def trace(self) -> object | None:
        """What differs after anybody's commit, in this process or another; None where that has to be asked.

        Of SQLite: size and time of its file and of the log that commits are written to. Two commits within a
        tick of the kernel's clock may leave the same trace. Windows tells the time of an open file late.
        """
        if self._path is None or os.name == "nt":
            return None
        try:
            file, log = self._path.stat(), self._path.with_name(f"{self._path.name}-wal").stat()
        except OSError:
            return None
        return file.st_mtime_ns, file.st_size, log.st_mtime_ns, log.st_size

    async def ping(self) -> None:
        """Raises SQLAlchemyError when the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection and the threads that serve them."""
        await self.engine.dispose()


def sqlite_url(path: str) -> str:
    """The URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


# SQLAlchemy types the driver's connection as Any.
def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says which kind is wanted.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        # With WAL, NORMAL can lose the last commits to a power cut; an audit must not.
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once when another process wrote meanwhile; a writer therefore
    # takes the lock at its beginning, where the busy timeout applies.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
