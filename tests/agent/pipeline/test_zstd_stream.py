import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from relevo_agent.pipeline.encoders import EncoderSet
from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_agent.pipeline.types import Content, PixelBuffer, Rect
from relevo_protocol.frame import CodecId
from tests.support.decoder import InflatedTooLong, ZstdReader

WIDTH, HEIGHT = 120, 90
ZSTD = frozenset({CodecId.ZSTD_STREAM_BGRX})


def screens() -> list[PixelBuffer]:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)
    flat = np.full((HEIGHT, WIDTH, 4), 7, np.uint8)
    lines = rng.integers(0, 2, (HEIGHT, WIDTH, 4), np.uint8) * 255
    return [noise, flat, lines]


SCREENS = screens()


@st.composite
def rects(draw: st.DrawFn) -> Rect:
    x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return Rect(x, y, draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y)))


def colours(reader: ZstdReader, payload: bytes, rect: Rect) -> PixelBuffer:
    plain = reader.read(payload, rect.area_px * 4).reshape(rect.height, rect.width, 4)
    return plain[..., :3]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), rects(), st.booleans()), min_size=1, max_size=12))
def test_F11_whatever_is_sent_and_whenever_it_begins_anew_comes_back_exactly(
    steps: list[tuple[int, Rect, bool]],
) -> None:
    stream, reader = ZstdStream(), ZstdReader()
    for screen, rect, keyframe in steps:
        if keyframe:
            stream.reset()
            reader = ZstdReader()
        block = rect.of(SCREENS[screen])
        assert np.array_equal(colours(reader, stream.encode(block, 50), rect), block[..., :3])


def test_F11_what_was_sent_before_costs_next_to_nothing() -> None:
    stream, noise = ZstdStream(), SCREENS[0]
    assert len(stream.encode(noise, 50)) > noise.nbytes * 0.6
    moved = np.roll(noise, 8, axis=0)
    assert len(stream.encode(moved, 50)) < 200


def test_F11_a_payload_without_the_one_before_it_is_noticed() -> None:
    stream, noise, whole = ZstdStream(), SCREENS[0], Rect(0, 0, WIDTH, HEIGHT)
    stream.encode(noise, 50)
    with pytest.raises((zstandard.ZstdError, InflatedTooLong)):
        colours(ZstdReader(), stream.encode(noise, 50), whole)


def test_F11_the_window_is_what_a_viewer_takes() -> None:
    payload = ZstdStream().encode(SCREENS[0], 50)
    head = zstandard.get_frame_parameters(payload)
    assert head.window_size <= 2**24
    assert (head.dict_id, head.has_checksum) == (0, False)


def test_what_the_platform_left_in_x_changes_nothing() -> None:
    left, right = SCREENS[1].copy(), SCREENS[1].copy()
    left[..., 3], right[..., 3] = 0, np.arange(WIDTH) % 251
    assert ZstdStream().encode(left, 50) == ZstdStream().encode(right, 50)


def test_the_scratch_is_told_and_kept() -> None:
    stream = ZstdStream()
    stream.encode(SCREENS[0], 50)
    after = stream.memory_bytes
    stream.encode(SCREENS[1][:5, :7], 50)
    assert stream.memory_bytes == after < 32 * 2**20


def test_D5_viewers_without_zstd_get_each_rectangle_by_itself() -> None:
    encoders = EncoderSet()
    assert encoders.encoder_for(Content.TEXT, exact=False).codec is CodecId.DEFLATE_RGB
    encoders.choose(ZSTD)
    assert encoders.encoder_for(Content.TEXT, exact=False).codec is CodecId.ZSTD_STREAM_BGRX
    assert encoders.encoder_for(Content.PHOTO, exact=True).codec is CodecId.ZSTD_STREAM_BGRX
    assert encoders.encoder_for(Content.PHOTO, exact=False).codec is CodecId.JPEG
    encoders.choose(frozenset())
    assert encoders.encoder_for(Content.PHOTO, exact=True).codec is CodecId.DEFLATE_RGB


def test_F11_the_set_begins_the_stream_anew_at_a_keyframe() -> None:
    encoders, whole = EncoderSet(), Rect(0, 0, WIDTH, HEIGHT)
    encoders.choose(ZSTD)
    text = encoders.encoder_for(Content.TEXT, exact=False)
    text.encode(SCREENS[2], 50)
    encoders.begin()
    assert np.array_equal(colours(ZstdReader(), text.encode(SCREENS[2], 50), whole), SCREENS[2][..., :3])
