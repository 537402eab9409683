"""What the rest of the server may know of an account: never its password hash."""

import secrets
from dataclasses import dataclass
from typing import Final

from relevo_protocol.modes import Standing

_GUEST: Final = "guest-"


@dataclass(frozen=True)
class AccountView:
    """An account in good standing, as shown to the edge, to tickets and to the browser."""

    id: str
    name: str
    display_name: str
    organisation: str
    language: str
    is_admin: bool
    standing: Standing = Standing.TECHNICIAN
    team: str = ""
    """Whose sessions a supervisor of the same team sees; those without a team are one team."""
    admin_tools: bool = False
    """Whether administrator mode may be asked for."""
    organisation_id: str = "home"
    """Whose people it may see: nothing crosses from one organisation to another."""
    sign_in: str = ""
    """The public id of the sign-in that acts; empty where nobody's browser does."""
    authenticated_at_s: float = 0.0
    """When this sign-in last proved who it is, seconds since the epoch."""
    method: str = ""
    """How the sign-in came about: password, link, passkey, oidc; token for a program's."""
    scopes: frozenset[str] | None = None
    """What a program's token may do of what its account may; None for a person."""


def guest_view(display_name: str, language: str) -> AccountView:
    """Somebody without an account, for one visit: a name of their own, no organisation (SPEC C19)."""
    return AccountView(
        id=_GUEST + secrets.token_hex(12),
        name="guest",
        display_name=display_name,
        organisation="",
        language=language,
        is_admin=False,
        standing=Standing.GUEST,
    )


def is_guest(account_id: str) -> bool:
    """Whether the id is a guest's; an account's own never looks so."""
    return account_id.startswith(_GUEST)
