"""System, processes and services as a technician reads and changes them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import msgspec
import psutil
import pytest

from relevo_agent.features.administration import LIST_BYTES, AdministrationFeature, fitting
from relevo_agent.features.base import FeatureMessage, FeatureRefusal
from relevo_agent.platform import processes
from relevo_agent.platform.elevated import AdminTerminal, ElevatedFailed, ProcessName, TerminalWindow
from relevo_agent.platform.lines import inert_line
from relevo_protocol.codec import encode, host_to_viewer
from relevo_protocol.limits import MAX_PROCESSES
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.administration import (
    ActDone,
    Process,
    ProcessEnd,
    ProcessesRequest,
    ProcessList,
    Service,
    ServiceAct,
    ServiceChange,
    ServiceList,
    ServicesRequest,
    SystemInfo,
    SystemInfoRequest,
)
from relevo_protocol.rights import Factor
from tests.agent.desktop import wait_for


def test_V3_a_process_has_its_name_only_with_its_own_start() -> None:
    own = psutil.Process()
    started_ms = int(own.create_time() * 1000)
    assert processes.name_of(own.pid, started_ms) == inert_line(own.name(), 64)
    assert processes.name_of(own.pid, started_ms - 60_000) == ""
    assert processes.name_of(2**53, 0) == ""


class Helper:
    """The service, which notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.failing = ""

    pids: tuple[int, ...] = (1,)

    def end_process(self, process: ProcessName, *, forced: bool) -> None:
        self._note((process, forced))

    def services(self) -> list[Service]:
        self._note("services")
        return [Service(name="cups.service", description="CUPS", running=True, changeable=True)]

    def change_service(self, name: str, act: ServiceAct) -> None:
        self._note((name, act))

    def open_terminal(self, window: TerminalWindow) -> AdminTerminal:
        raise NotImplementedError

    def close_terminal(self, number: int) -> int:
        raise NotImplementedError

    def _note(self, what: object) -> None:
        if self.failing:
            raise ElevatedFailed(self.failing)
        self.asked.append(what)


class Desk:
    """The feature with all that it says; every answer must pass the wire."""

    def __init__(self, helper: Helper | None) -> None:
        self.said: list[HostToViewer] = []
        self.feature = AdministrationFeature(self._say, helper)

    def _say(self, link: int, message: HostToViewer) -> None:
        assert link == 7
        self.said.append(host_to_viewer.decode(encode(message)))

    def ask(self, message: FeatureMessage) -> HostToViewer:
        self.feature.perform(7, message, None)
        return self.said[-1]


@pytest.fixture
def helper() -> Helper:
    return Helper()


@pytest.fixture
def desk(helper: Helper) -> Generator[Desk]:
    made = Desk(helper)
    with contextlib.closing(made.feature):
        yield made


def test_V9_the_system_is_told(desk: Desk) -> None:
    info = desk.ask(SystemInfoRequest())
    assert isinstance(info, SystemInfo)
    assert info.cores >= 1
    assert info.memory_bytes > 2**20
    assert info.up_s > 0
    assert info.system
    assert info.user


def _listed(desk: Desk, pid: int) -> Process | None:
    found = desk.ask(ProcessesRequest())
    assert isinstance(found, ProcessList)
    return next((one for one in found.processes if one.pid == pid and one.cpu_percent > 0), None)


def test_V3_the_busiest_processes_come_first(desk: Desk) -> None:
    busy = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(busy) as process:
        try:
            wait_for(lambda: _listed(desk, process.pid) is not None, lambda: "it is not among the busy ones")
        finally:
            process.kill()
    found = desk.said[-1]
    assert isinstance(found, ProcessList)
    use = [one.cpu_percent for one in found.processes]
    assert use == sorted(use, reverse=True)
    ours = next(one for one in found.processes if one.pid == process.pid)
    assert ours.name.startswith("python")
    assert abs(ours.started_ms / 1000 - time.time()) < 600


def test_V3_long_lists_and_names_fit_into_one_message() -> None:
    many = [
        Process(
            pid=n,
            started_ms=2**50,
            name="\u20ac" * 64,
            user="\u20ac" * 64,
            cpu_percent=1.5,
            memory_bytes=2**40,
        )
        for n in range(1, 2000)
    ]
    shown = fitting(many, MAX_PROCESSES)
    assert 100 < len(shown) < MAX_PROCESSES
    assert len(msgspec.msgpack.encode(shown)) <= LIST_BYTES + 8
    small = [msgspec.structs.replace(one, name="a", user="b") for one in many]
    assert len(fitting(small, MAX_PROCESSES)) == MAX_PROCESSES


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("left\u202eright", "left\ufffdright"),
        ("bad\udc80byte", "bad\ufffdbyte"),
        ("long" * 20, "long" * 2 + "l…"),
    ],
)
def test_M5_names_of_programs_are_inert(text: str, shown: str) -> None:
    assert inert_line(text, 10 if text.startswith("long") else 64) == shown
    encode(ActDone(act="a", done=True, detail=inert_line(text, 200)))


def test_V3_ones_own_process_is_ended_without_the_service(desk: Desk, helper: Helper) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        started_ms = int(psutil.Process(process.pid).create_time() * 1000)
        wrong = desk.ask(ProcessEnd(pid=process.pid, started_ms=started_ms - 60_000))
        assert isinstance(wrong, ActDone)
        assert not wrong.done
        assert process.poll() is None
        done = desk.ask(ProcessEnd(pid=process.pid, started_ms=started_ms, forced=True))
        assert isinstance(done, ActDone)
        assert done.done
        assert process.wait(60) == -9
    assert helper.asked == []


def test_V3_the_agent_and_what_it_descends_from_are_never_ended(desk: Desk, helper: Helper) -> None:
    for pid in (1, os.getpid(), os.getppid()):
        started_ms = int(psutil.Process(pid).create_time() * 1000)
        answer = desk.ask(ProcessEnd(pid=pid, started_ms=started_ms, forced=True))
        assert isinstance(answer, ActDone)
        assert not answer.done
        assert "not ended" in answer.detail
    assert helper.asked == []


def test_V3_the_agents_own_windows_are_never_ended(desk: Desk, helper: Helper) -> None:
    with subprocess.Popen(["sleep", "60"]) as window:
        try:
            started_ms = int(psutil.Process(window.pid).create_time() * 1000)
            answer = desk.ask(ProcessEnd(pid=window.pid, started_ms=started_ms, forced=True))
            assert isinstance(answer, ActDone)
            assert "not ended" in answer.detail
            assert window.poll() is None
        finally:
            window.kill()
    assert helper.asked == []


def test_V2_anothers_process_is_the_services(
    desk: Desk, helper: Helper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(process: ProcessName, spared: frozenset[int], *, forced: bool) -> None:
        raise PermissionError

    monkeypatch.setattr(processes, "end", denied)
    answer = desk.ask(ProcessEnd(pid=4242, started_ms=5, forced=True))
    assert answer == ActDone(act="process.end", done=True, detail="4242")
    assert helper.asked == [(ProcessName(4242, 5), True)]
    with pytest.raises(FeatureRefusal) as refused:
        Desk(None).ask(ProcessEnd(pid=4242, started_ms=5))
    assert refused.value.removed_by is Factor.PLATFORM


def test_V2_services_are_the_services(desk: Desk, helper: Helper) -> None:
    listed = desk.ask(ServicesRequest())
    assert isinstance(listed, ServiceList)
    assert listed.services[0].name == "cups.service"
    changed = desk.ask(ServiceChange(name="cups.service", act=ServiceAct.STOP))
    assert changed == ActDone(act="service.stop", done=True, detail="cups.service")
    helper.failing = "it would not\x1b stop"
    failed = desk.ask(ServiceChange(name="cups.service", act=ServiceAct.STOP))
    assert failed == ActDone(act="service.stop", done=False, detail="it would not\ufffd stop")
    with pytest.raises(FeatureRefusal):
        desk.ask(ServicesRequest())


def test_V8_without_a_service_there_is_the_reason() -> None:
    for message in (ServicesRequest(), ServiceChange(name="cups.service", act=ServiceAct.STOP)):
        with pytest.raises(FeatureRefusal) as refused:
            Desk(None).ask(message)
        assert refused.value.removed_by is Factor.PLATFORM


def test_the_family_of_a_process_reaches_up_to_the_first(tmp_path: Path) -> None:
    assert {0, 1, os.getpid(), os.getppid()} <= processes.family(os.getpid())
    assert 2**30 in processes.family(2**30)
