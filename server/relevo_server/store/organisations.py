"""Organisations and what each asks of its people."""

from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from relevo_server.settings import SecondFactor
from relevo_server.store.audit import AuditEvent, append_audit
from relevo_server.store.database import Database
from relevo_server.store.tables import HOME as _HOME
from relevo_server.store.tables_trust import OrganisationRow

HOME: Final = _HOME
"""The organisation that every deployment has."""


class OrganisationTaken(Exception):
    """An organisation of this id exists already."""


@dataclass(frozen=True)
class OrganisationPolicy:
    """What an organisation decides for itself.

    `retention_days` 0 keeps the record for ever; `night` is the hour it begins and the hour it ends, UTC.
    """

    second_factor: SecondFactor = SecondFactor.OPTIONAL
    oidc_only: bool = False
    retention_days: int = 0
    machines_per_day: int = 20
    night: tuple[int, int] = (22, 6)


@dataclass(frozen=True)
class Organisation:
    """An organisation as the server knows it."""

    id: str
    name: str
    policy: OrganisationPolicy
    created_at_s: float


class OrganisationStore:
    """Reads and changes organisations; `home_name` is a setting."""

    def __init__(self, database: Database, home_name: str) -> None:
        self._database = database
        self._home_name = home_name

    async def get(self, organisation_id: str) -> Organisation | None:
        """The organisation of an id."""
        async with self._database.read() as session:
            row = await session.get(OrganisationRow, organisation_id)
        return self._organisation(row) if row is not None else None

    async def every(self) -> list[Organisation]:
        """All of them, by id."""
        async with self._database.read() as session:
            rows = await session.scalars(select(OrganisationRow).order_by(OrganisationRow.id))
            return [self._organisation(row) for row in rows]

    async def create(self, organisation_id: str, name: str, event: AuditEvent) -> None:
        """Add one. Raises OrganisationTaken."""
        try:
            async with self._database.write() as session:
                session.add(
                    OrganisationRow(id=organisation_id, name=name, policy="{}", created_at_s=event.at_s)
                )
                await session.flush()
                await append_audit(session, event)
        except IntegrityError as error:
            raise OrganisationTaken(organisation_id) from error

    async def set_policy(self, organisation_id: str, policy: OrganisationPolicy, event: AuditEvent) -> bool:
        """Replace its policy; False when there is no such organisation."""
        stored = msgspec.json.encode(policy, order="deterministic").decode()
        async with self._database.write() as session:
            found = await session.scalar(
                update(OrganisationRow)
                .where(OrganisationRow.id == organisation_id)
                .values(policy=stored)
                .returning(OrganisationRow.id)
            )
            if found is None:
                return False
            await append_audit(session, event)
        return True

    def _organisation(self, row: OrganisationRow) -> Organisation:
        policy = msgspec.json.decode(row.policy, type=OrganisationPolicy)
        return Organisation(row.id, row.name or self._home_name, policy, row.created_at_s)
