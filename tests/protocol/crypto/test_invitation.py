"""The sealing of an invitation's secret (SPEC C20): who may open it, and what for."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relevo_protocol.crypto.encoding import lv
from relevo_protocol.crypto.errors import CryptoError, FailureKind, OpenError
from relevo_protocol.crypto.invitation import SEALED_BYTES, JoinPurpose, open_invitation, seal_invitation
from relevo_protocol.crypto.schedule import ChannelContext

SECRET = bytes(range(32))
CONTEXT = ChannelContext("https://relay.example", b"s" * 16)
PURPOSE = JoinPurpose(CONTEXT, b"i" * 16, "account-1")


def raw_public(private: X25519PrivateKey) -> bytes:
    return private.public_key().public_bytes_raw()


def test_C20_sealed_secret_opens_for_the_asking_browser() -> None:
    asking = X25519PrivateKey.generate()
    sealed = seal_invitation(SECRET, raw_public(asking), PURPOSE)
    assert len(sealed) == SEALED_BYTES == 80
    assert open_invitation(sealed, asking, PURPOSE) == SECRET
    assert seal_invitation(SECRET, raw_public(asking), PURPOSE) != sealed, "each sealing has its own key"


def test_C20_info_binds_origin_session_invitation_and_account() -> None:
    expected = lv(b"relevo1 join", b"https://relay.example", b"s" * 16, b"i" * 16, b"account-1")
    assert PURPOSE.info() == expected


@pytest.mark.parametrize(
    "other",
    [
        replace(PURPOSE, account_id="account-2"),
        replace(PURPOSE, invite=b"j" * 16),
        replace(PURPOSE, context=ChannelContext("https://other.example", b"s" * 16)),
        replace(PURPOSE, context=ChannelContext("https://relay.example", b"t" * 16)),
    ],
    ids=["account", "invite", "origin", "session"],
)
def test_C20_sealed_for_one_purpose_opens_for_no_other(other: JoinPurpose) -> None:
    asking = X25519PrivateKey.generate()
    sealed = seal_invitation(SECRET, raw_public(asking), PURPOSE)
    with pytest.raises(OpenError) as caught:
        open_invitation(sealed, asking, other)
    assert caught.value.kind is FailureKind.TAMPERED


def test_C20_nobody_else_opens_it_and_no_bit_may_change() -> None:
    asking = X25519PrivateKey.generate()
    sealed = seal_invitation(SECRET, raw_public(asking), PURPOSE)
    with pytest.raises(OpenError):
        open_invitation(sealed, X25519PrivateKey.generate(), PURPOSE)
    for place in (0, 40, len(sealed) - 1):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(OpenError):
            open_invitation(bytes(changed), asking, PURPOSE)
    for wrong in (b"", sealed[:-1], sealed + b"\0", bytes(80)):
        with pytest.raises(OpenError):
            open_invitation(wrong, asking, PURPOSE)


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31)], ids=["zero", "one"])
def test_C20_points_of_small_order_are_refused(key: bytes) -> None:
    with pytest.raises(CryptoError) as caught:
        seal_invitation(SECRET, key, PURPOSE)
    assert caught.value.kind is FailureKind.LOW_ORDER


def test_C20_a_secret_of_another_size_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        seal_invitation(SECRET[:-1], raw_public(X25519PrivateKey.generate()), PURPOSE)


def test_C20_what_is_sealed_is_rfc_9180_step_by_step() -> None:
    """Opens by RFC 9180 written out, so that a library's own idea of HPKE cannot pass unseen."""
    asking = X25519PrivateKey.generate()
    sealed = seal_invitation(SECRET, raw_public(asking), PURPOSE)
    enc, ciphertext = sealed[:32], sealed[32:]
    kem = b"KEM\x00\x20"
    suite = b"HPKE\x00\x20\x00\x01\x00\x02"
    shared_point = asking.exchange(X25519PublicKey.from_public_bytes(enc))
    eae = extract(kem, b"", b"eae_prk", shared_point)
    shared = expand(kem, eae, b"shared_secret", enc + raw_public(asking), 32)
    schedule = b"\x00" + extract(suite, b"", b"psk_id_hash", b"")
    schedule += extract(suite, b"", b"info_hash", PURPOSE.info())
    secret = extract(suite, shared, b"secret", b"")
    key = expand(suite, secret, b"key", schedule, 32)
    nonce = expand(suite, secret, b"base_nonce", schedule, 12)
    assert AESGCM(key).decrypt(nonce, ciphertext, b"") == SECRET


def mac(key: bytes, data: bytes) -> bytes:
    code = hmac.HMAC(key, hashes.SHA256())
    code.update(data)
    return code.finalize()


def extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return mac(salt or bytes(32), b"HPKE-v1" + suite + label + ikm)


def expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return mac(prk, labelled + b"\x01")[:length]
