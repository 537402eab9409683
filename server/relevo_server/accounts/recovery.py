"""Recovery codes: ten codes of 120 random bits for the day on which the other factors are lost."""

import base64
import hashlib
import secrets
from typing import Final

COUNT: Final = 10
_BYTES: Final = 15
_SIGNS: Final = _BYTES * 8 // 5
_GROUP: Final = 4
# As people copy by hand: what base32 does not have is what it was mistaken for.
_LOOK_ALIKES: Final = str.maketrans("018", "OIB")


def new_codes() -> list[str]:
    """Ten fresh codes: 24 signs of base32 in six groups."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_BYTES)).decode()) for _ in range(COUNT)]


def code_hash(typed: str) -> bytes:
    """What the database keeps; from 112 random bits on no slow hash is needed (ASVS 5.0, 6.5.2)."""
    signs = "".join(typed.split()).replace("-", "").upper().translate(_LOOK_ALIKES)
    return hashlib.sha256(signs.encode("utf-8", "replace")).digest()


def _grouped(signs: str) -> str:
    return "-".join(signs[at : at + _GROUP] for at in range(0, _SIGNS, _GROUP))
