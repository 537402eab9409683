"""An open database for a block."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from relevo_server.store.database import Database


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Database]:
    """The database of an URL, closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()
