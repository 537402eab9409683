"""The service itself: root, one socket, a thread for each connection; every request is checked anew."""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from relevo_agent import __version__
from relevo_agent.platform import processes
from relevo_agent.platform.elevated import ElevatedFailed, ProcessName, TerminalWindow
from relevo_agent.platform.lines import inert_line
from relevo_agent.platform.terminals import TerminalFailed
from relevo_agent.service import units, wire
from relevo_agent.service.desktops import Desktop, NoDesktop
from relevo_agent.service.guard import Allowed, Peer, peer_of, refusal
from relevo_agent.service.logins import Login, Logins
from relevo_agent.service.restart import Restart
from relevo_agent.service.terminals import RootTerminals, TerminalsFull
from relevo_protocol.limits import ADMINISTRATOR_LIFE_S

MAX_CONNECTIONS: Final = 16
MAX_STRANGERS: Final = 8
"""Connections of users who were not named: they may only ask who is there, and take no other's place."""
RETRY_S: Final = 0.5
IDLE_S: Final = 6 * 3600.0
"""A connection that asks nothing for so long is over: longer than a grant."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """What all connections share. ``desktop`` finds the display that a session of a user may show."""

    allowed: Callable[[], Allowed]
    logins: Logins
    restart: Restart
    desktop: Callable[[int], Desktop]
    clock_s: Callable[[], float] = time.monotonic
    held_pids: set[int] = field(default_factory=set[int])

    @property
    def pids(self) -> list[int]:
        """Our processes, which nobody may end."""
        return [os.getpid(), *sorted(self.held_pids)]


class _Refused(Exception):
    """What was asked for is not done; the text is told."""


class Connection:
    """One agent's connection. ``restored`` belongs to the session that the service itself has started."""

    def __init__(self, sock: socket.socket, peer: Peer, house: House, restored: bytes | None = None) -> None:
        self._sock = sock
        self._peer = peer
        self._house = house
        self._ours = restored is not None
        self._restored = restored
        self._granted_until_s = float("-inf")
        self._terminals = RootTerminals()

    def serve(self) -> None:
        """Answer until the other end hangs up; then its terminals end."""
        try:
            with self._sock:
                self._sock.settimeout(IDLE_S)
                while True:
                    self._answer(wire.heard(self._sock))
        except OSError as error:
            _log.debug("a connection of user %d has ended: %s", self._peer.uid, error)
        finally:
            self._terminals.close_all()

    def _answer(self, asked: wire.Asked) -> None:
        if isinstance(asked, wire.OpenTerminal):
            self._open_terminal(asked)
            return
        try:
            said = self._answer_to(asked)
        except (_Refused, ElevatedFailed, units.UnitRefused, NoDesktop) as error:
            _log.info("refused to user %d: %s: %s", self._peer.uid, type(asked).__name__, error)
            said = _failed(str(error))
        wire.answer(self._sock, said)

    def _answer_to(self, asked: wire.Plain) -> wire.Answered:
        match asked:
            case wire.Greet():
                pids = self._house.pids[:8]
                return wire.Present(version=__version__, pids=pids, may_ask=self._refusal() is None)
            case wire.TakeRestored() | wire.FindDesktop():
                return self._answer_ours(asked)
            case wire.Grant():
                return self._grant(asked)
            case wire.CloseTerminal():
                status = self._terminals.close(asked.number)
                return wire.TerminalEnded(status=max(-1024, min(status, 1024)))
            case wire.CancelRestart():
                self._house.restart.cancel(self._peer.uid, forget=asked.forget)
                return wire.Done()
            case _:
                self._need_grant()
                return self._elevated(asked)

    def _elevated(
        self, asked: wire.EndProcess | wire.ListServices | wire.ChangeService | wire.StoreRestart
    ) -> wire.Answered:
        match asked:
            case wire.EndProcess():
                self._end_process(asked)
            case wire.ListServices():
                return wire.Services(services=units.listing())
            case wire.ChangeService():
                units.change(asked.name, asked.act)
                _log.info("%s of %s for user %d", asked.act, asked.name, self._peer.uid)
            case wire.StoreRestart():
                self._restart(asked)
            case _:
                assert_never(asked)
        return wire.Done()

    def _refusal(self) -> str | None:
        # A session after a restart need not wait for a login, but its user must still be one who was named.
        logins = self._house.logins if not self._ours else self._as_if_here
        return refusal(self._peer, self._house.allowed(), logins)

    def _as_if_here(self) -> list[Login]:
        return [Login(self._peer.uid, "user", "", active=True, remote=False)]

    def _grant(self, asked: wire.Grant) -> wire.Done:
        """The asking agent says that its customer has granted administrator mode, or that this is over."""
        why = self._refusal()
        if why is not None:
            raise _Refused(why)
        lasts_s = min(asked.lasts_s, ADMINISTRATOR_LIFE_S)
        self._granted_until_s = self._house.clock_s() + lasts_s
        if lasts_s == 0:
            self._terminals.close_all()
            self._terminals = RootTerminals()
        _log.info("user %d: granted for %d s", self._peer.uid, lasts_s)
        return wire.Done()

    def _need_grant(self) -> None:
        if self._house.clock_s() >= self._granted_until_s:
            raise _Refused("nobody has granted administrator mode in this session, or it is over")
        why = self._refusal()
        if why is not None:
            raise _Refused(why)

    def _end_process(self, asked: wire.EndProcess) -> None:
        spared = processes.family(self._peer.pid or 1, *self._house.pids)
        try:
            processes.end(ProcessName(asked.pid, asked.started_ms), spared, forced=asked.forced)
        except processes.ProcessGone:
            raise _Refused(f"process {asked.pid} has ended already") from None
        except PermissionError as error:
            raise _Refused(f"process {asked.pid} cannot be ended: {error}") from error
        _log.info("process %d ended for user %d", asked.pid, self._peer.uid)

    def _restart(self, asked: wire.StoreRestart) -> None:
        try:
            self._house.restart.soon(self._peer.uid, asked.state, asked.deadline_s, asked.in_s)
        except OSError as error:
            raise _Refused(f"the session's state could not be kept: {error.strerror}") from error
        _log.info("restart in %.0f s for user %d", asked.in_s, self._peer.uid)

    def _open_terminal(self, asked: wire.OpenTerminal) -> None:
        try:
            self._need_grant()
            number, handle = self._terminals.open(TerminalWindow(asked.columns, asked.rows))
        except (_Refused, TerminalFailed) as error:
            wire.answer(self._sock, _failed(str(error)))
            return
        except TerminalsFull:
            wire.answer(self._sock, _failed("no more terminals at once"))
            return
        _log.info("a terminal of root's for user %d", self._peer.uid)
        try:
            wire.answer(self._sock, wire.TerminalGiven(number=number), handle)
        finally:
            self._terminals.given(number)

    def _answer_ours(self, asked: wire.TakeRestored | wire.FindDesktop) -> wire.Answered:
        if not self._ours:
            raise _Refused("this is for the session after a restart alone")
        why = self._refusal()
        if why is not None:
            raise _Refused(why)
        if isinstance(asked, wire.FindDesktop):
            found = self._house.desktop(self._peer.uid)
            return wire.DesktopFound(display=found.display, authority=found.authority)
        state, self._restored = self._restored, b""
        if not state:
            raise _Refused("the session's state was taken already")
        return wire.Restored(state=state)


def _failed(text: str) -> wire.Failed:
    return wire.Failed(detail=inert_line(text, 200))


class Listener:
    """The socket that everybody on this PC can reach, and the threads behind it."""

    def __init__(self, path: Path, house: House) -> None:
        self._house = house
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._strangers = threading.BoundedSemaphore(MAX_STRANGERS)
        self._over = threading.Event()
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        path.chmod(0o666)  # who may ask is decided by who asks, not by who can knock
        self._socket.listen(MAX_CONNECTIONS)

    def serve(self) -> None:
        """Take connections until :meth:`close`."""
        while not self._over.is_set():
            try:
                sock, _ = self._socket.accept()
            except OSError as error:
                if not self._over.is_set():  # no file is left, or whoever knocked is gone
                    _log.warning("no connection can be taken just now: %s", error)
                    self._over.wait(RETRY_S)
                continue
            try:
                self._take(sock)
            except (OSError, RuntimeError) as error:  # RuntimeError: the system has no thread left
                _log.warning("a connection could not be taken: %s", error)
                sock.close()

    def _take(self, sock: socket.socket) -> None:
        peer = peer_of(sock)
        named = peer.uid in {0, os.geteuid()} or self._house.allowed().has(peer.uid)
        places = self._places if named else self._strangers
        if not places.acquire(blocking=False):
            sock.close()
            return
        try:
            threading.Thread(
                target=self._one, args=(sock, peer, places), name="connection", daemon=True
            ).start()
        except RuntimeError:
            places.release()
            raise

    def _one(self, sock: socket.socket, peer: Peer, places: threading.Semaphore) -> None:
        try:
            Connection(sock, peer, self._house).serve()
        except Exception:  # noqa: BLE001 - one connection's mistake must not take the service
            _log.exception("a connection has failed")
        finally:
            places.release()

    def close(self) -> None:
        """Take no more."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
