"""The service over a real socket: who may ask for what, and what a broken asker does."""

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from relevo_agent.platform.elevated import ElevatedFailed, ProcessName, TerminalWindow
from relevo_agent.service import units, wire
from relevo_agent.service.daemon import Connection, House, Listener
from relevo_agent.service.desktops import Desktop
from relevo_agent.service.envelope import Resumption
from relevo_agent.service.guard import Allowed, Peer
from relevo_agent.service.link import ServiceLink
from relevo_agent.service.logins import Login
from relevo_agent.service.restart import Restart
from relevo_agent.service.sealed import Sealed
from relevo_protocol.messages.administration import ServiceAct

pytestmark = pytest.mark.usefixtures("bare_home")
UID = 12_345
HERE = Login(UID, "user", ":0", active=True, remote=False)


@dataclass
class World:
    """A house whose users, logins and clock the test decides; a restart notes what is kept then."""

    folder: Path
    allowed: bool = True
    known: list[Login] = field(default_factory=lambda: [HERE])
    now_s: float = 0.0
    house: House = field(init=False)
    sealed: Sealed = field(init=False)

    def __post_init__(self) -> None:
        machine_id = self.folder / "machine-id"
        machine_id.write_text("0123", encoding="utf-8")
        self.sealed = Sealed(self.folder / "state", lambda: 1000.0, machine_id)
        note = "import os, sys; kept = os.listdir(sys.argv[1]); open(sys.argv[2], 'w').write(' '.join(kept))"
        paths = (str(self.folder / "state"), str(self.folder / "rebooted"))
        self.house = House(
            allowed=lambda: _Named(yes=self.allowed),
            logins=lambda: self.known,
            restart=Restart(self.sealed, [sys.executable, "-c", note, *paths]),
            desktop=lambda uid: Desktop(f":{uid % 100}", b"cookie"),
            clock_s=lambda: self.now_s,
        )

    @property
    def rebooted(self) -> bool:
        return (self.folder / "rebooted").exists()


@dataclass(frozen=True)
class _Named(Allowed):
    yes: bool = True

    def has(self, uid: int) -> bool:
        return self.yes


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@contextlib.contextmanager
def connected(world: World, uid: int = UID, restored: bytes | None = None) -> Generator[ServiceLink]:
    ours, theirs = socket.socketpair()
    peer = Peer(uid, os.getpid())
    serving = threading.Thread(target=Connection(theirs, peer, world.house, restored).serve)
    serving.start()
    try:
        told = Resumption("https://relay.example", None, "es", "/nowhere", b"k" * 32)
        yield ServiceLink(resumption=told, ready=ours)
    finally:
        ours.close()
        serving.join(60)
        assert not serving.is_alive()


def sleeper() -> subprocess.Popen[bytes]:
    # In a session of its own and of no descendant of ours that is spared: only what we descend from is.
    return subprocess.Popen(["sleep", "60"])


def named(process: subprocess.Popen[bytes]) -> ProcessName:
    return ProcessName(process.pid, int(psutil.Process(process.pid).create_time() * 1000))


def test_V3_a_process_is_ended_by_number_and_start(world: World) -> None:
    with connected(world) as link, sleeper() as process:
        other = ProcessName(process.pid, named(process).started_ms - 60_000)
        with pytest.raises(ElevatedFailed, match="ended already"):
            link.end_process(other, forced=True)
        assert process.poll() is None
        link.end_process(named(process), forced=False)
        assert process.wait(60) == -15


@pytest.mark.parametrize("which", ["init", "service", "parent"])
def test_V3_the_service_its_parents_and_process_1_are_never_ended(world: World, which: str) -> None:
    pid = {"init": 1, "service": os.getpid(), "parent": os.getppid()}[which]
    started_ms = int(psutil.Process(pid).create_time() * 1000)
    with connected(world) as link, pytest.raises(ElevatedFailed, match="is not ended"):
        link.end_process(ProcessName(pid, started_ms), forced=True)


def test_V2_a_user_who_was_not_named_may_do_nothing(world: World) -> None:
    world.allowed = False
    with connected(world) as link:
        assert not link.greet().may_ask
        with pytest.raises(ElevatedFailed, match="--allow"):
            link.services()
        with pytest.raises(ElevatedFailed, match="--allow"):
            link.prepare_restart(b"state", 60)
    assert not world.rebooted


@pytest.mark.parametrize(
    "login",
    [None, Login(UID, "user", ":0", active=True, remote=True), Login(UID, "user", ":0", False, False)],
)
def test_V2_only_who_sits_at_this_pc_may_ask(world: World, login: Login | None) -> None:
    world.known = [login] if login is not None else []
    with connected(world) as link, pytest.raises(ElevatedFailed, match="signed in at this PC"):
        link.open_terminal(TerminalWindow(80, 24))


def test_V1_nothing_is_done_without_a_grant_and_none_after_its_end(world: World) -> None:
    with connected(world) as link:
        assert link._socket is not None
        answer, _ = wire.ask(link._socket, wire.ListServices())
        assert isinstance(answer, wire.Failed)
        assert "granted" in answer.detail
        wire.ask(link._socket, wire.Grant(lasts_s=10))
        world.now_s = 9.9
        answer, _ = wire.ask(link._socket, wire.EndProcess(pid=1, started_ms=0, forced=True))
        assert isinstance(answer, wire.Failed)
        assert "is not ended" in answer.detail
        world.now_s = 10.0
        answer, _ = wire.ask(link._socket, wire.EndProcess(pid=1, started_ms=0, forced=True))
        assert isinstance(answer, wire.Failed)
        assert "granted" in answer.detail


def test_V2_a_right_that_was_taken_away_meanwhile_counts_at_once(world: World) -> None:
    with connected(world) as link, sleeper() as process:
        assert link._socket is not None
        wire.ask(link._socket, wire.Grant(lasts_s=100))
        world.known = []
        with pytest.raises(ElevatedFailed, match="signed in"):
            link.end_process(named(process), forced=True)
        process.kill()


def read_until(handle: int, wanted: bytes) -> bytes:
    said, end_s = b"", time.monotonic() + 60
    while wanted not in said:
        assert time.monotonic() < end_s, said
        if select.select([handle], [], [], 0.2)[0]:
            said += os.read(handle, 4096)
    return said


def test_V4_a_terminal_of_the_services_ends_with_its_connection(world: World) -> None:
    with connected(world) as link:
        terminal = link.open_terminal(TerminalWindow(90, 30))
        os.write(terminal.handle, b"stty size; sleep 976 & echo st''arted; id -u\n")
        assert b"30 90" in read_until(terminal.handle, b"started")
    wait_until(lambda: not sleeping("976"))
    os.close(terminal.handle)


def test_V4_a_terminal_of_the_services_is_closed_with_its_status(world: World) -> None:
    with connected(world) as link:
        terminal = link.open_terminal(TerminalWindow(80, 24))
        os.write(terminal.handle, b"sleep 977 & exit 7\n")
        # EIO: nothing runs in it any more, not even what was in the background.
        with contextlib.suppress(OSError):
            while select.select([terminal.handle], [], [], 60)[0]:
                os.read(terminal.handle, 4096)
        wait_until(lambda: not sleeping("977"))
        assert link.close_terminal(terminal.number) == 7
        assert link.close_terminal(99) == 0
        os.close(terminal.handle)


def test_V4_at_most_four_terminals_and_a_revoked_grant_ends_them(world: World) -> None:
    with connected(world) as link:
        window = TerminalWindow(80, 24)
        terminals = [link.open_terminal(window) for _ in range(4)]
        with pytest.raises(ElevatedFailed, match="no more"):
            link.open_terminal(window)
        link.revoke()
        for terminal in terminals:
            with contextlib.suppress(OSError):
                while os.read(terminal.handle, 4096):
                    pass
            os.close(terminal.handle)


def sleeping(seconds: str) -> bool:
    return any(p.info["cmdline"] == ["sleep", seconds] for p in psutil.process_iter(["cmdline"]))


def wait_until(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.02)


def test_V6_the_state_is_on_the_disk_before_anything_goes_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relevo_agent.service.link.RESTART_IN_S", 0.0)
    with connected(world) as link:
        link.prepare_restart(b"the session", 60)
        wait_until(lambda: world.rebooted)
    wait_until(lambda: "restart.sealed" in (world.folder / "rebooted").read_text(encoding="utf-8"))
    kept = world.sealed.take()
    assert kept is not None
    assert kept.uid == UID
    told = Resumption.opened(kept.state)
    assert (told.server, told.session, told.device_key) == (
        "https://relay.example",
        b"the session",
        b"k" * 32,
    )


def test_V5_a_restart_is_called_off_with_all_that_was_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relevo_agent.service.link.RESTART_IN_S", float(wire.MAX_RESTART_IN_S))
    with connected(world) as link:
        link.prepare_restart(b"the session", 60)
        link.cancel_restart()
    assert world.sealed.take() is None
    assert not world.rebooted


@pytest.mark.parametrize("forget", [True, False])
def test_V6_a_pc_that_goes_down_comes_back_to_the_session_unless_the_customer_has_said_no(
    world: World, monkeypatch: pytest.MonkeyPatch, forget: bool
) -> None:
    monkeypatch.setattr("relevo_agent.service.link.RESTART_IN_S", 0.0)
    with connected(world) as link:
        link.prepare_restart(b"the session", 60)
        wait_until(lambda: world.rebooted)
        link.cancel_restart(forget=forget)
    assert (world.sealed.take() is None) is forget


def test_V5_nobody_forgets_what_another_user_has_left(world: World) -> None:
    world.house.restart.soon(UID, b"state", 60, 60.0)
    world.house.restart.cancel(UID + 1, forget=True)
    assert world.sealed.take() is not None
    world.house.restart.cancel(0)


def test_V5_a_restart_that_does_not_work_leaves_nothing_behind(world: World) -> None:
    restart = Restart(world.sealed, ["false"])
    restart.soon(UID, b"state", 60, 0.0)
    wait_until(lambda: not (world.folder / "state" / "restart.sealed").exists())


def test_V6_only_the_session_that_the_service_started_gets_the_state_and_once(world: World) -> None:
    with connected(world) as link:
        with pytest.raises(ElevatedFailed, match="after a restart alone"):
            link.take_restored()
        with pytest.raises(ElevatedFailed, match="after a restart alone"):
            link.find_desktop()
    world.known = []  # nobody has signed in yet
    state = Resumption("https://relay.example", None, "en", "/nowhere", b"k" * 32).sealed_with(b"session")
    with connected(world, restored=state) as link:
        assert link.greet().may_ask
        assert link.take_restored().session == b"session"
        with pytest.raises(ElevatedFailed, match="taken already"):
            link.take_restored()
        assert link.find_desktop() == wire.DesktopFound(display=":45", authority=b"cookie")


def test_V2_whoever_says_nonsense_is_hung_up_on(world: World) -> None:
    for nonsense in (b"\xff\xff\xff\xff", b"\0\0\0\3abc", b"\0\0\0\1\x80", b"\0\0"):
        ours, theirs = socket.socketpair()
        with ours:
            serving = threading.Thread(target=Connection(theirs, Peer(UID, 1), world.house).serve)
            serving.start()
            ours.sendall(nonsense)
            ours.shutdown(socket.SHUT_WR)
            serving.join(60)
            assert not serving.is_alive()


def test_V2_the_socket_is_for_everybody_and_the_kernel_says_who_asks(world: World, tmp_path: Path) -> None:
    path = tmp_path / "run" / "agent.sock"
    listener = Listener(path, world.house)
    serving = threading.Thread(target=listener.serve)
    serving.start()
    try:
        assert path.stat().st_mode & 0o777 == 0o666
        told = Resumption("https://relay.example", None, "es", "/nowhere", b"k" * 32)
        world.known = [Login(os.getuid(), "user", ":0", active=True, remote=False)]
        link = ServiceLink.found(told, path)
        assert link is not None
        assert link.pids == (os.getpid(),)
        link.revoke()
    finally:
        listener.close()
        serving.join(60)
    assert ServiceLink.found(told, path) is None


def test_V2_a_session_after_a_restart_is_over_for_whom_nobody_names_any_more(world: World) -> None:
    world.allowed = False
    with connected(world, restored=b"state") as link:
        for refused in (link.take_restored, link.find_desktop, link.services):
            with pytest.raises(ElevatedFailed, match="--allow"):
                refused()


def test_V2_a_service_that_was_started_anew_is_found_again(world: World, tmp_path: Path) -> None:
    path, told = (
        tmp_path / "agent.sock",
        Resumption("https://relay.example", None, "es", "/nowhere", b"k" * 32),
    )
    world.known = [Login(os.getuid(), "user", ":0", active=True, remote=False)]
    link = ServiceLink(path, told)
    for _ in range(2):
        listener = Listener(path, world.house)
        serving = threading.Thread(target=listener.serve)
        serving.start()
        with sleeper() as process:
            link.end_process(named(process), forced=True)
        link._socket.shutdown(socket.SHUT_WR) if link._socket is not None else None
        listener.close()
        serving.join(60)
    link.revoke()


def test_V2_services_are_changed_by_the_one_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    changed: list[tuple[str, ServiceAct]] = []

    def change(name: str, act: ServiceAct) -> None:
        changed.append((name, act))

    monkeypatch.setattr(units, "change", change)
    with connected(world) as link:
        link.change_service("cups.service", ServiceAct.RESTART)
    assert changed == [("cups.service", ServiceAct.RESTART)]
