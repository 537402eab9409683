"""Terminals: real shells in real ptys, and floods that must not grow anything."""

import contextlib
import os
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import psutil
import pytest

from relevo_agent.features.base import FeatureRefusal
from relevo_agent.features.terminal import BURST_BYTES, BYTES_PER_S, Rate, TerminalFeature
from relevo_agent.platform.elevated import AdminTerminal, ElevatedFailed, ProcessName, TerminalWindow
from relevo_protocol.limits import MAX_TERMINAL_BYTES
from relevo_protocol.messages import HostToViewer
from relevo_protocol.messages.administration import (
    AdminTerminalOpen,
    Service,
    ServiceAct,
    TerminalClose,
    TerminalClosed,
    TerminalInput,
    TerminalOpen,
    TerminalOpened,
    TerminalOutput,
    TerminalSize,
)
from tests.agent.desktop import wait_for

pytestmark = pytest.mark.usefixtures("bare_home")
OPEN = TerminalOpen(columns=80, rows=24)


@dataclass
class Listener:
    """What the feature says, by link."""

    said: list[tuple[int, HostToViewer]] = field(default_factory=list[tuple[int, HostToViewer]])
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def say(self, link: int, message: HostToViewer) -> None:
        with self._changed:
            self.said.append((link, message))
            self._changed.notify_all()

    def output(self, number: int = 1) -> bytes:
        return b"".join(
            m.data for _, m in self.said if isinstance(m, TerminalOutput) and m.terminal == number
        )

    def until(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, 60), f"{what}; said: {self.output()[-500:]!r}"

    def closed(self, number: int = 1) -> bool:
        return any(isinstance(m, TerminalClosed) and m.terminal == number for _, m in self.said)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def feature(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Generator[TerminalFeature]:
    monkeypatch.setenv("RELEVO_SECRET", "not for technicians")
    made = TerminalFeature(listener.say, None)
    with contextlib.closing(made):
        yield made


def type_line(feature: TerminalFeature, line: str, link: int = 7, number: int = 1) -> None:
    feature.perform(link, TerminalInput(terminal=number, data=line.encode() + b"\n"), None)


def test_V4_a_terminal_is_a_real_login_shell_in_a_real_pty(
    feature: TerminalFeature, listener: Listener
) -> None:
    feature.perform(7, OPEN, None)
    assert listener.said[0] == (7, TerminalOpened(terminal=1, elevated=False))
    type_line(feature, "tty; stty size; pwd; echo TERM=$TERM secret=[$RELEVO_SECRET]; echo do''ne")
    listener.until(lambda: b"done" in listener.output(), "the commands")
    output = listener.output().decode()
    assert "/dev/pts/" in output
    assert "24 80" in output
    assert os.path.expanduser("~") in output  # noqa: PTH111 - as the shell says it
    assert "TERM=xterm-256color secret=[]" in output


def test_V4_a_new_size_reaches_the_programs(feature: TerminalFeature, listener: Listener) -> None:
    feature.perform(7, OPEN, None)
    feature.perform(7, TerminalSize(terminal=1, columns=132, rows=43), None)
    type_line(feature, "stty size; echo do''ne")
    listener.until(lambda: b"done" in listener.output(), "the size")
    assert b"43 132" in listener.output()


def test_V4_the_exit_status_is_told(feature: TerminalFeature, listener: Listener) -> None:
    feature.perform(7, OPEN, None)
    type_line(feature, "exit 42")
    listener.until(listener.closed, "the end")
    assert (7, TerminalClosed(terminal=1, status=42)) in listener.said


def test_V4_a_terminal_ends_with_its_viewer_and_all_that_ran_in_it(
    feature: TerminalFeature, listener: Listener
) -> None:
    feature.perform(7, OPEN, None)
    feature.perform(8, OPEN, None)
    type_line(feature, "sleep 986 & trap '' HUP; echo child=$!; sleep 987")
    listener.until(lambda: b"child=" in listener.output().replace(b"child=$", b""), "the child")
    feature.forget(7)
    listener.until(listener.closed, "the end")
    wait_for(lambda: not _sleeping("986"), lambda: "what ran in the background goes on")
    wait_for(lambda: not _sleeping("987"), lambda: "what ran in it goes on")
    assert not listener.closed(2)


def _sleeping(seconds: str) -> bool:
    return _runs("sleep", seconds)


def _runs(*command: str) -> bool:
    return any(p.info["cmdline"] == [*command] for p in psutil.process_iter(["cmdline"]))


def test_V4_nobody_types_into_the_terminal_of_another(feature: TerminalFeature, listener: Listener) -> None:
    feature.perform(7, OPEN, None)
    type_line(feature, "echo str''anger", link=8)
    feature.perform(8, TerminalClose(terminal=1), None)
    type_line(feature, "echo ow''ner")
    listener.until(lambda: b"owner" in listener.output(), "the owner's line")
    assert b"stranger" not in listener.output()


def test_V4_the_fifth_terminal_is_refused_and_a_freed_place_is_given_again(
    feature: TerminalFeature, listener: Listener
) -> None:
    for _ in range(4):
        feature.perform(7, OPEN, None)
    with pytest.raises(FeatureRefusal, match="4 terminals"):
        feature.perform(7, OPEN, None)
    feature.perform(7, TerminalClose(terminal=3), None)
    listener.until(lambda: listener.closed(3), "the end")
    wait_for(lambda: not feature._terminals[3].running, lambda: "it does not end")
    feature.perform(7, OPEN, None)
    opened = TerminalOpened(terminal=3, elevated=False)
    assert sum(message == opened for _, message in listener.said) == 2


def test_V4_stop_ends_every_terminal(feature: TerminalFeature, listener: Listener) -> None:
    feature.perform(7, OPEN, None)
    feature.perform(8, OPEN, None)
    feature.release()
    listener.until(lambda: listener.closed(1) and listener.closed(2), "both ends")


def test_V4_a_flood_waits_for_our_line_and_ends_at_once(listener: Listener) -> None:
    waiting = [0]

    def say(link: int, message: HostToViewer) -> None:
        if isinstance(message, TerminalOutput):
            waiting[0] += len(message.data)
        listener.say(link, message)

    with contextlib.closing(TerminalFeature(say, None, lambda: waiting[0])) as feature:
        feature.perform(7, OPEN, None)
        type_line(feature, "yes a-flood")
        listener.until(lambda: waiting[0] > BURST_BYTES - MAX_TERMINAL_BYTES, "the flood")
        # Nothing goes out: the line takes nothing more. The terminal stays open to be ended.
        feature.forget(7)
        listener.until(listener.closed, "the end")
        assert waiting[0] <= BURST_BYTES + MAX_TERMINAL_BYTES
    wait_for(lambda: not _runs("yes", "a-flood"), lambda: "the flood goes on")


def test_V4_all_terminals_share_one_rate() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    assert sum(rate.take(MAX_TERMINAL_BYTES) for _ in range(100)) == BURST_BYTES
    assert not rate.has_room
    now[0] = 0.1
    assert rate.take(10**9) == pytest.approx(BYTES_PER_S / 10, abs=1)
    now[0] = 1000.0
    assert sum(rate.take(MAX_TERMINAL_BYTES) for _ in range(100)) == BURST_BYTES


def test_what_a_program_does_not_read_is_refused(feature: TerminalFeature, listener: Listener) -> None:
    feature.perform(7, OPEN, None)
    type_line(feature, "stty -icanon -echo; echo re''ady; sleep 60")
    listener.until(lambda: b"ready" in listener.output(), "the program")

    def flood() -> None:
        for _ in range(100):
            feature.perform(7, TerminalInput(terminal=1, data=b"x" * MAX_TERMINAL_BYTES), None)

    with pytest.raises(FeatureRefusal, match="reads nothing"):
        flood()
    feature.perform(7, TerminalClose(terminal=1), None)
    listener.until(listener.closed, "the end")


class Helper:
    """The service, which hands over a pty with ``cat`` on its other end."""

    def __init__(self) -> None:
        self.closed: list[int] = []
        self.theirs = -1

    pids: tuple[int, ...] = ()

    def end_process(self, process: ProcessName, *, forced: bool) -> None: ...

    def services(self) -> list[Service]:
        return []

    def change_service(self, name: str, act: ServiceAct) -> None: ...

    def open_terminal(self, window: TerminalWindow) -> AdminTerminal:
        if window.columns == 1:
            raise ElevatedFailed("no grant")
        ours, self.theirs = os.openpty()
        return AdminTerminal(ours, 9)

    def close_terminal(self, number: int) -> int:
        self.closed.append(number)
        return -15


def test_V4_the_administrators_terminal_is_the_services(listener: Listener) -> None:
    helper = Helper()
    with contextlib.closing(TerminalFeature(listener.say, helper)) as feature:
        feature.perform(7, AdminTerminalOpen(columns=80, rows=24), None)
        assert listener.said[0] == (7, TerminalOpened(terminal=1, elevated=True))
        os.write(helper.theirs, b"from the service")
        listener.until(lambda: b"from the service" in listener.output(), "the output")
        feature.forget(7)
        listener.until(listener.closed, "the end")
        assert helper.closed == [9]
        assert (7, TerminalClosed(terminal=1, status=-15)) in listener.said
        with pytest.raises(FeatureRefusal, match="no grant"):
            feature.perform(7, AdminTerminalOpen(columns=1, rows=1), None)
    os.close(helper.theirs)


def test_V8_without_a_service_there_is_no_administrators_terminal(feature: TerminalFeature) -> None:
    with pytest.raises(FeatureRefusal, match="not installed"):
        feature.perform(7, AdminTerminalOpen(columns=80, rows=24), None)
