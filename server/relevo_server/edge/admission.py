"""How many connections a site may have open (SPEC C7, C17)."""

import ipaddress
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from relevo_server.access.throttle import address_keys


class Connections:
    """How many each address has open, at most ``limit`` of them; peers without an address are not counted.

    Of IPv6 those of a household are counted, and of the wider networks that one customer may own, which have
    more of them (`address_keys`).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, address: str) -> bool:
        """Count one more; False when there is no room, and nothing was counted."""
        keys = address_keys(address) if address else ()
        if any(self._open.get(key.name, 0) >= self._limit * key.share for key in keys):
            return False
        for key in keys:
            self._open[key.name] = self._open.get(key.name, 0) + 1
        return True

    def leave(self, address: str) -> None:
        """One that had entered is gone."""
        for key in address_keys(address) if address else ():
            left = self._open.get(key.name, 0) - 1
            if left > 0:
                self._open[key.name] = left
            else:
                self._open.pop(key.name, None)


class Door:
    """Counts TCP connections by their peer, before anybody has said who they are.

    A declared proxy brings many people; those are counted where their own addresses are known. A browser
    opens several connections for what a person does, hence ``PER_PERSON``.
    """

    PER_PERSON: Final = 4

    def __init__(self, limit: int, proxies: Sequence[str] = ()) -> None:
        self._connections = Connections(limit * self.PER_PERSON)
        self._proxies = [ipaddress.ip_network(one) for one in proxies]

    def __len__(self) -> int:
        return len(self._connections)

    def enter(self, address: str) -> Callable[[], None] | None:
        """Count a connection: what to call when it is gone, or None where its address has too many."""
        counted = "" if self._is_proxy(address) else address
        return partial(self._connections.leave, counted) if self._connections.enter(counted) else None

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)
