"""Browsers from which an account was signed in to before: their tries are counted apart from strangers'.

So nobody keeps an account's owner out by guessing at it. What such a browser keeps is sealed for one account,
and buys tries of its own, nothing else.
"""

import base64
import os
import struct
from collections.abc import Callable
from typing import Final

from relevo_server.accounts.seal import Seal, Unsealable
from relevo_server.clock import Clock
from relevo_server.logs import logger

KNOWN_COOKIE: Final = "__Host-relevo-known"
KNOWN_S: Final = 180 * 86_400
"""How long a browser is known after its last sign-in."""
_ID_BYTES: Final = 16
_TIME: Final = struct.Struct(">d")
_log = logger(__name__)


class KnownDevices:
    """Makes and reads what a known browser keeps: base64url of a sealed id (16 bytes) and time (f64)."""

    def __init__(self, seal: Callable[[], Seal], clock: Clock) -> None:
        self._seal = seal
        self._clock = clock

    def token(self, name: str) -> str | None:
        """What makes a browser known to the account of this name; None where there is no key to seal it."""
        secret = os.urandom(_ID_BYTES) + _TIME.pack(self._clock.wall_s())
        try:
            sealed = self._seal().close(secret, _place(name))
        except (OSError, ValueError) as error:
            # It is a convenience: who has shown who they are is signed in without it.
            _log.error("browsers cannot be made known", reason=str(error))
            return None
        return base64.urlsafe_b64encode(sealed).decode()

    def device(self, token: str, name: str) -> str | None:
        """The browser's id, if it is known to the account of this name; None for whatever else is given."""
        if not token:
            return None
        try:
            secret = self._seal().open(base64.urlsafe_b64decode(token), _place(name))
        except (OSError, ValueError, Unsealable):
            return None
        (made_at_s,) = _TIME.unpack(secret[_ID_BYTES:])
        return secret[:_ID_BYTES].hex() if self._clock.wall_s() - made_at_s < KNOWN_S else None


def _place(name: str) -> str:
    return f"known_devices:{name}"
