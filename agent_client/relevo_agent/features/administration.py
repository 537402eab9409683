"""System, processes and services: what a technician reads and ends (SPEC V3, V8, V9).

What this PC's user may do is done here, the rest is asked of the service.
"""

import getpass
import platform
import shutil
import threading
import time
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import psutil

from relevo_agent.features.base import FeatureMessage, FeatureRefusal, Say
from relevo_agent.platform import processes
from relevo_agent.platform.elevated import Elevated, ElevatedFailed, ProcessName
from relevo_agent.platform.lines import inert_line
from relevo_protocol.limits import MAX_NAME_CHARS, MAX_PROCESSES, MAX_SERVICES
from relevo_protocol.messages.administration import (
    ActDone,
    Process,
    ProcessEnd,
    ProcessesRequest,
    ProcessList,
    Service,
    ServiceChange,
    ServiceList,
    ServicesRequest,
    SystemInfo,
    SystemInfoRequest,
)
from relevo_protocol.messages.screen import ScreenLayout
from relevo_protocol.modes import Capability
from relevo_protocol.rights import Factor

LIST_BYTES: Final = 100 * 2**10
"""A list stays well below a pairwise message's limit, however long the names are."""
FIRST_LOOK_S: Final = 0.25
"""Use of the processor is a difference: the first listing takes two looks, so far apart."""
_LINE: Final = 200
_MOST_BYTES: Final = 2**53 - 1
"""Disks of a network may say that they have no end; the wire's numbers have one."""

PROCESS_END: Final = "process.end"
SERVICE_CHANGE: Final = "service"

P = TypeVar("P", Process, Service)


class AdministrationFeature:
    """Answers about this PC. ``elevated`` is ``None`` where no service is installed."""

    def __init__(self, say: Say, elevated: Elevated | None) -> None:
        self._say = say
        self._elevated = elevated
        self._looked = False
        self._closed = threading.Event()

    def perform(self, link: int, message: FeatureMessage, layout: ScreenLayout | None) -> None:
        """Answer one request.

        Raises:
            FeatureRefusal: it needs the service, and there is none.
        """
        del layout
        match message:
            case SystemInfoRequest():
                self._say(link, system_info())
            case ProcessesRequest():
                self._say(link, self._processes())
            case ProcessEnd():
                self._say(link, self._end(message))
            case ServicesRequest():
                self._say(link, self._services())
            case ServiceChange():
                self._say(link, self._change(message))
            case _:
                raise FeatureRefusal(Capability.SYSTEM_INFO, None, f"{type(message).__name__} is not ours")

    def release(self) -> None:
        """Nothing is held."""

    def forget(self, link: int | None) -> None:
        """Nothing is kept for one viewer."""

    def close(self) -> None:
        """Wait for nothing any more."""
        self._closed.set()

    def _processes(self) -> ProcessList:
        if not self._looked:
            processes.listing()
            self._closed.wait(FIRST_LOOK_S)
            self._looked = True
        found = processes.listing()
        shown = fitting(found, MAX_PROCESSES)
        return ProcessList(processes=shown, left_out=len(found) - len(shown))

    def _end(self, message: ProcessEnd) -> ActDone:
        named = ProcessName(message.pid, message.started_ms)
        service = self._elevated.pids if self._elevated is not None else ()
        spared = processes.family(processes.ourselves(), *service) | processes.helpers()
        try:
            try:
                processes.end(named, spared, forced=message.forced)
            except PermissionError:
                self._service(Capability.SYSTEM_PROCESSES_END).end_process(named, forced=message.forced)
        except processes.ProcessGone:
            return ActDone(act=PROCESS_END, done=False, detail=f"process {message.pid} has ended already")
        except ElevatedFailed as error:
            return ActDone(act=PROCESS_END, done=False, detail=inert_line(str(error), _LINE))
        return ActDone(act=PROCESS_END, done=True, detail=str(message.pid))

    def _services(self) -> ServiceList:
        service = self._service(Capability.SYSTEM_SERVICES)
        try:
            found = service.services()
        except ElevatedFailed as error:
            raise FeatureRefusal(Capability.SYSTEM_SERVICES, None, str(error)) from error
        shown = fitting(found, MAX_SERVICES)
        return ServiceList(services=shown, left_out=len(found) - len(shown))

    def _change(self, message: ServiceChange) -> ActDone:
        act = f"{SERVICE_CHANGE}.{message.act}"
        try:
            self._service(Capability.SYSTEM_SERVICES).change_service(message.name, message.act)
        except ElevatedFailed as error:
            return ActDone(act=act, done=False, detail=inert_line(str(error), _LINE))
        return ActDone(act=act, done=True, detail=message.name)

    def _service(self, capability: Capability) -> Elevated:
        if self._elevated is None:
            raise FeatureRefusal(capability, Factor.PLATFORM, "the service is not installed on this PC")
        return self._elevated


def fitting(parts: list[P], max_count: int) -> list[P]:
    """As many of the first parts as one message holds."""
    size = 0
    for count, part in enumerate(parts[:max_count]):
        size += len(msgspec.msgpack.encode(part))
        if size > LIST_BYTES:
            return parts[:count]
    return parts[:max_count]


def system_info() -> SystemInfo:
    """What machine this is."""
    return SystemInfo(
        host_name=inert_line(platform.node(), MAX_NAME_CHARS),
        system=inert_line(_system(), _LINE),
        processor=inert_line(_processor(), _LINE),
        cores=psutil.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        disk_free_bytes=min(shutil.disk_usage(Path.home().anchor or "/").free, _MOST_BYTES),
        up_s=max(int(time.time() - psutil.boot_time()), 0),
        user=inert_line(_user(), _LINE),
    )


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()
    return f"{name}, {platform.system()} {platform.release()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without an entry; Python 3.13 raises OSError
        return "?"
