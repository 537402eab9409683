"""Token buckets keyed by account or by address prefix, with bounded memory.

A refused attempt costs nothing: who keeps hammering waits no longer than who waits.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# A household or a small office may own a whole /56 and a site a /48; the wider, the larger its share.
_IPV6_SHARES = ((64, 1), (56, 4), (48, 16))


@dataclass(frozen=True)
class Allowance:
    """How many attempts are admitted at once, and how many come back each second."""

    burst: float
    per_s: float


@dataclass(frozen=True)
class Key:
    """Whom an attempt is charged to; `share` multiplies the allowance."""

    name: str
    share: int = 1


@dataclass
class _Bucket:
    spent: float
    at_s: float


class Throttle:
    """A table of leaking buckets, at most `capacity` of them; the least recently charged goes first."""

    def __init__(self, allowance: Allowance, now_s: Callable[[], float], capacity: int = 65_536) -> None:
        self._allowance = allowance
        self._now_s = now_s
        self._capacity = capacity
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def charge(self, *keys: Key) -> float:
        """Charge one attempt to every key, or to none.

        Returns 0.0 when admitted, else the seconds until the next attempt can be admitted.
        """
        now_s = self._now_s()
        wait_s = max((self._wait_s(key, now_s) for key in keys), default=0.0)
        if wait_s > 0.0:
            return wait_s
        for key in keys:
            self._spend(key, now_s)
        return 0.0

    def refund(self, *keys: Key) -> None:
        """Give back one attempt, because it turned out to be an honest one."""
        for key in keys:
            bucket = self._buckets.get(key.name)
            if bucket is not None:
                bucket.spent = max(0.0, bucket.spent - 1.0)

    def _wait_s(self, key: Key, now_s: float) -> float:
        bucket = self._buckets.get(key.name)
        if bucket is None:
            return 0.0
        over = self._level(bucket, key, now_s) + 1.0 - self._allowance.burst * key.share
        return max(0.0, over / (self._allowance.per_s * key.share)) if over > 1e-9 else 0.0

    def _level(self, bucket: _Bucket, key: Key, now_s: float) -> float:
        recovered = max(0.0, now_s - bucket.at_s) * self._allowance.per_s * key.share
        return max(0.0, bucket.spent - recovered)

    def _spend(self, key: Key, now_s: float) -> None:
        bucket = self._buckets.pop(key.name, None)
        spent = self._level(bucket, key, now_s) if bucket is not None else 0.0
        self._buckets[key.name] = _Bucket(spent + 1.0, now_s)
        while len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)


def address_keys(address: str) -> tuple[Key, ...]:
    """The prefixes an address is charged to: IPv4 alone, IPv6 by /64, /56 and /48.

    An address that cannot be read (a Unix socket, a broken proxy) shares one bucket with all such.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return (Key("address:unknown"),)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, ipaddress.IPv4Address):
        return (Key(f"address:{parsed}"),)
    return tuple(
        Key(f"address:{ipaddress.ip_network((parsed, width), strict=False)}", share)
        for width, share in _IPV6_SHARES
    )


def account_key(account: str) -> Key:
    """The key of an account, by its id or by the name somebody claims to have."""
    return Key(f"account:{account}")


def retry_after_s(wait_s: float) -> int:
    """A wait as the whole seconds of a `Retry-After` header (RFC 9110, 10.2.3)."""
    return max(1, math.ceil(wait_s))
