"""The counting client against a server of the test's own, which speaks RFB 3.8."""

import socket
import struct
import threading

import pytest

from benchmarks.tight import Client

WIDTH, HEIGHT = 64, 32


def compact(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    if length < 0x4000:
        return bytes((length & 0x7F | 0x80, length >> 7))
    return bytes((length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14))


def tight(body: bytes, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    return struct.pack(">HHHHi", 0, 0, width, height, 7) + body


RECTS = (
    tight(b"\x80abc"),
    tight(b"\x90" + compact(300) + bytes(300)),
    tight(b"\x00" + compact(20_000) + bytes(20_000)),
    tight(b"\x40\x01\x01" + bytes(6) + compact(100) + bytes(100)),
    tight(b"\x40\x01\x01" + bytes(6) + b"\x07", 8, 1),
    tight(b"\x40\x02" + compact(40) + bytes(40)),
    struct.pack(">HHHHi", 0, 0, 4, 4, 1) + bytes(4),
    struct.pack(">HHHHi", 0, 0, 2, 2, 0) + bytes(16),
    struct.pack(">HHHHi", 0, 0, 0, 0, -224),
)
UPDATE = struct.pack(">BxH", 0, 0xFFFF) + b"".join(RECTS)
CUT_TEXT = struct.pack(">B3xI", 3, 5) + b"hello"


def serve(listener: socket.socket, asked: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"RFB 003.008\n")
        stream = connection.makefile("rb")
        stream.read(12)
        connection.sendall(b"\x01\x01")
        stream.read(1)
        connection.sendall(bytes(4))
        stream.read(1)
        connection.sendall(struct.pack(">HH", WIDTH, HEIGHT) + bytes(16) + struct.pack(">I", 3) + b"vnc")
        asked.append(stream.read(4 + 4 * 5))
        asked.append(stream.read(10))
        connection.sendall(UPDATE + b"\x02" + CUT_TEXT)
        asked.append(stream.read(10))
        stream.read()


def test_every_kind_of_rectangle_is_counted_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.tight.FIRST_S", 60.0)
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, asked))
        thread.start()
        client = Client(listener.getsockname()[1], 8)
        assert client.drain(quiet_s=2.0) == len(UPDATE) + 1 + len(CUT_TEXT)
        client.close()
        thread.join()
    assert struct.unpack(">BxH5i", asked[0]) == (2, 5, 7, 1, -224, -254, -24)
    assert asked[1] == struct.pack(">BBHHHH", 3, 0, 0, 0, WIDTH, HEIGHT)
    assert asked[2] == struct.pack(">BBHHHH", 3, 1, 0, 0, WIDTH, HEIGHT)
