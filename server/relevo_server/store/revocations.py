"""Whose connections are to be cut: told from one process to another through the database."""

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from relevo_server.store.database import Database
from relevo_server.store.tables_trust import RevocationRow


@dataclass(frozen=True)
class Revocation:
    """An account, and one of its sign-ins; an empty `sign_in` means all of them."""

    number: int
    account_id: str
    sign_in: str
    at_s: float


class RevocationStore:
    """Reads what the other stores wrote in the transaction of their act."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, at_s: float) -> list[Revocation]:
        """Those made at `at_s` or later, in order.

        On PostgreSQL a smaller number can become visible later: ask for the last minute, apply each once.
        """
        async with self._database.read() as session:
            rows = await session.scalars(
                select(RevocationRow).where(RevocationRow.at_s >= at_s).order_by(RevocationRow.number)
            )
            return [Revocation(row.number, row.account_id, row.sign_in, row.at_s) for row in rows]

    async def sweep(self, before_s: float) -> None:
        """Forget those older than `before_s`; a server that asks later reads the accounts themselves."""
        old = RevocationRow.at_s < before_s
        async with self._database.read() as session:
            if await session.scalar(select(RevocationRow.number).where(old).limit(1)) is None:
                return  # mostly: nobody is kept from writing for nothing
        async with self._database.write() as session:
            await session.execute(delete(RevocationRow).where(old))


def revoke(session: AsyncSession, account_id: str, at_s: float, sign_in: str = "") -> None:
    """Note inside a writing transaction that connections are to be cut."""
    session.add(RevocationRow(account_id=account_id, sign_in=sign_in, at_s=at_s))
