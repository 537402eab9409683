"""Whispers against the vectors that the browser reads too; what a wrong key, slot or order gives."""

from collections.abc import Callable
from typing import Any

import pytest

from relevo_protocol.crypto.errors import CryptoError, FailureKind, HandshakeError, OpenError
from relevo_protocol.crypto.schedule import ChannelContext
from relevo_protocol.crypto.whisper import WhisperReceiver, WhisperSender, whisper_keys
from relevo_protocol.header import Header, MessageType

Vectors = Callable[[str], Any]


def _context(given: dict[str, Any]) -> ChannelContext:
    return ChannelContext(given["origin"], bytes.fromhex(given["session_id"]))


def test_T3_both_ends_of_a_direction_have_the_keys_of_the_vectors(vectors: Vectors) -> None:
    given = vectors("whisper")
    (one, other) = given["sender"], given["receiver"]
    said = whisper_keys(_context(given), bytes.fromhex(one["scalar"]), bytes.fromhex(other["public"]), "own")
    heard = whisper_keys(
        _context(given), bytes.fromhex(other["scalar"]), bytes.fromhex(one["public"]), "theirs"
    )
    back = whisper_keys(_context(given), bytes.fromhex(other["scalar"]), bytes.fromhex(one["public"]), "own")
    assert (said.key.hex(), said.iv.hex()) == (given["key"], given["iv"])
    assert (heard.key, heard.iv) == (said.key, said.iv)
    assert (back.key.hex(), back.iv.hex()) == (given["back_key"], given["back_iv"])
    assert back.key != said.key


def test_T3_sequences_of_the_vectors(vectors: Vectors) -> None:
    given = vectors("whisper")
    keys = whisper_keys(
        _context(given),
        bytes.fromhex(given["receiver"]["scalar"]),
        bytes.fromhex(given["sender"]["public"]),
        "theirs",
    )
    for case in given["cases"]:
        receiver = WhisperReceiver(keys)
        for message in case["messages"]:
            header, sealed = bytes.fromhex(message["header"]), bytes.fromhex(message["sealed"])
            try:
                outcome: tuple[str, str | None] = (
                    "ok",
                    receiver.open(header, message["counter"], sealed).hex(),
                )
            except CryptoError as error:
                outcome = (error.kind.value, None)
            assert outcome == (message["expect"], message.get("plaintext")), case["name"]


def test_T3_a_key_of_low_order_is_refused(vectors: Vectors) -> None:
    given = vectors("whisper")
    with pytest.raises(HandshakeError) as failure:
        whisper_keys(_context(given), bytes(range(32)), bytes.fromhex(given["low_order"]), "own")
    assert failure.value.kind is FailureKind.LOW_ORDER


def test_T3_another_session_has_other_keys(vectors: Vectors) -> None:
    given = vectors("whisper")
    own, theirs = bytes.fromhex(given["sender"]["scalar"]), bytes.fromhex(given["receiver"]["public"])
    here = whisper_keys(_context(given), own, theirs, "own")
    elsewhere = whisper_keys(ChannelContext(given["origin"], bytes([1] * 16)), own, theirs, "own")
    header = Header(MessageType.TEAM, dst=2, key_id=11).pack()
    sealed = WhisperSender(elsewhere).seal(header, b"hi")
    with pytest.raises(OpenError) as failure:
        WhisperReceiver(here).open(header, 0, sealed)
    assert failure.value.kind is FailureKind.TAMPERED
