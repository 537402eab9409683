"""The vectors of whispers and sealed invitations: what two browsers, or a host and one, must agree on."""

from collections.abc import Callable
from functools import partial
from typing import Final

from codegen.crypto_runs import CONTEXT, LOW_ORDER_POINT, Json, Record
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from relevo_protocol.crypto.errors import CryptoError
from relevo_protocol.crypto.invitation import JoinPurpose, open_invitation
from relevo_protocol.crypto.whisper import WhisperReceiver, WhisperSender, whisper_keys
from relevo_protocol.header import Header, MessageType

_ONE: Final = bytes(range(1, 33))
_OTHER: Final = bytes(range(33, 65))
_SEALED_ONE: Final = bytes(range(65, 97))
_EPHEMERAL: Final = bytes(range(97, 129))
_INVITE: Final = bytes(range(16, 32))
_SECRET: Final = bytes(range(128, 160))
_SENDER_LINK: Final = 11

Sealed = tuple[bytes, int, bytes]


def _public(scalar: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()


def _outcome(work: Callable[[], bytes]) -> Json:
    try:
        return {"plaintext": work().hex(), "expect": "ok"}
    except CryptoError as error:
        return {"expect": error.kind.value}


def whisper_vectors() -> Json:
    """Return the keys of both directions and sequences for one receiver."""
    said = whisper_keys(CONTEXT, _ONE, _public(_OTHER), "own")
    heard = whisper_keys(CONTEXT, _ONE, _public(_OTHER), "theirs")
    sender, sealed = WhisperSender(said), list[Sealed]()
    for counter, text in enumerate((b"hi", "¿la oyes?".encode(), b"")):
        header = Header(MessageType.TEAM, dst=2, key_id=_SENDER_LINK, counter=counter).pack()
        sealed.append((header, counter, sender.seal(header, text)))
    first, second, third = sealed
    other_dst = Header(MessageType.TEAM, dst=3, key_id=_SENDER_LINK).pack()
    flipped = bytes([first[2][0] ^ 1]) + first[2][1:]
    sequences = {
        "in turn": [first, second, third],
        "one dropped by the relay": [first, third],
        "repeated": [first, first, second],
        "backwards": [second, first, third],
        "ciphertext changed": [(first[0], 0, flipped), first],
        "for another slot": [(other_dst, 0, first[2])],
        "shorter than a tag": [(first[0], 0, bytes(15))],
    }
    return {
        "origin": CONTEXT.relay_origin,
        "session_id": CONTEXT.session_id.hex(),
        "sender": {"scalar": _ONE.hex(), "public": _public(_ONE).hex()},
        "receiver": {"scalar": _OTHER.hex(), "public": _public(_OTHER).hex()},
        "key": said.key.hex(),
        "iv": said.iv.hex(),
        "back_key": heard.key.hex(),
        "back_iv": heard.iv.hex(),
        "low_order": LOW_ORDER_POINT.hex(),
        "cases": [_whisper_case(name, items) for name, items in sequences.items()],
    }


def _whisper_case(name: str, items: list[Sealed]) -> Json:
    receiver = WhisperReceiver(whisper_keys(CONTEXT, _OTHER, _public(_ONE), "theirs"))
    messages: Record = []
    for header, counter, body in items:
        message: Json = {"header": header.hex(), "counter": counter, "sealed": body.hex()}
        messages.append(message | _outcome(partial(receiver.open, header, counter, body)))
    return {"name": name, "messages": messages}


def invitation_vectors() -> Json:
    """Return an invitation's secret sealed with a fixed ephemeral key, and what must not open."""
    purpose = JoinPurpose(CONTEXT, _INVITE, "acc-7")
    sealed = _hpke_seal(_SECRET, _public(_SEALED_ONE), purpose.info())
    cases = {
        "as sealed": (sealed, purpose),
        "for another account": (sealed, JoinPurpose(CONTEXT, _INVITE, "acc-8")),
        "for another invitation": (sealed, JoinPurpose(CONTEXT, bytes(16), "acc-7")),
        "ciphertext changed": (sealed[:-1] + bytes([sealed[-1] ^ 1]), purpose),
        "ephemeral key changed": (bytes([sealed[0] ^ 1]) + sealed[1:], purpose),
        "ephemeral key of low order": (LOW_ORDER_POINT + sealed[32:], purpose),
        "cut off": (sealed[:-1], purpose),
        "nothing but a key": (sealed[:32], purpose),
    }
    return {
        "origin": CONTEXT.relay_origin,
        "session_id": CONTEXT.session_id.hex(),
        "scalar": _SEALED_ONE.hex(),
        "public": _public(_SEALED_ONE).hex(),
        "cases": [_invitation_case(name, *given) for name, given in cases.items()],
    }


def _invitation_case(name: str, sealed: bytes, purpose: JoinPurpose) -> Json:
    private = X25519PrivateKey.from_private_bytes(_SEALED_ONE)
    case: Json = {
        "name": name,
        "invite": purpose.invite.hex(),
        "account_id": purpose.account_id,
        "info": purpose.info().hex(),
        "sealed": sealed.hex(),
    }
    return case | _outcome(lambda: open_invitation(sealed, private, purpose))


def _hpke_seal(plaintext: bytes, key: bytes, info: bytes) -> bytes:
    """HPKE base mode (RFC 9180, 4.1, 5.1) with a fixed ephemeral key: libraries draw theirs by themselves."""
    kem_id, hpke_id = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x02"
    enc = _public(_EPHEMERAL)
    dh = X25519PrivateKey.from_private_bytes(_EPHEMERAL).exchange(X25519PublicKey.from_public_bytes(key))
    eae = _extract(kem_id, b"", b"eae_prk", dh)
    shared = _expand(kem_id, eae, b"shared_secret", enc + key, 32)
    context = (
        b"\x00" + _extract(hpke_id, b"", b"psk_id_hash", b"") + _extract(hpke_id, b"", b"info_hash", info)
    )
    secret = _extract(hpke_id, shared, b"secret", b"")
    nonce = _expand(hpke_id, secret, b"base_nonce", context, 12)
    return enc + AESGCM(_expand(hpke_id, secret, b"key", context, 32)).encrypt(nonce, plaintext, b"")


def _extract(suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return HKDF.extract(SHA256(), salt or bytes(32), b"HPKE-v1" + suite_id + label + ikm)


def _expand(suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + info
    return HKDFExpand(SHA256(), length, labelled).derive(prk)


PEOPLE: Final[dict[str, Callable[[], Json]]] = {
    "whisper": whisper_vectors,
    "invitation": invitation_vectors,
}
"""File name -> what makes its content."""
