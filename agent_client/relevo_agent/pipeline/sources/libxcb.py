"""A connection to an X server over libxcb's core alone: requests and events as bytes, packed by the caller.

Only ``libxcb.so.1`` is needed, which every X desktop has; of the libraries of its extensions some are often
missing (DAMAGE is one). One connection belongs to one thread.
"""

import ctypes
import os
import struct
from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_int, c_size_t, c_uint, c_uint8, c_uint32, c_void_p
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple, cast

_CHECKED: Final = 1
_EVENT_BYTES: Final = 32
_QUERY_EXTENSION: Final = 98
_REPLY_LENGTH: Final = struct.Struct("=4xI")
_WHY: Final = {
    1: "it cannot be reached",
    3: "memory is exhausted",
    5: "the display's name is not valid",
    6: "it has no such screen",
}
"""``xcb_connection_has_error``, by number (xcb.h)."""


class XGone(Exception):
    """The server cannot be reached, or not any more."""


class XRefused(Exception):
    """The server answered with an error (X protocol, chapter 4)."""

    def __init__(self, answer: bytes) -> None:
        self.code, self.major, self.minor = answer[1], answer[10], answer[8] | answer[9] << 8
        super().__init__(f"the X server refused request {self.major}.{self.minor} with error {self.code}")


@dataclass(frozen=True, slots=True)
class Extension:
    """Where an extension's requests and events are numbered on this server."""

    name: str
    major: int
    first_event: int


class _Vector(Structure):
    _fields_ = (("base", c_void_p), ("length", c_size_t))


class _Request(Structure):
    _fields_ = (("count", c_size_t), ("extension", c_void_p), ("opcode", c_uint8), ("is_void", c_uint8))


class _Cookie(Structure):
    _fields_ = (("sequence", c_uint),)


class _Head(NamedTuple):
    major: int
    minor: int
    is_void: bool = False
    flags: int = _CHECKED


_Vectors = _Vector * 3
"""libxcb writes into the two vectors before the one that is handed over (xcbext.h)."""


class _Library:
    """The functions that are used, with their types."""

    def __init__(self) -> None:
        xcb = ctypes.CDLL("libxcb.so.1")
        # What never waits keeps the interpreter: to get it back may cost a whole switch interval.
        quick = ctypes.PyDLL("libxcb.so.1")
        self.connect = _typed(xcb, "xcb_connect", c_void_p, c_char_p, POINTER(c_int))
        self.disconnect = _typed(xcb, "xcb_disconnect", None, c_void_p)
        self.error = _typed(quick, "xcb_connection_has_error", c_int, c_void_p)
        self.descriptor = _typed(quick, "xcb_get_file_descriptor", c_int, c_void_p)
        self.setup = _typed(quick, "xcb_get_setup", c_void_p, c_void_p)
        self.new_id = _typed(xcb, "xcb_generate_id", c_uint32, c_void_p)
        self.flush = _typed(xcb, "xcb_flush", c_int, c_void_p)
        request = (c_void_p, c_int, c_void_p, c_void_p)
        self.send = _typed(xcb, "xcb_send_request", c_uint, *request)
        self.send_fds = _typed(xcb, "xcb_send_request_with_fds", c_uint, *request, c_uint, POINTER(c_int))
        self.reply = _typed(xcb, "xcb_wait_for_reply", c_void_p, c_void_p, c_uint, POINTER(c_void_p))
        self.check = _typed(xcb, "xcb_request_check", c_void_p, c_void_p, _Cookie)
        self.next_event = _typed(quick, "xcb_poll_for_event", c_void_p, c_void_p)
        self.queued_event = _typed(quick, "xcb_poll_for_queued_event", c_void_p, c_void_p)
        self.free = _typed(ctypes.PyDLL(None), "free", None, c_void_p)


def _typed(library: ctypes.CDLL, name: str, result: type | None, *given: type) -> Callable[..., Any]:
    function = getattr(library, name)
    function.restype, function.argtypes = result, given
    return cast("Callable[..., Any]", function)


@cache
def _library() -> _Library:
    return _Library()


class XServer:
    """One connection.

    Raises:
        XGone: no libxcb, or nobody answers at this display.
    """

    def __init__(self, display: str | None) -> None:
        try:
            self._lib = _library()
        except (OSError, AttributeError) as error:
            raise XGone(f"libxcb 1.11 or newer is missing on this PC ({error})") from error
        screen = c_int()
        name = None if display is None else os.fsencode(display)
        self._connection: int | None = self._lib.connect(name, ctypes.byref(screen))
        self.screen_number = screen.value
        try:
            self._raise_if_gone()
        except XGone:
            self.close()
            raise

    @property
    def fileno(self) -> int:
        """The socket; what was read from it already stands in no select, see :meth:`queued`."""
        return int(self._lib.descriptor(self._connection))

    def setup(self) -> bytes:
        """What the server told at the beginning (X protocol, encoding of the connection setup)."""
        start = self._lib.setup(self._connection)
        length = int.from_bytes(ctypes.string_at(start + 6, 2), "little")
        return ctypes.string_at(start, 8 + 4 * length)

    def extension(self, name: str) -> Extension | None:
        """The extension's numbers, ``None`` where the server lacks it."""
        text = name.encode("ascii")
        reply = self.ask(_QUERY_EXTENSION, 0, struct.pack("=H2x", len(text)) + text)
        present, major, first_event = reply[8:11]
        return Extension(name, major, first_event) if present else None

    def new_id(self) -> int:
        """A resource's name that nothing on the server has."""
        return int(self._lib.new_id(self._connection))

    def send(self, major: int, minor: int, body: bytes) -> int:
        """Queue a request that has a reply, to be taken with :meth:`reply`; gives its number."""
        return self._request(_Head(major, minor), body)

    def tell(self, major: int, minor: int, body: bytes) -> None:
        """Queue a request without reply; an error comes among the events."""
        self._request(_Head(major, minor, is_void=True, flags=0), body)

    def demand(self, major: int, minor: int, body: bytes, handle: int | None = None) -> None:
        """A request without reply, waited for; ``handle`` is passed along and closed in every case.

        Raises:
            XRefused: the server's error.
            XGone: the connection broke.
        """
        sequence = self._request(_Head(major, minor, is_void=True), body, handle)
        error = self._lib.check(self._connection, _Cookie(sequence))
        self._raise_if_gone()
        if error:
            raise XRefused(self._taken(error, _EVENT_BYTES))

    def ask(self, major: int, minor: int, body: bytes) -> bytes:
        """A request and its reply, header included."""
        return self.reply(self.send(major, minor, body))

    def reply(self, sequence: int) -> bytes:
        """Wait for the reply to a request that was queued; raises as :meth:`demand`."""
        error = c_void_p()
        answer = self._lib.reply(self._connection, sequence, ctypes.byref(error))
        if error.value:
            raise XRefused(self._taken(error.value, _EVENT_BYTES))
        if not answer:
            self._raise_if_gone()
            raise XGone("the X server gave no answer")
        (words,) = _REPLY_LENGTH.unpack(ctypes.string_at(answer, 8))
        return self._taken(answer, _EVENT_BYTES + 4 * words)

    def flush(self) -> None:
        """Send what is queued."""
        self._lib.flush(self._connection)

    def events(self, *, queued: bool = False) -> list[bytes]:
        """The first 32 bytes of each event that has come; ``queued``: only if read from the socket already.

        Raises:
            XRefused: a request without reply failed.
            XGone: the connection broke.
        """
        take, found = (self._lib.queued_event if queued else self._lib.next_event), list[bytes]()
        while event := take(self._connection):
            data = self._taken(event, _EVENT_BYTES)
            if data[0] == 0:
                raise XRefused(data)
            found.append(data)
        if not found:
            self._raise_if_gone()
        return found

    def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._lib.disconnect(connection)

    def _request(self, head: _Head, body: bytes, handle: int | None = None) -> int:
        raw = struct.pack("=BB2x", head.major, head.minor) + body + bytes(-len(body) % 4)
        buffer = ctypes.create_string_buffer(raw, len(raw))
        vectors = _Vectors()
        vectors[2].base, vectors[2].length = ctypes.addressof(buffer), len(raw)
        request = ctypes.byref(_Request(1, None, head.major, head.is_void))
        start = ctypes.byref(vectors, 2 * ctypes.sizeof(_Vector))
        if handle is None:
            return int(self._lib.send(self._connection, head.flags, start, request))
        handles = (c_int * 1)(handle)
        return int(self._lib.send_fds(self._connection, head.flags, start, request, 1, handles))

    def _taken(self, memory: int, length: int) -> bytes:
        data = ctypes.string_at(memory, length)
        self._lib.free(memory)
        return data

    def _raise_if_gone(self) -> None:
        broken = self._lib.error(self._connection)
        if broken:
            raise XGone(_WHY.get(broken, "the connection broke"))
