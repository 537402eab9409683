"""Where a request comes from, for throttles, for the list of sign-ins and for the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import structlog
from fastapi import Request

from relevo_server.access.throttle import address_keys
from relevo_server.accounts.known_device import KNOWN_COOKIE
from relevo_server.accounts.view import AccountView
from relevo_server.services import Services
from relevo_server.store.audit import AuditEvent
from relevo_server.store.audit_line import Detail
from relevo_server.store.organisations import HOME

_MAX_AGENT_CHARS = 200


@dataclass(frozen=True)
class Asker:
    """The peer's address and browser, the page's origin, and the request's name in log and record.

    `device` is what the browser keeps of an earlier sign-in (`known_device`), if anything.
    """

    address: str
    agent: str = ""
    origin: str = ""
    cause: str = ""
    device: str = field(default="", repr=False)

    @property
    def network(self) -> str:
        """The widest prefix of the address that is one customer's: by it floods are told apart."""
        return network_of(self.address)

    def event(
        self, services: Services, who: AccountView | None, action: str, /, **details: Detail
    ) -> AuditEvent:
        """The record's line for what this request does, by this account or by nobody known yet."""
        return AuditEvent(
            at_s=services.clock.wall_s(),
            actor=actor_of(who) if who is not None else "",
            action=action,
            details=details,
            personal=self.personal(),
            cause=self.cause,
            organisation=who.organisation_id if who is not None else HOME,
        )

    def personal(self, **more: str) -> Mapping[str, str]:
        """What of a request can be erased again: address, browser, and what was typed."""
        known = {"address": self.address, "browser": self.agent, **more}
        return {name: value for name, value in known.items() if value}


def asker_of(request: Request) -> Asker:
    """Whoever sent this request."""
    named = cast("str", structlog.contextvars.get_contextvars().get("request_id", ""))
    return Asker(
        address=client_address(request),
        agent=_printable(request.headers.get("user-agent", "")),
        origin=request.headers.get("origin", ""),
        cause=f"http:{named}",
        device=cookie_of(request, KNOWN_COOKIE),
    )


def cookie_of(request: Request, name: str) -> str:
    """The value of a cookie of ours, of exactly this name; empty where there is none, or more than one.

    Browsers let nobody else set a name that begins with `__Host-`; one with a sign before it that only a
    server takes for a blank (U+0085, U+00A0) they do not guard, so none but RFC 6265's blanks are taken off.
    """
    pairs = [pair.partition("=") for line in request.headers.getlist("cookie") for pair in line.split(";")]
    values = [value for given, _, value in pairs if given.strip(" \t") == name]
    return values[0].strip(" \t").strip('"') if len(values) == 1 else ""


def network_of(address: str) -> str:
    """The key of the widest prefix that an address is charged to: IPv4 alone, IPv6 by its /48."""
    return address_keys(address)[-1].name


def client_address(request: Request) -> str:
    """The peer's address, as a declared proxy reports it; empty when the transport has none."""
    return request.client.host if request.client is not None else ""


def actor_of(account: AccountView) -> str:
    """Who the record says it was: the account, or the token that acted for it."""
    return account.id if account.scopes is None else f"token:{account.sign_in}"


def _printable(text: str) -> str:
    """A header as people may read it later: a browser's name holds nothing that is not plain text."""
    return "".join(sign for sign in text if " " <= sign <= "~")[:_MAX_AGENT_CHARS]
