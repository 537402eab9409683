"""The line in the log about how a picture travelled."""

from relevo_agent.pipeline.tally import Tally
from relevo_agent.pipeline.types import Outgoing, Stats
from relevo_protocol.frame import CodecId, UpdateKind


def _frame(number: int, *parts: tuple[UpdateKind, CodecId]) -> Outgoing:
    return Outgoing(number, number == 1, b"12345", 64, 48, parts, Stats(0, 0, 0, 0, 0, 0, 0))


def test_a_tally_counts_updates_by_kind_and_codec() -> None:
    tally = Tally()
    text = UpdateKind.LOSSLESS, CodecId.ZSTD_STREAM_BGRX
    tally.add(_frame(1, text, text))
    tally.add(_frame(2, (UpdateKind.COPY, CodecId.NONE), text, (UpdateKind.VIDEO, CodecId.VP8)))
    expected = "2 frames, 1 keyframes, 10 bytes; copy 1, lossless/zstd_stream_bgrx 3, video/vp8 1"
    assert str(tally) == expected
