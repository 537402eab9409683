"""HTTP: the live sessions that somebody may know of, asking to come in, inviting a colleague (SPEC C20)."""

import asyncio
import re
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from relevo_protocol.errors import ERROR_TEXTS, ErrorCode
from relevo_protocol.limits import JOIN_ASK_DEADLINE_S
from relevo_protocol.modes import Mode, Role, SessionKind, Standing
from relevo_protocol.rights import Act, may_act
from relevo_server.access.destination import Destination
from relevo_server.access.throttle import Throttle, account_key, retry_after_s
from relevo_server.accounts.guard import Gate
from relevo_server.accounts.view import AccountView
from relevo_server.edge.desk import Desk
from relevo_server.edge.identity import identity_of
from relevo_server.errors import FORBIDDEN, INVALID, NOT_FOUND, UNAVAILABLE, Fault, Refusal, Text, too_many
from relevo_server.relay.asking import Answer
from relevo_server.relay.live import LiveSession, may_see, why_not
from relevo_server.relay.session import Session
from relevo_server.relay.vouching import is_live
from relevo_server.sessions.routes import from_base64url, to_base64url

_GRACE_S: Final = 2.0
"""The core ends a request by its own clock, which ticks once a second; this one only outlives it."""
_SESSION_ID: Final = re.compile(r"[0-9a-f]{32}")
_INVITABLE: Final = frozenset({Role.COLLABORATOR, Role.EXPERT, Role.SUPERVISOR, Role.EXTERNAL})
_WHY_NOT: Final = {
    "host_away": ErrorCode.HOST_GONE,
    "restarting": ErrorCode.HOST_GONE,
    "full": ErrorCode.SESSION_FULL,
    "already_in": ErrorCode.REPLACED,
    "presentation": ErrorCode.NOT_PERMITTED,
}


class PersonOut(BaseModel):
    """Somebody in a session."""

    name: str
    role: Role


class LiveOut(BaseModel):
    """A session, as somebody sees it who may; `why_not` says why they cannot come in now."""

    id: str
    kind: SessionKind
    mode: Mode
    since_s: int
    lead: str
    people: list[PersonOut]
    host_present: bool
    held: bool
    mine: bool
    invited: bool
    joinable: bool
    why_not: str | None


class LiveAnswer(BaseModel):
    """`GET /api/live`."""

    sessions: list[LiveOut]


class JoinBody(BaseModel):
    """`POST /api/live/{id}/join`: an X25519 key made for this request, base64url."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]


class JoinAnswer(BaseModel):
    """A ticket, the invitation that it leads to, and the invitation's secret, sealed; base64url."""

    ticket: str
    invite: str
    sealed: str


class ColleagueOut(BaseModel):
    """Somebody who may be invited."""

    id: str
    display_name: str
    standing: Standing
    team: str


class ColleaguesAnswer(BaseModel):
    """`GET /api/colleagues`."""

    colleagues: list[ColleagueOut]


class InvitationBody(BaseModel):
    """`POST /api/live/{id}/invitations`: whom, and as what; the host is told sealed, and decides."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    account_id: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role


def build_router(desk: Desk, gate: Gate) -> APIRouter:
    """The routes over the running relay."""
    router = APIRouter(prefix="/api")
    throttles = desk.services.throttles

    @router.get("/live")
    async def live(request: Request) -> LiveAnswer:
        account = await gate.me(request)
        found = desk.registry.live_for(identity_of(account))
        return LiveAnswer(sessions=[_shown(one) for one in found])

    @router.get("/colleagues")
    async def colleagues(request: Request) -> ColleaguesAnswer:
        account = await gate.me(request)
        found = await desk.services.colleagues(account.organisation_id)
        others = [one for one in found if one.id != account.id]
        return ColleaguesAnswer(
            colleagues=[
                ColleagueOut(id=one.id, display_name=one.display_name, standing=one.standing, team=one.team)
                for one in others
            ]
        )

    @router.post("/live/{session}/join")
    async def join(session: str, body: JoinBody, request: Request) -> JoinAnswer:
        account = await gate.me(request)
        _charge(desk, throttles.join_account, account)
        return await _ask(desk, _visible(desk, session, account), account, from_base64url(body.key))

    @router.post("/live/{session}/invitations", status_code=204)
    async def invite(session: str, body: InvitationBody, request: Request) -> None:
        account = await gate.me(request)
        _charge(desk, throttles.invite_account, account)
        found = _find(desk, session)
        if found is None or not _may_invite(found, account):
            raise Refusal(FORBIDDEN)
        await _invite(desk, found, account, body)

    _add_vouching(router, desk, gate)
    _ = (live, colleagues, join, invite)
    return router


def _add_vouching(router: APIRouter, desk: Desk, gate: Gate) -> None:
    """The routes by which somebody in a session proves who they are, or reports it."""
    throttles = desk.services.throttles

    @router.post("/live/{session}/step-up", status_code=204)
    async def step_up(session: str, request: Request) -> None:
        account = await gate.me(request)
        _charge(desk, throttles.invite_account, account)
        found = _find(desk, session)
        if found is None or not account.admin_tools or not is_live(found, identity_of(account)):
            raise Refusal(FORBIDDEN)
        await gate.fresh(account)
        if not desk.step_up(account, found):
            raise Refusal(_fault(ErrorCode.HOST_GONE))
        await desk.settled()

    @router.post("/sessions/{session}/report", status_code=204)
    async def report(session: str, request: Request) -> None:
        account = await gate.me(request)
        _charge(desk, throttles.invite_account, account)
        found = _find(desk, session)
        if found is None or not desk.report(account, found):
            raise Refusal(FORBIDDEN)
        if not await desk.settled():
            raise Refusal(UNAVAILABLE)

    _ = (step_up, report)


def _shown(one: LiveSession) -> LiveOut:
    fields = {name: getattr(one, name) for name in LiveOut.model_fields if name != "people"}
    return LiveOut(people=[PersonOut(name=person.name, role=person.role) for person in one.people], **fields)


def _charge(desk: Desk, throttle: Throttle, account: AccountView) -> None:
    wait_s = throttle.charge(account_key(account.id))
    if wait_s > 0.0:
        desk.meters.throttled.labels("live").inc()
        raise too_many(retry_after_s(wait_s))


def _find(desk: Desk, session: str) -> Session | None:
    return desk.registry.find(bytes.fromhex(session)) if _SESSION_ID.fullmatch(session) else None


def _visible(desk: Desk, session: str, account: AccountView) -> Session:
    """The session, if this account may know of it; what it may not know of is not there."""
    found = _find(desk, session)
    if found is None or not may_see(found, identity_of(account)):
        raise Refusal(NOT_FOUND)
    return found


async def _ask(desk: Desk, session: Session, account: AccountView, key: bytes) -> JoinAnswer:
    """Ask the host and wait for its word, which is bounded; nobody else waits meanwhile."""
    who = identity_of(account)
    reason = why_not(session, who)
    if reason is not None:
        raise Refusal(_fault(_WHY_NOT[reason], reason))
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def tell(answer: Answer) -> None:
        if not answered.done():
            answered.set_result(answer)

    refused = session.ask(who, key, tell)
    desk.touch()
    if refused is ErrorCode.THROTTLED:
        raise too_many(JOIN_ASK_DEADLINE_S)
    if refused is not None:
        raise Refusal(_fault(refused))
    try:
        async with asyncio.timeout(JOIN_ASK_DEADLINE_S + _GRACE_S):
            answer = await answered
    except TimeoutError:
        answer = Answer(code=ErrorCode.DEADLINE)
    await desk.settled()
    if answer.code is not None:
        raise Refusal(_fault(answer.code))
    ticket = desk.services.tickets.issue(
        account, Destination(invite=answer.invite, session_id=session.session_id)
    )
    return JoinAnswer(ticket=ticket, invite=to_base64url(answer.invite), sealed=to_base64url(answer.sealed))


def _fault(code: ErrorCode, name: str | None = None) -> Fault:
    """An error of the wire as the API tells it."""
    texts = ERROR_TEXTS[code]
    message, remedy = Text(texts.cause_en, texts.cause_es), Text(texts.remedy_en, texts.remedy_es)
    return Fault(409, name or code.value, message, remedy)


def _may_invite(session: Session, account: AccountView) -> bool:
    """Whether this account is live in the session, in a role that invites."""
    return any(
        seat.admitted and seat.identity.account_id == account.id and may_act(Act.INVITE, seat.role)
        for seat in session.seats.values()
    )


async def _invite(desk: Desk, session: Session, account: AccountView, body: InvitationBody) -> None:
    colleague = await desk.services.account(body.account_id)
    # Who is of another organisation does not exist here (SPEC C29).
    known = colleague is not None and colleague.organisation_id == account.organisation_id
    if colleague is None or not known or colleague.id == account.id:
        raise Refusal(INVALID, where="account_id")
    if body.role not in _INVITABLE:
        raise Refusal(INVALID, where="role")
    session.keeping.invite(colleague.id)
    details = {"account": colleague.id, "role": body.role.value}
    session.keeping.audit(account.id, "colleague.invited", details, account.organisation_id)
    await desk.settled()
