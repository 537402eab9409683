"""Administrator mode: system, processes, services, terminal, restart, hold (SPEC V1-V9)."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from relevo_protocol.inert import INERT
from relevo_protocol.limits import (
    MAX_HOLD_HOURS,
    MAX_PROCESSES,
    MAX_SERVICES,
    MAX_TERMINAL_BYTES,
    MAX_TERMINAL_SIDE,
    MAX_TERMINALS,
)
from relevo_protocol.messages.base import Message, Name, Part, Seconds

Text200 = Annotated[str, Meta(max_length=200, pattern=INERT)]
ProcessId = Annotated[int, Meta(ge=1, le=2**53 - 1)]
StartedMs = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""When a process began, ms since 1970: with the number it names one process and no later one."""
ServiceName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[A-Za-z0-9@._:\\-]+\Z")]
TerminalNumber = Annotated[int, Meta(ge=1, le=MAX_TERMINALS)]
TerminalSide = Annotated[int, Meta(ge=1, le=MAX_TERMINAL_SIDE)]
TerminalData = Annotated[bytes, Meta(max_length=MAX_TERMINAL_BYTES)]
Hours = Annotated[int, Meta(ge=1, le=MAX_HOLD_HOURS)]


class ServiceAct(StrEnum):
    """What may be done to a service."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


class Process(Part, frozen=True):
    """One process. ``cpu_percent`` of one core since the last listing, ``memory_bytes`` resident."""

    pid: ProcessId
    started_ms: StartedMs
    name: Text200
    user: Text200
    cpu_percent: Annotated[float, Meta(ge=0, le=1e6)]
    memory_bytes: Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Service(Part, frozen=True):
    """One service of the system; ``changeable`` is false for those that a stop would cut us off by."""

    name: ServiceName
    description: Text200
    running: bool
    changeable: bool


# --- viewer to host ---


class SystemInfoRequest(Message, frozen=True):
    """Ask what machine this is."""


class ProcessesRequest(Message, frozen=True):
    """Ask for the processes."""


class ProcessEnd(Message, frozen=True):
    """End one process; ``forced`` kills it."""

    pid: ProcessId
    started_ms: StartedMs
    forced: bool = False


class ServicesRequest(Message, frozen=True):
    """Ask for the services."""


class ServiceChange(Message, frozen=True):
    """Start, stop or restart a service."""

    name: ServiceName
    act: ServiceAct


class TerminalOpen(Message, frozen=True):
    """Open a terminal of this size as the customer's user."""

    columns: TerminalSide
    rows: TerminalSide


class AdminTerminalOpen(Message, frozen=True):
    """Open a terminal of this size as the system's administrator."""

    columns: TerminalSide
    rows: TerminalSide


class TerminalInput(Message, frozen=True):
    """Bytes typed into a terminal."""

    terminal: TerminalNumber
    data: TerminalData


class TerminalSize(Message, frozen=True):
    """The terminal's window has another size."""

    terminal: TerminalNumber
    columns: TerminalSide
    rows: TerminalSide


class TerminalClose(Message, frozen=True):
    """Close a terminal: its programs are hung up on."""

    terminal: TerminalNumber


class RestartRequest(Message, frozen=True):
    """Restart the customer's PC after a countdown that the customer may cancel."""


class RestartCancel(Message, frozen=True):
    """Call a restart off that is being counted down to."""


class HoldRequest(Message, frozen=True):
    """Keep the session for so long without anybody in it."""

    hours: Hours


class HoldEnd(Message, frozen=True):
    """The session is not kept any longer."""


# --- host to viewer ---


class SystemInfo(Message, frozen=True):
    """What machine this is; every text is shown, never interpreted."""

    host_name: Name
    system: Text200
    processor: Text200
    cores: Annotated[int, Meta(ge=1, le=100_000)]
    memory_bytes: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    disk_free_bytes: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    up_s: Annotated[int, Meta(ge=0, le=2**40)]
    user: Text200


class ProcessList(Message, frozen=True):
    """The processes, the busiest first; ``left_out`` had no room."""

    processes: Annotated[list[Process], Meta(max_length=MAX_PROCESSES)]
    left_out: Annotated[int, Meta(ge=0, le=2**31)] = 0


class ServiceList(Message, frozen=True):
    """The services."""

    services: Annotated[list[Service], Meta(max_length=MAX_SERVICES)]
    left_out: Annotated[int, Meta(ge=0, le=2**31)] = 0


class ActDone(Message, frozen=True):
    """What was asked for was done, or why not: one inert line of the system."""

    act: Annotated[str, Meta(max_length=40, pattern=INERT)]
    done: bool
    detail: Text200 = ""


class TerminalOpened(Message, frozen=True):
    """A terminal is there."""

    terminal: TerminalNumber
    elevated: bool


class TerminalOutput(Message, frozen=True):
    """What a terminal says."""

    terminal: TerminalNumber
    data: TerminalData


class TerminalClosed(Message, frozen=True):
    """A terminal has ended; ``status`` is the exit status, negative for a signal."""

    terminal: TerminalNumber
    status: Annotated[int, Meta(ge=-1024, le=1024)] = 0


class RestartState(Message, frozen=True):
    """The countdown to a restart; ``None``: it was called off. After it the line goes down (``HostGone``)."""

    in_s: Seconds | None


class AdministratorState(Message, frozen=True):
    """When the grant of administrator mode and the hold end; ``None``: there is none."""

    grant_ends_in_s: Seconds | None
    hold_ends_in_s: Seconds | None
