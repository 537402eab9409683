"""Random screens through the host's own encoders, for the viewer's decoder: one JSON object, printed.

The viewer's tests run it (``python -m tests.support.stills``), so that what one language writes is read by
the code that reads it in a session. Everything follows from the seed.
"""

import argparse
import hashlib
import json
import random
import struct
import sys
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from relevo_agent.pipeline.encoders.zstd_stream import ZstdStream
from relevo_protocol.frame import CodecId, Frame, Update, UpdateKind, encode_frame

Pixels = NDArray[np.uint8]
_FRAMES = 12


def main() -> int:
    """Print the screens of a seed and the payloads that no decoder may take."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--screens", type=int, default=6)
    options = parser.parse_args()
    screens = [_screen(random.Random(f"{options.seed} {number}")) for number in range(options.screens)]
    json.dump({"screens": screens, "wide": _wide(), "hostile": _hostile()}, sys.stdout)
    return 0


@dataclass
class _Painting:
    """A screen of BGRX pixels that changes at random, and the encoder that tells of it."""

    chance: random.Random
    picture: Pixels
    stream: ZstdStream = field(default_factory=ZstdStream)

    def frame(self, *, keyframe: bool) -> dict[str, Any]:
        """One frame: the whole screen after a keyframe, then some rectangles and copies."""
        height, width = self.picture.shape[:2]
        if keyframe:
            self.stream.reset()
            updates = [self._still(0, 0, width, height)]
        else:
            kinds = (self._still, self._copy, self._deflate)
            updates = [self.chance.choice(kinds)(*self._box()) for _ in range(3)]
        rgba = self.picture[..., [2, 1, 0, 3]].copy()
        rgba[..., 3] = 255
        return {
            "keyframe": keyframe,
            "data": _text(encode_frame(Frame(width, height, 0, tuple(updates)))),
            "sha256": hashlib.sha256(rgba.tobytes()).hexdigest(),
        }

    def _box(self) -> tuple[int, int, int, int]:
        height, width = self.picture.shape[:2]
        w, h = self.chance.randint(1, width), self.chance.randint(1, height)
        return self.chance.randint(0, width - w), self.chance.randint(0, height - h), w, h

    def _repaint(self, x: int, y: int, w: int, h: int) -> Pixels:
        """What a program might paint: one colour, stripes, noise, or what is there with a spot on it."""
        area = self.picture[y : y + h, x : x + w]
        kind = self.chance.randrange(4)
        if kind == 0:
            area[:] = self._bytes(4)
        elif kind == 1:
            area[:, :: self.chance.randint(1, 9)] = self._bytes(4)
        elif kind == 2:
            area[:] = self._bytes(area.size).reshape(area.shape)
        else:
            area[self.chance.randrange(h), self.chance.randrange(w)] = self._bytes(4)
        return area

    def _bytes(self, count: int) -> Pixels:
        return np.frombuffer(self.chance.randbytes(count), np.uint8)

    def _still(self, x: int, y: int, w: int, h: int) -> Update:
        payload = self.stream.encode(self._repaint(x, y, w, h), 0)
        return Update(UpdateKind.LOSSLESS, CodecId.ZSTD_STREAM_BGRX, x, y, w, h, payload)

    def _deflate(self, x: int, y: int, w: int, h: int) -> Update:
        rgb = self._repaint(x, y, w, h)[..., 2::-1]
        payload = zlib.compress(rgb.tobytes(), 1)
        return Update(UpdateKind.LOSSLESS, CodecId.DEFLATE_RGB, x, y, w, h, payload)

    def _copy(self, x: int, y: int, w: int, h: int) -> Update:
        height, width = self.picture.shape[:2]
        from_x, from_y = self.chance.randint(0, width - w), self.chance.randint(0, height - h)
        moved = self.picture[from_y : from_y + h, from_x : from_x + w].copy()
        self.picture[y : y + h, x : x + w] = moved
        return Update(UpdateKind.COPY, CodecId.NONE, x, y, w, h, struct.pack(">HH", from_x, from_y))


def _screen(chance: random.Random) -> dict[str, Any]:
    width, height = chance.randint(1, 150), chance.randint(1, 90)
    painting = _Painting(chance, np.zeros((height, width, 4), np.uint8))
    frames = [painting.frame(keyframe=i == 0 or chance.random() < 0.1) for i in range(_FRAMES)]
    return {"width": width, "height": height, "frames": frames}


def _wide() -> dict[str, Any]:
    """A picture larger than the decoder's output, so that it comes in bands; all but nothing on the wire."""
    painting = _Painting(random.Random("wide"), np.zeros((1100, 2000, 4), np.uint8))
    painting.picture[:, ::7] = 200
    return {"width": 2000, "height": 1100, "frames": [painting.frame(keyframe=True)]}


def _hostile() -> list[dict[str, Any]]:
    """First payloads of a stream for a rectangle of 8x4 pixels, each wrong in one way."""
    rows = bytes(range(128))
    return [{"name": name, "payload": _text(make(rows))} for name, make in _WRONG.items()]


def _flushed(rows: bytes, **settings: int) -> bytes:
    parameters_type: Any = zstandard.ZstdCompressionParameters  # what its stub says is partly unknown
    parameters = parameters_type.from_level(1, **settings)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return stream.compress(rows) + stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def _with_dictionary(rows: bytes) -> bytes:
    """A stream whose header names a dictionary that nobody has (RFC 8878, 3.1.1.1.3)."""
    plain = _flushed(rows, window_log=20, write_content_size=0)
    return plain[:4] + bytes([plain[4] | 1]) + plain[5:6] + b"\x2a" + plain[6:]


_WRONG: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "fewer pixels": lambda rows: _flushed(rows[:-4]),
    "fewer bytes than a pixel": lambda rows: _flushed(rows[:-1]),
    "more pixels": lambda rows: _flushed(rows + rows[:4]),
    "one byte more": lambda rows: _flushed(rows + b"\0"),
    "far more": lambda rows: _flushed(rows * 100_000),
    "a stream that ends": zstandard.compress,
    "a stream that ends too early": lambda rows: zstandard.compress(rows[:64]),
    "two streams": lambda rows: zstandard.compress(rows[:64]) + _flushed(rows[64:]),
    "a window of 2^25": lambda rows: _flushed(rows, window_log=25, write_content_size=0),
    "a dictionary": _with_dictionary,
    "a skippable frame": lambda rows: b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + _flushed(rows),
    "half a skippable frame": lambda _: b"\x50\x2a\x4d\x18\xff\xff\xff\xff" + bytes(200),
    "no zstd": lambda rows: rows,
    "half of it": lambda rows: _flushed(random.Random(1).randbytes(128))[: len(rows) // 2],
}


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


if __name__ == "__main__":
    sys.exit(main())
