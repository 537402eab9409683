"""Who is let as far as a WebSocket, and what the record hears of those who are not (SPEC C2, C7, C17)."""

import ipaddress
from asyncio import BaseTransport
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from relevo_server.access.throttle import address_keys
from relevo_server.relay.records import Audited, Record
from relevo_server.relay.traits import HOME

WINDOW_S: Final = 600.0
"""The same refusal is told once in so long, with how many there were since."""
_CAPACITY: Final = 4096


def site_of(address: str) -> str:
    """The address, or of IPv6 the network that one household or machine has; empty where there is none."""
    return address_keys(address)[0].name if address else ""


class Connections:
    """How many each site has open, at most ``limit`` of them; peers without an address are not counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, site: str) -> bool:
        """Count one more; False when there is no room, and nothing was counted."""
        if not site:
            return True
        there = self._open.get(site, 0)
        if there >= self._limit:
            return False
        self._open[site] = there + 1
        return True

    def leave(self, site: str) -> None:
        """One that had entered is gone."""
        left = self._open.get(site, 0) - 1
        if left > 0:
            self._open[site] = left
        else:
            self._open.pop(site, None)


class Door:
    """Counts TCP connections by their peer, before anybody has said who they are.

    A declared proxy brings many people; those are counted where their own addresses are known. A browser
    opens several connections for what a person does, hence ``PER_PERSON``.
    """

    PER_PERSON: Final = 4

    def __init__(self, limit: int, proxies: Sequence[str] = ()) -> None:
        self._connections = Connections(limit * self.PER_PERSON)
        self._proxies = [ipaddress.ip_network(one, strict=False) for one in proxies]
        self._sites: dict[BaseTransport, str] = {}

    def __len__(self) -> int:
        return len(self._sites)

    def enter(self, transport: BaseTransport) -> bool:
        """Count this connection until it leaves; False when its address has too many."""
        peer = transport.get_extra_info("peername")
        address = str(cast("tuple[object, ...]", peer)[0]) if isinstance(peer, tuple) and peer else ""
        site = "" if self._is_proxy(address) else site_of(address)
        if not self._connections.enter(site):
            return False
        self._sites[transport] = site
        return True

    def leave(self, transport: BaseTransport) -> None:
        """It is gone; nothing happens if it had not entered."""
        site = self._sites.pop(transport, None)
        if site is not None:
            self._connections.leave(site)

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody was turned away: for what, from where, and who they said they were, if anybody."""

    action: str
    what: str
    site: str
    actor: str = ""
    organisation: str = HOME
    personal: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(slots=True)
class _Flood:
    turned: Turned
    since_s: float
    more: int = 0


class Refusals:
    """Leaves a line for the first refusal of a kind from a site, then one in ten minutes with a count.

    Nobody fills the record by being refused: what is remembered is bounded, the oldest goes first.
    """

    def __init__(
        self, records: deque[Record], wall_s: Callable[[], float], monotonic_s: Callable[[], float]
    ) -> None:
        self._records = records
        self._wall_s = wall_s
        self._monotonic_s = monotonic_s
        self._floods: OrderedDict[tuple[str, str, str, str], _Flood] = OrderedDict()

    def __len__(self) -> int:
        return len(self._floods)

    def note(self, turned: Turned) -> None:
        """Tell of this one, now or with those that follow."""
        key = (turned.action, turned.what, turned.site, turned.actor)
        flood = self._floods.get(key)
        if flood is not None:
            flood.more += 1
            return
        self._floods[key] = _Flood(turned, self._monotonic_s())
        self._tell(turned, 1)
        while len(self._floods) > _CAPACITY:
            _key, oldest = self._floods.popitem(last=False)
            self._close(oldest)

    def tick(self) -> None:
        """Tell how many there were, of those whose ten minutes are over."""
        now_s = self._monotonic_s()
        while self._floods:
            key, oldest = next(iter(self._floods.items()))
            if now_s - oldest.since_s < WINDOW_S:
                return
            del self._floods[key]
            self._close(oldest)

    def _close(self, flood: _Flood) -> None:
        if flood.more:
            self._tell(flood.turned, flood.more)

    def _tell(self, turned: Turned, count: int) -> None:
        self._records.append(
            Audited(
                session_id=b"",
                actor=turned.actor,
                action=turned.action,
                details={"what": turned.what, "count": count},
                personal={name: value[:200] for name, value in turned.personal.items() if value},
                organisation=turned.organisation,
                at_s=self._wall_s(),
            )
        )
