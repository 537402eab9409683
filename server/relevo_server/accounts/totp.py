"""One-time codes by time: RFC 6238 as authenticator apps speak it (SHA-1, six digits, 30 seconds)."""

import base64
import hmac
import os
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

STEP_S: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20  # RFC 4226, requirement 6: 160 bits


def new_secret() -> bytes:
    """A fresh shared secret."""
    return os.urandom(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """The secret as people type it into an app: base32."""
    return base64.b32encode(secret).decode()


def key_uri(secret: bytes, issuer: str, name: str) -> str:
    """The `otpauth:` address that apps take as a link or a square."""
    label = quote(f"{issuer}:{name}", safe="")
    fields = {
        "secret": secret_text(secret),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP_S,
    }
    return f"otpauth://totp/{label}?{urlencode(fields, quote_via=quote)}"


def code_at(secret: bytes, step: int) -> str:
    """The code of one step of 30 seconds."""
    hotp = HOTP(secret, DIGITS, SHA1())  # noqa: S303 - what apps speak; a MAC needs no collision resistance
    return hotp.generate(step).decode()


def matching_step(secret: bytes, code: str, now_s: float) -> int | None:
    """The step that the code belongs to: this one or the one before, for slow clocks; never a later one.

    Both are computed and compared in constant time, whichever fits. Each step works once; that is the store's
    to see to (RFC 6238, 5.2).
    """
    typed = code.encode("utf-8", "replace")
    now = int(now_s // STEP_S)
    fits = [step for step in (now, now - 1) if hmac.compare_digest(code_at(secret, step).encode(), typed)]
    return fits[0] if fits else None
