"""Passwords: argon2id in a thread, and the rule for new ones."""

import asyncio
import unicodedata
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from relevo_server.accounts.common_passwords import is_common
from relevo_server.errors import BUSY, Refusal, Text

MIN_CHARS = 10
MAX_CHARS = 256
# Each computation takes 64 MiB; more than two at once would be a gift to who wants the server down.
_AT_ONCE = 2
# Some seconds of them; who comes later hears at once that it is too much. Strangers leave room for the known.
_QUEUE = 16
_KNOWN_QUEUE = 32
_RETRY_S = 5


@dataclass(frozen=True)
class Verdict:
    """Whether the password fits, and a new hash when the stored one has outdated parameters."""

    fits: bool
    better_hash: str | None = None


class Passwords:
    """Hashes and verifies (RFC 9106, the library's default profile)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._queued = 0
        self._decoy = ""

    async def hash(self, password: str) -> str:
        """The argon2 string to store. Raises Refusal: busy."""
        async with self._turn(_KNOWN_QUEUE):
            return await asyncio.to_thread(self._hasher.hash, _prepared(password))

    async def verify(self, stored: str | None, password: str, *, known: bool = False) -> Verdict:
        """Compare; with None instead of a stored hash it takes as long and never fits.

        Raises:
            Refusal: busy: too many wait already; more may who are `known`.
        """
        async with self._turn(_KNOWN_QUEUE if known else _QUEUE):
            return await asyncio.to_thread(self._verify, stored, _prepared(password))

    @asynccontextmanager
    async def _turn(self, room: int) -> AsyncGenerator[None]:
        if self._queued >= room:
            raise Refusal(BUSY, retry_after_s=_RETRY_S)
        self._queued += 1
        try:
            async with self._turns:
                yield
        finally:
            self._queued -= 1

    def _verify(self, stored: str | None, password: str) -> Verdict:
        # Made before the account is looked at, whether it exists or not: the first caller waits either way.
        self._decoy = self._decoy or self._hasher.hash("no account has this password")
        try:
            # With no such account the decoy is verified instead, so that time tells nothing.
            self._hasher.verify(stored or self._decoy, password)
        except (VerificationError, InvalidHashError):
            return Verdict(fits=False)
        if stored is None:
            return Verdict(fits=False)
        outdated = self._hasher.check_needs_rehash(stored)
        return Verdict(fits=True, better_hash=self._hasher.hash(password) if outdated else None)


def weakness(password: str, name: str, *context: str) -> Text | None:
    """Why this password is refused for the account of this name, or None when it is good enough.

    Which kinds of characters it is made of is nobody's business (ASVS 5.0, 6.2.5); `context` are words that
    whoever guesses would try first: the people's and the organisation's names (6.2.11).
    """
    text = _prepared(password)
    if len(text) < MIN_CHARS:
        return Text(
            f"The password has {len(text)} characters; it needs at least {MIN_CHARS}.",
            f"La contraseña tiene {len(text)} caracteres; necesita al menos {MIN_CHARS}.",
        )
    if len(text) > MAX_CHARS:
        return Text(
            f"The password is longer than {MAX_CHARS} characters.",
            f"La contraseña supera los {MAX_CHARS} caracteres.",
        )
    if len(name) > 2 and name in text.casefold():
        return Text(
            "The password contains the account's name.", "La contraseña contiene el nombre de la cuenta."
        )
    if is_common(text, (name, *context)):
        return Text(
            "This password is one of the first that somebody would try.",
            "Esta contraseña es de las primeras que alguien probaría.",
        )
    return None


def _prepared(password: str) -> str:
    # The same keystrokes give different code points on different systems (RFC 8265, 4.1).
    return unicodedata.normalize("NFC", password)
