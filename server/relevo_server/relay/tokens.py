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
    good: bytes | None = field(default=None, repr=False)
    fresh: bytes | None = field(default=None, repr=False)


class TokenBook(Generic[OwnerT]):
    """Which owner a token belongs to.

    A welcome may be lost on the way; therefore the token that was presented stays good beside the fresh one
    until ``confirm`` says that the fresh one has arrived.
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
        """What to store: the hashes of the tokens that are good now, 32 bytes each, at most two."""
        held = self._held.get(owner, _Held())
        return (held.good or b"") + (held.fresh or b"")

    def restore(self, owner: OwnerT, hashes: bytes) -> None:
        """Take up what was stored."""
        good, fresh = hashes[:HASH_BYTES], hashes[HASH_BYTES : 2 * HASH_BYTES] or None
        self._held[owner] = _Held(good, fresh)
        for digest in filter(None, (good, fresh)):
            self._owners[digest] = owner

    def confirm(self, owner: OwnerT) -> None:
        """The fresh token has arrived: the one before is dead."""
        held = self._held.get(owner)
        if held is not None and held.fresh is not None:
            self._forget(held.good)
            held.good, held.fresh = held.fresh, None

    def find(self, token: str) -> OwnerT | None:
        """Return whose token this is; what is found becomes the one that is known to have arrived."""
        digest = token_hash(token)
        owner = self._owners.get(digest)
        if owner is None:
            return None
        held = self._held[owner]
        if held.fresh is not None and hmac.compare_digest(held.fresh, digest):
            self.confirm(owner)
            return owner
        return owner if held.good is not None and hmac.compare_digest(held.good, digest) else None

    def revoke(self, owner: OwnerT) -> None:
        """Kill every token of an owner."""
        held = self._held.pop(owner, None)
        if held is not None:
            self._forget(held.good)
            self._forget(held.fresh)

    def _forget(self, digest: bytes | None) -> None:
        if digest is not None:
            self._owners.pop(digest, None)
