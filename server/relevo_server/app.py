"""Wires the server: the only place that knows every part."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypedDict, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from relevo_server import health, viewer_files
from relevo_server.access.codes import RoutingNumbers
from relevo_server.access.tickets import TicketOffice
from relevo_server.accounts.asker import network_of
from relevo_server.accounts.assembly import AccountParts, assemble
from relevo_server.accounts.passwords import Passwords
from relevo_server.admin import routes as admin_routes
from relevo_server.admin.acts import make_parts as make_admin_parts
from relevo_server.authority import TlsError
from relevo_server.clock import Clock
from relevo_server.edge import sockets
from relevo_server.edge.desk import Desk
from relevo_server.errors import INVALID, UNAVAILABLE, Refusal, fault_of_status
from relevo_server.guards import ForeignOrigin, PeerGuard, RequestRecord, WriteGuard, fault_response
from relevo_server.logs import logger
from relevo_server.metrics import Metrics
from relevo_server.services import Services, make_throttles
from relevo_server.sessions import live as live_routes
from relevo_server.sessions import routes as session_routes
from relevo_server.sessions.routes import PRESENTATION_LIFE_S
from relevo_server.settings import Settings
from relevo_server.store.accounts import AccountStore
from relevo_server.store.audit import AuditEvent, AuditLog
from relevo_server.store.checkpoints import HEADS_FILE, HeadKeeper, load_or_make_key
from relevo_server.store.database import Database, Unavailable
from relevo_server.store.organisations import OrganisationStore
from relevo_server.store.relay_sessions import RelaySessionStore
from relevo_server.store.revocations import RevocationStore
from relevo_server.store.schema import migrate
from relevo_server.store.sign_ins import SignInStore
from relevo_server.store.upkeep import Upkeep, UpkeepParts
from relevo_server.syslog import SyslogParts, SyslogSender, collector_files
from relevo_server.tls import TlsKeeper, make_data_folder

_HOUSEKEEPING_EVERY_S = 600.0
# Longer than a record may wait in the spool for a database that comes and goes.
_ENDED_KEPT_S = 86_400.0
_log = logger(__name__)


class _Problem(TypedDict):
    type: str
    loc: tuple[str | int, ...]


@dataclass(frozen=True)
class _Parts:
    database: Database
    accounts: AccountStore
    sign_ins: SignInStore
    services: Services
    tls: TlsKeeper | None
    keeper: Callable[[], HeadKeeper]


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    tls: TlsKeeper | None = None,
    passwords: Passwords | None = None,
) -> FastAPI:
    """The whole server as an ASGI application; `app.state.services` holds what its edges share.

    `tls` is the keeper of the context it is served with, for renewal and readiness; None behind a proxy.
    """
    parts = _make_parts(settings, clock or Clock(), tls)
    app = FastAPI(
        title="Relevo",
        lifespan=_lifespan(parts),
        # The API is for our own page; its description would only serve somebody else.
        openapi_url=None,
    )
    app.state.services = parts.services
    desk = Desk(parts.services)
    people = assemble(parts.services, AccountParts(parts.database, parts.accounts, passwords or Passwords()))
    gate = people.gate
    for router in people.routers:
        app.include_router(router)
    app.include_router(session_routes.build_router(parts.services, gate))
    app.include_router(live_routes.build_router(desk, gate))
    admin = make_admin_parts(parts.services, gate, desk, parts.database, parts.keeper)
    app.include_router(admin_routes.build_router(admin))
    app.include_router(health.build_router(health.HealthParts(parts.services, parts.database, tls, gate)))
    app.include_router(sockets.build_router(desk))
    app.include_router(viewer_files.build_router())
    _add_error_handlers(app)
    _add_layers(app, parts.services)
    return app


def _make_parts(settings: Settings, clock: Clock, tls: TlsKeeper | None) -> _Parts:
    database = Database(settings.database)
    accounts = AccountStore(database, clock, settings.organisation)
    sign_ins = SignInStore(database)
    services = Services(
        settings=settings,
        clock=clock,
        origins=settings.origins,
        tickets=TicketOffice(clock.monotonic_s),
        guest_tickets=TicketOffice(clock.monotonic_s),
        presentations=TicketOffice(clock.monotonic_s, per_account=4, life_s=PRESENTATION_LIFE_S),
        throttles=make_throttles(clock, settings.sessions_per_address),
        routing_numbers=RoutingNumbers(clock.wall_s),
        relay_sessions=RelaySessionStore(database, clock),
        sign_ins=sign_ins,
        revocations=RevocationStore(database),
        account=accounts.view,
        colleagues=accounts.in_good_standing,
        trace=database.trace,
        metrics=Metrics(),
    )
    return _Parts(database, accounts, sign_ins, services, tls, _keeper(settings, database))


def _keeper(settings: Settings, database: Database) -> Callable[[], HeadKeeper]:
    """The keeper of the record's signed heads, made when first needed: then the data folder is there."""

    @functools.cache
    def keeper() -> HeadKeeper:
        key = load_or_make_key(settings.data)
        return HeadKeeper(database, key, settings.relay_origin, settings.data / HEADS_FILE)

    return keeper


def _lifespan(parts: _Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        make_data_folder(parts.services.settings.data)
        await migrate(parts.database)
        if await parts.accounts.count() == 0:
            _log.warning("no account exists yet", remedy="relevo-server admin create --name NAME")
        stopping = asyncio.Event()
        housekeeper = asyncio.create_task(_keep_house(parts, stopping))
        recorder = asyncio.create_task(_upkeep(parts).keep(stopping))
        sender = asyncio.create_task(_send_on(parts, stopping))
        try:
            yield
        finally:
            # Never cut in the middle of a query: the database's thread would answer a loop that is gone.
            stopping.set()
            await asyncio.gather(housekeeper, recorder, sender, return_exceptions=True)
            await parts.database.close()

    return lifespan


async def _send_on(parts: _Parts, stopping: asyncio.Event) -> None:
    """Send the record on, where somebody collects it."""
    settings = parts.services.settings
    if settings.syslog is not None:
        audit, origin = AuditLog(parts.database), settings.relay_origin
        sending = SyslogParts(audit, settings.syslog, origin, settings.data, collector_files(settings))
        await SyslogSender(sending).keep(stopping)


def _upkeep(parts: _Parts) -> Upkeep:
    services = parts.services
    organisations = OrganisationStore(parts.database, services.settings.organisation)
    return Upkeep(
        UpkeepParts(parts.database, parts.keeper, organisations, services.revocations, services.clock)
    )


async def _keep_house(parts: _Parts, stopping: asyncio.Event) -> None:
    settings = parts.services.settings
    while not stopping.is_set():
        await _guarded(
            "sweeping sign-ins",
            lambda: parts.sign_ins.sweep(
                parts.services.clock.wall_s(), settings.sign_in_idle_s, settings.sign_in_absolute_s
            ),
        )
        await _guarded("sweeping ended sessions", lambda: _forget_ended(parts.services))
        if parts.tls is not None:
            await _guarded("refreshing the certificate", lambda: _refresh(parts.tls))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HOUSEKEEPING_EVERY_S):
                await stopping.wait()


async def _forget_ended(services: Services) -> None:
    await services.relay_sessions.sweep(services.clock.wall_s() - _ENDED_KEPT_S)


async def _refresh(tls: TlsKeeper | None) -> None:
    if tls is not None and await asyncio.to_thread(tls.refresh):
        _log.info("certificate refreshed", remaining_days=round(tls.remaining_s() / 86_400))


async def _guarded(what: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except TlsError as error:
        _log.error("certificate unusable", reason=str(error))
    except Exception:  # noqa: BLE001 - a failed round must not end the rounds that follow
        _log.exception("housekeeping failed", what=what)


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refused(_request: Request, error: Refusal) -> JSONResponse:
        return fault_response(error.fault, where=error.where, retry_after_s=error.retry_after_s)

    @app.exception_handler(Unavailable)
    async def unavailable(_request: Request, error: Unavailable) -> JSONResponse:
        _log.error("the database does not answer", reason=str(error)[:200])
        return fault_response(UNAVAILABLE)

    @app.exception_handler(DataError)
    async def unfit(_request: Request, error: DataError) -> JSONResponse:
        # PostgreSQL takes no NUL in a text: such a name is nobody's.
        _log.warning("the database takes no such value", reason=type(error.orig).__name__)
        return fault_response(INVALID)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return fault_response(INVALID, where=_field(cast("Sequence[_Problem]", error.errors())))

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> JSONResponse:
        response = fault_response(fault_of_status(error.status_code))
        response.status_code = error.status_code
        response.headers.update(error.headers or {})
        return response

    _ = (refused, unavailable, unfit, invalid, http)


def _field(problems: Sequence[_Problem]) -> str:
    first = problems[0]
    # For broken JSON the place is an offset, which names no field.
    parts = first["loc"] if first["type"] != "json_invalid" else ()
    return ".".join(str(part) for part in parts if part != "body") or "body"


def _foreign_origins(services: Services) -> Callable[[ForeignOrigin], Awaitable[None]]:
    """Writes down who asked from another site's page: each network once in ten minutes, with a count."""

    async def tell(asked: ForeignOrigin) -> None:
        personal = {"address": asked.address, "origin": asked.origin}
        event = AuditEvent(
            services.clock.wall_s(), "", "origin.refused", personal=personal, cause=asked.cause
        )
        services.refused(f"origin:{network_of(asked.address)}", event)

    return tell


def _add_layers(app: FastAPI, services: Services) -> None:
    settings = services.settings
    # The last one added is the outermost.
    app.add_middleware(WriteGuard, origins=services.origins, tell=_foreign_origins(services))
    app.add_middleware(
        RequestRecord,
        metrics=services.metrics,
        strict_transport=settings.has_real_certificate,
        subdomains=settings.hsts_subdomains,
    )
    if settings.behind_proxy:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.proxies))
    if settings.plain_http:
        app.add_middleware(PeerGuard, peers=settings.proxies)
