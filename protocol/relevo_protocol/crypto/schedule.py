"""From a shared point to proofs and channel keys (SPEC K5-K7, K9).

Python cannot wipe memory: secrets live until their objects are collected. They are kept out of every
``repr``, so that no log or traceback shows them, and nothing here is ever written to disk.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from relevo_protocol.crypto.cpace import session_key
from relevo_protocol.crypto.encoding import lv
from relevo_protocol.crypto.flights import MAX_REFERENCE_BYTES, CredentialKind
from relevo_protocol.limits import CODE_DIGITS

SESSION_ID_BYTES: Final = 16
SECRET_BYTES: Final = 32
RESUME_ID_BYTES: Final = 8

_LABEL: Final = b"relevo1"


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """Where a run takes place: the relay's origin (scheme, host, port if any) and the 16-byte session id."""

    relay_origin: str
    session_id: bytes

    def __post_init__(self) -> None:
        if len(self.session_id) != SESSION_ID_BYTES:
            raise ValueError(f"a session id of {len(self.session_id)} bytes, expected {SESSION_ID_BYTES}")

    def identifier(self) -> bytes:
        """Return CI of CPace (SPEC K2)."""
        return lv(_LABEL, self.relay_origin.encode(), self.session_id)


@dataclass(frozen=True, slots=True)
class Credential:
    """The secret of a run and how flight 1 names it.

    ``code``: six ASCII digits, no reference. ``resume``: 32 bytes, the 8-byte resume id. ``invite``: 32
    bytes, an id of 1 to 32 bytes.

    Raises:
        ValueError: secret or reference do not have the form of their kind.
    """

    kind: CredentialKind
    secret: bytes = field(repr=False)
    ref: bytes = b""

    def __post_init__(self) -> None:
        if not self._fits():
            raise ValueError(f"secret or reference do not have the form of a {self.kind} credential")

    def _fits(self) -> bool:
        match self.kind:
            case "code":
                return len(self.secret) == CODE_DIGITS and self.secret.isdigit() and not self.ref
            case "resume":
                return len(self.secret) == SECRET_BYTES and len(self.ref) == RESUME_ID_BYTES
            case "invite":
                return len(self.secret) == SECRET_BYTES and 1 <= len(self.ref) <= MAX_REFERENCE_BYTES

    def prs(self) -> bytes:
        """Return PRS of CPace, which binds kind and reference (SPEC K5)."""
        if self.kind == "code":
            return self.secret
        return lv(_LABEL + b" " + self.kind.encode(), self.ref, self.secret)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What both sides saw of a run; the shares are 32 bytes, the identities the bytes as sent."""

    channel: bytes
    sid: bytes
    host_share: bytes
    host_identity: bytes
    viewer_share: bytes
    viewer_identity: bytes

    def digest(self) -> bytes:
        """Return TH, 32 bytes (SPEC K6)."""
        shares = (self.host_share, self.host_identity, self.viewer_share, self.viewer_identity)
        return hashlib.sha256(lv(self.channel, self.sid, *shares)).digest()

    def cpace(self) -> bytes:
        """Return the transcript as CPace hashes it, the host in the initiator's place."""
        host = lv(self.host_share, self.host_identity)
        return host + lv(self.viewer_share, self.viewer_identity)


@dataclass(frozen=True, slots=True)
class DirectionKeys:
    """AES-256-GCM key (32 bytes) and iv (12 bytes) of one direction of a pairwise channel."""

    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What a finished handshake leaves: both directions, the one-time resume secret with its id, and TH."""

    v2h: DirectionKeys
    h2v: DirectionKeys
    resume_secret: bytes = field(repr=False)
    resume_id: bytes
    th: bytes

    def resume_credential(self) -> Credential:
        """Return the credential of the next run after a cut; use it once (SPEC K10)."""
        return Credential("resume", self.resume_secret, self.resume_id)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The two proofs, 32 bytes each, and the keys that are used once both were checked."""

    viewer_proof: bytes = field(repr=False)
    host_proof: bytes = field(repr=False)
    keys: SessionKeys


class _Expander:
    """``k(label, n)`` of the specification: HKDF-SHA-256 with IKM = ISK and salt = TH."""

    def __init__(self, isk: bytes, th: bytes) -> None:
        self._prk = HKDF.extract(SHA256(), th, isk)

    def __call__(self, label: str, length: int) -> bytes:
        return HKDFExpand(SHA256(), length, _LABEL + b" " + label.encode()).derive(self._prk)


def derive_schedule(transcript: Transcript, shared: bytes) -> Schedule:
    """Return proofs and keys of a run from its transcript and the 32-byte shared point (SPEC K6, K7, K9)."""
    th = transcript.digest()
    expand = _Expander(session_key(transcript.sid, shared, transcript.cpace()), th)
    return Schedule(
        viewer_proof=hmac.digest(expand("cfm v", 32), th, "sha256"),
        host_proof=hmac.digest(expand("cfm h", 32), th, "sha256"),
        keys=SessionKeys(
            v2h=DirectionKeys(expand("v2h key", 32), expand("v2h iv", 12)),
            h2v=DirectionKeys(expand("h2v key", 32), expand("h2v iv", 12)),
            resume_secret=expand("resume", SECRET_BYTES),
            resume_id=expand("resume id", RESUME_ID_BYTES),
            th=th,
        ),
    )
