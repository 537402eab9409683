"""HTTP: the live sessions of the organisation, and ending one."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from relevo_protocol.modes import Standing
from relevo_server.accounts.asker import actor_of
from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.admin.acts import AdminParts
from relevo_server.edge.identity import identity_of
from relevo_server.errors import NOT_FOUND, Refusal
from relevo_server.relay.live import listed
from relevo_server.relay.session import Session
from relevo_server.sessions.live import LiveOut, PersonOut


class AdminSessionOut(LiveOut):
    """A live session; `team` is its leader's."""

    team: str


class AdminSessionsAnswer(BaseModel):
    """`GET /api/admin/sessions`, the newest first."""

    sessions: list[AdminSessionOut]


SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/sessions")

    @router.get("")
    async def sessions(request: Request) -> AdminSessionsAnswer:
        account = await parts.gate.may(request, Permission.SESSIONS_READ)
        found = parts.desk.registry.of_organisation(account.organisation_id)
        return AdminSessionsAnswer(sessions=[_out(one, account) for one in found if _sees(account, one)])

    @router.post("/{session}/end", status_code=204)
    async def end(session: SessionId, request: Request) -> None:
        account = await parts.writer(request, Permission.SESSIONS_END)
        found = parts.desk.registry.of_organisation(account.organisation_id)
        wanted = next((one for one in found if one.session_id.hex() == session), None)
        if wanted is None:
            raise Refusal(NOT_FOUND)
        # Its line in the record is the session's own: `session.ended`, with who wanted it so.
        parts.desk.end(wanted, actor_of(account))
        await parts.desk.settled()

    _ = (sessions, end)
    return router


def _sees(account: AccountView, session: Session) -> bool:
    """An administrator sees every session of the organisation, a supervisor those of the own team."""
    if account.is_admin:
        return True
    lead = session.keeping.traits.lead
    return account.standing is Standing.SUPERVISOR and lead is not None and lead.team == account.team


def _out(session: Session, account: AccountView) -> AdminSessionOut:
    one, lead = listed(session, identity_of(account)), session.keeping.traits.lead
    fields = {name: getattr(one, name) for name in LiveOut.model_fields if name != "people"}
    people = [PersonOut(name=person.name, role=person.role) for person in one.people]
    return AdminSessionOut(people=people, team=lead.team if lead is not None else "", **fields)
