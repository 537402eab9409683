"""Things begun in one request and finished in another: second steps, passkeys, an OIDC provider's answer.

Kept in memory under a random name, for five minutes, each to be finished once.
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

LIFE_S: Final = 300.0
CAPACITY: Final = 10_000
TRIES: Final = 5
_TOKEN_BYTES: Final = 32

_T = TypeVar("_T")


@dataclass
class _Open(Generic[_T]):
    value: _T
    expires_at_s: float
    tries: int = 0


class Challenges(Generic[_T]):
    """At most `CAPACITY` open ones; the oldest gives way. Times by a monotonic clock."""

    def __init__(self, now_s: Callable[[], float], capacity: int = CAPACITY) -> None:
        self._now_s = now_s
        self._capacity = capacity
        # All live equally long, so the order of opening is the order of expiry.
        self._open: OrderedDict[bytes, _Open[_T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, value: _T) -> str:
        """A fresh token of 43 base64url characters that stands for the value."""
        now_s = self._now_s()
        while self._open and (len(self._open) >= self._capacity or self._oldest().expires_at_s <= now_s):
            self._open.popitem(last=False)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[_digest(token)] = _Open(value, now_s + LIFE_S)
        return token

    def take(self, token: str) -> _T | None:
        """What the token stands for, once; None when unknown, used or expired."""
        found = self._open.pop(_digest(token), None)
        return found.value if found is not None and found.expires_at_s > self._now_s() else None

    def look(self, token: str) -> _T | None:
        """What the token stands for, one try spent; None as by `take`, and after `TRIES` tries."""
        key = _digest(token)
        found = self._open.get(key)
        if found is None:
            return None
        found.tries += 1
        if found.expires_at_s <= self._now_s() or found.tries > TRIES:
            del self._open[key]
            return None
        return found.value

    def _oldest(self) -> _Open[_T]:
        return next(iter(self._open.values()))


def _digest(token: str) -> bytes:
    # Looked up by digest: the time of a dictionary lookup then says nothing about the token itself.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
