"""Whom tries to sign in are charged to: strangers to their network, known browsers to themselves.

Whoever fills a bucket fills it for their like alone: strangers of the same network, or of all networks
together, or that one browser. So all tries at an account together are bounded, and its owner still gets in.
"""

from dataclasses import dataclass
from typing import Final

from relevo_server.access.throttle import Key, Throttle, account_key, address_keys, retry_after_s
from relevo_server.accounts.asker import Asker
from relevo_server.accounts.known_device import KnownDevices
from relevo_server.accounts.view import AccountView
from relevo_server.errors import too_many
from relevo_server.services import Services

_WORLD_SHARE: Final = 4
"""How many networks, or known browsers, may try at one account as fast as each alone may."""


@dataclass(frozen=True)
class Charge:
    """What one try is charged to: throttles, each with keys, of which the last names a flood."""

    parts: tuple[tuple[Throttle, tuple[Key, ...]], ...]
    known: bool = False
    """Whether it comes from somebody who has shown before who they are."""

    def make(self) -> tuple[float, str]:
        """Charge all of it, or nothing.

        Returns 0.0 when admitted, else the seconds until it can be, and what names the flood.
        """
        for done, (throttle, keys) in enumerate(self.parts):
            wait_s = throttle.charge(*keys)
            if wait_s > 0.0:
                Charge(self.parts[:done]).refund()
                return wait_s, keys[-1].name
        return 0.0, ""

    def refund(self) -> None:
        """It was an honest one."""
        for throttle, keys in self.parts:
            throttle.refund(*keys)


class Tries:
    """Says what a try is charged to, and refuses those that are too many."""

    def __init__(self, services: Services, known: KnownDevices) -> None:
        self._services = services
        self.known = known

    def password(self, name: str, asker: Asker) -> Charge:
        """A password for the account of this (normalised) name."""
        throttles, device = self._services.throttles, self.known.device(asker.device, name)
        if device is not None:
            keys = (Key(f"device:{device}"), Key(f"known:{name}", _WORLD_SHARE))
            return Charge(((throttles.sign_in_account, keys),), known=True)
        keys = (Key(f"account:{name} from {asker.network}"), Key(f"account:{name}", _WORLD_SHARE))
        return Charge((*self.address(asker).parts, (throttles.sign_in_account, keys)))

    def address(self, asker: Asker) -> Charge:
        """A try that names no account."""
        return Charge(((self._services.throttles.sign_in_address, address_keys(asker.address)),))

    def second(self, account: AccountView, asker: Asker) -> Charge:
        """A second step of whoever has done the first."""
        device = self.known.device(asker.device, account.name)
        key = account_key(account.id) if device is None else Key(f"device:{device}")
        return Charge(((self._services.throttles.step_account, (key,)),))

    def anew(self, sign_in: str) -> Charge:
        """A proof by somebody who is signed in, whom nobody else's tries keep from it."""
        return Charge(((self._services.throttles.step_account, (Key(f"sign_in:{sign_in}"),)),))

    def admit(self, charge: Charge, asker: Asker, account: AccountView | None = None) -> None:
        """Charge it. Raises Refusal: too_many_attempts."""
        wait_s, flood = charge.make()
        if wait_s > 0.0:
            self._services.metrics.throttled.labels("sign_in").inc()
            event = asker.event(self._services, account, "sign_in.throttled")
            self._services.refused(f"sign_in:{flood}", event)
            raise too_many(retry_after_s(wait_s))
