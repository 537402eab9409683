import random
import socket
import subprocess
import sys

import pytest

from benchmarks.network import Shape, available, shaped_line
from benchmarks.shaper import Direction
from benchmarks.shaper import Shape as Raw

RATE = 8000.0
"""Bits a second: 1000 bytes."""
PACKET = bytes(86)
"""100 bytes on the wire."""
TEXT = bytes(20_000)
"""Far more than what comes late of a connection that has ended."""


class Sink:
    """What a direction delivers, with the time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.packets: list[bytes] = []
        monkeypatch.setattr("benchmarks.shaper.os.write", self.write)

    def write(self, descriptor: int, packet: bytes) -> None:
        assert descriptor == 0
        self.packets.append(packet)


def direction(delay_s: float = 0.0, queue_bytes: int = 1000, loss: float = 0.0) -> Direction:
    return Direction(0, Raw(RATE, delay_s, loss, queue_bytes), random.Random(1))


def test_packets_take_their_turn_and_then_the_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    sink, way = Sink(monkeypatch), direction(delay_s=0.5)
    for _ in range(3):
        way.take(PACKET, 10.0)
    arrived: list[int] = []
    for now_s in (10.59, 10.61, 10.71, 10.81):
        way.deliver(now_s)
        arrived.append(len(sink.packets))
    assert arrived == [0, 1, 2, 3]
    assert way.figures() == {"carried_bytes": 258, "dropped_packets": 0, "longest_queue_ms": 200.0}
    assert way.figures()["carried_bytes"] == 0


def test_a_full_queue_drops_and_so_does_bad_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    Sink(monkeypatch)
    full, lossy = direction(queue_bytes=500), direction(loss=0.5, queue_bytes=10**6)
    for _ in range(20):
        full.take(PACKET, 0.0)
    for _ in range(1000):
        lossy.take(PACKET, 0.0)
    assert len(full.under_way) == 5
    assert 400 < len(lossy.under_way) < 600


def test_another_rate_holds_for_what_waits_already(monkeypatch: pytest.MonkeyPatch) -> None:
    sink, way = Sink(monkeypatch), direction()
    for _ in range(4):
        way.take(PACKET, 0.0)
    way.deliver(0.15)
    way.change(Raw(RATE / 10, 0.0, 0.0, 1000), 0.15)
    way.deliver(0.6)
    assert len(sink.packets) == 1
    way.deliver(0.66)
    assert len(sink.packets) == 2
    assert way.free_at_s == pytest.approx(0.15 + 2.5)
    assert way.figures()["longest_queue_ms"] == pytest.approx(2500.0)


@pytest.mark.skipif(bool(available()), reason=available() or "it can")
def test_a_program_behind_a_line_reaches_this_side_and_nothing_is_left() -> None:
    with shaped_line(Shape(rate_bits_s=8e6, round_trip_ms=60)) as line:
        with socket.create_server((line.near, 0)) as server:
            server.settimeout(60)
            near = server.getsockname()
            dial = f"import socket; socket.create_connection({near}).makefile('rb').read({len(TEXT)})"
            with subprocess.Popen(line.inside([sys.executable, "-c", dial])) as process:
                accepted, peer = server.accept()
                with accepted:
                    assert peer[0] == line.far
                    accepted.sendall(TEXT)
                assert process.wait(60) == 0
        passed = line.reshape(Shape(rate_bits_s=1e6))
        assert passed.down.carried_bytes > len(TEXT)
        assert line.figures().down.carried_bytes < len(TEXT)
        device = f"line{line.near.split('.')[2]}"
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    assert f" {device}:" not in links
