"""What the agent keeps on disk beside the record (``records``): its device key, and the log."""

import logging
import logging.handlers
import os
import secrets
import stat
from pathlib import Path
from typing import Final

import platformdirs
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from relevo_agent.complaint import Complaint

KEY_FILE: Final = "device.key"
LOG_FILE: Final = "agent.log"
_LOG_BYTES: Final = 1_000_000


class StoreError(Complaint):
    """The state directory cannot be used."""


def default_directory() -> Path:
    """Where the platform keeps a program's state."""
    return Path(platformdirs.user_state_dir("relevo-agent", appauthor=False))


def prepare(directory: Path) -> None:
    """Make the directory, for this user alone.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError("state", path=directory, why=error.strerror) from error


def device_key(directory: Path) -> Ed25519PrivateKey:
    """The key that makes this PC recognisable; made at the first start, readable by this user alone.

    Raises:
        StoreError: the file cannot be read, belongs to everybody, or is no key.
    """
    path = directory / KEY_FILE
    try:
        return Ed25519PrivateKey.from_private_bytes(_read_private(path))
    except FileNotFoundError:
        return _new_key(path)
    except ValueError as error:
        raise StoreError("key_broken", path=path) from error
    except OSError as error:
        raise StoreError("state", path=path, why=error.strerror) from error


def _read_private(path: Path) -> bytes:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise StoreError("key_public", path=path)
    return path.read_bytes()


def _new_key(path: Path) -> Ed25519PrivateKey:
    """Make the key whole or not at all; of two agents that start at once, one key wins."""
    key = Ed25519PrivateKey.generate()
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes_raw())
        part.rename(path) if os.name == "nt" else os.link(part, path)
    except FileExistsError:
        return device_key(path.parent)
    except OSError as error:
        raise StoreError("state", path=path, why=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)
    return key


def log_to(directory: Path) -> logging.Handler:
    """Log to a file that does not grow for ever and holds no secrets and no screen content.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        handler = logging.handlers.RotatingFileHandler(
            directory / LOG_FILE, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8"
        )
    except OSError as error:
        raise StoreError("state", path=directory / LOG_FILE, why=error.strerror) from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("relevo_agent")
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    root.propagate = False
    return handler
