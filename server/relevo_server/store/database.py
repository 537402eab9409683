"""The database: SQLite tuned for one server process and the command line beside it, or PostgreSQL."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction

_BUSY_TIMEOUT_MS = 5_000
_WRITES = "relevo_writes"
HEADS_HELD: Final = "relevo_heads"
"""Where a writing session's `info` keeps the heads of the record that its transaction has locked."""
# Any number that no other program on the same database takes for its own migrations.
_MIGRATION_LOCK = 0x52454C45564F
_TICK_NS = 2_500_000_000
"""Longer than a tick of any kernel's clock of files, or of the times that a file system keeps (FAT: 2 s)."""
_CONNECT_S = 3.0
_COMMAND_S = 5.0

UNFIT: Final = (IntegrityError, DataError)
"""What `RelaySessionWriter.apart` raises for a record that the database will never take."""

ITS_OWN: Final = (SQLAlchemyError, OSError)
"""What the database raises; anything else that is raised while a record is written is that record's fault."""

# SQLite keeps any bytes as text. One cell that somebody has spoilt must not make a whole table unreadable.
_text_of: Final = partial(str, encoding="utf-8", errors="surrogateescape")


class Unavailable(SQLAlchemyError):
    """The database does not answer or could not do it now; whether a commit has happened is not known."""


class _WritingSession(Session):
    """A session that knows what its transaction holds, until a part of it is undone."""


@event.listens_for(_WritingSession, "after_soft_rollback")
def _let_go(session: Session, _undone: SessionTransaction) -> None:
    session.info.pop(HEADS_HELD, None)


class Database:
    """Hands out sessions for reading and for writing; one writer at a time in this process.

    Raises Unavailable where the driver for the URL is not installed.
    """

    def __init__(self, url: str) -> None:
        parsed = _with_driver(make_url(url))
        self._sqlite = parsed.get_backend_name() == "sqlite"
        self._path = Path(parsed.database) if self._sqlite and parsed.database else None
        self.engine = _engine(parsed, sqlite=self._sqlite)
        self._writing_engine = self.engine.execution_options(**{_WRITES: True})
        # SQLite's readers see one state anyway, from their first statement to their last.
        self._snapshot_engine = (
            self.engine if self._sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        )
        event.listen(self.engine.sync_engine, "handle_error", _name_unfit, retval=True)
        self._writer = asyncio.Lock()
        if self._sqlite:
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two it is."""
        return "sqlite" if self._sqlite else "postgresql"

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncGenerator[AsyncSession]:
        """A session that changes nothing; with `snapshot` all its statements see one state.

        Raises Unavailable.
        """
        engine = self._snapshot_engine if snapshot else self.engine
        try:
            async with AsyncSession(engine, expire_on_commit=False) as session:
                yield session
        except (OSError, SQLAlchemyError) as error:
            raise _told(error) from error

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A session that is committed at the end, or rolled back when an exception leaves it.

        Raises Unavailable, also where the answer to the commit was lost.
        """
        try:
            async with (
                self._writer,
                AsyncSession(
                    self._writing_engine, expire_on_commit=False, sync_session_class=_WritingSession
                ) as session,
                session.begin(),
            ):
                yield session
        except (OSError, SQLAlchemyError) as error:
            raise _told(error) from error

    @asynccontextmanager
    async def migration(self) -> AsyncGenerator[AsyncConnection]:
        """A connection that holds the write lock, for changing the schema."""
        async with self._writer, self._writing_engine.begin() as connection:
            if not self._sqlite:
                # Two servers that start at once: the second waits and then finds nothing to do.
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            yield connection

    async def forget(self) -> None:
        """Let what was erased leave SQLite's files, as far as nobody reads now; PostgreSQL vacuums by itself.

        Raises Unavailable.
        """
        if not self._sqlite:
            return
        try:
            async with self.engine.connect() as connection:
                # Outside of every transaction, hence not through SQLAlchemy.
                driver = (await connection.get_raw_connection()).driver_connection
                if driver is not None:
                    await (await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")).close()
        except (OSError, SQLAlchemyError) as error:
            raise _told(error) from error

    def trace(self) -> object | None:
        """What differs after anybody's commit, in this process or another; None where that has to be asked.

        Of SQLite: size and time of its file and of the log that commits are written to. A commit just now
        leaves no trace to go by, as another within the same tick of the kernel's clock would leave the same.
        Windows tells the time of an open file late.
        """
        if self._path is None or os.name == "nt":
            return None
        try:
            file, log = self._path.stat(), self._path.with_name(f"{self._path.name}-wal").stat()
        except OSError:
            return None
        if time.time_ns() - max(file.st_mtime_ns, log.st_mtime_ns) < _TICK_NS:
            return None
        return file.st_mtime_ns, file.st_size, log.st_mtime_ns, log.st_size

    async def ping(self) -> None:
        """Raises Unavailable when the database does not answer."""
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection and the threads that serve them."""
        await self.engine.dispose()


def _with_driver(url: URL) -> URL:
    drivers = {
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
    }
    return url.set(drivername=drivers.get(url.drivername, url.drivername))


def _engine(url: URL, *, sqlite: bool) -> AsyncEngine:
    try:
        return create_async_engine(
            url,
            pool_pre_ping=not sqlite,
            hide_parameters=True,  # errors go to the log, password hashes do not
            connect_args={} if sqlite else _postgresql_arguments(),
        )
    except ModuleNotFoundError as error:
        extra = "relevo-server[postgresql]"
        raise Unavailable(f"the driver {error.name} is missing: for PostgreSQL install {extra}") from error


def _postgresql_arguments() -> dict[str, object]:
    return {
        # Whatever the database's default: what was answered as recorded must survive its restart.
        "server_settings": {"synchronous_commit": "on", "application_name": "relevo"},
        "timeout": _CONNECT_S,
        "command_timeout": _COMMAND_S,
    }


def _told(error: OSError | SQLAlchemyError) -> Exception:
    """Unavailable for what may go better later, the error itself for what is wrong with the statement."""
    lasting = isinstance(error, (*UNFIT, ProgrammingError))
    passing = isinstance(error, (OSError, DBAPIError, PoolTimeoutError)) and not isinstance(
        error, Unavailable
    )
    return (
        Unavailable(f"the database did not answer: {type(error).__name__}")
        if passing and not lasting
        else error
    )


def _name_unfit(context: ExceptionContext) -> DataError | None:
    """PostgreSQL's classes 22 (data exception) and 54 (limit exceeded) as what SQLAlchemy calls the first.

    asyncpg has no kind of its own for what the server says; what it finds itself it calls a wrong use of it.
    """
    error = context.sqlalchemy_exception
    if not isinstance(error, DBAPIError) or isinstance(error, DataError) or error.orig is None:
        return None
    state = getattr(error.orig, "sqlstate", None)
    by_server = isinstance(state, str) and state.startswith(("22", "54"))
    by_driver = state is None and isinstance(error.orig.__cause__, ValueError)
    if not by_server and not by_driver:
        return None
    return DataError(error.statement, error.params, error.orig, hide_parameters=error.hide_parameters)


# SQLAlchemy types the driver's connection as Any.
def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` says which kind is wanted.
    connection.isolation_level = None
    connection.driver_connection.text_factory = _text_of
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        # With WAL, NORMAL can lose the last commits to a power cut; an audit must not.
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is erased is overwritten and not only forgotten.
        "secure_delete=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write fails at once when another process wrote meanwhile; a writer therefore
    # takes the lock at its beginning, where the busy timeout applies.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
