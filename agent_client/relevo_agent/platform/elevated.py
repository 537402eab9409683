"""What needs the system's administrator, as features see it; ``service.link`` asks the service for it."""

from dataclasses import dataclass
from typing import Protocol

from relevo_protocol.messages.administration import Service, ServiceAct


class ElevatedFailed(Exception):
    """The service refused or could not; the text is one line of cause and, where there is one, remedy."""


@dataclass(frozen=True, slots=True)
class ProcessName:
    """One process and no later one of the same number (SPEC V3); ``started_ms`` since 1970."""

    pid: int
    started_ms: int


@dataclass(frozen=True, slots=True)
class TerminalWindow:
    """The size of a terminal in characters."""

    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class AdminTerminal:
    """A terminal of the system's administrator: our end of it, and its name at the service."""

    handle: int
    number: int


class Elevated(Protocol):
    """The service of this PC. Every method may wait for it and may be called from any thread.

    Each raises ElevatedFailed.
    """

    @property
    def pids(self) -> tuple[int, ...]:
        """The service's own processes, which nobody may end."""
        ...

    def end_process(self, process: ProcessName, *, forced: bool) -> None:
        """End a process of any user."""
        ...

    def services(self) -> list[Service]:
        """Every service of the system."""
        ...

    def change_service(self, name: str, act: ServiceAct) -> None:
        """Start, stop or restart one."""
        ...

    def open_terminal(self, window: TerminalWindow) -> AdminTerminal:
        """Open a terminal; ``handle`` belongs to the caller from now on."""
        ...

    def close_terminal(self, number: int) -> int:
        """Hang a terminal up and give its exit status, negative for a signal."""
        ...
