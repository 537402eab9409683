"""Desktop Duplication through Windows' own libraries, by ctypes. Written to its documentation, not yet run.

The few methods that are needed are called by their place in the interfaces' tables (dxgi.h, dxgi1_2.h,
d3d11.h).
"""

import ctypes as c
import uuid
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from relevo_agent.pipeline.sources import duplication as dup
from relevo_agent.pipeline.types import MoveHint, PixelBuffer, Rect

_NOT_FOUND: Final = 0x887A0002
_BGRA8: Final = 87
_STAGING, _CPU_READ, _MAP_READ = 3, 0x20000, 1
_SDK_VERSION, _BGRA_SUPPORT, _DRIVER_UNKNOWN = 7, 0x20, 0
_FACTORY1: Final = uuid.UUID("770aae78-f26f-4dba-a829-253c83d1b387")
_OUTPUT1: Final = uuid.UUID("00cddea8-939b-4b83-a340-a685226666cc")
_TEXTURE2D: Final = uuid.UUID("6f15aaf2-d208-4e89-9ab4-489535d34f9c")
_QUERY_INTERFACE, _RELEASE = 0, 2
_ENUM_ADAPTERS1, _ENUM_OUTPUTS, _OUTPUT_DESC, _DUPLICATE_OUTPUT = 12, 7, 7, 22
_ACQUIRE, _DIRTY, _MOVES, _SHAPE, _RELEASE_FRAME = 8, 9, 10, 11, 14
_CREATE_TEXTURE, _GET_CONTEXT = 5, 40
_MAP, _UNMAP, _COPY_REGION = 14, 15, 46
MAX_RECTS: Final = 4096
_SESSION_INFO_EX: Final = 25


class _Point(c.Structure):
    _fields_ = [("x", c.c_int32), ("y", c.c_int32)]


class _Rectangle(c.Structure):
    _fields_ = [("left", c.c_int32), ("top", c.c_int32), ("right", c.c_int32), ("bottom", c.c_int32)]


class _OutputDesc(c.Structure):
    _fields_ = [
        ("name", c.c_uint16 * 32),
        ("area", _Rectangle),
        ("attached", c.c_int32),
        ("rotation", c.c_uint32),
        ("monitor", c.c_void_p),
    ]


class _FrameInfo(c.Structure):
    _fields_ = [
        ("presented", c.c_int64),
        ("mouse_updated", c.c_int64),
        ("frames", c.c_uint32),
        ("coalesced", c.c_int32),
        ("protected", c.c_int32),
        ("position", _Point),
        ("visible", c.c_int32),
        ("metadata_bytes", c.c_uint32),
        ("shape_bytes", c.c_uint32),
    ]


class _MoveRect(c.Structure):
    _fields_ = [("source", _Point), ("to", _Rectangle)]


class _ShapeInfo(c.Structure):
    _fields_ = [
        ("kind", c.c_uint32),
        ("width", c.c_uint32),
        ("height", c.c_uint32),
        ("pitch", c.c_uint32),
        ("hot", _Point),
    ]


class _TextureDesc(c.Structure):
    _fields_ = [
        ("width", c.c_uint32),
        ("height", c.c_uint32),
        ("mips", c.c_uint32),
        ("array", c.c_uint32),
        ("format", c.c_uint32),
        ("samples", c.c_uint32),
        ("sample_quality", c.c_uint32),
        ("usage", c.c_uint32),
        ("bind", c.c_uint32),
        ("cpu_access", c.c_uint32),
        ("misc", c.c_uint32),
    ]


class _Box(c.Structure):
    _fields_ = [(name, c.c_uint32) for name in ("left", "top", "front", "right", "bottom", "back")]


class _Mapped(c.Structure):
    _fields_ = [("data", c.c_void_p), ("pitch", c.c_uint32), ("depth_pitch", c.c_uint32)]


class Com:
    """A pointer to an interface; it is released when it is closed."""

    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    def call(self, index: int, *arguments: Any) -> int:
        """Call a method by its place in the table: its HRESULT, as an unsigned number."""
        table = c.c_void_p.from_address(self.pointer).value or 0
        method = c.c_void_p.from_address(table + index * c.sizeof(c.c_void_p)).value or 0
        kinds: list[Any] = [argument.__class__ for argument in arguments]
        # The x64 and ARM64 conventions are the same for all; on 32 bits COM has its own.
        convention = getattr(c, "WINFUNCTYPE", c.CFUNCTYPE)
        result: int = convention(c.c_int32, c.c_void_p, *kinds)(method)(self.pointer, *arguments)
        return result & 0xFFFFFFFF

    def act(self, what: str, index: int, *arguments: Any) -> None:
        """Call, and raise DuplicationError where it fails."""
        code = self.call(index, *arguments)
        if code & 0x80000000:
            raise dup.DuplicationError(code, what)

    def made(self, what: str, index: int, *arguments: Any) -> "Com":
        """Call a method whose last parameter takes a new interface."""
        found = c.c_void_p()
        self.act(what, index, *arguments, c.cast(c.byref(found), c.c_void_p))
        return Com(found.value or 0)

    def query(self, wanted: uuid.UUID) -> "Com":
        """The same object by another interface."""
        name = c.create_string_buffer(wanted.bytes_le, 16)
        return self.made("QueryInterface", _QUERY_INTERFACE, c.cast(name, c.c_void_p))

    def close(self) -> None:
        """Release it."""
        pointer, self.pointer = self.pointer, 0
        if pointer:
            Com(pointer).call(_RELEASE)


def _at(value: Any) -> c.c_void_p:
    return c.cast(c.byref(value), c.c_void_p)


def _library(name: str) -> Any:
    return c.CDLL(name)


class DxgiOutput:
    """One output, duplicated, and the memory through which its pixels are read.

    Raises:
        DuplicationError: it cannot be duplicated now.
    """

    def __init__(self, output: Com, place: dup.OutputPlace, device: Com, context: Com) -> None:
        self._place, self._device, self._context = place, device, context
        self._surface: Com | None = None
        self._staging: Com | None = None
        wanted = output.query(_OUTPUT1)
        try:
            self._duplication = wanted.made("DuplicateOutput", _DUPLICATE_OUTPUT, c.c_void_p(device.pointer))
        finally:
            wanted.close()
        self._size = dup.surface_size(place)
        self._staging = self._staging_texture()

    @property
    def place(self) -> dup.OutputPlace:
        """Where it is."""
        return self._place

    def acquire(self, timeout_ms: int) -> dup.RawFrame | None:
        """The next frame; see :class:`duplication.Output`."""
        info, resource = _FrameInfo(), c.c_void_p()
        code = self._duplication.call(_ACQUIRE, c.c_uint32(timeout_ms), _at(info), _at(resource))
        if code == dup.WAIT_TIMEOUT:
            return None
        if code & 0x80000000:
            raise dup.DuplicationError(code, "AcquireNextFrame")
        came = Com(resource.value or 0)
        try:
            self._surface = came.query(_TEXTURE2D)
        finally:
            came.close()
        return self._frame(info)

    def read(self, rect: Rect, target: PixelBuffer) -> None:
        """Copy a rectangle: first inside the graphics card, then from memory that can be read."""
        staging, surface = self._staging, self._surface
        if staging is None or surface is None:
            raise dup.DuplicationError(dup.ACCESS_LOST, "no frame is acquired")
        box = _Box(rect.x, rect.y, 0, rect.x + rect.width, rect.y + rect.height, 1)
        zero, where = c.c_uint32(0), (c.c_uint32(rect.x), c.c_uint32(rect.y), c.c_uint32(0))
        into, out = c.c_void_p(staging.pointer), c.c_void_p(surface.pointer)
        self._context.call(_COPY_REGION, into, zero, *where, out, zero, _at(box))
        mapped = _Mapped()
        self._context.act("Map", _MAP, into, zero, c.c_uint32(_MAP_READ), zero, _at(mapped))
        try:
            size = mapped.pitch * (self._size[1] - 1) + self._size[0] * 4
            memory = (c.c_uint8 * size).from_address(mapped.data)
            pixels: PixelBuffer = np.ndarray(
                (self._size[1], self._size[0], 4), np.uint8, memory, 0, (mapped.pitch, 4, 1)
            )
            np.copyto(target, rect.of(pixels))
        finally:
            self._context.call(_UNMAP, into, zero)

    def release(self) -> None:
        """Let Windows go on."""
        if self._surface is not None:
            self._surface.close()
            self._surface = None
            self._duplication.call(_RELEASE_FRAME)

    def close(self) -> None:
        """Give everything back."""
        for one in (self._surface, self._staging, self._duplication, self._context, self._device):
            if one is not None:
                one.close()
        self._surface = self._staging = None

    def _frame(self, info: _FrameInfo) -> dup.RawFrame:
        pointer = dup.PointerNews(info.position.x, info.position.y, bool(info.visible))
        told = pointer if info.mouse_updated else None
        shape = self._shape(info.shape_bytes) if info.shape_bytes else None
        if not info.presented:
            return dup.RawFrame((), (), told, shape)
        if not info.metadata_bytes:
            return dup.RawFrame(None, (), told, shape)
        moves = self._listed("GetFrameMoveRects", _MOVES, _MoveRect, info.metadata_bytes)
        dirty = self._listed("GetFrameDirtyRects", _DIRTY, _Rectangle, info.metadata_bytes)
        hints = tuple(MoveHint(_rect(move.to), move.source.x, move.source.y) for move in moves)
        return dup.RawFrame(tuple(_rect(one) for one in dirty), hints, told, shape)

    def _listed(self, what: str, index: int, kind: Any, size_bytes: int) -> list[Any]:
        count = min(max(size_bytes // c.sizeof(kind), 1), MAX_RECTS)
        table, used = (kind * count)(), c.c_uint32()
        self._duplication.act(what, index, c.c_uint32(c.sizeof(table)), _at(table), _at(used))
        return list(table[: used.value // c.sizeof(kind)])

    def _shape(self, size_bytes: int) -> dup.RawShape:
        data, used, info = c.create_string_buffer(size_bytes), c.c_uint32(), _ShapeInfo()
        self._duplication.act(
            "GetFramePointerShape", _SHAPE, c.c_uint32(size_bytes), _at(data), _at(used), _at(info)
        )
        hot = (info.hot.x, info.hot.y)
        return dup.RawShape(info.kind, info.width, info.height, info.pitch, *hot, data.raw)

    def _staging_texture(self) -> Com:
        desc = _TextureDesc(*self._size, 1, 1, _BGRA8, 1, 0, _STAGING, 0, _CPU_READ, 0)
        return self._device.made("CreateTexture2D", _CREATE_TEXTURE, _at(desc), c.c_void_p())


def _rect(told: Any) -> Rect:
    return Rect(told.left, told.top, told.right - told.left, told.bottom - told.top)


def outputs() -> Sequence[DxgiOutput]:
    """Every output of every graphics card that belongs to the desktop, duplicated.

    Raises:
        DuplicationError: one of them cannot be duplicated now.
    """
    found, factory = list[DxgiOutput](), c.c_void_p()
    name = c.create_string_buffer(_FACTORY1.bytes_le, 16)
    code = _library("dxgi").CreateDXGIFactory1(name, c.byref(factory)) & 0xFFFFFFFF
    if code & 0x80000000:
        raise dup.DuplicationError(code, "CreateDXGIFactory1")
    root = Com(factory.value or 0)
    try:
        for adapter in _children(root, _ENUM_ADAPTERS1):
            for output in _children(adapter, _ENUM_OUTPUTS):
                made = _duplicated(adapter, output)
                if made is not None:
                    found.append(made)
                output.close()
            adapter.close()
    except dup.DuplicationError:
        for made in found:
            made.close()
        raise
    finally:
        root.close()
    return found


def _children(parent: Com, index: int) -> list[Com]:
    found: list[Com] = []
    while True:
        child = c.c_void_p()
        code = parent.call(index, c.c_uint32(len(found)), _at(child))
        if code == _NOT_FOUND:
            return found
        if code & 0x80000000:
            raise dup.DuplicationError(code, "EnumOutputs")
        found.append(Com(child.value or 0))


def _duplicated(adapter: Com, output: Com) -> DxgiOutput | None:
    desc = _OutputDesc()
    output.act("GetDesc", _OUTPUT_DESC, _at(desc))
    if not desc.attached:
        return None
    name = bytes(desc.name).decode("utf-16-le").partition("\0")[0]
    place = dup.OutputPlace(name, _rect(desc.area), max(desc.rotation - 1, 0) % 4)
    device, context = c.c_void_p(), c.c_void_p()
    create = _library("d3d11").D3D11CreateDevice
    create.argtypes = [c.c_void_p, c.c_uint32, c.c_void_p, c.c_uint32, c.c_void_p, c.c_uint32, c.c_uint32] + [
        c.c_void_p
    ] * 3
    into = (_at(device), None, _at(context))
    code = (
        create(adapter.pointer, _DRIVER_UNKNOWN, None, _BGRA_SUPPORT, None, 0, _SDK_VERSION, *into)
        & 0xFFFFFFFF
    )
    if code & 0x80000000:
        raise dup.DuplicationError(code, "D3D11CreateDevice")
    return DxgiOutput(output, place, Com(device.value or 0), Com(context.value or 0))


def is_locked() -> bool:
    """Whether this session's screen is locked (WTSSESSION_INFOEX, SessionFlags 0; Windows 8 and later)."""
    data, size = c.c_void_p(), c.c_uint32()
    terminal = _library("wtsapi32")
    terminal.WTSQuerySessionInformationW.argtypes = [c.c_void_p, c.c_uint32, c.c_int, c.c_void_p, c.c_void_p]
    if not terminal.WTSQuerySessionInformationW(None, 0xFFFFFFFF, _SESSION_INFO_EX, _at(data), _at(size)):
        return False
    try:
        # Level, then (after eight bytes: the union holds 64-bit times) session, its state and its flags.
        return size.value >= 20 and c.c_int32.from_address((data.value or 0) + 16).value == 0
    finally:
        terminal.WTSFreeMemory(data)
