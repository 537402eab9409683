"""What a session leaves over a restart: sealed, on this PC alone, good once and for so long (SPEC V6).

AES-256-GCM under a random key of its own, in a second file that root alone reads; the additional data is this
system's ``machine-id``, so that a copied disk opens nothing elsewhere. Both files are gone before what they
hold is used: whoever crashes in between has lost the session, never doubled it.
"""

import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE: Final = "restart.key"
STATE_FILE: Final = "restart.sealed"
_LABEL: Final = b"relevo1 restart"
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_MAX_BYTES: Final = 2**20
MACHINE_ID: Final = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class Kept:
    """``uid`` is the user whose session it was, ``until_s`` seconds since 1970."""

    uid: int
    until_s: float
    state: bytes = field(repr=False)


class Sealed:
    """The one state that may be kept, in a folder that root alone may enter."""

    def __init__(self, folder: Path, wall_s: Callable[[], float], machine_id: Path = MACHINE_ID) -> None:
        self._folder = folder
        self._wall_s = wall_s
        self._machine_id = machine_id

    def put(self, uid: int, state: bytes, good_for_s: int) -> None:
        """Keep a state; one that was kept before is gone. When this returns it is on the disk.

        Raises:
            OSError: it could not be written.
        """
        self.drop()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key, nonce = secrets.token_bytes(_KEY_BYTES), secrets.token_bytes(_NONCE_BYTES)
        kept = msgspec.msgpack.encode(Kept(uid, self._wall_s() + good_for_s, state))
        # The key first: a crash in between leaves a key without a state, which is nothing.
        self._write(KEY_FILE, key)
        self._write(STATE_FILE, nonce + AESGCM(key).encrypt(nonce, kept, self._bound_to()))

    def take(self) -> Kept | None:
        """What was kept, and destroy it; ``None`` if there is none, it is too late, or it is not ours."""
        try:
            key, sealed = self._read(KEY_FILE), self._read(STATE_FILE)
        except OSError:
            self.drop()
            return None
        self.drop()
        try:
            opened = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self._bound_to())
            kept = msgspec.msgpack.decode(opened, type=Kept)
        except (InvalidTag, ValueError):  # msgspec's errors are ValueErrors
            return None
        return kept if self._wall_s() < kept.until_s else None

    def drop(self) -> None:
        """Destroy what is kept; the key first, without which the rest is noise."""
        for name in (KEY_FILE, STATE_FILE):
            (self._folder / name).unlink(missing_ok=True)
        self._sync_folder()

    def _bound_to(self) -> bytes:
        try:
            return _LABEL + self._machine_id.read_bytes().strip()
        except OSError:  # a system without one
            return _LABEL

    def _read(self, name: str) -> bytes:
        # A link that somebody put there is not followed, and a folder's worth of bytes is not read.
        handle = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            return file.read(_MAX_BYTES)

    def _write(self, name: str, data: bytes) -> None:
        """Whole or not at all, also when the power goes."""
        part = self._folder / f"{name}.part"
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self._folder / name)
        self._sync_folder()

    def _sync_folder(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
