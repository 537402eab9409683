"""One question to the person at the PC, and what they gave: screens, and perhaps pointer and keys.

Source: XDG Desktop Portal, org.freedesktop.portal.ScreenCast (version 4) and .RemoteDesktop (version 1). The
answer may take as long as a person takes; a thread waits for it, and afterwards for the end of the session.
Nothing is remembered for a next time: no restore token is asked for, so every session asks.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from relevo_agent.portal.bus import Bus, BusGone, CallRefused, Place

_log = logging.getLogger(__name__)
UNHELD_S: Final = 3.0
"""A question, or an answer, that nobody asks for any more is taken back after this time."""
_ANSWER_S: Final = 5.0
_SERVICE: Final = "org.freedesktop.portal.Desktop"
_PATH: Final = "/org/freedesktop/portal/desktop"
_SCREENCAST: Final = "org.freedesktop.portal.ScreenCast"
_REMOTE: Final = "org.freedesktop.portal.RemoteDesktop"
_SESSION: Final = "org.freedesktop.portal.Session"
_REQUEST: Final = "org.freedesktop.portal.Request"
_MONITORS: Final = 1
_KEYBOARD, _POINTER = 1, 2
CURSOR_EMBEDDED: Final = 2
CURSOR_METADATA: Final = 4
_UNKNOWN: Final = (
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.UnknownMethod",
    "org.freedesktop.DBus.Error.UnknownInterface",
    "org.freedesktop.DBus.Error.UnknownObject",
    "org.freedesktop.DBus.Error.InvalidArgs",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
)


class Stage(StrEnum):
    """How far a question has come."""

    ASKING = "asking"
    GRANTED = "granted"
    REFUSED = "refused"
    ENDED = "ended"
    """It was granted, and the person or their desktop has taken it back."""
    LOCKED = "locked"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Progress:
    """Stage and one technical line."""

    stage: Stage
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One screen that was given: its PipeWire node; place and size in the compositor's (logical) pixels."""

    node: int
    place: tuple[int, int] | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What the person gave. ``cursor_apart``: the pointer is told beside the pixels, not drawn into them."""

    streams: tuple[Stream, ...]
    pointer: bool
    keyboard: bool
    cursor_apart: bool


@dataclass(frozen=True, slots=True)
class _Ask:
    """A method whose answer comes as a signal; its options are told apart."""

    interface: str
    member: str
    signature: str = ""
    body: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class _Order:
    """A call that another thread wants made, and where it waits for the answer."""

    ask: _Ask
    answer: "Future[tuple[Any, ...]]" = field(default_factory=Future)


class _Refused(Exception):
    """An end that is not an error of ours."""

    def __init__(self, stage: Stage, detail: str) -> None:
        super().__init__(detail)
        self.stage = stage


class PortalSession:
    """Asks as soon as it is made. Every method but :meth:`close` may be called from any thread."""

    def __init__(self, *, with_input: bool, open_bus: Callable[[], Bus] = Bus) -> None:
        self.with_input = with_input
        self._open_bus = open_bus
        self._bus: Bus | None = None
        self._session = ""
        self._grant: Grant | None = None
        self._progress = Progress(Stage.ASKING)
        self._asked_s = time.monotonic()
        self._holders = 0
        self._changed: Callable[[], None] = _nothing
        self.granted: Callable[[], None] = _nothing
        """Called from the thread of the session once it was given."""
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="portal", daemon=True)
        self._thread.start()

    @property
    def progress(self) -> Progress:
        """How far it has come; asking keeps the question, or its answer, alive for ``UNHELD_S`` more."""
        self._asked_s = time.monotonic()
        return self._progress

    @property
    def is_forgotten(self) -> bool:
        """Whether nobody uses it or has asked for it in a while."""
        return not self._holders and time.monotonic() - self._asked_s > UNHELD_S

    @property
    def grant(self) -> Grant | None:
        """What was given, while it is."""
        return self._grant if self._progress.stage is Stage.GRANTED else None

    def hold(self, changed: Callable[[], None]) -> None:
        """Somebody shows its pictures: it lives until :meth:`release`. They want to know of its end."""
        with self._lock:
            self._holders += 1
            self._changed = changed

    def nudge(self) -> None:
        """Let whoever holds it look again."""
        self._changed()

    def release(self) -> None:
        """They show them no more; unless somebody holds it again soon, it ends."""
        self._asked_s = time.monotonic()
        with self._lock:
            self._holders -= 1
            self._changed = _nothing
        self._wake()

    def remote_fd(self) -> int:
        """The handle of a new PipeWire connection on which the streams are; the caller's to close.

        Raises:
            OSError: the session is over.
        """
        try:
            (handle,) = self._carry(_Ask(_SCREENCAST, "OpenPipeWireRemote"))
            return int(handle.to_raw_fd())
        except (CallRefused, BusGone) as error:
            raise OSError(f"the portal gives no PipeWire connection: {error}") from error

    def tell(self, member: str, signature: str, body: tuple[object, ...]) -> None:
        """One act of input; those that the portal refuses are lost, as its specification has it.

        Waits until the portal has taken it: it handles every call in a thread of its own, and a release that
        overtakes its press leaves the key down.

        Raises:
            BusGone: the session is over.
        """
        try:
            self._carry(_Ask(_REMOTE, member, signature, body))
        except CallRefused as error:
            _log.info("the portal did not take %s: %s", member, error)

    def _carry(self, ask: _Ask) -> tuple[Any, ...]:
        """Have the thread call, and wait for the answer."""
        order = _Order(ask)
        with self._lock:
            if self._bus is None or self._grant is None or self._over.is_set():
                raise BusGone("the desktop has taken back what it gave")
            self._orders.put(order)
            self._bus.wake()
        try:
            return order.answer.result(_ANSWER_S)
        except TimeoutError as error:
            raise BusGone("the portal does not answer") from error

    def close(self) -> None:
        """Take the question back, or end the session; returns at once."""
        self._over.set()
        self._wake()

    def _wake(self) -> None:
        bus = self._bus
        if bus is not None:
            bus.wake()

    # ------ the thread

    def _work(self) -> None:
        try:
            bus = self._open_bus()
        except BusGone as error:
            self._progress = Progress(Stage.MISSING, str(error))
            return
        self._bus = bus
        try:
            self._converse(bus)
        except _Refused as end:
            self._progress = Progress(end.stage, str(end))
        except CallRefused as error:
            stage = Stage.MISSING if error.name in _UNKNOWN else Stage.FAILED
            self._progress = Progress(stage, f"{error.name}: {error}")
        except BusGone as error:
            self._progress = Progress(Stage.ENDED if self._grant else Stage.FAILED, str(error))
        finally:
            self._end(bus)
            self._changed()

    def _converse(self, bus: Bus) -> None:
        bus.listen(_REQUEST, "Response")
        bus.listen(_SESSION, "Closed")
        self._grant = self._ask(bus)
        self._progress = Progress(Stage.GRANTED)
        self.granted()
        while not self._done():
            self._carry_out(bus)
            signal = bus.next_signal(None if self._holders else 1.0)
            if signal is not None and signal.member == "Closed" and signal.path == self._session:
                raise _Refused(*_why_closed(bus))
        raise _Refused(Stage.ENDED, "the session is over")

    def _done(self) -> bool:
        return self._over.is_set() or self.is_forgotten

    def _end(self, bus: Bus) -> None:
        with self._lock:
            self._bus = None
            while not self._orders.empty():
                self._orders.get().answer.set_exception(BusGone("the session is over"))
        try:
            if self._session and not self._progress.detail.startswith("closed"):
                bus.call(Place(_SERVICE, self._session, _SESSION), "Close", "", (), 2.0)
        except (CallRefused, BusGone):
            _log.debug("the portal's session had ended already")
        bus.close()

    def _carry_out(self, bus: Bus) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            place, ask = Place(_SERVICE, _PATH, order.ask.interface), order.ask
            try:
                told: tuple[object, ...] = (self._session, dict[str, object](), *ask.body)
                order.answer.set_result(
                    bus.call(place, ask.member, f"oa{{sv}}{ask.signature}", told, _ANSWER_S)
                )
            except (CallRefused, BusGone) as error:
                order.answer.set_exception(error)

    def _ask(self, bus: Bus) -> Grant:
        owner = _REMOTE if self.with_input else _SCREENCAST
        cursor_mode = _cursor_mode(bus)
        token = ("s", bus.token())
        made = self._request(bus, _Ask(owner, "CreateSession"), {"session_handle_token": token})
        self._session = str(_value(made, "session_handle", ""))
        if self.with_input:
            devices = {"types": ("u", _KEYBOARD | _POINTER)}
            self._request(bus, _Ask(owner, "SelectDevices", "o", (self._session,)), devices)
        wanted = {"types": ("u", _MONITORS), "multiple": ("b", True), "cursor_mode": ("u", cursor_mode)}
        self._request(bus, _Ask(_SCREENCAST, "SelectSources", "o", (self._session,)), wanted)
        started = self._request(bus, _Ask(owner, "Start", "os", (self._session, "")), {})
        streams = tuple(_stream(entry) for entry in _value(started, "streams", ()))
        if not streams:
            raise _Refused(Stage.REFUSED, "no screen was chosen in the desktop's window")
        given = int(_value(started, "devices", 0)) if self.with_input else 0
        apart = cursor_mode == CURSOR_METADATA
        return Grant(streams, bool(given & _POINTER), bool(given & _KEYBOARD), apart)

    def _request(self, bus: Bus, ask: _Ask, options: dict[str, Any]) -> dict[str, Any]:
        options = {**options, "handle_token": ("s", bus.token())}
        place = Place(_SERVICE, _PATH, ask.interface)
        (handle,) = bus.call(place, ask.member, f"{ask.signature}a{{sv}}", (*ask.body, options))
        while True:
            if self._done():
                bus.tell(Place(_SERVICE, str(handle), _REQUEST), "Close", "", ())
                raise _Refused(Stage.ENDED, "the question was taken back")
            signal = bus.next_signal(1.0)
            if signal is None or signal.path != handle or signal.member != "Response":
                continue
            code, results = signal.body
            if code == 1:
                raise _Refused(*_why_refused(bus))
            if code != 0:
                raise _Refused(Stage.FAILED, f"the portal ended {ask.member} ({code})")
            return dict(results)


def _nothing() -> None:
    """Nobody wants to know."""


def _why_refused(bus: Bus) -> tuple[Stage, str]:
    if _is_locked(bus):
        return Stage.LOCKED, "the question could not be answered: the screen is locked"
    return Stage.REFUSED, "the person at the PC did not share a screen in the desktop's window"


def _why_closed(bus: Bus) -> tuple[Stage, str]:
    if _is_locked(bus):
        return Stage.LOCKED, "closed: the desktop stops sharing while the screen is locked"
    return Stage.ENDED, "closed: sharing was stopped in the desktop's own bar or settings"


def _is_locked(bus: Bus) -> bool:
    """Whether the screen saver says so; desktops without one count as unlocked."""
    place = Place(
        "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver"
    )
    try:
        return bus.call(place, "GetActive", "", (), 1.0) == (True,)
    except CallRefused:
        return False


def _cursor_mode(bus: Bus) -> int:
    place = Place(_SERVICE, _PATH, "org.freedesktop.DBus.Properties")
    ((_, modes),) = bus.call(place, "Get", "ss", (_SCREENCAST, "AvailableCursorModes"))
    return CURSOR_METADATA if int(modes) & CURSOR_METADATA else CURSOR_EMBEDDED


def _value(results: dict[str, Any], name: str, otherwise: Any) -> Any:
    """A value out of D-Bus's ``a{sv}``, in which each is told with its type."""
    return results[name][1] if name in results else otherwise


def _stream(entry: Any) -> Stream:
    node, told = entry
    properties = dict(told)
    place, size = (_value(properties, name, None) for name in ("position", "size"))
    return Stream(int(node), tuple(place) if place else None, tuple(size) if size else None)
