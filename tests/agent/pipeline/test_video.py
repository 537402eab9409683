import logging
import math
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from relevo_agent.pipeline.encoders import (
    Video,
    available_encoders,
    video,
    video_codecs,
    video_probe,
    video_watch,
)
from relevo_agent.pipeline.types import PixelBuffer, Rect
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, decode_frame, encode_frame
from tests.support.decoder import VideoReader

pytest.importorskip("av", reason="video is an optional part of the agent")

LIBVPX = tuple(kind for kind in video_codecs.VIDEO_CODECS if kind.name.startswith("libvpx"))
VP8, VP9 = LIBVPX
BOTH = frozenset({CodecId.VP8, CodecId.VP9})
PLACE = Rect(48, 32, 320, 176)
PLENTY = 1e9
SCREEN_PX = (400, 640)


def film() -> Iterator[PixelBuffer]:
    """Screens in which a smooth picture drifts at ``PLACE``."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(20, 200, (24, 40, 1)) + rng.integers(0, 50, (24, 40, 3))
    small = Image.fromarray(coarse.astype(np.uint8))
    picture = np.asarray(small.resize((800, 480), Image.Resampling.BICUBIC))
    screen = np.full((*SCREEN_PX, 4), 255, np.uint8)
    for step in range(240):
        x, y = 2 * step, step
        shown = picture[y : y + PLACE.height, x : x + PLACE.width]
        PLACE.of(screen)[..., :3] = shown[..., ::-1]
        yield screen


def chunk(encoder: Video, screen: PixelBuffer, tick: int, rate: float = PLENTY, rect: Rect = PLACE) -> Update:
    update = encoder.encode(rect, screen, 1000 + tick * 33.3, rate)
    assert update is not None
    return update


def started(*kinds: video_codecs.VideoCodec, decoders: frozenset[CodecId] = BOTH) -> Video:
    encoder = Video(kinds or LIBVPX)
    encoder.choose(decoders)
    return encoder


def psnr_db(seen: PixelBuffer, screen: PixelBuffer, rect: Rect = PLACE) -> float:
    wrong = seen.astype(np.float64) - rect.of(screen)[..., 2::-1]
    return 10 * math.log10(65025 / float(np.mean(wrong**2)))


@pytest.mark.parametrize("kind", LIBVPX, ids=lambda kind: kind.name)
def test_D4_each_picture_is_one_chunk_and_looks_like_what_went_in(kind: video_codecs.VideoCodec) -> None:
    encoder, pictures = started(kind), film()
    reader = VideoReader(kind.codec, 1)
    for tick in range(12):
        screen = next(pictures)
        update = chunk(encoder, screen, tick)
        assert update.stream == reader.number
        assert psnr_db(reader.read(update), screen) > 32
    update = chunk(encoder, next(pictures), 12)
    framed = decode_frame(encode_frame(Frame(SCREEN_PX[1], SCREEN_PX[0], 0, (update,)))).updates[0]
    assert (framed.kind, framed.codec) == (UpdateKind.VIDEO, kind.codec)


@pytest.mark.parametrize("kind", LIBVPX, ids=lambda kind: kind.name)
def test_D4_after_a_keyframe_a_new_stream_begins_with_a_whole_picture(kind: video_codecs.VideoCodec) -> None:
    encoder = started(kind)
    pictures = film()
    first = [chunk(encoder, next(pictures), tick) for tick in range(4)]
    encoder.begin()
    screen = next(pictures)
    anew = chunk(encoder, screen, 4)
    assert anew.stream != first[-1].stream
    assert psnr_db(VideoReader(anew.codec, anew.stream).read(anew), screen) > 30


def test_D4_another_rectangle_is_another_stream() -> None:
    encoder, screen = started(), next(film())
    first = chunk(encoder, screen, 0)
    moved = chunk(encoder, screen, 1, rect=PLACE._replace(x=64))
    larger = chunk(encoder, screen, 2, rect=PLACE._replace(width=336))
    assert len({first.stream, moved.stream, larger.stream}) == 3
    for update in (first, moved, larger):
        assert VideoReader(update.codec, update.stream).read(update).shape == (update.height, update.width, 3)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200), st.integers(1, 120), st.sampled_from(LIBVPX))
def test_D4_a_rectangle_at_the_edge_may_have_any_size(
    width: int, height: int, kind: video_codecs.VideoCodec
) -> None:
    screen = np.random.default_rng(width).integers(0, 256, (*SCREEN_PX, 4), np.uint8)
    rect = Rect(SCREEN_PX[1] - width, SCREEN_PX[0] - height, width, height)
    update = chunk(started(kind), screen, 0, rect=rect)
    assert VideoReader(update.codec, update.stream).read(update).shape == (height, width, 3)


def test_D5_only_what_the_viewers_decode_is_used() -> None:
    screen = next(film())
    assert Video(LIBVPX).encode(PLACE, screen, 0, PLENTY) is None
    assert not started(decoders=frozenset({CodecId.AV1})).available
    assert chunk(started(decoders=frozenset({CodecId.VP9})), screen, 0).codec is CodecId.VP9
    encoder = started()
    assert chunk(encoder, screen, 0).codec is CodecId.VP8
    encoder.choose(frozenset({CodecId.VP9}))
    assert chunk(encoder, screen, 1).codec is CodecId.VP9


def test_scarce_bytes_take_the_codec_that_needs_fewer_and_not_to_and_fro() -> None:
    encoder, screen = started(), next(film())
    scarce = video.SCARCE_BYTES_PER_PX * PLACE.area_px
    assert chunk(encoder, screen, 0, scarce * 0.9).codec is CodecId.VP9
    assert chunk(encoder, screen, 200, scarce * 1.1).codec is CodecId.VP9
    assert chunk(encoder, screen, 400, scarce * 2).codec is CodecId.VP8
    assert chunk(encoder, screen, 600, scarce * 0.9).codec is CodecId.VP8


@pytest.mark.parametrize("kind", LIBVPX, ids=lambda kind: kind.name)
def test_the_rate_follows_the_line_without_a_new_stream(kind: video_codecs.VideoCodec) -> None:
    encoder, pictures, rng = started(kind), film(), np.random.default_rng(2)
    sizes: list[int] = []
    streams: set[int] = set()
    for tick, screen in zip(range(120), pictures, strict=False):
        noisy = screen.copy()
        PLACE.of(noisy)[:] = np.clip(
            PLACE.of(noisy) + rng.normal(0, 5, (PLACE.height, PLACE.width, 1)), 0, 255
        )
        update = chunk(encoder, noisy, tick, 28_000 if tick < 60 else 9_000)
        sizes.append(len(update.payload))
        streams.add(update.stream)
    fast, slow = sum(sizes[30:60]), sum(sizes[90:])  # a second each
    assert len(streams) == 1
    assert 0.5 * 28_000 < fast < 1.5 * 28_000
    assert 0.5 * 9_000 < slow < 1.6 * 9_000


def test_an_encoder_that_fails_is_told_once_and_the_next_one_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(VP8, name="no-such-encoder")
    encoder, screen = started(broken, VP9), next(film())
    with caplog.at_level(logging.WARNING):
        assert chunk(encoder, screen, 0).codec is CodecId.VP9
        assert chunk(encoder, screen, 1).codec is CodecId.VP9
    assert [
        record.getMessage() for record in caplog.records if "no-such-encoder" in record.getMessage()
    ] != []
    assert len(caplog.records) == 1


def test_an_encoder_that_breaks_in_the_middle_leaves_the_rectangle_to_jpeg(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relevo_agent.pipeline.encoders.video_stream import VideoStream

    encoder, screen = started(VP8), next(film())
    chunk(encoder, screen, 0)

    def exhausted(*_: object, **__: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(VideoStream, "_picture", exhausted)
    with caplog.at_level(logging.WARNING):
        assert encoder.encode(PLACE, screen, 1100, PLENTY) is None
        assert encoder.encode(PLACE, screen, 1200, PLENTY) is None
    assert not encoder.available
    assert len(caplog.records) == 1
    assert "JPEG" in caplog.text


def test_an_encoder_that_hangs_in_its_driver_is_left_behind_and_the_next_one_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relevo_agent.pipeline.encoders.video_stream import VideoStream

    on = threading.Event()
    hanging = replace(VP8, platforms=(sys.platform,))
    monkeypatch.setattr(video_watch, "HANG_S", 30.0)
    encoder, screen = started(hanging, VP9), next(film())
    assert chunk(encoder, screen, 0).codec is CodecId.VP8
    directly = VideoStream._called

    def stuck(stream: VideoStream, work: Callable[[], object]) -> object:
        if stream.kind is not hanging:
            return directly(stream, work)
        with monkeypatch.context() as hasty:
            hasty.setattr(video_watch, "HANG_S", 0.02)
            return directly(stream, lambda: on.wait(60))

    monkeypatch.setattr(VideoStream, "_called", stuck)
    with caplog.at_level(logging.WARNING):
        assert chunk(encoder, screen, 1).codec is CodecId.VP9
    on.set()
    assert "hangs" in caplog.text


@pytest.mark.parametrize("size_px", [(1, 1), (1, 300), (300, 1), (20_000, 16)])
def test_sizes_that_no_codec_likes_never_raise(size_px: tuple[int, int]) -> None:
    screen = np.zeros((size_px[1], size_px[0], 4), np.uint8)
    encoder = started()
    update = encoder.encode(Rect(0, 0, *size_px), screen, 0, PLENTY)
    assert update is None or update.payload


def test_what_is_here_and_what_is_not_is_told_with_a_reason() -> None:
    reports = {report.name: report for report in available_encoders()}
    assert set(reports) == {kind.name for kind in video_codecs.VIDEO_CODECS}
    assert all(report.usable or report.reason for report in reports.values())
    assert reports["libvpx"].usable
    assert "libx264" not in reports


def test_an_encoder_that_keeps_pictures_back_is_of_no_use() -> None:
    def looking_ahead(_bits_per_s: int, _area_px: int) -> dict[str, str]:
        return {"lag-in-frames": "10"}

    slow = replace(VP9, options=looking_ahead)
    assert "0 chunks" in video_probe.why_not(slow)


def test_a_missing_device_or_platform_is_the_reason() -> None:
    assert "graphics" in video_probe.why_not(replace(VP8, device="/nowhere/renderD1"))
    assert "only" in video_probe.why_not(replace(VP8, platforms=("plan9",)))


def test_no_picture_waits_until_it_is_known_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()
    monkeypatch.setattr(video, "usable_codecs", lambda: LIBVPX if tried.is_set() else None)
    monkeypatch.setattr(video, "available_encoders", tried.set)
    encoder, screen = Video(), next(film())
    assert encoder.encode(PLACE, screen, 1000, PLENTY) is None
    encoder.choose(BOTH)
    assert tried.wait(60)
    assert encoder.available
    assert chunk(encoder, screen, 1).codec is CodecId.VP8
