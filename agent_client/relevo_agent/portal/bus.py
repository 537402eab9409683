"""Calls and signals of the session bus, over jeepney.

Source: D-Bus Specification 0.43, "Message Bus".
"""

import itertools
import os
import select
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import jeepney
from jeepney.io import blocking

_dbus: Any = jeepney
_io: Any = blocking
"""Neither has types of its own."""
CALL_TIMEOUT_S: Final = 15.0
"""A portal that has not answered a call by then hangs; what a person answers comes as a signal."""
MAX_HEARD: Final = 256
_BROKEN: Final = (OSError, EOFError, KeyError, ValueError)
"""What jeepney raises: no address of a bus, no such socket, refused, closed, nonsense."""


class BusGone(Exception):
    """There is no session bus, or it closed the connection."""


class CallRefused(Exception):
    """The other end answered with an error; ``name`` is D-Bus's name of it."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text or name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Place:
    """An object of a service, and the interface that is meant."""

    service: str
    path: str
    interface: str


@dataclass(frozen=True, slots=True)
class Signal:
    """What an object has told everybody."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


class Bus:
    """One connection. One thread calls and listens; :meth:`tell` may be called from any.

    Raises:
        BusGone: there is no session bus.
    """

    def __init__(self) -> None:
        try:
            self._connection: Any = _io.open_dbus_connection("SESSION", enable_fds=True)
        except _BROKEN as error:
            raise BusGone(f"no session bus: {error!r}") from error
        self._sending = threading.Lock()
        self._heard: deque[Any] = deque(maxlen=MAX_HEARD)
        self._tokens = itertools.count(1)
        self._wake_in, self._wake_out = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    @property
    def name(self) -> str:
        """The connection's own name on the bus."""
        return str(self._connection.unique_name)

    def token(self) -> str:
        """A word that this connection has not used yet."""
        return f"relevo{os.getpid()}_{next(self._tokens)}"

    def listen(self, interface: str, member: str) -> None:
        """Hear this signal from now on."""
        rule = _dbus.MatchRule(type="signal", interface=interface, member=member)
        bus = Place("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        self.call(bus, "AddMatch", "s", (rule.serialise(),))

    def call(
        self,
        place: Place,
        member: str,
        signature: str,
        body: tuple[object, ...],
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> tuple[Any, ...]:
        """Call and wait for the answer; what is heard meanwhile is kept.

        Raises:
            CallRefused: the other end refused, or did not answer in time.
            BusGone: the connection broke.
        """
        serial = self._send(_call(place, member, signature, body))
        reply = self._reply_to(serial, timeout_s)
        if reply.header.message_type is _dbus.MessageType.error:
            text = str(reply.body[0]) if reply.body else ""
            raise CallRefused(str(reply.header.fields.get(_dbus.HeaderFields.error_name, "")), text)
        return tuple(reply.body)

    def tell(self, place: Place, member: str, signature: str, body: tuple[object, ...]) -> None:
        """Call without waiting for an answer.

        Raises:
            BusGone: the connection broke.
        """
        message = _call(place, member, signature, body)
        message.header.flags |= _dbus.MessageFlag.no_reply_expected
        self._send(message)

    def next_signal(self, timeout_s: float | None) -> Signal | None:
        """The next signal; nothing once the time is over or :meth:`wake` was called.

        Raises:
            BusGone: the connection broke.
        """
        message = self._heard.popleft() if self._heard else self._read(timeout_s)
        if message is None or message.header.message_type is not _dbus.MessageType.signal:
            return None
        fields = message.header.fields
        path, interface, member = (
            str(fields.get(key, ""))
            for key in (_dbus.HeaderFields.path, _dbus.HeaderFields.interface, _dbus.HeaderFields.member)
        )
        return Signal(path, interface, member, tuple(message.body))

    def wake(self) -> None:
        """Let :meth:`next_signal` return; from any thread."""
        try:
            os.write(self._wake_out, b"x")
        except OSError:  # full, or closed: it returns anyway
            return

    def close(self) -> None:
        """End the connection; by the thread that listens."""
        self._connection.close()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _send(self, message: Any) -> int:
        with self._sending:
            serial = next(self._connection.outgoing_serial)
            try:
                self._connection.send(message, serial=serial)
            except _BROKEN as error:
                raise BusGone(f"the session bus is gone: {error}") from error
            return int(serial)

    def _reply_to(self, serial: int, timeout_s: float) -> Any:
        while True:
            try:
                message = self._connection.receive(timeout=timeout_s)
            except TimeoutError as error:
                raise CallRefused("org.freedesktop.DBus.Error.NoReply", "no answer in time") from error
            except _BROKEN as error:
                raise BusGone(f"the session bus is gone: {error}") from error
            if message.header.fields.get(_dbus.HeaderFields.reply_serial, -1) == serial:
                return message
            self._heard.append(message)

    def _read(self, timeout_s: float | None) -> Any:
        try:
            return self._connection.receive(timeout=0)
        except TimeoutError:
            readable, _, _ = select.select([self._connection.sock, self._wake_in], [], [], timeout_s)
        except _BROKEN as error:
            raise BusGone(f"the session bus is gone: {error}") from error
        if self._wake_in in readable:
            os.read(self._wake_in, 4096)
        if self._connection.sock not in readable:
            return None
        try:
            return self._connection.receive(timeout=0.1)
        except TimeoutError:  # half a message
            return None
        except _BROKEN as error:
            raise BusGone(f"the session bus is gone: {error}") from error


def _call(place: Place, member: str, signature: str, body: tuple[object, ...]) -> Any:
    address = _dbus.DBusAddress(place.path, place.service, place.interface)
    return _dbus.new_method_call(address, member, signature or None, body)
