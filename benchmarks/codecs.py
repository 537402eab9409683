"""Bytes and milliseconds of recorded changes: the loop beside JPEG, PNG, WebP and TigerVNC's Tight.

The still codecs get the rectangles that changed, each alone, as a viewer of theirs would need them. Tight is
what TigerVNC's own server sends for the same changes on a real display; its milliseconds are the CPU time of
that process, capture included. Ours are the loop's steps without capture, and its bytes are containers.
"""

import contextlib
import io
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from PIL import Image

from benchmarks import films
from benchmarks.measure import Figure, Figures, Unavailable
from benchmarks.play import Film, FilmChange, Player
from benchmarks.tight import SETTLED_S, tight_server
from relevo_agent.pipeline.encoders.jpeg import Jpeg
from relevo_agent.pipeline.types import PixelBuffer, Rect

CHANGES: Final = 40
CHANGES_QUICK: Final = 4
JPEG_QUALITY: Final = 80
TIGHT_QUALITY: Final = 8
"""As noVNC and TigerVNC's viewer ask for by default."""
TICK_MS: Final = 17.0
LONGEST_MS: Final = 500.0
"""A change that is not on its way after this time is counted with the next one."""
WASTE: Final = 1.5
"""Bounds of several rectangles are one picture up to this multiple of their area."""

Encode = Callable[[PixelBuffer], bytes]


def measured(*, quick: bool) -> list[Figures]:
    """Bytes and ms of the first changes of each recording.

    Raises:
        Unavailable: there are no recordings.
    """
    size = Figures(
        "The same changes through other codecs: bytes",
        f"kB for the first {CHANGES} changes of each recording, which follow the first picture.",
    )
    cost = Figures(
        "The same changes through other codecs: time",
        "CPU ms a change; Tight: of TigerVNC's process, which looks for the change itself.",
    )
    for recording in films.all_recordings():
        film = _beginning(films.recorded(recording), CHANGES_QUICK if quick else CHANGES)
        size_row, cost_row = _rows(film)
        size.rows.append(size_row)
        cost.rows.append(cost_row)
    return [size, cost]


def _beginning(film: Film, changes: int) -> Film:
    def some() -> Iterator[FilmChange]:
        return itertools.islice(film.changes(), changes + 1)

    return Film(film.name, film.width, film.height, some)


def _rows(film: Film) -> tuple[Figure, Figure]:
    ours_bytes, ours_ms = _ours(film)
    kilobytes: dict[str, float] = {}
    times_ms: dict[str, float] = {}
    for name, (size_bytes, spent_ms) in (_stills(film) | _tights(film)).items():
        kilobytes[name], times_ms[name] = size_bytes / 1000, spent_ms
    return (
        Figure(film.name, ours_bytes / 1000, "kB", peers=kilobytes),
        Figure(film.name, ours_ms, "ms", peers=times_ms),
    )


def _ours(film: Film) -> tuple[int, float]:
    """Change by change: the next one comes when this one is on its way."""
    player = Player(film)
    try:
        changes = film.changes()
        player.source.show(next(changes))
        player.rest()
        player.forget()
        for change in changes:
            player.source.show(change)
            player.run_until(player.now_ms + TICK_MS)
            end_ms = player.now_ms + LONGEST_MS
            while player.loop.has_unsent and player.now_ms < end_ms:
                player.run_until(player.now_ms + TICK_MS)
        shown = max(1, len(player.source.changed_px))
        return sum(one.size_bytes for one in player.sent), player.cpu_ms / shown
    finally:
        player.loop.close()


def _saved(block: PixelBuffer, kind: str, **options: int | bool) -> bytes:
    height, width = block.shape[:2]
    image = Image.frombuffer("RGB", (width, height), block.tobytes(), "raw", "BGRX", 0, 1)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _codecs() -> dict[str, Encode]:
    jpeg = Jpeg()
    return {
        f"JPEG q{JPEG_QUALITY}": lambda block: jpeg.encode(block, JPEG_QUALITY),
        "PNG level 1": lambda block: _saved(block, "PNG", compress_level=1),
        "WebP lossless": lambda block: _saved(block, "WEBP", lossless=True, method=0, quality=0),
    }


def _stills(film: Film) -> dict[str, tuple[float, float]]:
    """Bytes in all, and ms a change, of each still codec."""
    codecs = _codecs()
    sizes, times_ms = dict.fromkeys(codecs, 0), dict.fromkeys(codecs, 0.0)
    pixels = np.zeros((film.height, film.width, 4), np.uint8)
    changes = 0
    for number, change in enumerate(film.changes()):
        change.apply(pixels)
        if number == 0:
            continue
        changes = number
        for rect in joined(change.rects):
            for name, encode in codecs.items():
                started_s = time.perf_counter()
                sizes[name] += len(encode(rect.of(pixels)))
                times_ms[name] += (time.perf_counter() - started_s) * 1000
    return {name: (sizes[name], times_ms[name] / max(1, changes)) for name in codecs}


def joined(rects: tuple[Rect, ...]) -> tuple[Rect, ...]:
    """Their common bounds where that wastes little: each picture of its own costs a head."""
    if not rects:
        return ()
    left, top = min(rect.x for rect in rects), min(rect.y for rect in rects)
    right = max(rect.x + rect.width for rect in rects)
    bottom = max(rect.y + rect.height for rect in rects)
    bounds = Rect(left, top, right - left, bottom - top)
    return (bounds,) if bounds.area_px <= WASTE * sum(rect.area_px for rect in rects) else rects


def _tights(film: Film) -> dict[str, tuple[float, float]]:
    """As :func:`_stills`, of TigerVNC; nothing where it is not installed."""
    found: dict[str, tuple[float, float]] = {}
    for name, quality in ((f"Tight q{TIGHT_QUALITY}", TIGHT_QUALITY), ("Tight lossless", None)):
        with (
            contextlib.suppress(Unavailable),
            tight_server(film.width, film.height, quality) as server,
        ):
            changes = film.changes()
            server.sample(next(changes), SETTLED_S)
            samples = [server.sample(change) for change in changes]
            size_bytes = sum(sample.size_bytes for sample in samples)
            found[name] = (size_bytes, sum(sample.cpu_ms for sample in samples) / max(1, len(samples)))
    return found
