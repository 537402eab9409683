"""Pairwise channel against its vectors and against misuse."""

from collections.abc import Callable
from typing import Any

import pytest

from relevo_protocol.crypto.errors import CryptoError, DesyncError
from relevo_protocol.crypto.pairwise import PairwiseReceiver, PairwiseSender, counter_nonce
from relevo_protocol.crypto.schedule import DirectionKeys
from relevo_protocol.errors import ErrorCode
from relevo_protocol.header import DST_HOST, Header, MessageType
from relevo_protocol.limits import MAX_PAIRWISE_BYTES

Vectors = Callable[[str], Any]
KEYS = DirectionKeys(bytes(32), bytes(12))


def of(text: str) -> bytes:
    return bytes.fromhex(text)


def header(counter: int) -> bytes:
    return Header(MessageType.PAIRWISE, dst=DST_HOST, counter=counter).pack()


def test_K11_K12_pairwise_vectors(vectors: Vectors):
    data = vectors("pairwise")
    keys = DirectionKeys(of(data["key"]), of(data["iv"]))
    for case in data["cases"]:
        receiver = PairwiseReceiver(keys)
        for message in case["messages"]:
            try:
                plaintext = receiver.open(of(message["header"]), message["counter"], of(message["sealed"]))
                outcome = {"expect": "ok", "plaintext": plaintext.hex()}
            except CryptoError as error:
                outcome = {"expect": error.kind.value}
            assert outcome == {name: message[name] for name in ("expect", "plaintext") if name in message}


def test_K11_a_sender_makes_the_vectors(vectors: Vectors):
    data = vectors("pairwise")
    sender = PairwiseSender(DirectionKeys(of(data["key"]), of(data["iv"])))
    for message in data["cases"][0]["messages"]:
        assert sender.next_counter == message["counter"]
        assert sender.seal(of(message["header"]), of(message["plaintext"])).hex() == message["sealed"]


def test_K11_the_nonce_is_the_iv_xor_the_counter_in_the_last_eight_bytes():
    assert counter_nonce(b"\xff" * 12, 0x0102).hex() == "ff" * 10 + "fefd"
    assert counter_nonce(bytes(12), 2**64 - 1).hex() == "00" * 4 + "ff" * 8


def test_K12_a_lost_message_is_a_desync_that_says_both_counters():
    receiver = PairwiseReceiver(KEYS)
    with pytest.raises(DesyncError, match=r"counter 1, expected exactly 0") as failure:
        receiver.open(header(1), 1, bytes(16))
    assert failure.value.code == ErrorCode.DESYNC
    assert receiver.expected_counter == 0


def test_K11_a_header_with_another_counter_is_the_callers_mistake():
    sender = PairwiseSender(KEYS)
    with pytest.raises(ValueError, match="does not carry the counter 0"):
        sender.seal(header(1), b"")
    with pytest.raises(ValueError, match="expected 24"):
        sender.seal(header(0)[:23], b"")
    assert sender.next_counter == 0


def test_K11_a_body_past_the_limit_is_not_sealed():
    sender = PairwiseSender(KEYS)
    with pytest.raises(ValueError, match="bytes"):
        sender.seal(header(0), bytes(MAX_PAIRWISE_BYTES - 39))
    assert len(sender.seal(header(0), bytes(MAX_PAIRWISE_BYTES - 40))) == MAX_PAIRWISE_BYTES - 24


def test_K11_the_two_directions_have_keys_of_their_own():
    sealed = PairwiseSender(KEYS).seal(header(0), b"x")
    with pytest.raises(CryptoError):
        PairwiseReceiver(DirectionKeys(bytes(31) + b"\1", bytes(12))).open(header(0), 0, sealed)
