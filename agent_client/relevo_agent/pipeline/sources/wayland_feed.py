"""One screen of a Wayland desktop: the newest picture of its PipeWire stream, its changes, the pointer."""

import ctypes as c
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from relevo_agent.pipeline.sources import spa_pod
from relevo_agent.pipeline.sources.pipewire import (
    BufferPointer,
    Connection,
    Meta,
    SpaBuffer,
    Stream,
    StreamEvents,
)
from relevo_agent.pipeline.types import CursorShape, PixelBuffer, Rect
from relevo_protocol.limits import MAX_CURSOR_SIDE_PX, screen_fits

MAX_RECTS: Final = 256
"""Of more changed rectangles than this, collected while nobody looked, none is kept: compare everything."""
_CORRUPTED: Final = 1
_HEADER_CORRUPTED: Final = 2


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the hot spot is on this screen, pixels, and its shape; not shown where ``shape`` is ``None``."""

    x: int
    y: int
    shape: CursorShape | None


class Feed:
    """``told`` and ``pointer_told`` are called from PipeWire's thread when a picture, or the pointer, is new.

    Raises:
        CaptureFailed: PipeWire does not connect to the node.
    """

    def __init__(
        self, connection: Connection, node: int, told: Callable[[], None], pointer_told: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._told = told
        self._pointer_told = pointer_told
        self._held: BufferPointer = None
        self._fresh = False
        self._rects: list[Rect] | None = None
        self._sequence = 0
        self._shape: CursorShape | None = None
        self.format: spa_pod.VideoFormat | None = None
        self.pointer: Pointer | None = None
        self.failure = ""
        events = StreamEvents(self._format_chosen, self._picture_came, self._buffer_removed, self._ended)
        with connection:
            self._stream = Stream(connection, node, spa_pod.offered_format(), events)

    @property
    def has_picture(self) -> bool:
        """Whether a picture has come since the format was chosen."""
        return self._held is not None

    def copy_into(self, target: PixelBuffer, *, whole: bool) -> tuple[Rect, ...] | None:
        """Bring ``target`` up to date; with the connection's lock held.

        Where it was written, in its own pixels; ``None``: everywhere. Nothing where the size is not the
        target's any more: the caller sees the new :attr:`format` next time.
        """
        chosen, rects = self.format, self._rects
        if chosen is None or self._held is None or target.shape[:2] != (chosen.height, chosen.width):
            return ()
        if not self._fresh and not whole:
            return ()
        pixels = _pixels(self._held.contents.buffer.contents, chosen)
        if pixels is None:
            return ()
        self._fresh, self._rects = False, []
        swapped = chosen.format in {spa_pod.RGBX, spa_pod.RGBA}
        everything = [Rect(0, 0, chosen.width, chosen.height)]
        for rect in everything if whole or rects is None else rects:
            _copy(rect.of(pixels), rect.of(target), swapped=swapped)
        return None if whole or rects is None else tuple(rects)

    def close(self) -> None:
        """End the stream."""
        with self._connection:
            self._held = None
            self._stream.close()

    # ------ PipeWire's thread, its lock held

    def _format_chosen(self, pod: bytes) -> None:
        try:
            chosen = spa_pod.parsed_format(pod)
        except spa_pod.PodError as error:
            self._ended(str(error))
            return
        if not screen_fits(chosen.width, chosen.height):
            self._ended(f"a screen of {chosen.width}x{chosen.height} pixels is too large")
            return
        self.format, self._held, self._fresh, self._rects = chosen, None, False, None
        self._stream.choose_buffers(spa_pod.wanted_buffers(), *spa_pod.wanted_meta())

    def _picture_came(self) -> None:
        while buffer := self._stream.take():
            content = buffer.contents.buffer.contents
            metas = {meta.type: meta for meta in content.metas[: content.n_metas]}
            self._read_pointer(metas.get(spa_pod.META_CURSOR))
            if not _has_pixels(content, metas.get(spa_pod.META_HEADER)):
                self._stream.give_back(buffer)
                continue
            self._add_damage(metas)
            held, self._held, self._fresh = self._held, buffer, True
            if held is not None:
                self._stream.give_back(held)
            self._told()

    def _buffer_removed(self, address: int) -> None:
        if self._held is not None and c.addressof(self._held.contents) == address:
            self._held, self._rects = None, None

    def _ended(self, why: str) -> None:
        self.failure = self.failure or why
        self._told()

    def _add_damage(self, metas: dict[int, Meta]) -> None:
        damage, chosen = metas.get(spa_pod.META_DAMAGE), self.format
        missed = self._missed_one(metas.get(spa_pod.META_HEADER))
        if damage is None or missed or chosen is None or self._rects is None:
            self._rects = None
            return
        told = regions(c.string_at(damage.data, damage.size) if damage.data else b"", chosen)
        # A picture without any region is one of a producer that leaves them out when it knows nothing.
        self._rects = None if not told or len(self._rects) + len(told) > MAX_RECTS else [*self._rects, *told]

    def _missed_one(self, header: Meta | None) -> bool:
        if header is None or not header.data or header.size < spa_pod.HEADER_BYTES:
            return False
        before, self._sequence = self._sequence, c.c_uint64.from_address(header.data + 24).value
        return self._sequence not in {0, before + 1}

    def _read_pointer(self, meta: Meta | None) -> None:
        if meta is None or not meta.data or meta.size < spa_pod.CURSOR_BYTES:
            return
        told = cursor(memoryview((c.c_uint8 * meta.size).from_address(meta.data)))
        before = self.pointer
        if told is None:
            self.pointer = None if before is None else Pointer(before.x, before.y, None)
        else:
            x, y, bitmap = told
            if bitmap is not None and bitmap != self._shape:
                self._shape = bitmap if bitmap.width else None
            self.pointer = Pointer(x, y, self._shape)
        if self.pointer != before:
            self._pointer_told()


def _has_pixels(content: SpaBuffer, header: Meta | None) -> bool:
    """Some buffers carry nothing but the pointer."""
    if content.n_datas < 1 or not content.datas[0].data or not content.datas[0].chunk:
        return False
    if header is not None and header.data and c.c_uint32.from_address(header.data).value & _HEADER_CORRUPTED:
        return False
    chunk = content.datas[0].chunk.contents
    return chunk.size > 0 and not chunk.flags & _CORRUPTED


def _pixels(content: SpaBuffer, chosen: spa_pod.VideoFormat) -> PixelBuffer | None:
    """The buffer's pixels without copying; nothing if they would reach beyond its memory."""
    data = content.datas[0]
    chunk = data.chunk.contents
    memory = (c.c_uint8 * data.maxsize).from_address(data.data)
    stride = chunk.stride or chosen.width * 4
    shape = (chosen.height, chosen.width, 4)
    if stride < chosen.width * 4:
        return None
    try:
        return np.ndarray(shape, np.uint8, memory, chunk.offset, (stride, 4, 1))
    except (TypeError, ValueError):
        return None


def _copy(source: PixelBuffer, target: PixelBuffer, *, swapped: bool) -> None:
    if not swapped:
        np.copyto(target, source)
        return
    for channel, other in ((0, 2), (1, 1), (2, 0)):
        target[..., channel] = source[..., other]


def regions(told: bytes, chosen: spa_pod.VideoFormat) -> list[Rect]:
    """The valid regions of a damage list, cut to the picture; an empty one ends the list."""
    found: list[Rect] = []
    whole = np.frombuffer(told[: len(told) // spa_pod.REGION_BYTES * spa_pod.REGION_BYTES], np.int32)
    for x, y, width, height in whole.reshape(-1, 4).tolist():
        if width <= 0 or height <= 0:
            break
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, chosen.width), min(y + height, chosen.height)
        if right > left and bottom > top:
            found.append(Rect(left, top, right - left, bottom - top))
    return found


def cursor(told: bytes | memoryview) -> tuple[int, int, CursorShape | None] | None:
    """Place of the pointer's hot spot, and its new shape if it has one; ``None``: not on this screen.

    A shape of no width stands for a hidden pointer.
    """
    numbers = np.frombuffer(told[: spa_pod.CURSOR_BYTES], np.int32).tolist()
    name, _, x, y, hot_x, hot_y, at = numbers
    if name == 0:
        return None
    if not spa_pod.CURSOR_BYTES <= at <= len(told) - spa_pod.BITMAP_BYTES:
        return x, y, None
    return x, y, _bitmap(told[at:], (hot_x, hot_y))


def _bitmap(told: bytes | memoryview, hot: tuple[int, int]) -> CursorShape | None:
    kind, width, height, stride, offset = np.frombuffer(told[: spa_pod.BITMAP_BYTES], np.int32).tolist()
    if kind == 0:
        return None
    if offset < spa_pod.BITMAP_BYTES or width <= 0 or height <= 0:
        return CursorShape(0, 0, 0, 0, b"")
    if kind not in {spa_pod.RGBA, spa_pod.BGRA} or max(width, height) > MAX_CURSOR_SIDE_PX:
        return None
    try:
        pixels = np.ndarray((height, width, 4), np.uint8, told, offset, (stride, 4, 1))
    except (TypeError, ValueError):
        return None
    rgba = pixels if kind == spa_pod.RGBA else pixels[..., [2, 1, 0, 3]]
    inside = (min(max(hot[0], 0), width - 1), min(max(hot[1], 0), height - 1))
    return CursorShape(width, height, *inside, straight(rgba))


def straight(rgba: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """RGBA whose colours are multiplied by alpha, with straight colours."""
    alpha = rgba[..., 3:].astype(np.uint32)
    divisor = np.maximum(alpha, 1)
    colours = np.minimum((rgba[..., :3].astype(np.uint32) * 255 + divisor // 2) // divisor, 255)
    return np.concatenate([colours, alpha], axis=-1).astype(np.uint8).tobytes()
