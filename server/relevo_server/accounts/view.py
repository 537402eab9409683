"""What the rest of the server may know of an account: never its password hash."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AccountView:
    """An account in good standing, as shown to the edge, to tickets and to the browser."""

    id: str
    name: str
    display_name: str
    organisation: str
    language: str
    is_admin: bool
