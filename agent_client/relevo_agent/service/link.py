"""The agent's end of the service's socket."""

import contextlib
import os
import select
import socket
import threading
from pathlib import Path
from typing import Final, TypeVar

from relevo_agent.platform.elevated import AdminTerminal, ElevatedFailed, ProcessName, TerminalWindow
from relevo_agent.service import wire
from relevo_agent.service.envelope import Resumption
from relevo_protocol.limits import ADMINISTRATOR_LIFE_S
from relevo_protocol.messages.administration import Service, ServiceAct

SOCKET: Final = Path("/run/relevo/agent.sock")
SOCKET_VARIABLE: Final = "RELEVO_SERVICE_SOCKET"
ANSWER_S: Final = 40.0
"""Longer than the service waits for a service of the system."""
RESTART_IN_S: Final = 2.0
"""After the state is kept the PC stays up so long, for a goodbye to the relay."""

A = TypeVar("A", bound=wire.Answered)


class ServiceLink:
    """This PC's service (``platform.elevated.Elevated``); connects when it is first needed, and again.

    ``resumption`` is what a session after a restart is started with. Any thread may call, one at a time.
    """

    def __init__(
        self, path: Path = SOCKET, resumption: Resumption | None = None, ready: socket.socket | None = None
    ) -> None:
        self._path = path
        self._resumption = resumption
        self._given = ready is not None
        self._socket = ready
        self._granted = False
        self._lock = threading.Lock()
        self.pids: tuple[int, ...] = ()
        if ready is not None:
            ready.settimeout(ANSWER_S)

    @classmethod
    def found(cls, resumption: Resumption, path: Path | None = None) -> "ServiceLink | None":
        """The service, if one answers and this user may ask it; else ``None``."""
        if not hasattr(socket, "AF_UNIX"):  # Windows: the service does not run there yet
            return None
        given = os.environ.get(SOCKET_VARIABLE)
        link = cls(path or (Path(given) if given else SOCKET), resumption)
        try:
            return link if link.greet().may_ask else None
        except ElevatedFailed:
            return None

    def greet(self) -> wire.Present:
        """Who is there, and whether this user may ask for more; raises ElevatedFailed."""
        present = self._ask(wire.Greet(), wire.Present)
        self.pids = tuple(present.pids)
        return present

    # --- Elevated ---

    def end_process(self, process: ProcessName, *, forced: bool) -> None:
        """End a process of any user."""
        told = wire.EndProcess(pid=process.pid, started_ms=process.started_ms, forced=forced)
        self._elevated(told, wire.Done)

    def services(self) -> list[Service]:
        """Every service of the system."""
        return self._elevated(wire.ListServices(), wire.Services).services

    def change_service(self, name: str, act: ServiceAct) -> None:
        """Start, stop or restart one."""
        self._elevated(wire.ChangeService(name=name, act=act), wire.Done)

    def open_terminal(self, window: TerminalWindow) -> AdminTerminal:
        """Open a terminal of the system's administrator."""
        with self._lock:
            self._grant()
            told, handle = self._exchange(wire.OpenTerminal(columns=window.columns, rows=window.rows))
        given = _expect(told, wire.TerminalGiven)
        if handle is None:
            raise ElevatedFailed("the service gave no terminal")
        return AdminTerminal(handle, given.number)

    def close_terminal(self, number: int) -> int:
        """Hang a terminal up."""
        return self._ask(wire.CloseTerminal(number=number), wire.TerminalEnded).status

    # --- restart (SPEC V5, V6) ---

    def prepare_restart(self, state: bytes, deadline_s: int) -> None:
        """Leave a session's state; the PC restarts ``RESTART_IN_S`` from now. It waits for the disk.

        Raises:
            ElevatedFailed: it was not kept, and nothing restarts.
        """
        if self._resumption is None:
            raise ElevatedFailed("this agent cannot come back after a restart")
        sealed = self._resumption.sealed_with(state)
        if len(sealed) > wire.MAX_STATE_BYTES:
            raise ElevatedFailed("the session's state is too large to be kept")
        self._elevated(wire.StoreRestart(state=sealed, deadline_s=deadline_s, in_s=RESTART_IN_S), wire.Done)

    def cancel_restart(self, *, forget: bool = False) -> None:
        """Do not restart after all; what was kept is destroyed, with ``forget`` also where it is too late."""
        self._ask(wire.CancelRestart(forget=forget), wire.Done)

    def take_restored(self) -> Resumption:
        """What the session before the restart left; raises ElevatedFailed or EnvelopeBroken."""
        self._resumption = Resumption.opened(self._ask(wire.TakeRestored(), wire.Restored).state)
        return self._resumption

    def find_desktop(self) -> wire.DesktopFound:
        """The display to show now; ElevatedFailed says why there is none."""
        return self._ask(wire.FindDesktop(), wire.DesktopFound)

    def revoke(self) -> None:
        """The grant has ended: hang up, by which every terminal that is open ends."""
        with self._lock:
            self._granted = False
            if self._given and self._socket is not None:
                with contextlib.suppress(ElevatedFailed):
                    self._exchange(wire.Grant(lasts_s=0))
            else:
                self._hang_up()

    # --- inside ---

    def _elevated(self, message: wire.Asked, kind: type[A]) -> A:
        with self._lock:
            self._grant()
            return _expect(self._exchange(message)[0], kind)

    def _ask(self, message: wire.Asked, kind: type[A]) -> A:
        with self._lock:
            return _expect(self._exchange(message)[0], kind)

    def _grant(self) -> None:
        """The gate has let an elevated message pass, so the customer has granted it: say so once."""
        if self._socket is not None and not self._given and _hung_up(self._socket):
            self._hang_up()  # the service was started anew, or we were silent for too long
        if not self._granted or self._socket is None:
            _expect(self._exchange(wire.Grant(lasts_s=ADMINISTRATOR_LIFE_S))[0], wire.Done)
            self._granted = True

    def _exchange(self, message: wire.Asked) -> tuple[wire.Answered, int | None]:
        try:
            if self._socket is None:
                self._socket = self._connected()
            return wire.ask(self._socket, message)
        except OSError as error:
            self._hang_up()
            raise ElevatedFailed(f"the service of this PC does not answer ({error})") from error

    def _connected(self) -> socket.socket:
        if self._given:
            raise wire.WireBroken("the service that started this session is gone")
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.settimeout(ANSWER_S)
            made.connect(str(self._path))
        except OSError:
            made.close()
            raise
        return made

    def _hang_up(self) -> None:
        self._granted = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _hung_up(sock: socket.socket) -> bool:
    """Whether the other end has closed: between two questions there is nothing else to read."""
    return bool(select.select([sock], [], [], 0)[0])


def _expect(answer: wire.Answered, kind: type[A]) -> A:
    if isinstance(answer, kind):
        return answer
    if isinstance(answer, wire.Failed):
        raise ElevatedFailed(answer.detail)
    raise ElevatedFailed("the service gave an answer to another question")
