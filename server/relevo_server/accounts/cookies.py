"""The cookies of a sign-in, all of them `__Host-`: this host's alone, over TLS alone, not for scripts."""

from typing import Final, Literal

from fastapi import Response

from relevo_server.accounts.challenges import LIFE_S
from relevo_server.accounts.guard import COOKIE
from relevo_server.accounts.known_device import KNOWN_COOKIE, KNOWN_S

STEP_COOKIE: Final = "__Host-relevo-step"
"""Binds the second step of a sign-in to the browser of the first."""
OIDC_COOKIE: Final = "__Host-relevo-oidc"
"""Binds the answer of an OIDC provider to the browser that was sent there."""


def set_sign_in(response: Response, token: str) -> None:
    """The sign-in's own: kept until the browser is closed, sent to this site's own requests alone."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")


def set_known(response: Response, token: str) -> None:
    """What makes the browser known to the account: it opens nothing, and outlives the sign-in."""
    response.set_cookie(
        KNOWN_COOKIE, token, max_age=KNOWN_S, path="/", secure=True, httponly=True, samesite="strict"
    )


def set_passing(
    response: Response, name: str, value: str, samesite: Literal["lax", "strict"] = "strict"
) -> None:
    """One of a step that is under way: gone with it."""
    response.set_cookie(
        name, value, max_age=int(LIFE_S), path="/", secure=True, httponly=True, samesite=samesite
    )


def drop(response: Response, name: str, samesite: Literal["lax", "strict"] = "strict") -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite=samesite)
