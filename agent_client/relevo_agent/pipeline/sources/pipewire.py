"""libpipewire through ctypes: as much of it as one video stream needs.

Every Wayland desktop that can share its screen has this library; nothing else must be installed for it, and
unlike GStreamer's element it tells the damage and the pointer. Source: PipeWire 0.3/1.x, "Streams".
"""

import ctypes as c
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from relevo_agent.pipeline.sources.spa_pod import PARAM_FORMAT
from relevo_agent.pipeline.types import CaptureFailed
from relevo_protocol.messages.screen import CaptureCondition

LIBRARY: Final = "libpipewire-0.3.so.0"
_DIRECTION_INPUT: Final = 0
_AUTOCONNECT, _MAP_BUFFERS = 1, 4
STREAM_ERROR, STREAM_UNCONNECTED = -1, 0
_EVENTS_VERSION: Final = 2
_HOOK_BYTES: Final = 96
"""A hook's 48 bytes, and as many again for versions to come."""


class Chunk(c.Structure):
    """What of a block is valid (``struct spa_chunk``)."""

    _fields_ = [("offset", c.c_uint32), ("size", c.c_uint32), ("stride", c.c_int32), ("flags", c.c_int32)]


class Data(c.Structure):
    """One block of memory (``struct spa_data``)."""

    _fields_ = [
        ("type", c.c_uint32),
        ("flags", c.c_uint32),
        ("fd", c.c_int64),
        ("mapoffset", c.c_uint32),
        ("maxsize", c.c_uint32),
        ("data", c.c_void_p),
        ("chunk", c.POINTER(Chunk)),
    ]


class Meta(c.Structure):
    """Something told beside the pixels (``struct spa_meta``)."""

    _fields_ = [("type", c.c_uint32), ("size", c.c_uint32), ("data", c.c_void_p)]


class SpaBuffer(c.Structure):
    """Pixels and what is told beside them (``struct spa_buffer``)."""

    _fields_ = [
        ("n_metas", c.c_uint32),
        ("n_datas", c.c_uint32),
        ("metas", c.POINTER(Meta)),
        ("datas", c.POINTER(Data)),
    ]


class Buffer(c.Structure):
    """A buffer of a stream (``struct pw_buffer``), as far as it is looked at."""

    _fields_ = [("buffer", c.POINTER(SpaBuffer)), ("user_data", c.c_void_p), ("size", c.c_uint64)]


BufferPointer = Any
"""``POINTER(Buffer)``, of which ctypes' stubs have no name that both type checkers take."""
_ON_DESTROY = c.CFUNCTYPE(None, c.c_void_p)
_ON_STATE = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.c_int, c.c_char_p)
_ON_CONTROL = c.CFUNCTYPE(None, c.c_void_p, c.c_uint32, c.c_void_p)
_ON_IO = c.CFUNCTYPE(None, c.c_void_p, c.c_uint32, c.c_void_p, c.c_uint32)
_ON_BUFFER = c.CFUNCTYPE(None, c.c_void_p, c.POINTER(Buffer))


class _StreamEvents(c.Structure):
    _fields_ = [
        ("version", c.c_uint32),
        ("destroy", _ON_DESTROY),
        ("state_changed", _ON_STATE),
        ("control_info", _ON_CONTROL),
        ("io_changed", _ON_IO),
        ("param_changed", _ON_CONTROL),
        ("add_buffer", _ON_BUFFER),
        ("remove_buffer", _ON_BUFFER),
        ("process", _ON_DESTROY),
        ("drained", _ON_DESTROY),
        ("command", _ON_IO),
        ("trigger_done", _ON_DESTROY),
    ]


_FUNCTIONS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "pw_init": (None, [c.c_void_p, c.c_void_p]),
    "pw_get_library_version": (c.c_char_p, []),
    "pw_thread_loop_new": (c.c_void_p, [c.c_char_p, c.c_void_p]),
    "pw_thread_loop_get_loop": (c.c_void_p, [c.c_void_p]),
    "pw_thread_loop_start": (c.c_int, [c.c_void_p]),
    "pw_thread_loop_stop": (None, [c.c_void_p]),
    "pw_thread_loop_destroy": (None, [c.c_void_p]),
    "pw_thread_loop_lock": (None, [c.c_void_p]),
    "pw_thread_loop_unlock": (None, [c.c_void_p]),
    "pw_context_new": (c.c_void_p, [c.c_void_p, c.c_void_p, c.c_size_t]),
    "pw_context_destroy": (None, [c.c_void_p]),
    "pw_context_connect_fd": (c.c_void_p, [c.c_void_p, c.c_int, c.c_void_p, c.c_size_t]),
    "pw_core_disconnect": (c.c_int, [c.c_void_p]),
    "pw_properties_new_string": (c.c_void_p, [c.c_char_p]),
    "pw_stream_new": (c.c_void_p, [c.c_void_p, c.c_char_p, c.c_void_p]),
    "pw_stream_destroy": (None, [c.c_void_p]),
    "pw_stream_add_listener": (None, [c.c_void_p, c.c_void_p, c.POINTER(_StreamEvents), c.c_void_p]),
    "pw_stream_connect": (
        c.c_int,
        [c.c_void_p, c.c_int, c.c_uint32, c.c_int, c.POINTER(c.c_void_p), c.c_uint32],
    ),
    "pw_stream_update_params": (c.c_int, [c.c_void_p, c.POINTER(c.c_void_p), c.c_uint32]),
    "pw_stream_dequeue_buffer": (c.POINTER(Buffer), [c.c_void_p]),
    "pw_stream_queue_buffer": (c.c_int, [c.c_void_p, c.POINTER(Buffer)]),
}


@cache
def library() -> Any:
    """The library, with its functions' types told, ready for use.

    Raises:
        CaptureFailed: it is not installed.
    """
    try:
        found = c.CDLL(LIBRARY)
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(found, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise CaptureFailed(
            CaptureCondition.FAILED,
            f"Wayland shares screens through PipeWire, whose library is missing ({error}): install {LIBRARY}",
        ) from error
    found.pw_init(None, None)
    return found


@dataclass(frozen=True, slots=True)
class StreamEvents:
    """What a stream tells from PipeWire's thread with its lock held; each returns soon and raises nothing."""

    format_chosen: Callable[[bytes], None]
    picture_came: Callable[[], None]
    buffer_removed: Callable[[int], None]
    ended: Callable[[str], None]


_DEAF: Final = StreamEvents(lambda _: None, lambda: None, lambda _: None, lambda _: None)


class Connection:
    """A PipeWire connection over a handle that the portal has given, with a thread of its own.

    ``handle`` belongs to the connection from now on.

    Raises:
        CaptureFailed: the library is missing, or the connection is refused.
    """

    def __init__(self, handle: int) -> None:
        self.lib = library()
        self.loop = self.lib.pw_thread_loop_new(b"relevo-pipewire", None)
        self._context = self.lib.pw_context_new(self.lib.pw_thread_loop_get_loop(self.loop), None, 0)
        self.core = self.lib.pw_context_connect_fd(self._context, handle, None, 0) if self._context else None
        if not self.core or self.lib.pw_thread_loop_start(self.loop) < 0:
            self.close()
            raise CaptureFailed(
                CaptureCondition.FAILED, "PipeWire refused the connection that the portal gave"
            )

    def __enter__(self) -> None:
        """Keep PipeWire's thread out, which calls back only while nobody else has the lock."""
        self.lib.pw_thread_loop_lock(self.loop)

    def __exit__(self, *unused: object) -> None:
        """Let it in again."""
        self.lib.pw_thread_loop_unlock(self.loop)

    def close(self) -> None:
        """End the thread and the connection; streams must be closed before."""
        if not self.loop:
            return
        self.lib.pw_thread_loop_stop(self.loop)
        if self.core:
            self.lib.pw_core_disconnect(self.core)
        if self._context:
            self.lib.pw_context_destroy(self._context)
        self.lib.pw_thread_loop_destroy(self.loop)
        self.loop = self.core = self._context = None


class Stream:
    """A video stream from one node.

    Raises:
        CaptureFailed: PipeWire does not connect to the node.
    """

    def __init__(self, connection: Connection, node: int, offered: bytes, events: StreamEvents) -> None:
        self._connection = connection
        self._lib = connection.lib
        self._told = events
        self._events = self._event_table()
        self._hook = c.create_string_buffer(_HOOK_BYTES)
        self._keep: list[Any] = []
        properties = b"media.type=Video media.category=Capture media.role=Screen"
        with connection:
            made = self._lib.pw_properties_new_string(properties)
            self._stream = self._lib.pw_stream_new(connection.core, b"relevo-screen", made)
            if not self._stream:
                raise CaptureFailed(CaptureCondition.FAILED, "PipeWire makes no stream")
            self._lib.pw_stream_add_listener(self._stream, self._hook, c.byref(self._events), None)
            # Not "don't reconnect": the session manager may learn of the node a moment later than we do, and
            # would end a stream whose node it does not know. The portal's handle reaches no other node.
            flags = _AUTOCONNECT | _MAP_BUFFERS
            pods = self._pods((offered,))
            code = self._lib.pw_stream_connect(self._stream, _DIRECTION_INPUT, node, flags, pods, 1)
        if code < 0:
            self.close()
            raise CaptureFailed(CaptureCondition.FAILED, f"PipeWire does not connect to node {node} ({code})")

    def choose_buffers(self, *params: bytes) -> None:
        """Answer to the format; from within ``format_chosen``."""
        self._lib.pw_stream_update_params(self._stream, self._pods(params), len(params))

    def take(self) -> BufferPointer:
        """The oldest filled buffer, a null pointer if there is none; with the lock held."""
        return self._lib.pw_stream_dequeue_buffer(self._stream)

    def give_back(self, buffer: BufferPointer) -> None:
        """Let a buffer be filled again; with the lock held."""
        self._lib.pw_stream_queue_buffer(self._stream, buffer)

    def close(self) -> None:
        """End the stream; nothing is told after this."""
        with self._connection:
            if self._stream:
                self._told = _DEAF  # destroying tells of every buffer once more
                self._lib.pw_stream_destroy(self._stream)
            self._stream = None

    def _pods(self, params: tuple[bytes, ...]) -> Any:
        # PODs are read at addresses that are multiples of eight, where create_string_buffer's memory begins.
        memory = [c.create_string_buffer(param, len(param)) for param in params]
        table = (c.c_void_p * len(memory))(*[c.addressof(one) for one in memory])
        self._keep = [memory, table]
        return table

    def _event_table(self) -> _StreamEvents:
        table = _StreamEvents(version=_EVENTS_VERSION)
        table.state_changed = _ON_STATE(self._on_state)
        table.param_changed = _ON_CONTROL(self._on_param)
        table.remove_buffer = _ON_BUFFER(self._on_remove)
        table.process = _ON_DESTROY(self._on_process)
        return table

    def _on_process(self, _data: int) -> None:
        self._told.picture_came()

    def _on_state(self, _data: int, _old: int, state: int, error: bytes | None) -> None:
        if state == STREAM_ERROR:
            self._told.ended((error or b"unknown error").decode(errors="replace"))
        elif state == STREAM_UNCONNECTED:
            self._told.ended("the compositor has ended the stream")

    def _on_param(self, _data: int, name: int, pod: int | None) -> None:
        if name == PARAM_FORMAT and pod:
            size = c.c_uint32.from_address(pod).value
            self._told.format_chosen(c.string_at(pod, 8 + size))

    def _on_remove(self, _data: int, buffer: BufferPointer) -> None:
        self._told.buffer_removed(c.addressof(buffer.contents))
