"""Encoders on the same material: those that are used, and those that were weighed against them."""

import io
import zlib
from collections.abc import Callable
from functools import partial
from typing import Final

from PIL import Image

from benchmarks.measure import Table, kilobytes, spread, timed_ms
from benchmarks.scenes import HEIGHT, WIDTH, Canvas, photograph, text_page
from relevo_agent.pipeline.encoders import ENCODERS, Encoder
from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_agent.pipeline.pacing import Pacing

Encode = Callable[[Canvas], bytes]
WEBP_LOSSY_QUALITY: Final = 80


def _rgb(canvas: Canvas) -> Image.Image:
    return Image.frombuffer("RGB", (canvas.shape[1], canvas.shape[0]), canvas, "raw", "BGRX", 0, 1)


def _saved(canvas: Canvas, kind: str, **options: int | bool) -> bytes:
    out = io.BytesIO()
    _rgb(canvas).save(out, kind, **options)
    return out.getvalue()


def _used(encoder: Encoder) -> tuple[str, Encode]:
    quality = Pacing().quality
    return f"{encoder.codec.name} (used)", lambda canvas: encoder.encode(canvas, quality)


def _candidates() -> list[tuple[str, Encode]]:
    return [
        ("ZSTD_STREAM_BGRX (used), begun anew", lambda canvas: ZstdStream().encode(canvas, 0)),
        *(_used(encoder) for encoder in ENCODERS),
        ("zlib level 1", lambda canvas: zlib.compress(_rgb(canvas).tobytes(), 1)),
        ("PNG level 1", lambda canvas: _saved(canvas, "PNG", compress_level=1)),
        (
            "WebP lossless, method 0",
            lambda canvas: _saved(canvas, "WEBP", lossless=True, method=0, quality=0),
        ),
        ("WebP q80, method 0", lambda canvas: _saved(canvas, "WEBP", method=0, quality=WEBP_LOSSY_QUALITY)),
    ]


def measured(times: int) -> list[Table]:
    """One table: a whole screen of text and one of photograph through each candidate."""
    table = Table(
        "Encoders on a whole screen",
        f"{WIDTH}x{HEIGHT}, median of {times}; conversion from BGRX included.",
        ("encoder", "text ms", "text kB", "photo ms", "photo kB"),
    )
    text, photo = text_page(WIDTH, HEIGHT), photograph(WIDTH, HEIGHT)
    for name, encode in _candidates():
        row: list[str | float] = [name]
        for canvas in (text, photo):
            row.append(round(spread(timed_ms(partial(encode, canvas), times)).median, 1))
            row.append(kilobytes(len(encode(canvas))))
        table.rows.append(tuple(row))
    return [table]
