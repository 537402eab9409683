"""What the routes of administration share: their parts, who acts, and the line that each act leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from relevo_server.accounts.asker import asker_of
from relevo_server.accounts.guard import Gate
from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.edge.desk import Desk
from relevo_server.services import Services
from relevo_server.store.activity import ActivityStore
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.checkpoints import HeadKeeper
from relevo_server.store.database import Database
from relevo_server.store.factors import FactorStore
from relevo_server.store.organisations import OrganisationStore
from relevo_server.store.people import PeopleStore
from relevo_server.store.reports import ReportStore
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.tokens import TokenStore

Details = Mapping[str, str | int | float | bool]


class Body(BaseModel):
    """The body of a write: nothing unknown in it, and nothing of it in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True)
class AdminParts:
    """What the routes work with."""

    services: Services
    gate: Gate
    desk: Desk
    people: PeopleStore
    sign_ins: SignInStore
    factors: FactorStore
    tokens: TokenStore
    reports: ReportStore
    organisations: OrganisationStore
    activity: ActivityStore
    audit: AuditLog
    keeper: Callable[[], HeadKeeper]
    """Of the record's signed heads; its key is there once the server has started."""
    database: Database
    """For checking the whole record in one read."""

    async def writer(self, request: Request, permission: Permission) -> AccountView:
        """Who may do this and has proved who they are within the last ten minutes.

        A program cannot prove anything anew: somebody did when its token was made, with this scope.

        Raises:
            Refusal: as `Gate.may`, and reauth_needed.
        """
        account = await self.gate.may(request, permission)
        if account.scopes is None:
            await self.gate.fresh(account)
        return account

    def event(
        self,
        request: Request,
        account: AccountView,
        action: str,
        details: Details | None = None,
        personal: Mapping[str, str] | None = None,
    ) -> AuditEvent:
        """The line of the record for what this account does by this request, and from which address."""
        event = asker_of(request).event(self.services, account, action)
        return replace(event, details=details or {}, personal={**event.personal, **(personal or {})})

    async def names(self, organisation: str) -> dict[str, str]:
        """How the organisation calls its accounts, by id; for lists that hold ids alone."""
        return {one.id: one.display_name for one in await self.people.everyone(organisation)}


def make_parts(
    services: Services, gate: Gate, desk: Desk, database: Database, keeper: Callable[[], HeadKeeper]
) -> AdminParts:
    """The parts over one database."""
    return AdminParts(
        services=services,
        gate=gate,
        desk=desk,
        people=PeopleStore(database),
        sign_ins=SignInStore(database),
        factors=FactorStore(database),
        tokens=TokenStore(database),
        reports=ReportStore(database),
        organisations=OrganisationStore(database, services.settings.organisation),
        activity=ActivityStore(database),
        audit=AuditLog(database),
        keeper=keeper,
        database=database,
    )
