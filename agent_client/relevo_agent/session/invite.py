"""One invitation as the host knows it (SPEC G14, C19, C20)."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from relevo_protocol.modes import Role


@dataclass(frozen=True, slots=True)
class Invite:
    """Whoever has the secret may come in with ``role``.

    ``account_id``: only this account. ``guests``: also people without an account. ``once``: it is used up by
    the first who comes. ``announced``: the relay finds the session by it. ``returning``: the lead of a held
    session, whom nobody has to be asked about again. ``asked_by``: the slot of who asked for the link.
    """

    id: bytes
    secret: bytes = field(repr=False)
    role: Role
    expires_ms: float
    account_id: str | None = None
    guests: bool = False
    once: bool = True
    announced: bool = True
    returning: bool = False
    asked_by: int | None = None


def demo_link(origin: str, invite: bytes, secret: bytes) -> str:
    """Return the link into a presentation; what is behind ``#`` never reaches the relay (SPEC G14)."""
    return f"{origin}/demo#i={_text(invite)}.{_text(secret)}"


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
