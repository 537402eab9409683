"""HTTP: tickets for joining, numbers reserved for customers, what a page must know before a sign-in."""

from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.limits import CODE_LIFE_S, TICKET_LIFE_S
from relevo_server.access.codes import NumbersExhausted, TooManyReserved
from relevo_server.access.throttle import account_key, address_keys, retry_after_s
from relevo_server.accounts.routes import COOKIE, client_address
from relevo_server.accounts.sign_in import SignInService
from relevo_server.accounts.view import AccountView
from relevo_server.errors import too_many
from relevo_server.services import Services


class TicketBody(BaseModel):
    """`POST /api/tickets`: the six public digits of the code."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    routing: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class TicketAnswer(BaseModel):
    """A ticket for the first message on `/ws/viewer`."""

    ticket: str
    expires_in_s: int


class ReservedAnswer(BaseModel):
    """`POST /api/routing-numbers`: what the customer's agent is started with, as `--join`."""

    routing: str
    expires_in_s: int


class ConfigAnswer(BaseModel):
    """What the page shows and binds before sign-in."""

    organisation: str
    relay_origin: str
    versions: dict[str, str | int]
    languages: list[str]


def build_router(services: Services, sign_in: SignInService) -> APIRouter:
    """The routes over the shared services."""
    router = APIRouter(prefix="/api")

    @router.post("/tickets")
    async def tickets(body: TicketBody, request: Request) -> TicketAnswer:
        account = await sign_in.current(request.cookies.get(COOKIE))
        _admit(services, account, client_address(request))
        # Whether the number leads anywhere is not looked up: known and unknown ones cannot be told apart.
        ticket = services.tickets.issue(account, body.routing)
        services.metrics.tickets.labels("issued").inc()
        return TicketAnswer(ticket=ticket, expires_in_s=TICKET_LIFE_S)

    @router.post("/routing-numbers")
    async def routing_numbers(request: Request) -> ReservedAnswer:
        account = await sign_in.current(request.cookies.get(COOKIE))
        return ReservedAnswer(routing=_reserve(services, account), expires_in_s=CODE_LIFE_S)

    @router.get("/config")
    async def config() -> ConfigAnswer:
        return ConfigAnswer(
            organisation=services.settings.organisation,
            relay_origin=services.settings.relay_origin,
            versions={"server": version("relevo-server"), "wire": PROTOCOL_VERSION},
            languages=["en", "es"],
        )

    _ = (tickets, routing_numbers, config)
    return router


def _admit(services: Services, account: AccountView, address: str) -> None:
    throttles = services.throttles
    wait_s = throttles.ticket_address.charge(*address_keys(address))
    wait_s = wait_s or throttles.ticket_account.charge(account_key(account.id))
    if wait_s > 0.0:
        services.metrics.throttled.labels("ticket").inc()
        raise too_many(retry_after_s(wait_s))


def _reserve(services: Services, account: AccountView) -> str:
    wait_s = services.throttles.reserve_account.charge(account_key(account.id))
    try:
        if wait_s <= 0.0:
            return services.routing_numbers.reserve(account.id)
    except TooManyReserved as full:
        wait_s = full.wait_s
    except NumbersExhausted:
        wait_s = 60.0
    services.metrics.throttled.labels("reserve").inc()
    raise too_many(retry_after_s(wait_s))
