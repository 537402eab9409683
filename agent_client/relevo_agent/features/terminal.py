"""Terminals on this PC for a technician: the customer's own, and by the service an administrator's (SPEC V4).

Each terminal has one thread, which moves bytes both ways and is the only one to touch its end of the pty. A
program that floods is not read faster than a line takes it: the pty fills up and the program waits.
"""

import contextlib
import logging
import os
import selectors
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from relevo_agent.features.base import FeatureMessage, FeatureRefusal, Say
from relevo_agent.platform.elevated import Elevated, ElevatedFailed, TerminalWindow
from relevo_protocol.limits import MAX_TERMINAL_BYTES, MAX_TERMINALS
from relevo_protocol.messages.administration import (
    AdminTerminalOpen,
    TerminalClose,
    TerminalClosed,
    TerminalInput,
    TerminalOpen,
    TerminalOpened,
    TerminalOutput,
    TerminalSize,
)
from relevo_protocol.messages.screen import ScreenLayout
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Factor

BYTES_PER_S: Final = 192 * 2**10
"""All terminals together. The relay holds 256 KiB for a viewer and ends whoever falls behind (SPEC C13); no
person reads faster."""
BURST_BYTES: Final = 64 * 2**10
"""A full-screen program's whole redraw comes at once."""
BACKLOG_BYTES: Final = 64 * 2**10
"""While so much waits for our own line, no terminal is read."""
INPUT_BYTES: Final = 64 * 2**10
"""Typed or pasted faster than the program reads, by so much at most."""
LOOK_S: Final = 0.25
MAX_STATUS: Final = 1024
_log = logging.getLogger(__name__)


class Opened(Protocol):
    """A terminal's shell, wherever it runs."""

    handle: int

    def ended(self) -> int | None:
        """The exit status once it has ended by itself, where that is known."""
        ...

    def end(self) -> int:
        """Hang up and give the exit status."""
        ...


@dataclass(slots=True)
class _Elevated:
    """A shell of the service's."""

    handle: int
    number: int
    service: Elevated

    def ended(self) -> int | None:
        """Seen by the end of what it says: the service ends what its shell leaves behind."""
        return None

    def end(self) -> int:
        try:
            return self.service.close_terminal(self.number)
        except ElevatedFailed as error:
            _log.warning("the service does not close a terminal: %s", error)
            return 0


class Rate:
    """Bytes that all terminals together may say now: so many at once, so many a second (a token bucket)."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._left = float(BURST_BYTES)
        self._filled_s = clock_s()
        self._lock = threading.Lock()

    @property
    def has_room(self) -> bool:
        """Whether a whole piece may be said now."""
        with self._lock:
            self._fill()
            return self._left >= MAX_TERMINAL_BYTES

    def _fill(self) -> None:
        now_s = self._clock_s()
        self._left = min(self._left + (now_s - self._filled_s) * BYTES_PER_S, BURST_BYTES)
        self._filled_s = now_s

    def take(self, wanted: int) -> int:
        """How many of ``wanted`` bytes may be said now; they count as said."""
        with self._lock:
            self._fill()
            given = min(wanted, int(self._left))
            self._left -= given
            return given

    def give_back(self, unused: int) -> None:
        """What was taken and not said."""
        with self._lock:
            self._left = min(self._left + unused, BURST_BYTES)


@dataclass(frozen=True, slots=True)
class _Surroundings:
    say: Say
    backlog: Callable[[], int]
    rate: Rate = field(default_factory=Rate)


class _Terminal:
    """One terminal and its thread."""

    def __init__(self, number: int, link: int, shell: Opened, around: _Surroundings) -> None:
        self.number = number
        self.link = link
        self._shell = shell
        self._around = around
        self._typed = bytearray()
        self._size: TerminalWindow | None = None
        self._over = False
        self._told = threading.Lock()
        self._ours, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(shell.handle, False)
        self._thread = threading.Thread(target=self._run, name=f"terminal-{number}", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def type(self, data: bytes) -> bool:
        """Bytes for its program; false if that has not read what came before."""
        with self._told:
            if self._over or len(self._typed) + len(data) > INPUT_BYTES:
                return False
            self._typed += data
        self._ring()
        return True

    def resize(self, window: TerminalWindow) -> None:
        """A new size."""
        with self._told:
            self._size = window
        self._ring()

    def close(self) -> None:
        """Hang up soon; :meth:`join` waits for it."""
        self._over = True
        self._ring()

    def join(self, timeout_s: float) -> None:
        """Wait for the end, for so long at most."""
        self._thread.join(timeout_s)

    def _ring(self) -> None:
        with self._told, contextlib.suppress(BlockingIOError):  # a full pipe: it will look anyway
            if self._bell >= 0:
                os.write(self._bell, b"\0")

    def _run(self) -> None:
        status = 0
        try:
            with selectors.DefaultSelector() as selector:
                self._serve(selector)
        finally:
            try:
                status = self._shell.end()
            finally:
                self._over = True
                os.close(self._shell.handle)
                with self._told:  # its number may mean another file afterwards
                    os.close(self._bell)
                    self._bell = -1
                os.close(self._ours)
        self._around.say(
            self.link,
            TerminalClosed(terminal=self.number, status=max(-MAX_STATUS, min(status, MAX_STATUS))),
        )

    def _serve(self, selector: selectors.BaseSelector) -> None:
        """Until the program has ended or somebody hangs up."""
        shell = self._shell.handle
        selector.register(self._ours, selectors.EVENT_READ)
        while not self._over:
            reading = self._around.rate.has_room and self._around.backlog() < BACKLOG_BYTES
            events = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if self._typed else 0)
            ready = self._wait(selector, events)
            if self._ours in ready:
                os.read(self._ours, 4096)
            self._take_size()
            if ready.get(shell, 0) & selectors.EVENT_WRITE:
                self._write()
            if ready.get(shell, 0) & selectors.EVENT_READ:
                if not self._read():
                    return
            elif reading and self._shell.ended() is not None:
                return

    def _wait(self, selector: selectors.BaseSelector, events: int) -> dict[int, int]:
        """Wait for the program or for somebody's word; without ``events`` for the latter alone."""
        shell = self._shell.handle
        known = shell in selector.get_map()
        if events:
            (selector.modify if known else selector.register)(shell, events)
        elif known:
            selector.unregister(shell)
        reads = events & selectors.EVENT_READ
        return {key.fd: mask for key, mask in selector.select(LOOK_S if reads else LOOK_S / 10)}

    def _read(self) -> bool:
        """Pass on what may be said now; false at the end."""
        room = self._around.rate.take(MAX_TERMINAL_BYTES)
        try:
            data = os.read(self._shell.handle, room) if room else None
        except BlockingIOError:
            data = None
        except OSError:  # EIO: the last program on the other end is gone
            data = b""
        self._around.rate.give_back(room - len(data or b""))
        if data:
            self._around.say(self.link, TerminalOutput(terminal=self.number, data=data))
        return data != b""

    def _write(self) -> None:
        with self._told:
            try:
                written = os.write(self._shell.handle, self._typed[:4096])
            except BlockingIOError:
                return
            except OSError:  # nobody is there to read it
                written = len(self._typed)
            del self._typed[:written]

    def _take_size(self) -> None:
        from relevo_agent.platform.terminals import resize

        with self._told:
            size, self._size = self._size, None
        if size is not None:
            with contextlib.suppress(OSError):
                resize(self._shell.handle, size)


class TerminalFeature:
    """At most four terminals, each of the viewer that opened it.

    ``backlog`` tells how many bytes wait for our line to the relay.
    """

    def __init__(self, say: Say, elevated: Elevated | None, backlog: Callable[[], int] = lambda: 0) -> None:
        self._around = _Surroundings(say, backlog)
        self._elevated = elevated
        self._terminals: dict[int, _Terminal] = {}

    def perform(self, link: int, message: FeatureMessage, layout: ScreenLayout | None) -> None:
        """Open, feed, resize or close a terminal.

        Raises:
            FeatureRefusal: no terminal is free or can be had, or it is somebody else's.
        """
        del layout
        match message:
            case TerminalOpen():
                window = TerminalWindow(message.columns, message.rows)
                self._open(link, Capability.TERMINAL_USER, lambda: _own_shell(window))
            case AdminTerminalOpen():
                window = TerminalWindow(message.columns, message.rows)
                self._open(link, Capability.TERMINAL_ADMIN, lambda: self._admin_shell(window))
            case TerminalInput():
                terminal = self._of(link, message.terminal)
                if terminal is not None and not terminal.type(message.data):
                    raise FeatureRefusal(Capability.TERMINAL_USER, None, "the program reads nothing")
            case TerminalSize():
                terminal = self._of(link, message.terminal)
                if terminal is not None:
                    terminal.resize(TerminalWindow(message.columns, message.rows))
            case TerminalClose():
                self._end([terminal for terminal in [self._of(link, message.terminal)] if terminal])
            case _:
                raise FeatureRefusal(Capability.TERMINAL_USER, None, f"{type(message).__name__} is not ours")

    def release(self) -> None:
        """The customer has stopped everything: every terminal ends."""
        self._end(list(self._terminals.values()))

    def forget(self, link: int | None) -> None:
        """This viewer (``None``: everybody) is gone: their terminals end."""
        self._end([one for one in self._terminals.values() if link in {None, one.link}])

    def close(self) -> None:
        """Every terminal ends, and is waited for a moment."""
        open_now = list(self._terminals.values())
        self.release()
        for terminal in open_now:
            terminal.join(2.0)

    def _open(self, link: int, capability: Capability, shell: Callable[[], Opened]) -> None:
        self._terminals = {number: one for number, one in self._terminals.items() if one.running}
        number = next((n for n in range(1, MAX_TERMINALS + 1) if n not in self._terminals), None)
        if number is None:
            raise FeatureRefusal(capability, Factor.PLATFORM, f"{MAX_TERMINALS} terminals are open already")
        opened = shell()
        # Said before the terminal's thread can say anything.
        self._around.say(
            link, TerminalOpened(terminal=number, elevated=capability is Capability.TERMINAL_ADMIN)
        )
        self._terminals[number] = _Terminal(number, link, opened, self._around)

    def _admin_shell(self, window: TerminalWindow) -> Opened:
        if self._elevated is None:
            raise FeatureRefusal(
                Capability.TERMINAL_ADMIN, Factor.PLATFORM, "the service is not installed on this PC"
            )
        try:
            given = self._elevated.open_terminal(window)
        except ElevatedFailed as error:
            raise FeatureRefusal(Capability.TERMINAL_ADMIN, None, str(error)) from error
        return _Elevated(given.handle, given.number, self._elevated)

    def _of(self, link: int, number: int) -> _Terminal | None:
        """The terminal of this link; ``None`` for one that has ended, or is somebody else's."""
        found = self._terminals.get(number)
        return found if found is not None and found.link == link else None

    @staticmethod
    def _end(terminals: list[_Terminal]) -> None:
        for terminal in terminals:
            terminal.close()


def _own_shell(window: TerminalWindow) -> Opened:
    try:
        from relevo_agent.platform.terminals import Shell, TerminalFailed
    except ImportError as error:  # no pty on this system
        raise FeatureRefusal(
            Capability.TERMINAL_USER, Factor.PLATFORM, "terminals are not available on this system yet"
        ) from error
    try:
        return Shell(window)
    except TerminalFailed as error:
        raise FeatureRefusal(Capability.TERMINAL_USER, None, str(error)) from error
