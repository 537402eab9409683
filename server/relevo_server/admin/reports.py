"""HTTP: what customers and technicians reported, and what became of it."""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, BaseModel, Field

from relevo_protocol.inert import INERT_LINES
from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.admin.acts import AdminParts, Body
from relevo_server.errors import NOT_FOUND, Refusal
from relevo_server.store.people import Person
from relevo_server.store.reports import Report, ReportState

State = Literal["open", "kept", "closed"]
ReportId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
MAX_NOTE_CHARS: Final = 500
_MAX_REPORTS: Final = 500


def _inert(text: str) -> str:
    if not re.fullmatch(INERT_LINES, text):
        raise ValueError("a note has no control or direction characters")
    return text.strip()


class ReportOut(BaseModel):
    """One report; `accused` is an account's or guest's id, empty where everybody is meant.

    `people` are the names that were in the session, by slot; empty where they were erased. `lead`, `mode`,
    `kind` and `began_at_s` are the session's, empty and 0 where it is kept no longer.
    """

    id: str
    session: str
    at_s: float
    by: str
    accused: str
    accused_name: str
    people: dict[str, str]
    lead: str
    mode: str
    kind: str
    began_at_s: float
    state: State
    handled_by: str
    handled_by_name: str
    note: str


class ReportsAnswer(BaseModel):
    """`GET /api/admin/reports`, the newest first."""

    reports: list[ReportOut]


class HandledBody(Body):
    """`POST /api/admin/reports/{id}`: what becomes of it, and why."""

    state: State
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS), AfterValidator(_inert)] = ""


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/reports")

    @router.get("")
    async def reports(request: Request, state: Annotated[State | None, Query()] = None) -> ReportsAnswer:
        account = await parts.gate.may(request, Permission.REPORTS_READ)
        wanted = ReportState(state) if state is not None else None
        found = await parts.reports.list(account.organisation_id, wanted, _MAX_REPORTS)
        people = {one.id: one for one in await parts.people.everyone(account.organisation_id)}
        return ReportsAnswer(reports=[_out(one, people) for one in found if _sees(account, one, people)])

    @router.post("/{report}", status_code=204)
    async def handle(report: ReportId, body: HandledBody, request: Request) -> None:
        account = await parts.gate.may(request, Permission.REPORTS_WRITE)
        event = parts.event(request, account, "report.handled", {"report": report, "state": body.state})
        done = await parts.reports.handle(
            account.organisation_id, report, state=ReportState(body.state), note=body.note, event=event
        )
        if not done:
            raise Refusal(NOT_FOUND)

    _ = (reports, handle)
    return router


def _sees(account: AccountView, report: Report, people: Mapping[str, Person]) -> bool:
    """An administrator sees every report; a supervisor those about the team, but none about themselves."""
    if account.is_admin:
        return True
    accused = people.get(report.accused)
    return accused is not None and accused.id != account.id and accused.team == account.team


def _out(one: Report, people: Mapping[str, Person]) -> ReportOut:
    def name(account_id: str) -> str:
        return people[account_id].display_name if account_id in people else ""

    return ReportOut(
        id=one.id,
        session=one.session_id.hex(),
        at_s=one.at_s,
        by=one.by,
        accused=one.accused,
        accused_name=name(one.accused),
        people=dict(one.people),
        lead=one.lead,
        mode=one.mode,
        kind=one.kind,
        began_at_s=one.began_at_s,
        state=one.state.value,
        handled_by=one.handled_by,
        handled_by_name=name(one.handled_by),
        note=one.note,
    )
