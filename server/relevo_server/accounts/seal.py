"""Secrets in the database, sealed by a key beside it: a stolen copy of the database alone opens none."""

import contextlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_FILE: Final = "secrets.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """What was sealed does not open: another key, another place, or changed bytes."""


class Seal:
    """AES-256-GCM under one key; what is sealed for one place opens at no other (NIST SP 800-38D)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, secret: bytes, place: str) -> bytes:
        """nonce(12) || ciphertext || tag(16), bound to `place` (table and account)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """The secret again. Raises Unsealable."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise Unsealable(
                f"a secret of {place.partition(':')[0]} does not open with {KEY_FILE}"
            ) from error


def load_or_make_seal(folder: Path) -> Seal:
    """The seal by the key of the data folder, made at the first start and readable by its owner alone.

    Raises:
        OSError: the file cannot be read or made.
        ValueError: the file is not a key.
    """
    path = folder / KEY_FILE
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ValueError(f"{path} has {len(key)} bytes, a key has {_KEY_BYTES}: restore it from the backup")
    return Seal(key)


def _make(path: Path) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link and no move: two servers that start at once end up with the same key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
