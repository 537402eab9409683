"""Media epochs: RFC 9605's vectors, our vectors, signatures, order."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relevo_protocol.crypto.errors import CryptoError, FailureKind, OpenError
from relevo_protocol.crypto.media import MediaReceiver, MediaSender, media_base_key
from relevo_protocol.crypto.sframe import derive_sframe_key, encode_sframe_header
from relevo_protocol.header import Flags, Header, MessageType

Vectors = Callable[[str], Any]
DEVICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = DEVICE.public_key().public_bytes_raw()
SECRET, ROSTER, EPOCH = bytes(32), b"\1" * 32, 5


def of(text: str) -> bytes:
    return bytes.fromhex(text)


def header(counter: int, flags: Flags = Flags.NONE, epoch: int = EPOCH) -> bytes:
    return Header(MessageType.MEDIA, flags, 0, counter, epoch, counter).pack()


def sender() -> MediaSender:
    return MediaSender(SECRET, ROSTER, EPOCH, DEVICE)


def receiver(*, signature_required: bool = False, roster: bytes = ROSTER) -> MediaReceiver:
    return MediaReceiver(SECRET, roster, EPOCH, PUBLIC, signature_required=signature_required)


def test_K13_sframe_headers_of_rfc_9605(vectors: Vectors):
    headers = vectors("sframe-rfc9605")["headers"]
    assert len(headers) > 100
    for case in headers:
        assert encode_sframe_header(int(case["kid"], 16), int(case["ctr"], 16)).hex() == case["header"]


def test_K13_cipher_suite_5_of_rfc_9605(vectors: Vectors):
    case = vectors("sframe-rfc9605")["suite_5"]
    kid, ctr = int(case["kid"], 16), int(case["ctr"], 16)
    key = derive_sframe_key(kid, of(case["base_key"]))
    assert (key.key.hex(), key.salt.hex()) == (case["sframe_key"], case["sframe_salt"])
    assert key.nonce(ctr).hex() == case["nonce"]
    sframe_header = encode_sframe_header(kid, ctr)
    assert (sframe_header + of(case["metadata"])).hex() == case["aad"]
    sealed = AESGCM(key.key).encrypt(key.nonce(ctr), of(case["pt"]), of(case["aad"]))
    assert (sframe_header + sealed).hex() == case["ct"]


def test_K13_K17_media_vectors(vectors: Vectors):
    data = vectors("media")
    for case in data["cases"]:
        secret, roster = of(case["epoch_secret"]), of(case["roster_hash"])
        key = derive_sframe_key(case["epoch"], media_base_key(secret, roster))
        assert (key.key.hex(), key.salt.hex()) == (case["sframe_key"], case["sframe_salt"])
        opener = MediaReceiver(
            secret,
            roster,
            case["epoch"],
            of(data["device_key"]),
            signature_required=case["signature_required"],
        )
        for message in case["messages"]:
            try:
                plaintext = opener.open(of(message["header"]), message["counter"], of(message["payload"]))
                outcome = {"expect": "ok", "plaintext": plaintext.hex()}
            except CryptoError as error:
                outcome = {"expect": error.kind.value}
            expected = {name: message[name] for name in ("expect", "plaintext") if name in message}
            assert outcome == expected, case["name"]


def test_K13_the_frame_is_sframe_with_our_header_as_metadata():
    head = header(70_000)
    key = derive_sframe_key(EPOCH, media_base_key(SECRET, ROSTER))
    expected = AESGCM(key.key).encrypt(
        key.nonce(70_000), b"frame", encode_sframe_header(EPOCH, 70_000) + head
    )
    assert sender().seal(head, 70_000, b"frame") == expected


@pytest.mark.parametrize("flags", [Flags.NONE, Flags.SIGNED])
def test_K13_a_whole_message_is_header_and_payload(flags: Flags):
    payload = bytes(range(256)) * 300
    message = sender().seal_message(header(0, flags), 0, payload)
    assert message[:24] == header(0, flags)
    assert bytes(message[24:]) == sender().seal(header(0, flags), 0, payload)
    assert receiver().open(bytes(message[:24]), 0, memoryview(message)[24:]) == payload


def test_K14_another_roster_is_another_key():
    sealed = sender().seal(header(0), 0, b"x")
    with pytest.raises(OpenError) as failure:
        receiver(roster=b"\2" * 32).open(header(0), 0, sealed)
    assert failure.value.kind == FailureKind.TAMPERED


def test_K16_every_byte_of_a_signed_frame_counts():
    sealed = bytearray(sender().seal(header(0, Flags.SIGNED), 0, b"frame"))
    for index in range(len(sealed)):
        sealed[index] ^= 1
        with pytest.raises(OpenError) as failure:
            receiver(signature_required=True).open(header(0, Flags.SIGNED), 0, bytes(sealed))
        assert failure.value.kind == FailureKind.TAMPERED
        sealed[index] ^= 1
    assert receiver(signature_required=True).open(header(0, Flags.SIGNED), 0, bytes(sealed)) == b"frame"


def test_K16_a_viewer_who_knows_the_key_cannot_forge_for_another():
    forger = MediaSender(SECRET, ROSTER, EPOCH, Ed25519PrivateKey.generate())
    forged = forger.seal(header(0, Flags.SIGNED), 0, b"forged")
    with pytest.raises(OpenError) as failure:
        receiver(signature_required=True).open(header(0, Flags.SIGNED), 0, forged)
    assert failure.value.kind == FailureKind.TAMPERED
    unsigned = forger.seal(header(1), 1, b"forged")
    with pytest.raises(OpenError) as failure:
        receiver(signature_required=True).open(header(1), 1, unsigned)
    assert failure.value.kind == FailureKind.UNSIGNED


def test_K17_a_refused_frame_moves_nothing():
    source, sink = sender(), receiver()
    first, second = source.seal(header(0), 0, b"a"), source.seal(header(1), 1, b"b")
    with pytest.raises(OpenError):
        sink.open(header(1), 1, first)
    assert sink.open(header(0), 0, first) == b"a"
    assert sink.open(header(1), 1, second) == b"b"


def test_K17_a_sender_never_uses_a_counter_twice():
    source = sender()
    source.seal(header(3), 3, b"")
    assert source.next_counter == 4
    for counter in (0, 3):
        with pytest.raises(ValueError, match="used already"):
            source.seal(header(counter), counter, b"")


def test_K13_a_header_that_does_not_belong_is_the_callers_mistake():
    with pytest.raises(ValueError, match="epoch 6"):
        sender().seal(header(0, epoch=6), 0, b"")
    with pytest.raises(ValueError, match="counter 1"):
        sender().seal(header(0), 1, b"")
    with pytest.raises(ValueError, match="device key"):
        MediaSender(SECRET, ROSTER, EPOCH).seal(header(0, Flags.SIGNED), 0, b"")


@pytest.mark.parametrize(("secret", "roster"), [(bytes(31), ROSTER), (SECRET, b"")])
def test_K14_secret_and_roster_hash_have_32_bytes(secret: bytes, roster: bytes):
    with pytest.raises(ValueError, match="32 bytes"):
        MediaSender(secret, roster, EPOCH)
