"""Header rules against the vectors that the viewer reads too."""

import json
from pathlib import Path

import pytest

from relevo_protocol.errors import ErrorCode, ProtocolError
from relevo_protocol.header import Flags, Header, MessageType, body_of, parse_header

CASES = json.loads(
    (Path(__file__).parents[2] / "protocol/vectors/wire/headers.json").read_text(encoding="utf-8")
)


def _bytes(case: dict[str, object]) -> bytes:
    return bytes.fromhex(str(case["hex"])) + bytes(int(str(case.get("zeros", 0))))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_W1_W5_header_vectors(case: dict[str, object]) -> None:
    if case["expect"] != "ok":
        with pytest.raises(ProtocolError) as failure:
            parse_header(_bytes(case))
        assert failure.value.code == case["expect"]
        return
    header = parse_header(_bytes(case))
    assert header.pack().hex() == case["hex"]
    read = case["read"]
    assert isinstance(read, dict)
    assert str(header.key_id) == read["key_id"]
    assert str(header.counter) == read["counter"]
    assert (header.type, header.flags, header.dst, header.frame_id) == (
        read["type"],
        read["flags"],
        read["dst"],
        read["frame_id"],
    )


@pytest.mark.parametrize(
    ("kind", "dst", "limit"),
    [(MessageType.RELAY, 255, 65536), (MessageType.PAIRWISE, 254, 131072), (MessageType.MEDIA, 0, 2097152)],
)
def test_W2_longest_message_fits_and_one_more_does_not(kind: MessageType, dst: int, limit: int) -> None:
    head = Header(kind, dst=dst).pack()
    assert parse_header(head + bytes(limit - 24)).type is kind
    with pytest.raises(ProtocolError) as failure:
        parse_header(head + bytes(limit - 23))
    assert failure.value.code is ErrorCode.TOO_LARGE


def test_W7_body_is_a_view_of_the_same_bytes() -> None:
    message = bytearray(Header(MessageType.MEDIA, Flags.KEYFRAME, 0, 1, 1, 1).pack() + b"abc")
    body = body_of(message)
    message[24] = ord("z")
    assert bytes(body) == b"zbc"
