"""HTTP for those who run the server: alive, ready, metrics, and the local authority's certificate."""

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from relevo_server.accounts.guard import Gate
from relevo_server.accounts.permissions import Permission
from relevo_server.errors import FORBIDDEN, NOT_FOUND, Refusal
from relevo_server.metrics import CONTENT_TYPE
from relevo_server.services import Services
from relevo_server.store import schema
from relevo_server.store.database import Database
from relevo_server.store.organisations import HOME
from relevo_server.tls import TlsKeeper

_PROGRAM: Final = "Bearer relevo_"


@dataclass(frozen=True)
class HealthParts:
    """What is looked at; `tls` is None behind a proxy or under a test client."""

    services: Services
    database: Database
    tls: TlsKeeper | None
    gate: Gate


async def readiness(parts: HealthParts) -> dict[str, str]:
    """What keeps the server from serving, by part; `ok` where nothing does."""
    found = {"database": "ok", "schema": "ok", "certificate": "ok"}
    try:
        await parts.database.ping()
        at, wanted = await schema.current(parts.database), schema.HEAD
        if at != wanted:
            found["schema"] = f"at {at}, this version needs {wanted}"
    except SQLAlchemyError as error:
        found["database"] = found["schema"] = f"does not answer ({type(error).__name__})"
    if parts.tls is not None and parts.tls.remaining_s() <= 0:
        found["certificate"] = "expired"
    return found


def build_router(parts: HealthParts) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    settings = parts.services.settings

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        found = await readiness(parts)
        ready = all(state == "ok" for state in found.values())
        return JSONResponse(found, status_code=200 if ready else 503)

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        if request.headers.get("authorization", "").startswith(_PROGRAM):
            account = await parts.gate.may(request, Permission.METRICS_READ)
            if account.organisation_id != HOME:
                raise Refusal(FORBIDDEN)  # they count what all organisations do
        elif not _may_read_metrics(parts.services, request):
            raise Refusal(FORBIDDEN)
        if parts.tls is not None:
            parts.services.metrics.certificate_expires_s.set(parts.tls.files.expires_at_s)
        return Response(parts.services.metrics.text(), media_type=CONTENT_TYPE)

    @router.get("/ca.pem")
    async def authority() -> FileResponse:
        file = settings.data / "ca.pem"
        if settings.has_real_certificate or not file.exists():
            raise Refusal(NOT_FOUND)
        return FileResponse(file, media_type="application/x-pem-file", filename="relevo-ca.pem")

    _ = (healthz, readyz, metrics, authority)
    return router


def _may_read_metrics(services: Services, request: Request) -> bool:
    settings = services.settings
    if settings.metrics_token is not None:
        given = request.headers.get("authorization", "").encode()
        wanted = f"Bearer {settings.metrics_token.get_secret_value()}".encode()
        return secrets.compare_digest(given, wanted)
    # Behind a proxy that forgets X-Forwarded-For everybody looks local.
    return not settings.behind_proxy and request.client is not None and _is_loopback(request.client.host)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
