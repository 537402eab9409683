"""Things begun in one request and finished in another: second steps, passkeys, an OIDC provider's answer.

Kept in memory under a random name, for five minutes, each to be finished once. Whoever begins without end
pushes out what is their own.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

LIFE_S: Final = 300.0
CAPACITY: Final = 10_000
PER_ACCOUNT: Final = 8
PER_NETWORK: Final = 64
"""How many an account may have open, and how many a network, where nobody is known yet."""
TRIES: Final = 5
_TOKEN_BYTES: Final = 32

_T = TypeVar("_T")


@dataclass
class _Open(Generic[_T]):
    value: _T
    owner: str
    expires_at_s: float
    tries: int = 0


class Challenges(Generic[_T]):
    """At most `CAPACITY` open ones, and `per_owner` of one owner; the oldest give way.

    Times are of a monotonic clock.
    """

    def __init__(
        self, now_s: Callable[[], float], per_owner: int = PER_ACCOUNT, capacity: int = CAPACITY
    ) -> None:
        self._now_s = now_s
        self._per_owner = per_owner
        self._capacity = capacity
        self._of: dict[str, list[bytes]] = {}
        # All live equally long, so the order of opening is the order of expiry.
        self._open: OrderedDict[bytes, _Open[_T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, value: _T, owner: str) -> str:
        """A fresh token of 43 base64url characters that stands for the value."""
        now_s = self._now_s()
        while self._open and (len(self._open) >= self._capacity or self._oldest().expires_at_s <= now_s):
            self._close(next(iter(self._open)))
        if len(theirs := self._of.get(owner, [])) >= self._per_owner:
            self._close(theirs[0])
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        key = _digest(token)
        self._open[key] = _Open(value, owner, now_s + LIFE_S)
        self._of.setdefault(owner, []).append(key)
        return token

    def take(self, token: str) -> _T | None:
        """What the token stands for, once; None when unknown, used or expired."""
        found = self._close(_digest(token))
        return found.value if found is not None and found.expires_at_s > self._now_s() else None

    def look(self, token: str) -> _T | None:
        """What the token stands for, one try spent; None as by `take`, and after `TRIES` tries."""
        key = _digest(token)
        found = self._open.get(key)
        if found is None:
            return None
        found.tries += 1
        if found.expires_at_s <= self._now_s() or found.tries > TRIES:
            self._close(key)
            return None
        return found.value

    def _close(self, key: bytes) -> _Open[_T] | None:
        found = self._open.pop(key, None)
        if found is not None:
            theirs = self._of[found.owner]
            theirs.remove(key)
            if not theirs:
                del self._of[found.owner]
        return found

    def _oldest(self) -> _Open[_T]:
        return next(iter(self._open.values()))


def _digest(token: str) -> bytes:
    # Looked up by digest: the time of a dictionary lookup then says nothing about the token itself.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
