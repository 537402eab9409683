"""The frame container against the vectors and against random bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevo_protocol.errors import LimitError, ProtocolError
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, decode_frame, encode_frame
from relevo_protocol.limits import screen_fits

CASES = json.loads(
    (Path(__file__).parents[2] / "protocol/vectors/wire/frames.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_F1_F8_frame_vectors(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    if case["expect"] != "ok":
        with pytest.raises(ProtocolError) as failure:
            decode_frame(data)
        assert failure.value.code == case["expect"]
        return
    read = decode_frame(data)
    assert encode_frame(read) == data
    assert [u.kind for u in read.updates] == [row[0] for row in case["read"]["updates"]]
    assert [bytes(u.payload).hex() for u in read.updates] == [row[7] for row in case["read"]["updates"]]


@given(st.binary(max_size=300))
def test_F1_random_bytes_never_crash(data: bytes) -> None:
    try:
        decode_frame(b"\x01\x00" + data)
    except ProtocolError:
        return


def test_F6_writer_refuses_what_a_reader_would() -> None:
    outside = Update(UpdateKind.LOSSLESS, CodecId.RAW_RGB, 60, 0, 10, 1, bytes(30))
    with pytest.raises(LimitError, match="outside a 64x48 screen"):
        encode_frame(Frame(64, 48, 0, (outside,)))


@pytest.mark.parametrize(
    ("width", "height", "fits"),
    [
        (1, 1, True),
        (8192, 1, True),
        (7680, 4320, True),
        (8192, 4096, True),
        (8192, 4097, False),
        (1, 8193, False),
        (0, 1, False),
    ],
)
def test_L7_the_bounds_of_a_screen(width: int, height: int, fits: bool) -> None:
    assert screen_fits(width, height) is fits


def test_F2_time_wraps_at_32_bits() -> None:
    assert decode_frame(encode_frame(Frame(1, 1, 2**32 + 5, ()))).time_ms == 5
