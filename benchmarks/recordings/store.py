"""The file of a recording: what changed on a screen and when, lossless.

``<name>.json`` tells what was recorded and where its text and photographs lie; ``<name>.screen`` is one zstd
stream of changes. A change is a head (u32 ms since the start, u16 damaged rectangles or ``UNKNOWN``, u16
changed rectangles), those rectangles (four u16 each: x, y, width, height) and the pixels of the changed ones,
BGRX rows with X zero. The first change is the whole screen.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import zstandard
from numpy.typing import NDArray

from relevo_agent.pipeline.types import PixelBuffer, Rect

DEFAULT_FOLDER: Final = Path(__file__).parents[2] / ".cache" / "recordings"
UNKNOWN: Final = 0xFFFF
FORMAT: Final = 1
_HEAD: Final = struct.Struct("<IHH")
_RECT: Final = struct.Struct("<4H")
_LEVEL: Final = 1
_WINDOW_LOG: Final = 24
_COLOUR: Final = np.uint32(0x00FFFFFF)


class RecordingBroken(Exception):
    """A recording's file cannot be read; the text says which and why. Record anew."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where pixels of a kind ("text" or "photo") are known to be, and when, ms since the start."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    from_ms: float
    until_ms: float

    @property
    def rect(self) -> Rect:
        """The pixels."""
        return Rect(self.x, self.y, self.width, self.height)


@dataclass(frozen=True, slots=True)
class About:
    """What was recorded: the act, its programs and the areas whose content is known by construction."""

    name: str
    what: str
    width: int
    height: int
    duration_ms: float
    changes: int
    programs: dict[str, str] = field(default_factory=dict[str, str])
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is new at ``at_ms``; ``damage`` is the display's own word (``None``: it gave none)."""

    at_ms: float
    damage: tuple[Rect, ...] | None
    rects: tuple[Rect, ...]
    blocks: tuple[PixelBuffer, ...]

    def apply(self, pixels: PixelBuffer) -> None:
        """Paint it."""
        for rect, block in zip(self.rects, self.blocks, strict=True):
            rect.of(pixels)[:] = block

    @property
    def changed_px(self) -> int:
        """Pixels in the changed rectangles."""
        return sum(rect.area_px for rect in self.rects)


class Writer:
    """Writes changes one after the other; :meth:`close` writes what the recording is about."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name = folder, name
        parameters = zstandard.ZstdCompressionParameters(compression_level=_LEVEL, window_log=_WINDOW_LOG)
        self._file: BinaryIO = (folder / f"{name}.screen").open("wb")
        self._stream = zstandard.ZstdCompressor(compression_params=parameters).stream_writer(self._file)

    def write(
        self, at_ms: float, damage: tuple[Rect, ...] | None, rects: tuple[Rect, ...], pixels: PixelBuffer
    ) -> None:
        """One change: these rectangles of ``pixels``."""
        damaged = UNKNOWN if damage is None or len(damage) >= UNKNOWN else len(damage)
        head = [_HEAD.pack(int(at_ms), damaged, len(rects))]
        head += [_RECT.pack(*rect) for rect in (damage or ())[: damaged if damaged != UNKNOWN else 0]]
        head += [_RECT.pack(*rect) for rect in rects]
        self._stream.write(b"".join(head))
        for rect in rects:
            block = np.ascontiguousarray(rect.of(pixels)).view(np.uint32)
            self._stream.write((block & _COLOUR).tobytes())

    def close(self, about: About) -> None:
        """Finish both files."""
        self._stream.flush(zstandard.FLUSH_FRAME)
        self._file.close()
        text = json.dumps({"format": FORMAT, **asdict(about)}, indent=1)
        (self._folder / f"{self._name}.json").write_text(text + "\n", encoding="utf-8")


class Recording:
    """A recording on disk."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.screen"
        self.about = _read_about(folder / f"{name}.json")

    def changes(self) -> Iterator[Change]:
        """Every change in order.

        Raises:
            RecordingBroken: the file ends too early or is none of ours.
        """
        with self._path.open("rb") as file:
            stream = zstandard.ZstdDecompressor(max_window_size=2**_WINDOW_LOG).stream_reader(file)
            try:
                for _ in range(self.about.changes):
                    yield _change(stream, _exactly(stream, _HEAD.size))
            except (zstandard.ZstdError, struct.error, ValueError) as error:
                raise RecordingBroken(f"{self._path}: {error}") from error


def recordings(folder: Path = DEFAULT_FOLDER) -> list[Recording]:
    """Every complete recording of a folder, by name."""
    return [Recording(folder, path.stem) for path in sorted(folder.glob("*.json"))]


def _read_about(path: Path) -> About:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            raise ValueError("of another version")
        areas = tuple(Area(**area) for area in found.pop("areas"))
        return About(**found, areas=areas)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordingBroken(f"{path}: {error}") from error


def _change(stream: zstandard.ZstdDecompressionReader, head: bytes) -> Change:
    at_ms, damaged, changed = _HEAD.unpack(head)
    damage = None if damaged == UNKNOWN else _rects(stream, damaged)
    rects = _rects(stream, changed)
    blocks = tuple(_block(stream, rect) for rect in rects)
    return Change(float(at_ms), damage, rects, blocks)


def _rects(stream: zstandard.ZstdDecompressionReader, count: int) -> tuple[Rect, ...]:
    return tuple(Rect(*values) for values in _RECT.iter_unpack(_exactly(stream, count * _RECT.size)))


def _block(stream: zstandard.ZstdDecompressionReader, rect: Rect) -> NDArray[np.uint8]:
    plain = _exactly(stream, rect.area_px * 4)
    return np.frombuffer(plain, np.uint8).reshape(rect.height, rect.width, 4)


def _exactly(stream: zstandard.ZstdDecompressionReader, size: int) -> bytes:
    parts: list[bytes] = []
    left = size
    while left:
        part = stream.read(left)
        if not part:
            raise ValueError(f"ends {left} bytes too early")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
