"""HTTP: tickets for joining, numbers reserved for customers, what a page must know before a sign-in."""

import base64
from importlib.metadata import version
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from relevo_protocol import PROTOCOL_VERSION
from relevo_protocol.limits import CODE_LIFE_S, TICKET_LIFE_S
from relevo_server.access.codes import NumbersExhausted, TooManyReserved
from relevo_server.access.destination import Destination
from relevo_server.access.throttle import account_key, address_keys, retry_after_s
from relevo_server.accounts.asker import asker_of
from relevo_server.accounts.guard import Gate
from relevo_server.accounts.names import guest_name
from relevo_server.accounts.passkeys import relying_party
from relevo_server.accounts.routes import client_address
from relevo_server.accounts.view import AccountView, guest_view
from relevo_server.errors import too_many
from relevo_server.services import Services
from relevo_server.settings import Settings

PRESENTATION_LIFE_S: Final = 600

InviteText = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$")]
"""An invitation's id: 16 bytes in base64url without padding, in its one canonical spelling."""


class TicketBody(BaseModel):
    """`POST /api/tickets`: the six public digits of the code, or the public half of an invitation."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    routing: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    invite: InviteText | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.routing is None) == (self.invite is None):
            raise ValueError("exactly one of routing and invite")
        return self


class GuestBody(BaseModel):
    """`POST /api/guest-tickets`: the public half of an invitation, and a name of one's own choice."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    invite: InviteText
    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(guest_name)]


class TicketAnswer(BaseModel):
    """A ticket for the first message on `/ws/viewer`."""

    ticket: str
    expires_in_s: int


class GuestAnswer(BaseModel):
    """A ticket, and as whom the relay vouches for its holder: the page says so in its handshake (SPEC C8)."""

    ticket: str
    expires_in_s: int
    account_id: str
    display_name: str


class ReservedAnswer(BaseModel):
    """`POST /api/routing-numbers`: what the customer's agent is started with, as `--join`."""

    routing: str
    expires_in_s: int


class SignInWays(BaseModel):
    """How one can sign in besides by name: by which OpenID provider, if any, and whether by passkeys."""

    oidc: str | None
    passkeys: bool


class ConfigAnswer(BaseModel):
    """What the page shows and binds before sign-in."""

    organisation: str
    relay_origin: str
    versions: dict[str, str | int]
    languages: list[str]
    sign_in: SignInWays


def build_router(services: Services, gate: Gate) -> APIRouter:
    """The routes over the shared services."""
    router = APIRouter(prefix="/api")

    @router.post("/tickets")
    async def tickets(body: TicketBody, request: Request) -> TicketAnswer:
        account = await gate.me(request)
        _admit(services, account, client_address(request))
        # Whether the number leads anywhere is not looked up: known and unknown ones cannot be told apart.
        ticket = services.tickets.issue(account, _destination(body))
        services.metrics.tickets.labels("issued").inc()
        by = "code" if body.invite is None else "invite"
        await services.record(asker_of(request).event(services, account, "ticket.issued", by=by))
        return TicketAnswer(ticket=ticket, expires_in_s=TICKET_LIFE_S)

    @router.post("/guest-tickets")
    async def guest_tickets(body: GuestBody, request: Request) -> GuestAnswer:
        keys = address_keys(client_address(request))
        _charge(services, "guest", services.throttles.guest_address.charge(*keys))
        guest = guest_view(body.name, services.settings.language)
        ticket = services.guest_tickets.issue(guest, Destination(invite=from_base64url(body.invite)))
        services.metrics.tickets.labels("issued").inc()
        await services.record(asker_of(request).event(services, guest, "guest.ticket"))
        return GuestAnswer(
            ticket=ticket,
            expires_in_s=TICKET_LIFE_S,
            account_id=guest.id,
            display_name=guest.display_name,
        )

    @router.post("/presentations")
    async def presentations(request: Request) -> TicketAnswer:
        account = await gate.me(request)
        _charge(services, "present", services.throttles.present_account.charge(account_key(account.id)))
        ticket = services.presentations.issue(account, Destination())
        await services.record(asker_of(request).event(services, account, "ticket.issued", by="presentation"))
        return TicketAnswer(ticket=ticket, expires_in_s=PRESENTATION_LIFE_S)

    @router.post("/routing-numbers")
    async def routing_numbers(request: Request) -> ReservedAnswer:
        account = await gate.me(request)
        return ReservedAnswer(routing=_reserve(services, account), expires_in_s=CODE_LIFE_S)

    @router.get("/config")
    async def config() -> ConfigAnswer:
        return ConfigAnswer(
            organisation=services.settings.organisation,
            relay_origin=services.settings.relay_origin,
            versions={"server": version("relevo-server"), "wire": PROTOCOL_VERSION},
            languages=["en", "es"],
            sign_in=_ways(services.settings),
        )

    _ = (tickets, guest_tickets, presentations, routing_numbers, config)
    return router


def _ways(settings: Settings) -> SignInWays:
    """Passkeys need a server that has a name: browsers know none for addresses."""
    provider = settings.oidc_name or urlsplit(settings.oidc_issuer or "").hostname
    named = any(relying_party(origin) is not None for origin in settings.origins)
    return SignInWays(oidc=provider if settings.oidc_issuer is not None else None, passkeys=named)


def _admit(services: Services, account: AccountView, address: str) -> None:
    throttles = services.throttles
    wait_s = throttles.ticket_address.charge(*address_keys(address))
    wait_s = wait_s or throttles.ticket_account.charge(account_key(account.id))
    _charge(services, "ticket", wait_s)


def _charge(services: Services, what: str, wait_s: float) -> None:
    if wait_s > 0.0:
        services.metrics.throttled.labels(what).inc()
        raise too_many(retry_after_s(wait_s))


def _destination(body: TicketBody) -> Destination:
    if body.invite is not None:
        return Destination(invite=from_base64url(body.invite))
    return Destination(routing=body.routing or "")


def from_base64url(text: str) -> bytes:
    """The bytes of a text without padding, whose form has been checked."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64url(data: bytes) -> str:
    """Bytes as the API writes them: without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


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
