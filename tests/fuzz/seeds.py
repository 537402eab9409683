"""Makes `pictures.json`, the seeds of the codecs' targets: ``python -m tests.fuzz.seeds``.

Written once and kept: other versions of the libraries write other bytes of the same pictures.
"""

import io
import json
import random
import struct
import sys
import zlib
from typing import Any, Final

import numpy as np
import zstandard
from numpy.typing import NDArray
from PIL import Image

from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_protocol.frame import CodecId, UpdateKind
from tests.fuzz.pictures import PICTURES

Pixels = NDArray[np.uint8]
Row = list[Any]
_WIDTH, _HEIGHT = 16, 12
_FORMATS: Final = ("PNG", "JPEG", "WEBP")


def main() -> int:
    """Write the file."""
    chance = random.Random(1)
    seeds = {
        "sizes": [one.hex() for one in _sizes(chance)],
        "deflated": [one.hex() for one in _deflated(chance)],
        "streams": [[one.hex() for one in _stream(chance)] for _ in range(4)],
        "films": [_still_film(chance), _mixed_film(chance), _video_film(), _cursor_film(chance)],
    }
    PICTURES.write_text(json.dumps(seeds, indent=1) + "\n", encoding="utf-8")
    return 0


def _pixels(chance: random.Random, width: int, height: int) -> Pixels:
    """Some stripes with a spot: flat as screens are, so that seeds stay short."""
    picture = np.zeros((height, width, 4), np.uint8)
    picture[:, :: chance.randint(2, 5)] = np.frombuffer(chance.randbytes(4), np.uint8)
    picture[chance.randrange(height), chance.randrange(width)] = 255
    return picture


def _encoded(picture: Pixels, name: str, **how: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(picture[..., :3]).save(sink, name, **how)
    return sink.getvalue()


def _sizes(chance: random.Random) -> list[bytes]:
    made: list[bytes] = []
    for width, height in ((1, 1), (16, 12), (257, 3)):
        picture = _pixels(chance, width, height)
        kinds: list[tuple[int, bytes]] = [(n, _encoded(picture, name)) for n, name in enumerate(_FORMATS)]
        kinds.append((1, _encoded(picture, "JPEG", progressive=True, comment=b"a comment")))
        kinds.append((2, _encoded(picture, "WEBP", lossless=True)))
        kinds.append((2, _encoded(picture, "WEBP", lossless=True, exif=b"Exif\0\0" + bytes(8))))
        made += [number.to_bytes(2, "big") + data[:700] for number, data in kinds]
    return made


def _deflated(chance: random.Random) -> list[bytes]:
    made: list[bytes] = []
    for size in (0, 1, 300, 3000):
        for data in (bytes(size), chance.randbytes(size)):
            made += [size.to_bytes(2, "big") + zlib.compress(data, level) for level in (0, 1, 9)]
    return made


def _stream(chance: random.Random) -> list[bytes]:
    stream = ZstdStream()
    made = [bytes(2)]
    for _ in range(5):
        width, height = chance.randint(1, 40), chance.randint(1, 20)
        payload = bytes(stream.encode(_pixels(chance, width, height), 0))
        made.append((width * height).to_bytes(2, "big") + payload)
    ending = zstandard.compress(bytes(400))
    return [*made, (100).to_bytes(2, "big") + ending, bytes(2)]


def _row(
    kind: UpdateKind, codec: CodecId, box: tuple[int, int, int, int], data: bytes, stream: int = 0
) -> Row:
    return [int(kind), int(codec), stream, *box, data.hex()]


def _frame(updates: list[Row], *, keyframe: bool = False) -> dict[str, Any]:
    return {"keyframe": int(keyframe), "width": _WIDTH, "height": _HEIGHT, "updates": updates}


def _still_film(chance: random.Random) -> list[dict[str, Any]]:
    stream = ZstdStream()

    def piece(x: int, y: int, width: int, height: int) -> Row:
        data = bytes(stream.encode(_pixels(chance, width, height), 0))
        return _row(UpdateKind.LOSSLESS, CodecId.ZSTD_STREAM_BGRX, (x, y, width, height), data)

    copy = _row(UpdateKind.COPY, CodecId.NONE, (4, 2, 8, 6), struct.pack(">HH", 0, 1))
    return [
        _frame([piece(0, 0, _WIDTH, _HEIGHT)], keyframe=True),
        _frame([copy, piece(3, 3, 5, 4), piece(0, 0, 1, 1)]),
        _frame([piece(8, 0, 8, 12)]),
    ]


def _mixed_film(chance: random.Random) -> list[dict[str, Any]]:
    """Lossy first, exact after: what a viewer sees while a picture is refined."""
    whole, box, part = _pixels(chance, _WIDTH, _HEIGHT), (0, 0, _WIDTH, _HEIGHT), (2, 2, 8, 4)
    rgb = _pixels(chance, 8, 4)[..., :3].tobytes()
    return [
        _frame([_row(UpdateKind.LOSSY, CodecId.JPEG, box, _encoded(whole, "JPEG")[:700])], keyframe=True),
        _frame(
            [
                _row(UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB, part, zlib.compress(rgb)),
                _row(UpdateKind.LOSSLESS, CodecId.RAW_RGB, part, rgb),
                _row(UpdateKind.LOSSLESS, CodecId.PNG, box, _encoded(whole, "PNG")),
            ]
        ),
        _frame([_row(UpdateKind.LOSSY, CodecId.WEBP, box, _encoded(whole, "WEBP"))]),
        _frame([_row(UpdateKind.LOSSLESS, CodecId.WEBP, box, _encoded(whole, "WEBP", lossless=True))]),
    ]


def _video_film() -> list[dict[str, Any]]:
    """Chunks whose bytes say which picture comes of them: begin, width, height."""

    def chunk(first: int, stream: int, codec: CodecId, box: tuple[int, int, int, int]) -> Row:
        return _row(UpdateKind.VIDEO, codec, box, bytes([first, box[2], box[3]]), stream)

    one, other = (2, 2, 8, 6), (0, 0, 16, 8)
    return [
        _frame([chunk(1, 7, CodecId.VP9, one)], keyframe=True),
        _frame([chunk(0, 7, CodecId.VP9, one)]),
        _frame([chunk(1, 8, CodecId.VP8, other)]),
        _frame([chunk(9, 8, CodecId.VP8, other)]),
        _frame([chunk(1, 8, CodecId.H264, other)], keyframe=True),
        _frame([chunk(1, 9, CodecId.AV1, one)]),
    ]


def _cursor_film(chance: random.Random) -> list[dict[str, Any]]:
    shape = zlib.compress(_pixels(chance, 8, 6).tobytes())
    hidden = _row(UpdateKind.CURSOR_SHAPE, CodecId.NONE, (0, 0, 0, 0), b"")
    return [
        _frame([_row(UpdateKind.CURSOR_SHAPE, CodecId.DEFLATE_RGBA, (3, 9, 8, 6), shape)], keyframe=True),
        _frame([_row(UpdateKind.CURSOR_POSITION, CodecId.NONE, (5, 0xFFFF, 0, 0), b""), hidden]),
    ]


if __name__ == "__main__":
    sys.exit(main())
