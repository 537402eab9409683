import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from relevo_agent.pipeline.encoders import ENCODERS, Encoder, encoder_for
from relevo_agent.pipeline.encoders.deflate import DeflateRgb
from relevo_agent.pipeline.types import Content
from relevo_protocol.frame import Frame, Update, UpdateKind, decode_frame, encode_frame

SCREEN = np.random.default_rng(3).integers(0, 256, (90, 120, 4), np.uint8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 119), st.integers(0, 89), st.integers(1, 120), st.integers(1, 90))
def test_deflate_gives_back_every_pixel_of_a_part_of_the_screen(
    x: int, y: int, width: int, height: int
) -> None:
    block = SCREEN[y : y + height, x : x + width]
    plain = zlib.decompress(DeflateRgb().encode(block, 50))
    assert plain == np.ascontiguousarray(block[..., 2::-1]).tobytes()


def test_deflate_of_a_small_block_after_a_large_one_holds_the_small_one_alone() -> None:
    encoder = DeflateRgb()
    encoder.encode(SCREEN, 50)
    assert len(zlib.decompress(encoder.encode(SCREEN[:2, :3], 50))) == 18


def test_jpeg_has_the_size_and_about_the_colours() -> None:
    block = np.zeros((33, 47, 4), np.uint8)
    block[...] = (200, 100, 50, 0)  # blue, green, red
    with Image.open(io.BytesIO(encoder_for(Content.PHOTO, exact=False).encode(block[:, 1:40], 85))) as image:
        assert image.size == (39, 33)
        assert np.abs(np.asarray(image).astype(int) - (50, 100, 200)).max() <= 3


@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda e: e.codec.name)
def test_every_codec_may_stand_in_a_frame(encoder: Encoder) -> None:
    kind = UpdateKind.LOSSLESS if encoder.lossless else UpdateKind.LOSSY
    update = Update(kind, encoder.codec, 0, 0, 120, 90, encoder.encode(SCREEN, 70))
    assert decode_frame(encode_frame(Frame(120, 90, 0, (update,)))).updates[0].codec is encoder.codec


@pytest.mark.parametrize("content", Content)
def test_exact_means_lossless(content: Content) -> None:
    assert encoder_for(content, exact=True).lossless
    assert encoder_for(content, exact=False).content is content


@pytest.mark.parametrize("size_px", [(1, 1), (1, 57), (57, 1), (16, 16), (119, 89)])
def test_jpeg_takes_any_part_of_the_screen_after_any_other(size_px: tuple[int, int]) -> None:
    encoder = encoder_for(Content.PHOTO, exact=False)
    whole = encoder.encode(SCREEN, 90)
    block = SCREEN[1 : 1 + size_px[1], 1 : 1 + size_px[0]]
    assert encoder.encode(block, 90) == encoder.encode(np.ascontiguousarray(block), 90)
    with Image.open(io.BytesIO(encoder.encode(block, 90))) as image:
        assert image.size == size_px
    assert encoder.encode(SCREEN, 90) == whole
