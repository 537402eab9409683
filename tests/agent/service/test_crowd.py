"""The service's socket under those who only want to keep others from it."""

import contextlib
import os
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from relevo_agent.service import daemon, wire
from relevo_agent.service.daemon import Connection, House, Listener
from relevo_agent.service.desktops import Desktop
from relevo_agent.service.guard import Allowed, Peer
from relevo_agent.service.link import ServiceLink
from relevo_agent.service.restart import Restart
from relevo_agent.service.sealed import Sealed

UID = 12_345


@dataclass(frozen=True)
class _Named(Allowed):
    yes: bool = True

    def has(self, uid: int) -> bool:
        return self.yes


class World:
    """A house whose users the test decides."""

    def __init__(self, folder: Path) -> None:
        self.allowed = True
        self.house = House(
            allowed=lambda: _Named(yes=self.allowed),
            logins=list,
            restart=Restart(Sealed(folder / "state", lambda: 1000.0), ["false"]),
            desktop=lambda _: Desktop(":0", b""),
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_V2_who_was_not_named_takes_no_place_of_who_was(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.sock"
    listener = Listener(path, world.house)
    serving = threading.Thread(target=listener.serve)
    serving.start()
    world.allowed = False

    def somebody(sock: socket.socket) -> Peer:
        del sock
        return Peer(UID, 1)

    monkeypatch.setattr(daemon, "peer_of", somebody)
    with contextlib.ExitStack() as stack:
        stack.callback(serving.join, 10)
        stack.callback(listener.close)
        crowd = [stack.enter_context(knock(path)) for _ in range(daemon.MAX_STRANGERS)]
        for one in crowd:  # each half a message
            one.sendall(b"\0")
        with knock(path) as one:
            assert one.recv(1) == b""
        world.allowed = True
        link = ServiceLink(path)
        assert link.greet().version
        link.revoke()


def knock(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(60)
    sock.connect(str(path))
    return sock


def test_V2_a_connection_that_cannot_be_taken_is_not_the_last(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "agent.sock"
    listener = Listener(path, world.house)
    monkeypatch.setattr(daemon, "RETRY_S", 0.01)
    real, failures = listener._socket, [OSError(24, "Too many open files")] * 2

    class _NoFileLeft:
        shutdown, close = real.shutdown, real.close

        @staticmethod
        def accept() -> tuple[socket.socket, object]:
            if failures:
                raise failures.pop()
            return real.accept()

    monkeypatch.setattr(listener, "_socket", _NoFileLeft())
    serving = threading.Thread(target=listener.serve)
    serving.start()
    try:
        link = ServiceLink(path)
        assert link.greet().pids == [os.getpid()]
        link.revoke()
        assert not failures
    finally:
        listener.close()
        serving.join(60)


def test_V2_open_files_that_anybody_sends_along_are_not_kept(world: World) -> None:
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=Connection(theirs, Peer(UID, 1), world.house).serve)
    serving.start()
    read, write = os.pipe()
    os.set_blocking(read, False)
    body = msgspec.msgpack.encode(wire.Greet())
    try:
        with ours:
            socket.send_fds(ours, [len(body).to_bytes(4, "big") + body], [write])
            os.close(write)
            assert ours.recv(4)
            assert os.read(read, 1) == b""  # BlockingIOError: the service still has the other end
    finally:
        os.close(read)
        serving.join(60)
