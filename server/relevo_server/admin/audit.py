"""HTTP: the organisation's record, read in pages, checked, and exported."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from relevo_server import export
from relevo_server.access.throttle import Key, retry_after_s
from relevo_server.accounts.permissions import Permission
from relevo_server.accounts.view import AccountView
from relevo_server.admin.acts import AdminParts
from relevo_server.errors import too_many
from relevo_server.safe_name import attachment
from relevo_server.store.audit import AuditEvent, AuditFilter
from relevo_server.store.audit_check import FlawKind, check_record
from relevo_server.store.audit_line import AuditLine
from relevo_server.store.checkpoints import known_keys

MAX_PAGE: Final = 200
_MAX_FLAWS: Final = 100
Value = str | int | float | bool
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[ -~]+$")]


class LineOut(BaseModel):
    """One line of the record.

    `actor` is an account's id or a word (`customer`, `agent`, `relay`, `command line`, `guest-…`, `token:…`,
    or nothing); `actor_name` is how the organisation calls that account today, else empty. `personal` is
    null where there never was any, or where it was erased: then `erased` is true. A line is `changed` where
    somebody has put into the database what no line can hold; `details` have it as text, `unreadable_…`.
    """

    seq: int
    at_s: float
    actor: str
    actor_name: str
    action: str
    session: str | None
    cause: str
    details: dict[str, Value]
    personal: dict[str, str] | None
    erased: bool
    changed: bool
    chain: str


class Wanted(BaseModel):
    """Which lines of the record, `before` one of them; an `action` with a dot at its end is a family."""

    model_config = ConfigDict(extra="forbid")

    before: Annotated[int | None, Field(ge=1, lt=2**63)] = None
    action: Word | None = None
    actor: Word | None = None
    session: Annotated[str | None, Field(pattern=r"^[0-9a-f]{32}$")] = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 50

    def filter(self) -> AuditFilter:
        """As the store takes it."""
        session = bytes.fromhex(self.session) if self.session is not None else None
        return AuditFilter(self.action, self.actor, session)


class LinesAnswer(BaseModel):
    """`GET /api/admin/audit`, the newest first; `before` asks for the page that follows, null at the end."""

    lines: list[LineOut]
    before: int | None


class FlawOut(BaseModel):
    """Where the record does not fit, and how."""

    seq: int
    kind: FlawKind


class HeadOut(BaseModel):
    """The newest signed head."""

    seq: int
    at_s: float
    chain: str
    key_id: str


class VerifyAnswer(BaseModel):
    """`POST /api/admin/audit/verify`: the first hundred flaws; `unsigned` lines have no signed head yet."""

    good: bool
    lines: int
    flaws: list[FlawOut]
    head: HeadOut | None
    unsigned: int


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter(prefix="/api/admin/audit")
    # Reading the whole record takes long: one at a time, so that nobody keeps the server busy with it.
    turn = asyncio.Semaphore(1)

    @router.get("")
    async def lines(request: Request, wanted: Annotated[Wanted, Query()]) -> LinesAnswer:
        account = await parts.gate.may(request, Permission.AUDIT_READ)
        found = await parts.audit.newest(
            account.organisation_id, wanted.before, wanted.limit, wanted.filter()
        )
        names = await parts.names(account.organisation_id)
        shown = [_out(one, names.get(one.actor, "")) for one in found]
        return LinesAnswer(lines=shown, before=found[-1].seq if len(found) == wanted.limit else None)

    @router.post("/verify")
    async def verify(request: Request) -> VerifyAnswer:
        account = await parts.gate.may(request, Permission.AUDIT_READ)
        _charge(parts, account)
        async with turn:
            answer = await _verify(parts, account.organisation_id)
        told = {"lines": answer.lines, "good": answer.good}
        await parts.audit.append(parts.event(request, account, "record.checked", told))
        return answer

    @router.get("/export")
    async def exported(
        request: Request,
        format: Annotated[export.Format, Query()] = "jsonl",  # noqa: A002 - the parameter's name in the URL
        first: Annotated[int, Query(alias="from", ge=1, lt=2**63)] = 1,
    ) -> StreamingResponse:
        account = await parts.writer(request, Permission.AUDIT_READ)
        wanted = export.WantedExport(
            account.organisation_id, format, first, parts.services.settings.relay_origin
        )
        return await _export(parts, wanted, parts.event(request, account, "export", _told(wanted)))

    _ = (lines, verify, exported)
    return router


def _charge(parts: AdminParts, account: AccountView) -> None:
    """Every check reads the organisation's whole record. Raises Refusal: too_many_attempts."""
    wait_s = parts.services.throttles.verify_organisation.charge(
        Key(f"organisation:{account.organisation_id}")
    )
    if wait_s > 0.0:
        parts.services.metrics.throttled.labels("verify").inc()
        raise too_many(retry_after_s(wait_s))


async def _verify(parts: AdminParts, organisation: str) -> VerifyAnswer:
    keys = known_keys(parts.services.settings.data, parts.keeper().public_key)
    verdict = await check_record(parts.database, organisation, (), keys)
    newest = await parts.keeper().newest(organisation)
    head = (
        HeadOut(seq=newest.seq, at_s=newest.at_s, chain=newest.chain.hex(), key_id=newest.key_id)
        if newest is not None
        else None
    )
    flaws = [FlawOut(seq=one.seq, kind=one.kind) for one in verdict.flaws[:_MAX_FLAWS]]
    return VerifyAnswer(
        good=not verdict.flaws,
        lines=verdict.lines,
        flaws=flaws,
        head=head,
        unsigned=verdict.last_seq - verdict.signed_seq,
    )


def _told(wanted: export.WantedExport) -> dict[str, str | int | float | bool]:
    return {"format": wanted.kind, "from": wanted.first}


async def _export(parts: AdminParts, wanted: export.WantedExport, event: AuditEvent) -> StreamingResponse:
    """The export, with its own line in it and signed up to that."""
    now_s = parts.services.clock.wall_s()
    await parts.audit.append(event)
    await parts.keeper().sign_due(now_s, at_once=True)
    head = await parts.keeper().newest(wanted.organisation)
    return StreamingResponse(
        export.pieces(parts.audit, head, wanted),
        media_type=export.MEDIA_TYPES[wanted.kind],
        headers={"content-disposition": attachment(export.file_name(wanted.kind, now_s))},
    )


def _out(line: AuditLine, actor_name: str) -> LineOut:
    return LineOut(
        seq=line.seq,
        at_s=line.at_s,
        actor=line.actor,
        actor_name=actor_name,
        action=line.action,
        session=line.session_id.hex() if line.session_id is not None else None,
        cause=line.cause,
        details=dict(line.details),
        personal=dict(line.personal) if line.personal is not None else None,
        erased=line.erased,
        changed=line.changed,
        chain=line.chain.hex(),
    )
