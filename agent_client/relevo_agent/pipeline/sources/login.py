"""This program's session as logind knows it: whether it is locked, and whether it has the screen."""

import os
from typing import Any, Final

import jeepney
from jeepney import DBusAddress, HeaderFields, MatchRule, MessageType
from jeepney.io.blocking import open_dbus_connection

ANSWER_S: Final = 2.0
_REPLY: Final = HeaderFields.reply_serial
_BUS: Final = ("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
_LOGIN: Final = "org.freedesktop.login1"
_SESSION: Final = f"{_LOGIN}.Session"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
_MANAGER: Final = ("/org/freedesktop/login1", _LOGIN, f"{_LOGIN}.Manager")
_OWN: Final = "/org/freedesktop/login1/session/auto"
"""The caller's own session, else the one of its user that has a display (logind since 243)."""
_GRAPHICAL: Final = frozenset({"x11", "mir", "wayland"})
_BROKEN: Final = (OSError, EOFError, KeyError, ValueError, IndexError)
"""What jeepney raises without a bus, when nobody answers (TimeoutError is an OSError), or at nonsense."""

_new_call: Any = getattr(jeepney, "new_method_call")  # noqa: B009 - its own types say nothing


class LoginLost(Exception):
    """The bus, or logind, does not answer, or not any more."""


class LoginSession:
    """One session, told of by signals.

    Raises:
        LoginLost: no bus, no logind, or this program belongs to no session.
    """

    def __init__(self) -> None:
        try:
            self._bus: Any = open_dbus_connection("SYSTEM")
        except _BROKEN as error:
            raise LoginLost(f"no system bus: {error!r}") from error
        self.is_locked, self.is_active = False, True
        self._news = False
        try:
            self._path = self._path_of_own()
            rule = MatchRule(
                type="signal", interface=_PROPERTIES, member="PropertiesChanged", path=self._path
            )
            self._call(_BUS, "AddMatch", rule.serialise())
            self.is_graphical = self._told(self._path, "Type") in _GRAPHICAL
        except LoginLost:
            self.close()
            raise

    @classmethod
    def found(cls) -> "LoginSession | None":
        """The session; ``None`` without logind, or where this program runs in no graphical session."""
        try:
            session = cls()
        except LoginLost:
            return None
        if session.is_graphical:
            return session
        session.close()
        return None

    @property
    def fileno(self) -> int:
        """Readable when something was told."""
        return int(self._bus.sock.fileno())

    def refresh(self) -> None:
        """Take what was told, and ask how it stands.

        Raises:
            LoginLost: nobody answers.
        """
        self._drain()
        self._news = True
        while self._news:  # what is told while an answer is waited for stands in no socket any more
            self._news = False
            self.is_locked = self._told(self._path, "LockedHint") is True
            self.is_active = self._told(self._path, "Active") is not False

    def close(self) -> None:
        """End the connection."""
        self._bus.close()

    def _drain(self) -> None:
        try:
            while True:
                self._bus.receive(timeout=0)
        except TimeoutError:
            return
        except _BROKEN as error:
            raise LoginLost(repr(error)) from error

    def _path_of_own(self) -> str:
        name = os.environ.get("XDG_SESSION_ID") or self._told(_OWN, "Id")
        return str(self._call(_MANAGER, "GetSession", str(name)))

    def _told(self, path: str, name: str) -> object:
        _, value = self._call((path, _LOGIN, _PROPERTIES), "Get", _SESSION, name)
        return value

    def _call(self, place: tuple[str, str, str], member: str, *given: str) -> Any:
        """The first value of the answer, ``None`` if it has none."""
        message = _new_call(DBusAddress(*place), member, "s" * len(given), given)
        try:
            serial = next(self._bus.outgoing_serial)
            self._bus.send(message, serial=serial)
            while (reply := self._bus.receive(timeout=ANSWER_S)).header.fields.get(_REPLY) != serial:
                self._news = True
            if reply.header.message_type is MessageType.error:
                raise LoginLost(f"{member} was refused: {reply.body}")
            return reply.body[0] if reply.body else None
        except _BROKEN as error:
            raise LoginLost(repr(error)) from error
