"""A backend of the desktop portal for tests: pictures and input of a real Mutter, and a scripted person.

The portal itself (xdg-desktop-portal) asks this program instead of GNOME's dialog. Run inside the test's
desktop: ``python backend.py``; it prints ``ready``. ``org.relevo.Test.Person.Say`` decides the answers.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jeepney
from jeepney import bus_messages
from jeepney.io import blocking

from relevo_agent.portal.bus import Bus, Place

_dbus: Any = jeepney
_io: Any = blocking
_names: Any = bus_messages
NAME = "org.freedesktop.impl.portal.desktop.relevotest"
PERSON = "org.relevo.Test.Person"
_IMPL = "org.freedesktop.impl.portal."
_REMOTE, _CAST = "org.gnome.Mutter.RemoteDesktop", "org.gnome.Mutter.ScreenCast"
_CURSOR = {1: 0, 2: 1, 4: 2}
_OK, _CANCELLED = 0, 1
_PROPERTIES = {
    "AvailableSourceTypes": 1,
    "AvailableDeviceTypes": 3,
    "AvailableCursorModes": 7,
    "version": 4,
}
_POINTER_BUTTONS = {"NotifyPointerButton": "ib", "NotifyKeyboardKeycode": "ub", "NotifyKeyboardKeysym": "ub"}


@dataclass(slots=True)
class Session:
    """What one session asked for, and Mutter's objects for it."""

    with_input: bool
    cursor_mode: int = 1
    remote: str = ""
    cast: str = ""
    stream: str = ""


class Backend:
    """Answers the portal's calls one after another."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.service: Any = _io.open_dbus_connection("SESSION")
        self.answer = "yes"
        self.sessions: dict[str, Session] = {}
        self.waiting: Any = None

    def serve(self) -> None:
        """Until killed."""
        for name in (NAME, PERSON):
            self.service.send_and_get_reply(_names.message_bus.RequestName(name))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            message = self.service.receive()
            if message.header.message_type is _dbus.MessageType.method_call:
                self.answer_call(message)

    def answer_call(self, message: Any) -> None:
        member = message.header.fields[_dbus.HeaderFields.member]
        act: Callable[[Any], None] | None = getattr(self, f"on_{member}", None)
        if act is not None:
            act(message)
        elif member.startswith("Notify"):
            self.notify(member, message)
        else:
            self.service.send(_dbus.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))

    def reply(self, message: Any, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        self.service.send(_dbus.new_method_return(message, signature or None, body))

    def done(self, message: Any, code: int = _OK, results: dict[str, Any] | None = None) -> None:
        self.reply(message, "ua{sv}", (code, results or {}))

    # --- the person

    def on_Say(self, message: Any) -> None:
        (self.answer,) = message.body
        self.reply(message)
        if self.waiting is not None and self.answer != "wait":
            waiting, self.waiting = self.waiting, None
            self.on_Start(waiting)

    def on_Stop(self, message: Any) -> None:
        self.reply(message)
        for path in list(self.sessions):
            emitter = _dbus.DBusAddress(path, interface=_IMPL + "Session")
            self.service.send(_dbus.new_signal(emitter, "Closed", "", ()))
            self.end(path)

    # --- the portal

    def on_Get(self, message: Any) -> None:
        self.reply(message, "v", (("u", _PROPERTIES.get(message.body[1], 0)),))

    def on_GetAll(self, message: Any) -> None:
        self.reply(message, "a{sv}", ({name: ("u", value) for name, value in _PROPERTIES.items()},))

    def on_CreateSession(self, message: Any) -> None:
        with_input = message.header.fields[_dbus.HeaderFields.interface].endswith("RemoteDesktop")
        self.sessions[message.body[1]] = Session(with_input)
        self.done(message, results={"session_id": ("s", "test")})

    def on_SelectDevices(self, message: Any) -> None:
        self.done(message)

    def on_SelectSources(self, message: Any) -> None:
        self.sessions[message.body[1]].cursor_mode = _CURSOR[message.body[3].get("cursor_mode", ("u", 1))[1]]
        self.done(message)

    def on_Start(self, message: Any) -> None:
        if self.answer == "wait":
            self.waiting = message
        elif self.answer == "no":
            self.done(message, _CANCELLED)
        else:
            session = self.sessions[message.body[1]]
            node = self.begin(session)
            told = {"position": ("(ii)", (0, 0)), "size": ("(ii)", (800, 600)), "source_type": ("u", 1)}
            results: dict[str, Any] = {"streams": ("a(ua{sv})", [(node, told)])}
            if session.with_input:
                results["devices"] = ("u", 3)
            self.done(message, results=results)

    def on_Close(self, message: Any) -> None:
        self.reply(message)
        self.waiting = None
        self.end(message.header.fields[_dbus.HeaderFields.path])

    # --- Mutter

    def begin(self, session: Session) -> int:
        options: dict[str, Any] = {}
        if session.with_input:
            (session.remote,) = self.mutter(
                _REMOTE, "/org/gnome/Mutter/RemoteDesktop", "", "CreateSession", "", ()
            )
            place = Place(_REMOTE, session.remote, "org.freedesktop.DBus.Properties")
            ((_, name),) = self.bus.call(place, "Get", "ss", (_REMOTE + ".Session", "SessionId"))
            options["remote-desktop-session-id"] = ("s", name)
        (session.cast,) = self.mutter(
            _CAST, "/org/gnome/Mutter/ScreenCast", "", "CreateSession", "a{sv}", (options,)
        )
        chosen = ("Meta-0", {"cursor-mode": ("u", session.cursor_mode)})
        (session.stream,) = self.mutter(_CAST, session.cast, ".Session", "RecordMonitor", "sa{sv}", chosen)
        self.bus.listen(_CAST + ".Stream", "PipeWireStreamAdded")
        owner, path = (_REMOTE, session.remote) if session.with_input else (_CAST, session.cast)
        self.mutter(owner, path, ".Session", "Start", "", ())
        while True:
            signal = self.bus.next_signal(5.0)
            if (
                signal is not None
                and signal.path == session.stream
                and signal.member == "PipeWireStreamAdded"
            ):
                return int(signal.body[0])

    def end(self, path: str) -> None:
        session = self.sessions.pop(path, None)
        if session is not None and session.cast:
            owner, path = (_REMOTE, session.remote) if session.remote else (_CAST, session.cast)
            self.mutter(owner, path, ".Session", "Stop", "", ())

    def mutter(
        self, service: str, path: str, part: str, member: str, signature: str, body: tuple[Any, ...]
    ) -> Any:
        return self.bus.call(Place(service, path, service + part), member, signature, body)

    def notify(self, member: str, message: Any) -> None:
        path, _, *told = message.body
        session = self.sessions[path]
        if member == "NotifyPointerMotionAbsolute":
            signature, body = "sdd", (session.stream, *told[1:])
        elif member in _POINTER_BUTTONS:
            signature, body = _POINTER_BUTTONS[member], (told[0], bool(told[1]))
        else:
            signature, body = "ui", tuple(told)
        self.mutter(_REMOTE, session.remote, ".Session", member, signature, body)
        self.reply(message)


if __name__ == "__main__":
    Backend().serve()
