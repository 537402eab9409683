"""A passkey in software: what a browser's authenticator answers, and each way of answering wrongly."""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field, replace
from typing import Any, cast

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def data(value: str) -> bytes:
    """The bytes again."""
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


@dataclass(frozen=True)
class Answering:
    """How it answers; None is as it was asked."""

    origin: str
    rp_id: str | None = None
    challenge: bytes | None = None
    verified: bool = True
    cross_origin: bool = False
    counts: bool = True


@dataclass
class Authenticator:
    """One passkey with its counter."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    user_handle: bytes = b""
    count: int = 0

    def create(self, options: dict[str, Any], how: Answering) -> dict[str, Any]:
        """What `navigator.credentials.create` gives, as JSON."""
        self.user_handle = data(options["user"]["id"])
        how = replace(how, rp_id=how.rp_id or options["rp"]["id"])
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        attested = (
            os.urandom(16)
            + struct.pack(">H", len(self.credential_id))
            + self.credential_id
            + cbor2.dumps(cose)
        )
        made: dict[str, Any] = {
            "fmt": "none",
            "attStmt": {},
            "authData": self._data(how, _ATTESTED) + attested,
        }
        client = _client("webauthn.create", options, how)
        return self._credential(
            {"attestationObject": text(cbor2.dumps(made)), "clientDataJSON": text(client)}
        )

    def get(self, options: dict[str, Any], how: Answering) -> dict[str, Any]:
        """What `navigator.credentials.get` gives, as JSON."""
        how = replace(how, rp_id=how.rp_id or options["rpId"])
        self.count += how.counts
        client, about = _client("webauthn.get", options, how), self._data(how, 0)
        signature = self.key.sign(about + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(
            {
                "authenticatorData": text(about),
                "clientDataJSON": text(client),
                "signature": text(signature),
                "userHandle": text(self.user_handle),
            }
        )

    def _data(self, how: Answering, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if how.verified else 0)
        rp_id = cast("str", how.rp_id)
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = text(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}


def _client(kind: str, options: dict[str, Any], how: Answering) -> bytes:
    challenge = text(how.challenge) if how.challenge is not None else options["challenge"]
    told = {"type": kind, "challenge": challenge, "origin": how.origin, "crossOrigin": how.cross_origin}
    return json.dumps(told).encode()
