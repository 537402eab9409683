"""Resume tokens: good once, held as SHA-256 only, compared in constant time."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

OwnerT = TypeVar("OwnerT", bound=Hashable)
TOKEN_BYTES: Final = 32
HASH_BYTES: Final = 32


def token_hash(token: str) -> bytes:
    """Return SHA-256 of a token, 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(slots=True)
class _Held:
    """Hashes: of the token confirmed last, of a later one that somebody presented, of the one given last."""

    good: bytes | None = field(default=None, repr=False)
    presented: bytes | None = field(default=None, repr=False)
    fresh: bytes | None = field(default=None, repr=False)


class TokenBook(Generic[OwnerT]):
    """Which owner a token belongs to.

    A welcome may be lost on the way, and somebody else may have presented the token; therefore the one that
    was confirmed last, and the one that was presented last, stay good beside the fresh one until ``confirm``
    says that the fresh one is where it belongs.
    """

    def __init__(self, token_bytes: Callable[[int], bytes]) -> None:
        self._token_bytes = token_bytes
        self._owners: dict[bytes, OwnerT] = {}
        self._held: dict[OwnerT, _Held] = {}

    def __len__(self) -> int:
        return len(self._owners)

    def issue(self, owner: OwnerT) -> str:
        """Return a fresh token, 43 base64url characters."""
        token = base64.urlsafe_b64encode(self._token_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
        digest = token_hash(token)
        held = self._held.setdefault(owner, _Held())
        self._forget(held.fresh)
        held.fresh = digest
        self._owners[digest] = owner
        return token

    def hashes(self, owner: OwnerT) -> bytes:
        """What to store: the hashes of the tokens that are good now, 32 bytes each, at most three."""
        held = self._held.get(owner, _Held())
        return (held.good or b"") + (held.presented or b"") + (held.fresh or b"")

    def restore(self, owner: OwnerT, hashes: bytes) -> None:
        """Take up what was stored."""
        parts = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)][:3]
        self._held[owner] = _Held(*parts)
        for digest in parts:
            self._owners[digest] = owner

    def confirm(self, owner: OwnerT) -> None:
        """The fresh token is where it belongs: all others are dead."""
        held = self._held.get(owner)
        if held is not None and held.fresh is not None:
            self._forget(held.good)
            self._forget(held.presented)
            held.good, held.presented, held.fresh = held.fresh, None, None

    def find(self, token: str) -> OwnerT | None:
        """Return whose token this is; a fresh one is not given again, and stays good until ``confirm``."""
        digest = token_hash(token)
        owner = self._owners.get(digest)
        if owner is None:
            return None
        held = self._held[owner]
        if held.fresh is not None and hmac.compare_digest(held.fresh, digest):
            self._forget(held.presented)
            held.presented, held.fresh = held.fresh, None
            return owner
        good = (held.good, held.presented)
        return owner if any(one is not None and hmac.compare_digest(one, digest) for one in good) else None

    def revoke(self, owner: OwnerT) -> None:
        """Kill every token of an owner."""
        held = self._held.pop(owner, None)
        if held is not None:
            self._forget(held.good)
            self._forget(held.fresh)

    def _forget(self, digest: bytes | None) -> None:
        if digest is not None:
            self._owners.pop(digest, None)
